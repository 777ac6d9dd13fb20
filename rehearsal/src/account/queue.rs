//! SQS: queues with visibility timeout and redrive. The event source mappings that hand their messages to
//! functions are in `queue/mapping.rs`.
//!
//! Standard queues only. EventBridge sends and Lambda polls on the function's behalf; what a person calls is in
//! `queue/api.rs`. A message that a function is working on
//! is hidden for the queue's visibility timeout; the part of it that passes while the function runs is
//! counted in real time, as the function's own timeout is.

pub(crate) mod api;
mod mapping;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

pub use mapping::Mapping;

use super::Account;
use super::functions::uuid;
use super::journal::Tone;

/// One queue. Clones are the same.
#[derive(Debug, Clone)]
pub struct Queue {
    account: Account,
    name: String,
}

/// A queue's attributes.
#[derive(Debug, Clone)]
pub struct Attributes {
    /// How long a received message is hidden.
    pub visibility_timeout: Duration,
    /// How long a sent message is hidden at first.
    pub delay: Duration,
    /// Where a message goes that was received too often.
    pub redrive: Option<Redrive>,
}

/// A queue's `RedrivePolicy`.
#[derive(Debug, Clone)]
pub struct Redrive {
    /// Name of the dead-letter queue.
    pub queue: String,
    /// How often a message is received before it goes there: 1 to 1000.
    pub max_receive_count: u32,
}

/// Why a queue or a mapping was refused: `InvalidParameterValueException`, in AWS's words where known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidParameter(String);

#[derive(Default)]
pub(crate) struct State {
    queues: BTreeMap<String, QueueState>,
}

struct QueueState {
    attributes: Attributes,
    /// A function gets its messages.
    is_read: bool,
    messages: Vec<Message>,
    /// Told whenever a message was added or became visible earlier than it was going to.
    changed: Arc<Notify>,
}

#[derive(Debug, Clone)]
struct Message {
    id: String,
    body: String,
    /// Its message attributes, which are all text here.
    attributes: BTreeMap<String, String>,
    sent_at: Timestamp,
    first_received_at: Option<Timestamp>,
    received: u32,
    visibility: Visibility,
}

#[derive(Debug, Clone, Copy)]
enum Visibility {
    From(Timestamp),
    HeldSince(Instant),
}

/// A message that a consumer received, and has to delete or give back.
#[derive(Debug)]
struct Received {
    id: String,
    record: Value,
    attributes: BTreeMap<String, String>,
}

impl Default for Attributes {
    /// SQS's own defaults.
    fn default() -> Self {
        Self {
            visibility_timeout: Duration::from_secs(30),
            delay: Duration::ZERO,
            redrive: None,
        }
    }
}

impl Account {
    /// Makes a queue. Its dead-letter queue must be there already.
    pub fn add_queue(&self, name: &str, attributes: Attributes) -> Result<Queue, InvalidParameter> {
        let mut state = self.state();
        if let Some(Redrive {
            queue,
            max_receive_count,
        }) = &attributes.redrive
        {
            if !state.queues.queues.contains_key(queue) {
                return Err(InvalidParameter(format!(
                    "dead-letter queue `{queue}` of `{name}` does not exist"
                )));
            }
            if !(1..=1000).contains(max_receive_count) {
                return Err(InvalidParameter(format!(
                    "maxReceiveCount of `{name}` must be 1 to 1000"
                )));
            }
        }
        let queue = QueueState {
            attributes,
            is_read: false,
            messages: Vec::new(),
            changed: Arc::default(),
        };
        state.queues.queues.insert(name.to_owned(), queue);
        Ok(Queue {
            account: self.clone(),
            name: name.to_owned(),
        })
    }

    /// The queue of this name or ARN.
    pub fn queue(&self, name_or_arn: &str) -> Option<Queue> {
        let name = name_or_arn.rsplit(':').next()?;
        let known = self.state().queues.queues.contains_key(name);
        known.then(|| Queue {
            account: self.clone(),
            name: name.to_owned(),
        })
    }

    /// How many messages are in queues that a function reads, or hidden in them.
    pub fn messages_waiting(&self) -> usize {
        let state = self.state();
        let read = state.queues.queues.values().filter(|queue| queue.is_read);
        read.map(|queue| queue.messages.len()).sum()
    }
}

impl Queue {
    /// The queue's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The queue's ARN.
    pub fn arn(&self) -> String {
        self.account.arn("sqs", &self.name)
    }

    /// Sends a message with this body.
    pub fn send(&self, body: impl std::fmt::Display) {
        self.send_with(body, BTreeMap::new());
    }

    /// Sends a message with this body and these attributes; gives its id.
    pub fn send_with(
        &self,
        body: impl std::fmt::Display,
        attributes: BTreeMap<String, String>,
    ) -> String {
        let id = uuid(&self.account.unique());
        let sent = id.clone();
        let now = self.account.clock().now();
        let body = body.to_string();
        self.with(|queue| {
            let visibility = Visibility::From(later(now, queue.attributes.delay));
            let message = Message {
                id,
                body,
                attributes,
                sent_at: now,
                first_received_at: None,
                received: 0,
                visibility,
            };
            queue.messages.push(message);
            queue.changed.notify_one();
        });
        sent
    }

