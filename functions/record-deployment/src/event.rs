//! What arrives, and what of it is the end of a deployment (AWS-FACTS 5.10).

use aws_lambda_events::eventbridge::EventBridgeEvent;
use greenlight_deployer::conclude::End;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest deployment id that is looked up.
const ID_LIMIT: usize = 64;

/// A deployment that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) deployment: String,
    pub(crate) end: End,
}

/// What an event is to this function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parsed {
    Ended(Ended),
    /// A sound event that asks for nothing.
    Ignored {
        reason: String,
    },
    /// Not what it should be.
    Unreadable {
        reason: String,
    },
}

/// The part of the detail that is used.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct StateChange {
    deployment_id: String,
    state: String,
}

pub(crate) fn parse(event: &Value) -> Parsed {
    let envelope = match EventBridgeEvent::<Value>::deserialize(event) {
        Ok(envelope) => envelope,
        Err(error) => {
            return Parsed::Unreadable {
                reason: format!("expected an event of EventBridge: {error}"),
            };
        }
    };
    let (source, kind) = (&envelope.source, &envelope.detail_type);
    if source != "aws.codedeploy" || kind != "CodeDeploy Deployment State-change Notification" {
        return Parsed::Ignored {
            reason: format!(
                "`{kind}` of `{source}` is not `CodeDeploy Deployment State-change Notification` of \
                 `aws.codedeploy`"
            ),
        };
    }
    let change = match StateChange::deserialize(&envelope.detail) {
        Ok(change) => change,
        Err(error) => {
            return Parsed::Unreadable {
                reason: format!("the detail of the notification is not as expected: {error}"),
            };
        }
    };
    let id = change.deployment_id;
    let is_id = id.starts_with("d-")
        && id.len() <= ID_LIMIT
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_id {
        return Parsed::Unreadable {
            reason: format!(
                "`{}` is not the id of a CodeDeploy deployment",
                id.chars().take(ID_LIMIT).collect::<String>()
            ),
        };
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
    Parsed::Ended(Ended {
        deployment: id,
        end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> Value {
        let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn the_three_ends_of_a_deployment_are_told_apart() {
        for (name, end) in [
            ("codedeploy/success", End::Success),
            ("codedeploy/rollback-success", End::Success),
            ("codedeploy/other-application", End::Success),
            ("codedeploy/failure", End::Failure),
            ("codedeploy/stop", End::Stop),
        ] {
            let event = sample(name);
            let deployment = event["detail"]["deploymentId"].as_str().unwrap().to_owned();
            assert_eq!(
                parse(&event),
                Parsed::Ended(Ended { deployment, end }),
                "{name}"
            );
        }
    }

    #[test]
    fn everything_else_is_ignored_or_dropped_with_the_reason() {
        for (name, expected) in [
            ("codedeploy/start", "its state is START"),
            ("codedeploy/ready", "its state is READY"),
            ("codedeploy/rollback-start", "its state is START"),
            ("bad/codedeploy-unknown-state", "its state is"),
            ("ecr/push-tagged", "`ECR Image Action`"),
            ("bad/codedeploy-no-deployment-id", "deploymentId"),
            ("bad/codedeploy-strange-id", "is not the id"),
            ("bad/empty-object", "EventBridge"),
            ("bad/not-an-object", "EventBridge"),
            ("bad/null", "EventBridge"),
        ] {
            match parse(&sample(name)) {
                Parsed::Ignored { reason } | Parsed::Unreadable { reason } => {
                    assert!(reason.contains(expected), "{name}: {reason}");
                }
                other @ Parsed::Ended(_) => panic!("{name}: {other:?}"),
            }
        }
    }
}
