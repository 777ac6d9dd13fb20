//! SQS as a person calls it: what lies in a queue is received, deleted, given back and sent.
//!
//! Names, limits and errors are those of the API's model (`AmazonSQS`, JSON 1.0). MD5 sums are left out: they may be
//! absent in the model, and nobody here checks them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Queue, Received, Visibility, later};
use crate::account::members::Members;
use crate::account::{Account, ServiceError};

/// How long a message may be hidden.
const LONGEST_HIDDEN: i64 = 43_200;

/// Answers a call.
pub(crate) async fn handle(
    account: &Account,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let input = Members::of(input)?;
    let queue = find(account, input.string("QueueUrl")?)?;
    match operation {
        "SendMessage" => {
            input.only(&["QueueUrl", "MessageBody"])?;
            let body = input.string("MessageBody")?;
            if body.is_empty() {
                return Err(ServiceError::new(
                    "MissingRequiredParameterException",
                    "The request must contain the parameter MessageBody.",
                ));
            }
            Ok(json!({"MessageId": queue.send_with(body, std::collections::BTreeMap::new())}))
        }
        "ReceiveMessage" => receive(&queue, input).await,
        "DeleteMessage" => {
            let receipt = receipt(input)?;
            queue.with(|queue| queue.messages.retain(|it| it.receipt() != receipt));
            Ok(json!({}))
        }
        "ChangeMessageVisibility" => change(&queue, input),
        "GetQueueAttributes" => attributes(&queue, input),
        "ListDeadLetterSourceQueues" => Ok(json!({"queueUrls": sources(account, &queue)})),
        _ => Err(ServiceError::unknown_operation("sqs", operation)),
    }
}

/// What an error was called when SQS was a form and XML. All others are called the same.
pub(crate) fn query_code(code: &str) -> &str {
    match code {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "MessageNotInflight" => "AWS.SimpleQueueService.MessageNotInflight",
        other => other,
    }
}

fn find(account: &Account, url: &str) -> Result<Queue, ServiceError> {
    let mut parts = url.rsplit('/');
    let (name, owner) = (parts.next().unwrap_or_default(), parts.next());
    let is_ours = owner == Some(account.settings().account_id.as_str());
    account.queue(name).filter(|_| is_ours).ok_or_else(|| {
        ServiceError::new("QueueDoesNotExist", "The specified queue does not exist.")
    })
}

fn url(account: &Account, name: &str) -> String {
    let settings = account.settings();
    format!(
        "https://sqs.{}.amazonaws.com/{}/{name}",
        settings.region, settings.account_id
    )
}

async fn receive(queue: &Queue, input: Members<'_>) -> Result<Value, ServiceError> {
    input.only(&[
        "QueueUrl",
        "MaxNumberOfMessages",
        "VisibilityTimeout",
        "WaitTimeSeconds",
        "MessageSystemAttributeNames",
        "MessageAttributeNames",
    ])?;
    let most = bounded(input, "MaxNumberOfMessages", 1..=10)?.unwrap_or(1);
    let hidden = bounded(input, "VisibilityTimeout", 0..=LONGEST_HIDDEN)?;
    let wait = bounded(input, "WaitTimeSeconds", 0..=20)?.unwrap_or(0);
    let clock = queue.account.clock();
    if wait > 0 {
        tokio::select! {
            () = queue.ready() => {}
            () = clock.sleep(Duration::from_secs(wait)) => {}
        }
    }
    let hidden = hidden.map_or_else(
        || queue.attributes().visibility_timeout,
        Duration::from_secs,
    );
    let until = Visibility::From(later(clock.now(), hidden));
    let most = usize::try_from(most).unwrap_or(1);
    let received = queue.receive(most, until);
    if received.is_empty() {
        return Ok(json!({}));
    }
    let wants = |member: &str, name: &str| {
        let names = input.strings(member)?;
        Ok::<bool, ServiceError>(names.contains(&"All") || names.contains(&name))
    };
    let messages: Result<Vec<Value>, ServiceError> = received
        .iter()
        .map(|received| message(received, wants))
        .collect();
    Ok(json!({ "Messages": messages? }))
}

