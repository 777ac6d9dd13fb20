//! What a function of the team's own says. It is called with what is known of the deployment.

use greenlight_aws::{AwsError, chain, lambda};
use greenlight_core::{
    gate::{Answer, Measurement, Progress, measure_answer},
    target::check::LambdaCheck,
};
use serde_json::{Value, json};

use super::{super::expectation::GreenImage, About, Instruments};

impl Instruments<'_> {
    pub(super) async fn measure_lambda(
        &mut self,
        check: &LambdaCheck,
        progress: &Progress,
    ) -> Result<Measurement, AwsError> {
        let listener = self.test_listener_if_any().await?;
        let service = &self.green.service;
        let mut asked = question(&self.about, &self.images());
        asked["service"] = json!({ "cluster": service.cluster, "name": service.name });
        asked["testListener"] = json!(listener);
        asked["parameters"] = Value::Object(check.parameters.clone());
        // An answer that is pending does not end an attempt.
        asked["attempt"] = json!(progress.ended().saturating_add(1));
        // The function is at home, whatever role the target has.
        let clients = &self.deployer.clients;
        let payload = asked.to_string().into_bytes();
        let invoked = lambda::invoke(clients, &check.function, payload).await?;
        let answer = Answer {
            function_error: invoked.function_error,
            payload: invoked.payload,
            is_cut: invoked.is_cut,
        };
        Ok(measure_answer(&check.function, &answer))
    }

    /// The base URL of the test listener, for whoever can do without.
    async fn test_listener_if_any(&mut self) -> Result<Option<String>, AwsError> {
        if self.base_url.is_none() {
            self.base_url = match self.green.test_listener().await {
                Ok(found) => found.ok(),
                Err(error) if error.is_retryable() => return Err(error),
                Err(error) => {
                    tracing::warn!(
                        "the function is not told the test listener: {}",
                        chain(&error)
                    );
                    None
                }
            };
        }
        Ok(self.base_url.clone())
    }
}

/// What the function is told of the deployment and its images.
fn question(about: &About<'_>, images: &[GreenImage]) -> Value {
    let images = images.iter().map(|image| {
        json!({
            "container": image.container,
            "repository": image.repository.to_string(),
            "digest": image.digest.as_str(),
            "uri": format!("{}@{}", image.repository, image.digest),
        })
    });
    json!({
        "point": about.point.name(),
        "target": about.stored.map(|stored| stored.target.name.to_string()),
        "deployment": about.deployment.map(|deployment| deployment.to_string()),
        "awsDeployment": about.aws_id,
        "images": images.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use greenlight_core::target::GatePoint;
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_function_is_told_what_is_deployed_where() {
        let about = About {
            point: GatePoint::TestTraffic,
            aws_id: "d-1",
            began_at: Timestamp::UNIX_EPOCH,
            gate_began_at: Timestamp::UNIX_EPOCH,
            stored: None,
            deployment: None,
        };
        let digest = format!("sha256:{}", "a".repeat(64));
        let uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api";
        let image = GreenImage {
            container: "api".to_owned(),
            repository: uri.parse().unwrap(),
            digest: digest.parse().unwrap(),
        };
        assert_eq!(
            question(&about, &[image]),
            json!({
                "point": "test_traffic", "target": null, "deployment": null, "awsDeployment": "d-1",
                "images": [{
                    "container": "api", "repository": uri, "digest": digest,
                    "uri": format!("{uri}@{digest}"),
                }],
            })
        );
    }
}
