//! Every minute, every target: what lost events have left undone is done, what is stuck is ended, and what
//! runs is compared with what is recorded.
//!
//! Triggered by a schedule. It needs no other function of Greenlight, and none needs it: where all events
//! arrive and nothing hangs, it finds nothing to do but drift.
//!
//! **Retry contract.** `Err` only where the targets could not be read. What goes wrong with one target is
//! logged and left to the next minute. An event that asks for nothing or cannot be read is logged and
//! dropped.

mod event;

use greenlight_deployer::{Deployer, reconcile::ReconcileError};
use greenlight_runtime::function::{Failure, Invocation};
use serde_json::{Value, json};

use event::Parsed;

/// What the function is made of.
#[derive(Debug)]
pub struct Context {
    /// The use cases.
    pub deployer: Deployer,
}

/// Why there was no round.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] ReconcileError);

impl Failure for Error {
    fn error_type(&self) -> &'static str {
        "Reconcile.Targets"
    }
}

/// Looks after every target.
///
/// Gives `{"targets", "left", "repaired": [{"target", "repair", "text"}], "failed": [target]}`,
/// `{"ignored": reason}` or `{"dropped": reason}`.
pub async fn handle(context: &Context, invocation: Invocation) -> Result<Value, Error> {
    match event::parse(&invocation.payload) {
        Parsed::Tick => {}
        Parsed::Ignored { reason } => {
            tracing::info!("ignored: {reason}");
            return Ok(json!({ "ignored": reason }));
        }
        Parsed::Unreadable { reason } => {
            tracing::error!("dropped an event that cannot be read: {reason}");
            return Ok(json!({ "dropped": reason }));
        }
    }
    let lease_until = invocation.deadline_at(&context.deployer.clock);
    let reconciled = context.deployer.reconcile(lease_until).await?;
    let repaired = reconciled.repaired.iter().map(|repaired| {
        json!({
            "target": repaired.target,
            "repair": repaired.repair.name(),
            "text": repaired.text,
        })
    });
    Ok(json!({
        "targets": reconciled.targets,
        "left": reconciled.left,
        "repaired": repaired.collect::<Vec<_>>(),
        "failed": reconciled.failed,
    }))
}
