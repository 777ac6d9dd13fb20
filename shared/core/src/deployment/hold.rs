//! What keeps automatic deployments from starting: a person's hold, the stopped line, a closed window.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Rule;

/// Automatic deployments are refused until a person releases them, or until a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Hold {
    /// Whether it holds at this time.
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at < until)
    }

    /// For people: `held by alice (ticket 7) until 2026-11-29T20:00:00Z`.
    pub fn describe(&self) -> String {
        let reason = self
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(" ({reason})"));
        let until = self
            .until
            .map_or_else(String::new, |until| format!(" until {until:.0}"));
        format!("held by {}{reason}{until}", self.by)
    }
}

/// Why an automatic deployment may not start now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// [`Rule::Held`], [`Rule::LineStopped`] or [`Rule::WindowClosed`].
    pub rule: Rule,
    /// What keeps it, for people: it follows "waits: ".
    pub reason: String,
}

impl Closure {
    /// A hold on one target.
    pub fn held(hold: &Hold) -> Self {
        Self {
            rule: Rule::Held,
            reason: format!("the target is {}", hold.describe()),
        }
    }

    /// The hold on every target.
    pub fn line_stopped(hold: &Hold) -> Self {
        Self {
            rule: Rule::LineStopped,
            reason: format!("every target is {}", hold.describe()),
        }
    }
}
