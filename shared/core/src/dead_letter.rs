//! What lies in a dead-letter queue: what it was, why it was given up on, and where it goes when it is sent again.
//!
//! `PushDeadLetterQueue` holds ECR's events. `FunctionDeadLetterQueue` holds events that EventBridge could not
//! deliver, with attributes that say to whom and why, and Lambda's records of invocations that failed for good.
//! The order of the calls of a replay is in the deployer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::excerpt;

/// So much of a reason is told.
const REASON_LIMIT: usize = 300;
/// So much of any other word is told.
const WORD_LIMIT: usize = 200;

/// One of Greenlight's two dead-letter queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Pushes, which go back to the queue that they come from.
    Push,
    /// Events and invocations, each of which goes to the function that it was for.
    Functions,
}

/// A message as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its body.
    pub body: String,
    /// Its message attributes, those that are text.
    pub attributes: BTreeMap<String, String>,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
}

/// What was given up on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// What kind of event it is, as `ECR Image Action`.
    pub event: String,
    /// What the event is about, as `mco/api:test`.
    pub subject: Option<String>,
    /// When it happened, or was given up on.
    pub at: Option<Timestamp>,
    /// Why it was given up on, as far as the message says.
    pub reason: Option<String>,
    /// Where it goes.
    pub to: Destination,
}

/// Where a message goes when it is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// As it is, into the queue that it comes from.
    Source,
    /// To a function, which is invoked asynchronously.
    Function {
        /// Its ARN, without a version.
        arn: String,
        /// The event that it is given.
        payload: String,
    },
}

/// Why a message is not sent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The body is no JSON object.
    #[error("its body is no JSON object")]
    NoObject,
    /// It is no event of ECR.
    #[error("it is no event of ECR, but of `{source_name}`")]
    NoPush {
        /// The event's `source`.
        source_name: String,
    },
    /// It does not say to which function it was going.
    #[error("it is neither a record of Lambda nor an event that EventBridge could not deliver")]
    NoFunction,
    /// It was going to something else, such as a topic.
    #[error("it was for `{arn}`, which is no function of this account and region")]
    Elsewhere {
        /// Where it was going.
        arn: String,
    },
}

/// Reads a message of a dead-letter queue, whose ARN is `queue_arn`. Functions of another account or region are
/// not sent to, whatever the message says.
pub fn read(queue: Queue, queue_arn: &str, message: &Message) -> Result<DeadLetter, Unusable> {
    let body: Value = serde_json::from_str(&message.body).map_err(|_| Unusable::NoObject)?;
    if !body.is_object() {
        return Err(Unusable::NoObject);
    }
    match queue {
        Queue::Push => push(&body, message),
        Queue::Functions => invocation(queue_arn, &body, message),
    }
}

fn push(body: &Value, message: &Message) -> Result<DeadLetter, Unusable> {
    let source = word(&body["source"]).unwrap_or_default();
    if source != "aws.ecr" {
        return Err(Unusable::NoPush {
            source_name: source,
        });
    }
    Ok(DeadLetter {
        reason: undelivered(message),
        to: Destination::Source,
        ..about(body, message)
    })
}

fn invocation(queue_arn: &str, body: &Value, message: &Message) -> Result<DeadLetter, Unusable> {
    let context = &body["requestContext"];
    if let Some(arn) = context["functionArn"].as_str() {
        let payload = &body["requestPayload"];
        let letter = about(payload, message);
        return Ok(DeadLetter {
            at: time(&body["timestamp"]).or(letter.at),
            reason: failure(body),
            to: function(queue_arn, arn, payload.to_string())?,
            ..letter
        });
    }
    let target = message.attributes.get("TARGET_ARN");
    let arn = target.ok_or(Unusable::NoFunction)?;
    Ok(DeadLetter {
        reason: undelivered(message),
        to: function(queue_arn, arn, message.body.clone())?,
        ..about(body, message)
    })
}

/// The function of this ARN, if it is at home. A version is left off, since what mends the failure is in a newer one;
/// an alias is kept.
fn function(queue_arn: &str, arn: &str, payload: String) -> Result<Destination, Unusable> {
    let elsewhere = || Unusable::Elsewhere {
        arn: excerpt(arn, WORD_LIMIT),
    };
    let home: Vec<&str> = queue_arn.split(':').collect();
    let parts: Vec<&str> = arn.split(':').collect();
    let (
        ["arn", partition, _, region, account, ..],
        ["arn", p, "lambda", r, a, "function", name, rest @ ..],
    ) = (home.as_slice(), parts.as_slice())
    else {
        return Err(elsewhere());
    };
    if (partition, region, account) != (p, r, a) || name.is_empty() || rest.len() > 1 {
        return Err(elsewhere());
    }
    let is_version = |it: &str| it == "$LATEST" || it.bytes().all(|byte| byte.is_ascii_digit());
    let arn = match rest {
        [qualifier] if is_version(qualifier) => {
            arn.strip_suffix(&format!(":{qualifier}")).unwrap_or(arn)
        }
        _ => arn,
    };
    Ok(Destination::Function {
        arn: arn.to_owned(),
        payload,
    })
}

/// What Lambda's record says of the last try.
fn failure(record: &Value) -> Option<String> {
    let response = &record["responsePayload"];
    let said = (
        response["errorType"].as_str(),
        response["errorMessage"].as_str(),
    );
    let text = match said {
        (Some(kind), Some(text)) => format!("{kind}: {text}"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => record["requestContext"]["condition"].as_str()?.to_owned(),
    };
    Some(excerpt(&text, REASON_LIMIT))
}

/// What EventBridge says of an event that it could not deliver.
fn undelivered(message: &Message) -> Option<String> {
    let said = ["ERROR_CODE", "ERROR_MESSAGE"].map(|name| message.attributes.get(name));
    let said: Vec<&str> = said.into_iter().flatten().map(String::as_str).collect();
    (!said.is_empty()).then(|| excerpt(&said.join(": "), REASON_LIMIT))
}

/// What an event is, and what it is about. Nothing else of it is told: a hook's event holds the token that answers it.
fn about(event: &Value, message: &Message) -> DeadLetter {
    let (kind, subject) = if let Some(kind) = word(&event["detail-type"]) {
        (kind, subject(event))
    } else if event.get("DeploymentId").is_some() {
        (
            "hook of CodeDeploy".to_owned(),
            word(&event["DeploymentId"]),
        )
    } else if event.get("lifecycleStage").is_some() {
        let nested = word(&event["executionDetails"]["serviceArn"]);
        (
            "hook of ECS".to_owned(),
            nested.or_else(|| word(&event["serviceArn"])),
        )
    } else {
        ("unknown".to_owned(), None)
    };
    DeadLetter {
        event: kind,
        subject,
        at: time(&event["time"]).or(message.sent_at),
        reason: None,
        to: Destination::Source,
    }
}

fn subject(event: &Value) -> Option<String> {
    let detail = &event["detail"];
    let pair = |left: &str, right: &str, by: &str| {
        let (left, right) = (word(&detail[left])?, word(&detail[right]));
        Some(right.map_or_else(|| left.clone(), |right| format!("{left}{by}{right}")))
    };
    pair("repository-name", "image-tag", ":")
        .or_else(|| pair("application", "deploymentId", " "))
        .or_else(|| pair("pipeline", "execution-id", " "))
        .or_else(|| word(&event["resources"][0]))
}

fn word(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(excerpt(text, WORD_LIMIT))
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests;