fn message(
    received: &Received,
    wants: impl Fn(&str, &str) -> Result<bool, ServiceError>,
) -> Result<Value, ServiceError> {
    let record = &received.record;
    let mut message = json!({
        "MessageId": received.id,
        "ReceiptHandle": record["receiptHandle"],
        "Body": record["body"],
    });
    let mut system = Map::new();
    for (name, value) in record["attributes"].as_object().into_iter().flatten() {
        if wants("MessageSystemAttributeNames", name)? {
            system.insert(name.clone(), value.clone());
        }
    }
    let mut own = Map::new();
    for (name, value) in &received.attributes {
        if wants("MessageAttributeNames", name)? {
            own.insert(
                name.clone(),
                json!({"DataType": "String", "StringValue": value}),
            );
        }
    }
    if !system.is_empty() {
        message["Attributes"] = system.into();
    }
    if !own.is_empty() {
        message["MessageAttributes"] = own.into();
    }
    Ok(message)
}

/// A handle that was given before; SQS takes an old one too, and does nothing with it.
fn receipt(input: Members<'_>) -> Result<&str, ServiceError> {
    let receipt = input.string("ReceiptHandle")?;
    if receipt.contains('#') {
        return Ok(receipt);
    }
    Err(ServiceError::new(
        "ReceiptHandleIsInvalid",
        format!("The input receipt handle \"{receipt}\" is not a valid receipt handle."),
    ))
}

fn change(queue: &Queue, input: Members<'_>) -> Result<Value, ServiceError> {
    let receipt = receipt(input)?;
    let hidden = bounded(input, "VisibilityTimeout", 0..=LONGEST_HIDDEN)?.unwrap_or(0);
    let now = queue.account.clock().now();
    let changed = queue.with(|queue| {
        let hides = |visibility| match visibility {
            Visibility::From(from) => from > now,
            Visibility::HeldSince(_) => true,
        };
        let found = queue
            .messages
            .iter_mut()
            .find(|it| it.receipt() == receipt && hides(it.visibility));
        let found = found.map(|message| {
            message.visibility = Visibility::From(later(now, Duration::from_secs(hidden)));
        });
        queue.changed.notify_one();
        found
    });
    changed.flatten().map(|()| json!({})).ok_or_else(|| {
        ServiceError::new(
            "MessageNotInflight",
            "The message referred to is not in flight.",
        )
    })
}

fn attributes(queue: &Queue, input: Members<'_>) -> Result<Value, ServiceError> {
    let wanted = input.strings("AttributeNames")?;
    let now = queue.account.clock().now();
    let counts = queue.with(|queue| {
        let visible = queue
            .messages
            .iter()
            .filter(|it| matches!(it.visibility, Visibility::From(from) if from <= now));
        let visible = visible.count();
        (visible, queue.messages.len() - visible)
    });
    let (visible, hidden) = counts.unwrap_or_default();
    let all = [
        ("QueueArn", queue.arn()),
        ("ApproximateNumberOfMessages", visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", hidden.to_string()),
    ];
    for name in &wanted {
        if *name != "All" && !all.iter().any(|(known, _)| known == name) {
            return Err(ServiceError::new(
                "InvalidAttributeName",
                format!("Unknown Attribute {name}."),
            ));
        }
    }
    let given = all
        .into_iter()
        .filter(|(name, _)| wanted.contains(&"All") || wanted.contains(name));
    let given: Map<String, Value> = given
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    Ok(json!({ "Attributes": given }))
}

/// The URLs of the queues whose dead-letter queue this is.
fn sources(account: &Account, dead: &Queue) -> Vec<String> {
    let state = account.state();
    let sources = state.queues.queues.iter().filter(|(_, queue)| {
        let redrive = queue.attributes.redrive.as_ref();
        redrive.is_some_and(|redrive| redrive.queue == dead.name)
    });
    sources.map(|(name, _)| url(account, name)).collect()
}

fn bounded(
    input: Members<'_>,
    name: &str,
    within: std::ops::RangeInclusive<i64>,
) -> Result<Option<u64>, ServiceError> {
    let Some(value) = input.optional_integer(name)? else {
        return Ok(None);
    };
    if !within.contains(&value) {
        return Err(ServiceError::new(
            "InvalidParameterValue",
            format!(
                "Value {value} for parameter {name} is invalid. Reason: Must be between {} and {}, if provided.",
                within.start(),
                within.end()
            ),
        ));
    }
    Ok(u64::try_from(value).ok())
}
