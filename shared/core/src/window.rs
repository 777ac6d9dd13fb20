//! Windows: when automatic deployments to a target may start.
//!
//! A window allows or denies certain times of its zone. What denies a time counts before what allows it;
//! where anything allows, only those times are open. What is odd is refused when it is read, and what
//! cannot be told closes.
//!
//! The zones are those of the IANA database, which is part of the binary: a Lambda function has none
//! to read. The types of `chrono`, `chrono-tz` and `rrule` stay within this module.

mod closure;
mod once;
mod recurring;
mod weekly;
mod zone;

use serde_json::{Value, json};

pub use once::{InvalidOnce, Once};
pub(crate) use recurring::MAX_DURATION;
pub use recurring::{InvalidRecurrence, Recurring};
pub use weekly::{InvalidWeekly, Weekly};
pub use zone::{InvalidZone, Zone};

/// All windows of a target, in the order in which they are written; always open if there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Windows(pub Vec<Window>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Whether deployments may start at these times, or may not.
    pub side: Side,
    /// Which times.
    pub times: Times,
    /// Whose clock shows them.
    pub zone: Zone,
    /// Why, for people.
    pub reason: Option<String>,
}

/// What a window says of its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Open then.
    Allow,
    /// Closed then, whatever else allows it.
    Deny,
}

/// The times of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Times {
    /// The same in every week: `Mon-Fri 09:00-17:00`.
    Weekly(Weekly),
    /// By a recurrence rule of iCalendar.
    Recurring(Box<Recurring>),
    /// Once.
    Once(Once),
}

impl Windows {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As they are written in a target.
    pub fn to_value(&self) -> Value {
        self.0.iter().map(Window::to_value).collect()
    }
}

impl Window {
    fn to_value(&self) -> Value {
        let times = match &self.times {
            Times::Weekly(weekly) => json!(weekly.as_str()),
            Times::Recurring(recurring) => recurring.to_value(),
            Times::Once(once) => once.to_value(),
        };
        let mut value = match self.side {
            Side::Allow => json!({"allow": times}),
            Side::Deny => json!({"deny": times}),
        };
        if self.zone != Zone::default() {
            value["zone"] = json!(self.zone.to_string());
        }
        if let Some(reason) = &self.reason {
            value["reason"] = json!(reason);
        }
        value
    }

    /// Its times, its zone and its reason, for people.
    fn describe(&self) -> String {
        let times = match &self.times {
            Times::Weekly(weekly) => weekly.as_str().to_owned(),
            Times::Recurring(recurring) => recurring.to_string(),
            Times::Once(once) => once.to_string(),
        };
        let reason = self.reason.iter().map(|reason| format!("; {reason}"));
        let reason: String = reason.collect();
        format!("`{times}` ({}{reason})", self.zone)
    }
}

#[cfg(test)]
mod tests;
