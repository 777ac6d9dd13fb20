//! A deployment has ended: the record of it, and whatever waits for its end.
//!
//! Triggered by EventBridge: `CodeDeploy Deployment State-change Notification`, `ECS Deployment State
//! Change`, `ECS Task State Change` of tasks that Greenlight started, and `CodePipeline Pipeline
//! Execution State Change`. It changes the state and the records of the targets that deploy to the service, gives a tag back where the target asks
//! for it, and starts the deployment that waits. Deployments that Greenlight did not start are
//! recorded as well, and so are roll-backs.
//!
//! **Retry contract.** An event that is none of these, or that cannot be read, is logged and dropped.
//! `Err` for everything else: Lambda sends the event again, and dealing with it again goes on where
//! the last attempt ended.

mod event;

use greenlight_deployer::{
    Deployer,
    conclude::{ConcludeError, Concluded},
};
use greenlight_runtime::function::{Failure, Invocation};
use serde_json::{Value, json};

use event::Parsed;

/// What the function is made of.
#[derive(Debug)]
pub struct Context {
    /// The use cases.
    pub deployer: Deployer,
}

/// Why the end of a deployment could not be recorded.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] ConcludeError);

impl Failure for Error {
    fn error_type(&self) -> &'static str {
        match self.0 {
            ConcludeError::Look { .. } => "RecordDeployment.Look",
            ConcludeError::Targets { .. } => "RecordDeployment.Targets",
            ConcludeError::Observe { .. } => "RecordDeployment.Observe",
            ConcludeError::Gate { .. } => "RecordDeployment.Gate",
            ConcludeError::RestoreTag { .. } => "RecordDeployment.RestoreTag",
            ConcludeError::Advance { .. } => "RecordDeployment.Advance",
        }
    }
}

/// Records the end of a deployment.
///
/// Gives `{"recorded": [{"target", "decision", "rule", "reason"}]}` or `{"ignored": reason}`.
pub async fn handle(context: &Context, invocation: Invocation) -> Result<Value, Error> {
    let change = match event::parse(&invocation.payload) {
        Parsed::Change(change) => change,
        Parsed::Ignored { reason } => {
            tracing::info!("ignored: {reason}");
            return Ok(json!({ "ignored": reason }));
        }
        Parsed::Unreadable { reason } => {
            tracing::error!("dropped an event that cannot be read: {reason}");
            return Ok(json!({ "dropped": reason }));
        }
    };
    let lease_until = invocation.deadline_at(&context.deployer.clock);
    let concluded = context.deployer.concluded(&change, lease_until).await?;
    Ok(match concluded {
        Concluded::Ignored { reason } => {
            tracing::info!("ignored: {reason}");
            json!({ "ignored": reason })
        }
        Concluded::At(targets) => {
            let recorded = targets.iter().map(|(target, explanation)| {
                json!({
                    "target": target,
                    "decision": explanation.as_ref().map(|explanation| explanation.decision),
                    "rule": explanation.as_ref().map(|explanation| explanation.rule),
                    "reason": explanation.as_ref().map(|explanation| &explanation.text),
                })
            });
            json!({ "recorded": recorded.collect::<Vec<_>>() })
        }
    })
}
