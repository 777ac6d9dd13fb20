//! The life of a deployment at one target, as a state machine without side effects.
//!
//! [`step`] takes the target's state and one [`Input`] and returns the next state, the [`Effect`]s
//! to carry out, and an [`Explanation`]. It neither reads a clock nor calls anything; whoever calls
//! it persists the state by compare-and-swap and carries out the effects (`shared/deployer`).

mod awaiting;
mod before;
mod candidate;
mod conclusion;
mod ending;
mod explanation;
mod hold;
mod id;
mod intervention;
mod machine;
mod marker;
mod missed;
mod request;
mod start;
mod state;
mod step;
mod truth;
mod way_back;

pub use candidate::{Candidate, PushedImage};
pub use ending::{Ending, Obstacle};
pub use explanation::{Decision, Explanation, Rule};
pub use hold::{Closure, Hold};
pub use id::{DeploymentId, InvalidDeploymentId};
pub use machine::{Aftermath, Circumstances, Effect, Foreign, Input, Outcome, Transition, step};
pub use marker::Marker;
pub use missed::{Missed, is_missed_since};
pub use state::{Active, Current, Drift, Newest, Phase, Preparation, Queued, Stop, TargetState};
pub use way_back::{BackTo, InvalidBackTo, Past, WayBack, way_back};

#[cfg(test)]
mod tests;
