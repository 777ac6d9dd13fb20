//! Event source mappings: Lambda polls a queue and hands its messages to a function, in batches.
//!
//! A function may say which messages of a batch failed (`ReportBatchItemFailures`); those, or all of a
//! batch that failed as a whole, come back when their visibility timeout is over.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::{InvalidParameter, Queue, Received, Visibility};
use crate::account::Account;
use crate::account::journal::Tone;

/// An event source mapping: which function gets a queue's messages, and how many at once.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Name of the queue.
    pub queue: String,
    /// Name or ARN of the function.
    pub function: String,
    /// Most messages of one invocation.
    pub batch_size: usize,
    /// How long to wait for more messages than there are.
    pub batch_window: Duration,
    /// `FunctionResponseTypes` has `ReportBatchItemFailures`.
    pub report_item_failures: bool,
    /// Most invocations at once.
    pub concurrency: usize,
}

impl Account {
    /// Starts to hand a queue's messages to a function.
    pub fn add_mapping(&self, mapping: Mapping) -> Result<(), InvalidParameter> {
        let Some(queue) = self.queue(&mapping.queue) else {
            return Err(InvalidParameter(format!(
                "queue `{}` does not exist",
                mapping.queue
            )));
        };
        let function = self
            .functions()
            .configuration(&mapping.function)
            .unwrap_or_default();
        let visibility = queue.attributes().visibility_timeout;
        if visibility < function.timeout {
            return Err(InvalidParameter(format!(
                "Queue visibility timeout: {} seconds is less than Function timeout: {} seconds",
                visibility.as_secs(),
                function.timeout.as_secs(),
            )));
        }
        if mapping.batch_size == 0 || mapping.batch_size > 10_000 || mapping.concurrency == 0 {
            return Err(InvalidParameter(
                "batch size must be 1 to 10000, concurrency at least 1".to_owned(),
            ));
        }
        if mapping.batch_size > 10 && mapping.batch_window.is_zero() {
            return Err(InvalidParameter(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
                    .to_owned(),
            ));
        }
        queue.with(|queue| queue.is_read = true);
        tokio::spawn(poll(queue, mapping));
        Ok(())
    }
}

/// The event source mapping's poller. Ends with the runtime.
async fn poll(queue: Queue, mapping: Mapping) {
    let slots = Arc::new(Semaphore::new(mapping.concurrency));
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else {
            return;
        };
        queue.ready().await;
        if !mapping.batch_window.is_zero() {
            queue.account.clock().sleep(mapping.batch_window).await;
        }
        let batch = queue.receive(mapping.batch_size, Visibility::HeldSince(Instant::now()));
        if batch.is_empty() {
            continue;
        }
        let (queue, mapping) = (queue.clone(), mapping.clone());
        tokio::spawn(async move {
            let _slot = slot;
            hand_over(&queue, &mapping, batch).await;
        });
    }
}

async fn hand_over(queue: &Queue, mapping: &Mapping, batch: Vec<Received>) {
    let ids: Vec<&str> = batch.iter().map(|message| message.id.as_str()).collect();
    let records: Vec<&Value> = batch.iter().map(|message| &message.record).collect();
    let answer = queue
        .account
        .functions()
        .invoke(&mapping.function, json!({ "Records": records }))
        .await;
    let failed = match answer {
        Err(_) => ids.clone(),
        Ok(answer) if mapping.report_item_failures => failed_items(&answer, &ids),
        Ok(_) => Vec::new(),
    };
    if !failed.is_empty() {
        let text = format!(
            "{} of {} messages go back to {}",
            failed.len(),
            ids.len(),
            queue.name
        );
        queue.account.journal().note("sqs", Tone::Bad, text);
    }
    let (failed, done): (Vec<&str>, Vec<&str>) =
        ids.into_iter().partition(|id| failed.contains(id));
    queue.delete(&done);
    queue.give_back(&failed);
}

/// The messages that a function says failed. An answer that does not fit fails the whole batch, as in
/// Lambda: `batchItemFailures` that is no list, an item without an id, an id that is not in the batch.
fn failed_items<'a>(answer: &Value, ids: &[&'a str]) -> Vec<&'a str> {
    let failures = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(failures)) => failures,
        Some(_) => return ids.to_vec(),
    };
    let known = |failure: &Value| {
        let id = failure.get("itemIdentifier")?.as_str()?;
        ids.iter().copied().find(|known| *known == id)
    };
    failures
        .iter()
        .map(known)
        .collect::<Option<Vec<_>>>()
        .unwrap_or_else(|| ids.to_vec())
}
