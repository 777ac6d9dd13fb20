//! How the service answers.

use greenlight_aws::{AwsError, chain};
use greenlight_core::{
    gate::Measurement,
    target::check::{Destination, HttpCheck},
};

use super::Instruments;

impl Instruments<'_> {
    pub(super) async fn measure_http(
        &mut self,
        check: &HttpCheck,
    ) -> Result<Measurement, AwsError> {
        let Some(request) = check.requests.first() else {
            return Ok(Measurement::error("there is no request"));
        };
        let url = match &request.to {
            Destination::Url(url) => url.clone(),
            Destination::TestListener { path } => {
                let base = match &mut self.base_url {
                    Some(base) => base,
                    None => match self.green.test_listener().await? {
                        Ok(found) => self.base_url.insert(found),
                        Err(none) => return Ok(none),
                    },
                };
                format!("{base}{path}")
            }
        };
        let method = request.method.as_str();
        let answer = match self.deployer.probe.ask(check, request, &url).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Measurement::error(chain(&error))),
        };
        let judged = request.judge(answer.status, &answer.headers, &answer.body, answer.latency);
        Ok(match judged {
            Ok(()) => Measurement::successful(format!(
                "{method} {url} answered {} in {} ms",
                answer.status,
                answer.latency.as_millis(),
            )),
            Err(reason) => Measurement::failed(format!("{method} {url}: {reason}")),
        })
    }
}
