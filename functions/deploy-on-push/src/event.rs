//! What arrives, and what of it is a push (AWS-FACTS 1.1 to 1.5).

use aws_lambda_events::{eventbridge::EventBridgeEvent, sqs::SqsEvent};
use greenlight_core::image::{Registry, RepositoryUri};
use greenlight_deployer::push::Push;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One message of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
}

/// What an event is to this function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parsed {
    Push(Box<Push>),
    /// A sound event that asks for nothing.
    Ignored {
        reason: String,
    },
    /// Not what it should be.
    Unreadable {
        reason: String,
    },
}

/// The part of the detail that is used, of a push and of a replication alike.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ImageAction {
    action_type: String,
    result: String,
    repository_name: String,
    image_digest: String,
    /// Empty, or absent, for a push by digest alone.
    #[serde(default)]
    image_tag: String,
}

/// The messages of a batch; none if the payload is not a batch of SQS.
pub(crate) fn messages(payload: &Value) -> Option<Vec<Message>> {
    let batch = SqsEvent::deserialize(payload).ok()?;
    Some(
        batch
            .records
            .into_iter()
            .map(|record| Message {
                id: record.message_id.unwrap_or_default(),
                body: record.body.unwrap_or_default(),
            })
            .collect(),
    )
}

pub(crate) fn parse_text(text: &str) -> Parsed {
    match serde_json::from_str(text) {
        Ok(event) => parse(&event),
        Err(error) => Parsed::Unreadable {
            reason: format!("the message is not JSON: {error}"),
        },
    }
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
    // The image that is replicated arrives in this registry as a replication; whether as a push, too,
    // is unconfirmed, and makes no difference (AWS-FACTS 1.5).
    let wanted = match (source.as_str(), kind.as_str()) {
        ("aws.ecr", "ECR Image Action") => "PUSH",
        ("aws.ecr", "ECR Replication Action") => "REPLICATE",
        _ => {
            return Parsed::Ignored {
                reason: format!(
                    "`{kind}` of `{source}` is neither `ECR Image Action` nor `ECR Replication Action` \
                     of `aws.ecr`"
                ),
            };
        }
    };
    let action = match ImageAction::deserialize(&envelope.detail) {
        Ok(action) => action,
        Err(error) => {
            return Parsed::Unreadable {
                reason: format!("the detail of `{kind}` is not as expected: {error}"),
            };
        }
    };
    if action.action_type != wanted {
        return Parsed::Ignored {
            reason: format!("the action is {}, not {wanted}", action.action_type),
        };
    }
    if action.result != "SUCCESS" {
        return Parsed::Ignored {
            reason: format!("the push ended with {}, not SUCCESS", action.result),
        };
    }
    if action.image_tag.is_empty() {
        return Parsed::Ignored {
            reason: format!(
                "{} was pushed to `{}` without a tag",
                action.image_digest, action.repository_name
            ),
        };
    }
    match push(envelope, &action) {
        Ok(push) => Parsed::Push(Box::new(push)),
        Err(reason) => Parsed::Unreadable { reason },
    }
}

fn push(envelope: EventBridgeEvent, action: &ImageAction) -> Result<Push, String> {
    let missing = |member: &str| format!("the event has no `{member}`");
    let account = envelope.account.ok_or_else(|| missing("account"))?;
    let region = envelope.region.ok_or_else(|| missing("region"))?;
    let time = envelope.time.ok_or_else(|| missing("time"))?;
    let registry = Registry::of(&account, &region).map_err(|error| error.to_string())?;
    Ok(Push {
        event: envelope.id.ok_or_else(|| missing("id"))?,
        repository: RepositoryUri {
            registry,
            name: action.repository_name.parse().map_err(text)?,
        },
        tag: action.image_tag.parse().map_err(text)?,
        digest: action.image_digest.parse().map_err(text)?,
        at: Timestamp::from_second(time.timestamp()).map_err(text)?,
    })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> Value {
        let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn a_successful_push_of_a_tag_is_a_push() {
        for name in [
            "ecr/push-tagged",
            "ecr/push-tagged-as-documented",
            "ecr/push-index",
            "ecr/push-retag",
            "ecr/push-signature",
            "ecr/replicate",
        ] {
            let event = sample(name);
            let Parsed::Push(push) = parse(&event) else {
                panic!("{name}: {:?}", parse(&event));
            };
            assert_eq!(
                push.digest.as_str(),
                event["detail"]["image-digest"],
                "{name}"
            );
            assert_eq!(push.tag.as_str(), event["detail"]["image-tag"], "{name}");
            assert_eq!(
                push.repository.registry.account(),
                event["account"],
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_no_push_of_a_tag_is_ignored_with_the_reason() {
        for (name, expected) in [
            ("ecr/delete", "the action is DELETE"),
            (
                "ecr/update-storage-class",
                "the action is UPDATE_STORAGE_CLASS",
            ),
            ("ecr/push-failure", "the push ended with"),
            ("ecr/push-untagged", "without a tag"),
            ("ecr/push-untagged-no-key", "without a tag"),
            ("ecr/push-index-child", "without a tag"),
            ("ecr/scan", "`ECR Image Scan`"),
            (
                "codedeploy/success",
                "`CodeDeploy Deployment State-change Notification`",
            ),
            ("bad/scheduled-event", "`Scheduled Event`"),
        ] {
            match parse(&sample(name)) {
                Parsed::Ignored { reason } => {
                    assert!(reason.contains(expected), "{name}: {reason}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_read_says_what_is_wrong() {
        for (name, expected) in [
            ("bad/ecr-account-missing", "account"),
            ("bad/ecr-no-detail", "detail"),
            ("bad/ecr-no-digest", "image-digest"),
            ("bad/ecr-no-repository", "repository-name"),
            ("bad/ecr-short-digest", "sha256"),
            ("bad/ecr-tag-is-a-number", "string"),
            ("bad/ecr-tag-with-spaces", "tag"),
            ("bad/empty-object", "EventBridge"),
            ("bad/not-an-object", "EventBridge"),
            ("bad/null", "EventBridge"),
        ] {
            match parse(&sample(name)) {
                Parsed::Unreadable { reason } => {
                    assert!(reason.contains(expected), "{name}: {reason}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_batch_is_told_from_an_event() {
        assert!(messages(&sample("sqs/batch")).is_some_and(|messages| !messages.is_empty()));
        assert_eq!(messages(&sample("ecr/push-tagged")), None);
        assert_eq!(messages(&sample("bad/sqs-no-records")), Some(Vec::new()));
    }
}
