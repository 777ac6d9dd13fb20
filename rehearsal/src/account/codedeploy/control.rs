//! `StopDeployment` and `ContinueDeployment` (AWS-FACTS 5.5, 5.8).

use serde_json::{Value, json};

use super::deployment::{Creator, Stop, Wait};
use super::group::AutoRollback;
use super::request;
use crate::account::{Account, Members, ServiceError};

/// Stops a deployment, and rolls it back if that is asked for, or if nothing is asked for and the
/// deployment is set up so. A rollback cannot be stopped here.
pub(super) fn stop_deployment(account: &Account, input: &Value) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let deployment = request::deployment(account, members)?;
    let asked = members.optional_bool("autoRollbackEnabled")?;
    deployment.change(|record| {
        if record.status.is_over() {
            return Err(completed(&record.id));
        }
        if record.creator == Creator::Rollback {
            let message = format!(
                "The deployment {} is a rollback and cannot be stopped",
                record.id
            );
            return Err(ServiceError::new(
                "UnsupportedActionForDeploymentTypeException",
                message,
            ));
        }
        let rollback =
            asked.unwrap_or_else(|| record.auto_rollback.contains(&AutoRollback::StopOnRequest));
        record.stop.get_or_insert(Stop { rollback });
        Ok(())
    })?;
    Ok(json!({"status": "Pending", "statusMessage": "Stopping the deployment has been requested"}))
}

/// Ends one of the two waits of a deployment. Without a type, that before the traffic moves.
pub(super) fn continue_deployment(account: &Account, input: &Value) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let deployment = request::deployment(account, members)?;
    let wait = match members.optional_string("deploymentWaitType")? {
        None | Some("READY_WAIT") => Wait::Ready,
        Some("TERMINATION_WAIT") => Wait::Termination,
        Some(other) => {
            let message = format!("Unknown deployment wait type: {other}");
            return Err(ServiceError::new(
                "InvalidDeploymentWaitTypeException",
                message,
            ));
        }
    };
    deployment.change(|record| {
        if record.wait == wait {
            record.wait = Wait::None;
            return Ok(json!({}));
        }
        if record.status.is_over() {
            return Err(completed(&record.id));
        }
        let message = format!("The deployment {} does not wait to be continued", record.id);
        Err(ServiceError::new(
            "DeploymentIsNotInReadyStateException",
            message,
        ))
    })
}

fn completed(id: &str) -> ServiceError {
    ServiceError::new(
        "DeploymentAlreadyCompletedException",
        format!("The deployment {id} is already completed"),
    )
}