    /// The bodies of the messages in the queue, hidden ones too, oldest first.
    pub fn bodies(&self) -> Vec<String> {
        self.with(|queue| {
            queue
                .messages
                .iter()
                .map(|message| message.body.clone())
                .collect()
        })
        .unwrap_or_default()
    }

    fn attributes(&self) -> Attributes {
        self.with(|queue| queue.attributes.clone())
            .unwrap_or_default()
    }

    /// Receives up to `most` messages and hides them so; those that were received too often go to the
    /// dead-letter queue instead.
    fn receive(&self, most: usize, hidden: Visibility) -> Vec<Received> {
        let now = self.account.clock().now();
        let arn = self.arn();
        let region = self.account.settings().region.clone();
        let mut received = Vec::new();
        let mut dead = Vec::new();
        let dead_letter_queue = self.with(|queue| {
            let redrive = queue.attributes.redrive.clone();
            queue.messages.retain_mut(|message| {
                let visible = matches!(message.visibility, Visibility::From(from) if from <= now);
                if !visible || received.len() == most {
                    return true;
                }
                if redrive
                    .as_ref()
                    .is_some_and(|redrive| message.received >= redrive.max_receive_count)
                {
                    dead.push((message.body.clone(), message.attributes.clone()));
                    return false;
                }
                message.received += 1;
                message.first_received_at.get_or_insert(now);
                message.visibility = hidden;
                received.push(Received {
                    id: message.id.clone(),
                    attributes: message.attributes.clone(),
                    record: message.record(&arn, &region),
                });
                true
            });
            redrive.map(|redrive| redrive.queue)
        });
        if let Some(queue) = dead_letter_queue
            .flatten()
            .and_then(|name| self.account.queue(&name))
        {
            for (body, attributes) in dead {
                self.account.journal().note(
                    "sqs",
                    Tone::Bad,
                    format!("a message of {} goes to {}", self.name, queue.name),
                );
                queue.send_with(body, attributes);
            }
        }
        received
    }

    fn delete(&self, ids: &[&str]) {
        self.with(|queue| {
            queue
                .messages
                .retain(|message| !ids.contains(&message.id.as_str()));
        });
    }

    /// The consumer failed: what is left of the visibility timeout passes on the account's clock.
    fn give_back(&self, ids: &[&str]) {
        let now = self.account.clock().now();
        self.with(|queue| {
            let timeout = queue.attributes.visibility_timeout;
            for message in queue
                .messages
                .iter_mut()
                .filter(|message| ids.contains(&message.id.as_str()))
            {
                if let Visibility::HeldSince(since) = message.visibility {
                    let rest = timeout.saturating_sub(since.elapsed());
                    message.visibility = Visibility::From(later(now, rest));
                }
            }
            queue.changed.notify_one();
        });
    }

    /// Waits until there is a message to receive.
    async fn ready(&self) {
        loop {
            let Some((changed, next)) = self.with(|queue| {
                let visible_from =
                    queue
                        .messages
                        .iter()
                        .filter_map(|message| match message.visibility {
                            Visibility::From(from) => Some(from),
                            Visibility::HeldSince(_) => None,
                        });
                (queue.changed.clone(), visible_from.min())
            }) else {
                return std::future::pending().await;
            };
            let now = self.account.clock().now();
            match next {
                Some(from) if from <= now => return,
                Some(from) => {
                    let wait = Duration::try_from(from.duration_since(now)).unwrap_or_default();
                    // A rounded-down wait would spin until the instant is reached.
                    let wait = wait + Duration::from_millis(1);
                    tokio::select! {
                        () = changed.notified() => {}
                        () = self.account.clock().sleep(wait) => {}
                    }
                }
                None => changed.notified().await,
            }
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut QueueState) -> T) -> Option<T> {
        self.account
            .state()
            .queues
            .queues
            .get_mut(&self.name)
            .map(change)
    }
}

impl Message {
    /// What the last receive gave to delete it by.
    fn receipt(&self) -> String {
        format!("{}#{}", self.id, self.received)
    }

    /// As it stands in the `Records` of the event that Lambda gives to a function, but for the body's MD5,
    /// which nobody checks.
    fn record(&self, queue_arn: &str, region: &str) -> Value {
        let millisecond = |at: Timestamp| at.as_millisecond().to_string();
        json!({
            "messageId": self.id,
            "receiptHandle": self.receipt(),
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": self.received.to_string(),
                "SentTimestamp": millisecond(self.sent_at),
                "SenderId": "AIDAIE7X3EXAMPLE",
                "ApproximateFirstReceiveTimestamp": millisecond(self.first_received_at.unwrap_or(self.sent_at)),
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn,
            "awsRegion": region,
        })
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
