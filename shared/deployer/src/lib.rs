//! Greenlight's use cases: the order of the calls.
//!
//! What is decided is decided in `greenlight-core`; each AWS call is a function of `greenlight-aws`.
//! Here they are put in order: read what is needed, let the core decide, store the decision, carry
//! it out. Every use case can be broken off between any two calls and taken up again.

mod adopt;
mod advance;
mod announce;
pub mod clock;
pub mod conclude;
mod evidence;
pub mod gate;
pub mod history;
mod observe;
pub mod probe;
mod prove;
pub mod push;
mod restore_tag;
mod start;
pub mod targets;

use clock::Clock;
use greenlight_aws::{Clients, table::Table};

pub use adopt::AdoptError;
pub use advance::AdvanceError;

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
    /// The time.
    pub clock: Clock,
}
