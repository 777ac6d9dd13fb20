//! `CodePipeline Pipeline Execution State Change` (AWS-FACTS 3.5).

use aws_lambda_events::eventbridge::EventBridgeEvent;
use greenlight_deployer::conclude::Change;
use serde::Deserialize;

use super::{Parsed, account, detail, excerpt, is_plain, unreadable};

pub(super) const KIND: &str = "CodePipeline Pipeline Execution State Change";

/// The part of the detail that is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ExecutionChange {
    pipeline: String,
    execution_id: String,
    state: String,
}

pub(super) fn parse(envelope: &EventBridgeEvent) -> Parsed {
    let change: ExecutionChange = match detail(envelope) {
        Ok(change) => change,
        Err(unreadable) => return unreadable,
    };
    if !is_plain(&change.pipeline) || !is_plain(&change.execution_id) {
        return unreadable(format!(
            "`{}` is not the execution of a pipeline",
            excerpt(&change.execution_id)
        ));
    }
    let has_ended = matches!(
        change.state.as_str(),
        "SUCCEEDED" | "FAILED" | "STOPPED" | "CANCELED" | "CANCELLED" | "SUPERSEDED"
    );
    if !has_ended {
        return Parsed::Ignored {
            reason: format!(
                "execution {} has not ended: its state is {}",
                change.execution_id, change.state
            ),
        };
    }
    match account(envelope) {
        Ok(account) => Parsed::Change(Change::Pipeline {
            account,
            pipeline: change.pipeline,
            execution: change.execution_id,
        }),
        Err(unreadable) => unreadable,
    }
}
