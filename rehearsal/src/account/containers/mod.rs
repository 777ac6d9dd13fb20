//! What images do when they run.
//!
//! There is no container runtime here: an image's [`Behaviour`] says how its process would answer HTTP,
//! when it would listen, and when it would die. `network` gives it an address; `ecs` decides when it runs.

mod behaviour;
mod process;

pub use behaviour::{Behaviour, Crash, Finding, ImageSpec, Platforms};
pub(crate) use process::Process;
