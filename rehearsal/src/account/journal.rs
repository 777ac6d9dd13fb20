//! What was called and what happened, in order.
//!
//! Tests count calls in it, the timeline and the wire record are read from it. It keeps the newest
//! entries only, so that an account that stays open for days does not grow for ever.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use crate::clock::Clock;

/// How many entries are kept.
const KEPT: usize = 50_000;

/// The journal of an account. Clones are the same journal.
#[derive(Debug, Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clock: Clock,
    entries: Mutex<Entries>,
    /// How many entries there ever were, for those who wait for the next.
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Entries {
    kept: VecDeque<Entry>,
    forgotten: usize,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// Somebody called an AWS API.
    Call(Call),
    /// Something happened by itself, or by the hand of the rehearsal.
    Happening(Happening),
}

/// One AWS call and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// When it was answered.
    pub at: Timestamp,
    /// Whose credentials it carried.
    pub caller: String,
    /// Such as `ecs`: the name that botocore and IAM have for the service (`elbv2` for load balancing).
    pub service: &'static str,
    /// Such as `DescribeServices`.
    pub operation: String,
    /// The input, as JSON also where the protocol is not.
    pub request: Value,
    /// The HTTP status.
    pub status: u16,
    /// The output, or `{"__type", "message"}`.
    pub response: Value,
}

/// Something that happened in the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// The service it happened in: `ecr`, `ecs`, `elb`, `codedeploy`, `lambda`, `events`, ….
    pub service: &'static str,
    /// How it should be read.
    pub tone: Tone,
    /// A sentence without the time.
    pub text: String,
}

/// How a happening should be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A step.
    Neutral,
    /// Something succeeded.
    Good,
    /// Something failed.
    Bad,
}

impl Journal {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            inner: Arc::new(Inner {
                clock,
                entries: Mutex::default(),
                count: watch::Sender::new(0),
            }),
        }
    }

    /// Writes down that something happened.
    pub fn note(&self, service: &'static str, tone: Tone, text: impl Into<String>) {
        let at = self.inner.clock.now();
        self.add(Entry::Happening(Happening {
            at,
            service,
            tone,
            text: text.into(),
        }));
    }

    pub(crate) fn call(
        &self,
        caller: String,
        service: &'static str,
        operation: String,
        request: Value,
        (status, response): (u16, Value),
    ) {
        let mut response = response;
        if service == "codepipeline" {
            hide_credentials(&mut response);
        }
        let at = self.inner.clock.now();
        self.add(Entry::Call(Call {
            at,
            caller,
            service,
            operation,
            request,
            status,
            response,
        }));
    }

    /// The entries from number `from` on (the first is 0), as far as they are still kept.
    pub fn entries(&self, from: usize) -> Vec<Entry> {
        let entries = self.lock();
        entries
            .kept
            .iter()
            .skip(from.saturating_sub(entries.forgotten))
            .cloned()
            .collect()
    }

    /// How many entries there ever were.
    pub fn count(&self) -> usize {
        *self.inner.count.borrow()
    }

    /// Waits until there are more than `seen` entries.
    pub async fn beyond(&self, seen: usize) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self
            .inner
            .count
            .subscribe()
            .wait_for(|count| *count > seen)
            .await;
    }

    /// The calls that are still kept, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        let calls = self.entries(0).into_iter();
        calls
            .filter_map(|entry| {
                if let Entry::Call(call) = entry {
                    Some(call)
                } else {
                    None
                }
            })
            .collect()
    }

    /// The calls of one caller to one operation (`ecs:DescribeServices`).
    pub fn calls_of(&self, caller: &str, action: &str) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| {
            call.caller == caller && format!("{}:{}", call.service, call.operation) == action
        });
        calls
    }

    /// The happenings that are still kept, oldest first.
    pub fn happenings(&self) -> Vec<Happening> {
        let entries = self.entries(0).into_iter();
        entries
            .filter_map(|entry| {
                if let Entry::Happening(it) = entry {
                    Some(it)
                } else {
                    None
                }
            })
            .collect()
    }

    fn add(&self, entry: Entry) {
        let mut entries = self.lock();
        entries.kept.push_back(entry);
        if entries.kept.len() > KEPT {
            entries.kept.pop_front();
            entries.forgotten += 1;
        }
        let count = entries.forgotten + entries.kept.len();
        self.inner.count.send_replace(count);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.inner
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands in the place of credentials. Its members stay, so that the answer keeps its shape.
const HIDDEN: &str = "REDACTED";

/// Hides the credentials of CodePipeline's jobs, wherever they are in an answer.
fn hide_credentials(answer: &mut Value) {
    match answer {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_object_mut() {
                    Some(secrets) if name == "artifactCredentials" => {
                        secrets.values_mut().for_each(|it| *it = HIDDEN.into());
                    }
                    _ => hide_credentials(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_credentials),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_the_next_entry_is_woken_by_it() {
        let journal = Journal::new(Clock::scaled(Timestamp::UNIX_EPOCH, 1.0));
        let reader = tokio::spawn({
            let journal = journal.clone();
            async move {
                journal.beyond(1).await;
                journal.entries(1)
            }
        });
        journal.note("ecs", Tone::Neutral, "one");
        tokio::task::yield_now().await;
        journal.note("ecs", Tone::Good, "two");
        let entries = reader.await.unwrap();
        assert!(matches!(&entries[..], [Entry::Happening(it)] if it.text == "two"));
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_newest_entries_are_kept_and_numbers_stay_right() {
        let journal = Journal::new(Clock::scaled(Timestamp::UNIX_EPOCH, 1.0));
        for number in 0..KEPT + 2 {
            journal.note("ecs", Tone::Neutral, number.to_string());
        }
        assert_eq!(journal.count(), KEPT + 2);
        let last = journal.entries(KEPT + 1);
        assert!(matches!(&last[..], [Entry::Happening(it)] if it.text == (KEPT + 1).to_string()));
        assert_eq!(journal.entries(0).len(), KEPT);
    }
}
