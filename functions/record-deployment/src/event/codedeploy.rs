//! `CodeDeploy Deployment State-change Notification` (AWS-FACTS 5.10).

use aws_lambda_events::eventbridge::EventBridgeEvent;
use greenlight_deployer::conclude::{Change, End};
use serde::Deserialize;

use super::{Parsed, account, detail, excerpt, is_plain, unreadable};

pub(super) const KIND: &str = "CodeDeploy Deployment State-change Notification";

/// The part of the detail that is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateChange {
    deployment_id: String,
    state: String,
    #[serde(default)]
    application: String,
    #[serde(default)]
    deployment_group: String,
}

pub(super) fn parse(envelope: &EventBridgeEvent) -> Parsed {
    let change: StateChange = match detail(envelope) {
        Ok(change) => change,
        Err(unreadable) => return unreadable,
    };
    let id = change.deployment_id;
    if !id.starts_with("d-") || !is_plain(&id) {
        return unreadable(format!(
            "`{}` is not the id of a CodeDeploy deployment",
            excerpt(&id)
        ));
    }
    let end = match change.state.as_str() {
        "SUCCESS" => End::Success,
        "FAILURE" => End::Failure,
        "STOP" => End::Stop,
        state => {
            return Parsed::Ignored {
                reason: format!("deployment {id} has not ended: its state is {state}"),
            };
        }
    };
    match account(envelope) {
        Ok(account) => Parsed::Change(Change::CodeDeploy {
            deployment: id,
            account,
            application: change.application,
            group: change.deployment_group,
            end,
        }),
        Err(unreadable) => unreadable,
    }
}
