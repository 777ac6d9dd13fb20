//! What ECS tells EventBridge of a service's deployments: `ECS Deployment State Change` (AWS-FACTS 6.3).

use jiff::Timestamp;
use serde_json::json;

use crate::account::Account;

/// `eventName`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    InProgress,
    Completed,
    Failed,
}

impl Change {
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::InProgress => ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
            Self::Completed => ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
            Self::Failed => ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
        }
    }
}

/// Tells of a change of the deployment `id` (`ecs-svc/…`) of a service.
pub(super) fn emit(
    account: &Account,
    (cluster, service): (&str, &str),
    id: &str,
    change: Change,
    reason: &str,
) {
    let (event_type, event_name) = change.names();
    let service_arn = account.arn("ecs", &format!("service/{cluster}/{service}"));
    let detail = json!({
        "eventType": event_type,
        "eventName": event_name,
        "clusterArn": account.arn("ecs", &format!("cluster/{cluster}")),
        "deploymentId": id,
        "updatedAt": text(account.clock().now()),
        "reason": reason,
    });
    account.events().put_detail(
        "aws.ecs",
        "ECS Deployment State Change",
        &json!([service_arn]),
        &detail,
    );
}

/// A time as it is in the details of ECS's events.
pub(super) fn text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
