//! What arrives, and what of it asks for something.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use greenlight_aws::codepipeline::is_job_event;
use serde::Deserialize;
use serde_json::Value;

/// The `detail-type` of an action's event (AWS-FACTS 3.5), and that of a schedule.
const ACTION: &str = "CodePipeline Action Execution State Change";
const SCHEDULE: &str = "Scheduled Event";

/// What an event is to this function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// The job of a Lambda invoke action.
    Job,
    /// An action of our type has begun: its job may be had.
    Begun,
    /// A minute has passed.
    Tick,
    /// A sound event that asks for nothing.
    Ignored { reason: String },
    /// Not what it should be.
    Unreadable { reason: String },
}

/// The part of an action's event that is used. Versions are texts in newer samples and numbers in older
/// ones, so they are not read.
#[derive(Debug, Deserialize)]
struct ActionChange {
    state: String,
    #[serde(rename = "type")]
    kind: ActionType,
}

#[derive(Debug, Deserialize)]
struct ActionType {
    owner: String,
    category: String,
    provider: String,
}

pub(crate) fn parse(event: &Value) -> Parsed {
    if is_job_event(event) {
        return Parsed::Job;
    }
    let envelope = match EventBridgeEvent::<Value>::deserialize(event) {
        Ok(envelope) => envelope,
        Err(error) => {
            return Parsed::Unreadable {
                reason: format!(
                    "expected a job of CodePipeline, or an event of EventBridge: {error}"
                ),
            };
        }
    };
    match (envelope.source.as_str(), envelope.detail_type.as_str()) {
        ("aws.codepipeline", ACTION) => action(&envelope),
        ("aws.events", SCHEDULE) => Parsed::Tick,
        (source, kind) => Parsed::Ignored {
            reason: format!("`{kind}` of `{source}` asks for nothing here"),
        },
    }
}

fn action(envelope: &EventBridgeEvent) -> Parsed {
    let change = match ActionChange::deserialize(&envelope.detail) {
        Ok(change) => change,
        Err(error) => {
            return Parsed::Unreadable {
                reason: format!("the detail of `{ACTION}` is not as expected: {error}"),
            };
        }
    };
    let ActionType {
        owner,
        category,
        provider,
    } = change.kind;
    if (owner.as_str(), category.as_str(), provider.as_str()) != ("Custom", "Deploy", "Greenlight")
    {
        return Parsed::Ignored {
            reason: format!("the action is of another type: {owner}/{category}/{provider}"),
        };
    }
    if change.state != "STARTED" {
        return Parsed::Ignored {
            reason: format!("the action has not just begun: it is {}", change.state),
        };
    }
    Parsed::Begun
}

#[cfg(test)]
mod tests;
