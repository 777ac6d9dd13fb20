//! What CodeDeploy tells EventBridge: `CodeDeploy Deployment State-change Notification` (AWS-FACTS 5.10).

use serde_json::{Value, json};

use super::deployment::Deployment;
use crate::account::Account;
use crate::account::functions::uuid;

/// Other words than the API's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Start,
    Ready,
    Success,
    Failure,
    Stop,
}

impl Change {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "START",
            Self::Ready => "READY",
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
            Self::Stop => "STOP",
        }
    }
}

/// Tells that the deployment is now in this state.
pub(super) fn emit(account: &Account, deployment: &Deployment, change: Change) {
    let event = envelope(account, deployment, change);
    account.events().put(event);
}

fn envelope(account: &Account, deployment: &Deployment, change: Change) -> Value {
    let id = uuid(&account.unique());
    let region = &account.settings().region;
    // EventBridge's `time` has whole seconds.
    let time = account
        .clock()
        .now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    deployment.read(|record| {
        let (application, group) = (&record.group.application, &record.group.name);
        json!({
            "account": account.settings().account_id,
            "region": region,
            "detail-type": "CodeDeploy Deployment State-change Notification",
            "source": "aws.codedeploy",
            "version": "0",
            "time": time,
            "id": id,
            "resources": [
                account.arn("codedeploy", &format!("application:{application}")),
                account.arn("codedeploy", &format!("deploymentgroup:{application}/{group}")),
            ],
            "detail": {
                "instanceGroupId": record.group_id,
                "region": region,
                "application": application,
                "deploymentId": record.id,
                "state": change.name(),
                "deploymentGroup": group,
            },
        })
    })
}
