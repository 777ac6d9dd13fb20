//! What the tests of the whole share: the simulated account with Greenlight's handlers in it, in
//! virtual time and without a socket, and a wire on which faults can be injected.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what cannot be set up is a failed test"
)]

pub mod asked;
pub mod by_hand;
pub mod cells;
pub mod event_contract;
pub mod gated;
pub mod heard;
pub mod releases;
pub mod rounds;
mod run;
pub mod web;
pub mod wire;
pub mod world;
