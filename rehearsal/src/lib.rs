//! A simulated AWS account that really runs deployments, and the rehearsals played in it.
//!
//! It is not a general AWS simulator: it knows the calls that Greenlight makes, answers them as AWS does
//! (`AWS-FACTS.md` is the source), and refuses everything else by name. [`account`] is where to look
//! first; [`scenario`] plays in it.

pub mod account;
pub mod at_once;
pub mod board;
pub mod build;
pub mod clock;
pub mod endpoint;
pub mod load;
pub mod permissions;
pub mod report;
pub mod runtime_api;
pub mod sandbox;
pub mod scenario;
pub mod secrets;
pub mod timeline;
pub mod wire;
