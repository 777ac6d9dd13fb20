//! A target is checked and registered: as a resource of a stack, or because somebody asks.
//!
//! Triggered by CloudFormation, for resources of the type `Custom::GreenlightTarget` ([`resource`]), which is answered
//! at the URL that it gives, whatever happens ([`answer`]); and by whoever invokes the function directly ([`direct`]).
//! It needs no other function of Greenlight.
//!
//! **Retry contract.** `Err` only where CloudFormation could not be given an answer, or where a direct caller's wish
//! could not be carried out and may be another time. A payload that is neither, or that does not say where the answer
//! goes, is logged and dropped.

mod answer;
mod direct;
mod reason;
mod resource;

use greenlight_deployer::{Deployer, targets::TargetsError};
use greenlight_runtime::{
    function::{Failure, Invocation},
    must_answer::Unanswered,
};
use serde_json::{Value, json};

pub use answer::NotPut;

/// What the function is made of.
#[derive(Debug)]
pub struct Context {
    /// The use cases.
    pub deployer: Deployer,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// CloudFormation could not be answered.
    #[error(transparent)]
    Unanswered(#[from] Unanswered<NotPut>),
    /// The targets could not be read or written.
    #[error(transparent)]
    Targets(#[from] TargetsError),
}

impl Failure for Error {
    fn error_type(&self) -> &'static str {
        match self {
            Self::Unanswered(Unanswered::NoAddress(_)) => "RegisterTarget.NoAddress",
            Self::Unanswered(Unanswered::Refused(_)) => "RegisterTarget.Refused",
            Self::Unanswered(Unanswered::Failed { .. }) => "RegisterTarget.Failed",
            Self::Unanswered(Unanswered::TimedOut { .. }) => "RegisterTarget.TimedOut",
            Self::Targets(_) => "RegisterTarget.Targets",
        }
    }
}

/// Does what a resource or a caller wants.
///
/// Gives `{"status": "SUCCESS" | "FAILED", "reason": …}` for a resource, which CloudFormation does not read; to a direct
/// caller what [`direct`] says; otherwise `{"dropped": reason}`.
pub async fn handle(context: &Context, invocation: Invocation) -> Result<Value, Error> {
    let deployer = &context.deployer;
    if answer::is_meant(&invocation.payload) {
        return Box::pin(resource::answer(deployer, &invocation)).await;
    }
    if let Some(action) = invocation.payload.get("action") {
        return Box::pin(direct::answer(deployer, action, &invocation.payload)).await;
    }
    let reason = "expected a request of CloudFormation, or an `action`: register, verify or remove";
    tracing::error!("dropped an event that cannot be read: {reason}");
    Ok(json!({ "dropped": reason }))
}
