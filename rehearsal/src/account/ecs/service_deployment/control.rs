//! `StopServiceDeployment` (AWS-FACTS 6.4).

use serde_json::{Value, json};

use super::record::{Deployment, Status, Stop};
use crate::account::ecs::{Account, Members, ServiceError};

pub(in crate::account::ecs) fn stop_service_deployment(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let arn = input.string("serviceDeploymentArn")?;
    match input.optional_string("stopType")? {
        None | Some("ROLLBACK") => {}
        Some(other) => {
            let message = format!("The stop type {other} is not supported. Use ROLLBACK.");
            return Err(ServiceError::new("InvalidParameterException", message));
        }
    }
    let deployment = find(account, arn)?;
    let now = account.clock().now();
    deployment.change(|record| {
        let stoppable = matches!(record.status, Status::Pending | Status::InProgress);
        if !stoppable || record.stop.is_some() {
            let message = format!(
                "The service deployment cannot be stopped in the status {}.",
                record.status.name()
            );
            return Err(ServiceError::new("ConflictException", message));
        }
        let reason = "Service deployment rolled back because of a user request.";
        record.stop = Some(Stop::Rollback(reason.to_owned()));
        record.status = Status::RollbackRequested;
        record.status_reason = Some(reason.to_owned());
        record.updated = now;
        Ok(())
    })?;
    Ok(json!({"serviceDeploymentArn": arn}))
}

pub(super) fn find(account: &Account, arn: &str) -> Result<Deployment, ServiceError> {
    let state = account.state();
    let found = state.ecs.deployment(arn);
    found
        .map(|(_, _, deployment)| deployment.clone())
        .ok_or_else(|| {
            ServiceError::new(
                "ServiceDeploymentNotFoundException",
                "Service deployment not found.",
            )
        })
}
