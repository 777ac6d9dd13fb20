//! A pushed image is matched with the targets that take it, and deployed, queued or skipped.
//!
//! Triggered by a batch of the queue that EventBridge's `ECR Image Action` events are sent to, or by
//! one such event itself. It changes the state and the records of the targets that take the image,
//! registers task definitions and creates CodeDeploy deployments.
//!
//! **Retry contract.** An event that is not a successful push of a tag, or that cannot be read, is
//! logged and dropped: it would be no better the next time. A push that could not be dealt with is
//! given back to the queue, which sends it again and, when that does not help, to its dead-letter
//! queue. Dealing with a push again goes on where the last attempt ended.

mod event;

use greenlight_deployer::{
    Deployer,
    push::{Decided, Push, PushError},
};
use greenlight_runtime::{
    function::{Failure, Invocation},
    logging::chain,
};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};
use tracing::Instrument as _;

use event::{Message, Parsed};

/// A message is not begun when there is less time than this: it is left to the queue.
const TIME_FOR_A_PUSH: Duration = Duration::from_secs(15);

/// What the function is made of.
#[derive(Debug)]
pub struct Context {
    /// The use cases.
    pub deployer: Deployer,
}

/// Why an event given directly could not be dealt with.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] PushError);

impl Failure for Error {
    fn error_type(&self) -> &'static str {
        match self.0 {
            PushError::Targets { .. } => "DeployOnPush.Targets",
            PushError::Resolve { .. } => "DeployOnPush.Resolve",
            PushError::Advance { .. } => "DeployOnPush.Advance",
            PushError::Missed { .. } | PushError::MakeUp { .. } => "DeployOnPush.Missed",
        }
    }
}

/// Deals with a batch of the queue or with one event.
///
/// Gives `{"batchItemFailures": […]}` for a batch, and `{"outcomes": […]}` for an event.
pub async fn handle(context: &Context, invocation: Invocation) -> Result<Value, Error> {
    if let Some(messages) = event::messages(&invocation.payload) {
        return Ok(batch(context, &invocation, messages).await);
    }
    let outcomes = one(context, &invocation, event::parse(&invocation.payload)).await?;
    Ok(json!({ "outcomes": outcomes }))
}

async fn batch(context: &Context, invocation: &Invocation, messages: Vec<Message>) -> Value {
    let mut failures = Vec::new();
    for message in messages {
        let span = tracing::error_span!("message", message_id = message.id);
        let left = invocation
            .deadline
            .saturating_duration_since(Instant::now());
        let dealt_with = async {
            if left < TIME_FOR_A_PUSH {
                tracing::warn!("no time is left for this message, so it goes back to the queue");
                return false;
            }
            let parsed = event::parse_text(&message.body);
            match one(context, invocation, parsed).await {
                Ok(_) => true,
                Err(error) => {
                    tracing::error!(error_type = error.error_type(), "{}", chain(&error));
                    false
                }
            }
        };
        if !dealt_with.instrument(span).await {
            failures.push(json!({ "itemIdentifier": message.id }));
        }
    }
    json!({ "batchItemFailures": failures })
}

async fn one(
    context: &Context,
    invocation: &Invocation,
    parsed: Parsed,
) -> Result<Vec<Value>, Error> {
    let push = match parsed {
        Parsed::Push(push) => *push,
        Parsed::Ignored { reason } => {
            tracing::info!("ignored: {reason}");
            return Ok(vec![json!({ "ignored": reason })]);
        }
        Parsed::Unreadable { reason } => {
            tracing::error!("dropped an event that cannot be read: {reason}");
            return Ok(vec![json!({ "dropped": reason })]);
        }
    };
    let lease_until = invocation.deadline_at(&context.deployer.clock);
    let decided = context.deployer.pushed(&push, lease_until).await?;
    Ok(decided
        .iter()
        .map(|decided| outcome(&push, decided))
        .collect())
}

fn outcome(push: &Push, decided: &Decided) -> Value {
    json!({
        "target": decided.target,
        "image": push.repository.with_digest(&push.digest),
        "tag": push.tag,
        "decision": decided.explanation.as_ref().map(|explanation| explanation.decision),
        "rule": decided.explanation.as_ref().map(|explanation| explanation.rule),
        "reason": decided.explanation.as_ref().map(|explanation| &explanation.text),
    })
}
