//! Greenlight's use cases: the order of the calls.
//!
//! What is decided is decided in `greenlight-core`; each AWS call is a function of `greenlight-aws`.
//! Here they are put in order: read what is needed, let the core decide, store the decision, carry
//! it out. Every use case can be broken off between any two calls and taken up again.

mod adopt;
mod advance;
mod announce;
pub mod approve;
pub mod ask;
pub mod clock;
pub mod conclude;
pub mod control;
mod definition;
mod evidence;
pub mod explain;
pub mod gate;
mod gather;
pub mod history;
pub mod hold;
mod images;
pub mod job;
mod log_lines;
pub mod marks;
mod missed;
mod observe;
pub mod plan;
pub mod probe;
pub mod progress;
pub mod promote;
mod prove;
pub mod push;
pub mod reconcile;
pub mod register;
pub mod replay;
mod restore_tag;
mod retag;
pub mod rollback;
mod start;
pub mod suggest;
pub mod targets;
pub mod verify;

use clock::Clock;
use greenlight_aws::{Clients, table::Table};
use greenlight_core::target::Target;

pub use adopt::AdoptError;
pub use advance::AdvanceError;
pub use retag::RetagError;

/// What the use cases work with.
#[derive(Debug, Clone)]
pub struct Deployer {
    /// The AWS clients.
    pub clients: Clients,
    /// Greenlight's table.
    pub table: Table,
    /// The event bus to which Greenlight's own events go.
    pub bus: String,
    /// The name or ARN of the function that answers lifecycle hooks, written into the AppSpec of a
    /// target that has gates.
    pub hook_function: Option<String>,
    /// Asks over HTTP: green tasks, and ECR's layers.
    pub probe: probe::Probe,
    /// The time.
    pub clock: Clock,
}

impl Deployer {
    /// The clients of the role that a target names, or the function's own.
    pub(crate) fn clients_of(&self, target: &Target) -> Clients {
        match &target.role_arn {
            Some(role) => self.clients.assuming(role.as_str(), "greenlight"),
            None => self.clients.clone(),
        }
    }
}
