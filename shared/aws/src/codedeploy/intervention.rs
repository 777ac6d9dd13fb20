//! Letting a deployment that waits go on, and stopping one (AWS-FACTS 5.5, 5.8).

use aws_sdk_codedeploy::types::DeploymentWaitType;

use crate::{AwsError, Clients, error::failed};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intervention {
    /// CodeDeploy took it.
    Taken,
    /// The deployment does not wait: not yet, or not any more.
    NotReady,
    /// The deployment had ended before.
    AlreadyCompleted,
}

/// Lets a deployment that waits before the traffic shifts go on.
pub async fn continue_deployment(
    clients: &Clients,
    deployment: &str,
) -> Result<Intervention, AwsError> {
    let result = clients
        .codedeploy
        .continue_deployment()
        .deployment_id(deployment)
        .deployment_wait_type(DeploymentWaitType::ReadyWait)
        .send()
        .await
        .map_err(failed(
            "codedeploy:ContinueDeployment",
            resource(deployment),
        ));
    taken(result.map(drop))
}

/// Stops a deployment and rolls it back.
pub async fn stop_deployment(
    clients: &Clients,
    deployment: &str,
) -> Result<Intervention, AwsError> {
    let result = clients
        .codedeploy
        .stop_deployment()
        .deployment_id(deployment)
        .auto_rollback_enabled(true)
        .send()
        .await
        .map_err(failed("codedeploy:StopDeployment", resource(deployment)));
    taken(result.map(drop))
}

fn resource(deployment: &str) -> String {
    format!("CodeDeploy deployment `{deployment}`")
}

fn taken(result: Result<(), AwsError>) -> Result<Intervention, AwsError> {
    match result {
        Ok(()) => Ok(Intervention::Taken),
        Err(error) if error.is("DeploymentAlreadyCompletedException") => {
            Ok(Intervention::AlreadyCompleted)
        }
        Err(error)
            if error.is("DeploymentIsNotInReadyStateException")
                || error.is("InvalidDeploymentStatusException") =>
        {
            Ok(Intervention::NotReady)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Kind,
        scripted::{Scripted, run},
    };

    #[test]
    fn a_deployment_that_waits_goes_on() {
        let aws = Scripted::default();
        aws.answer_json(&json!({}));
        let answer = run(continue_deployment(&aws.clients(), "d-1"));
        assert_eq!(answer.unwrap(), Intervention::Taken);
        assert_eq!(aws.sent()[0].operation, "ContinueDeployment");
        assert_eq!(
            aws.sent()[0].json(),
            json!({ "deploymentId": "d-1", "deploymentWaitType": "READY_WAIT" })
        );
    }

    #[test]
    fn a_deployment_is_stopped_with_a_rollback() {
        let aws = Scripted::default();
        aws.answer_json(&json!({ "status": "Pending" }));
        let answer = run(stop_deployment(&aws.clients(), "d-1"));
        assert_eq!(answer.unwrap(), Intervention::Taken);
        assert_eq!(
            aws.sent()[0].json(),
            json!({ "deploymentId": "d-1", "autoRollbackEnabled": true })
        );
    }

    #[test]
    fn a_deployment_that_does_not_wait_is_no_failure_of_the_call() {
        for (code, expected) in [
            (
                "DeploymentIsNotInReadyStateException",
                Intervention::NotReady,
            ),
            ("InvalidDeploymentStatusException", Intervention::NotReady),
            (
                "DeploymentAlreadyCompletedException",
                Intervention::AlreadyCompleted,
            ),
        ] {
            let aws = Scripted::default();
            aws.refuse(code, "no");
            let answer = run(continue_deployment(&aws.clients(), "d-1"));
            assert_eq!(answer.unwrap(), expected, "{code}");
        }
    }

    #[test]
    fn a_deployment_that_does_not_exist_is_a_failure() {
        let aws = Scripted::default();
        aws.refuse("DeploymentDoesNotExistException", "no");
        let error = run(stop_deployment(&aws.clients(), "d-1")).unwrap_err();
        assert_eq!(error.kind, Kind::NotFound);
    }
}
