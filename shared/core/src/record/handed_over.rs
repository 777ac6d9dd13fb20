//! The events by which everybody hears that a person holds targets, or releases them.

use jiff::Timestamp;
use serde::Serialize;

use crate::target::TargetName;

/// The `detail` of the events `Target Held` and `Target Released`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandedOver {
    /// The target's name; `null` where it is every target.
    pub target: Option<TargetName>,
    /// Who.
    pub by: String,
    /// Why, in their own words.
    pub reason: Option<String>,
    /// When a hold ends by itself.
    pub until: Option<Timestamp>,
}
