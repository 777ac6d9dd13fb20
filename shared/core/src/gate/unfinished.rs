//! A gate that outlasts one invocation: what it has measured, written down to be carried on by the next.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{CheckReport, Progress};
use crate::target::{Check, GatePoint};

/// A gate that has to be carried on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unfinished {
    /// Of which checks, so that those of a document that was changed meanwhile begin anew.
    checks: String,
    /// When the gate began.
    pub started_at: Timestamp,
    /// The checks that are over.
    pub reports: Vec<CheckReport>,
    /// The check that is being measured.
    pub running: Option<Progress>,
}

impl Unfinished {
    /// A gate with these checks that begins now.
    pub fn begin(checks: &[Check], now: Timestamp) -> Self {
        Self {
            checks: fingerprint(checks),
            started_at: now,
            reports: Vec::new(),
            running: None,
        }
    }

    /// Whether it is of these checks.
    pub fn is_of(&self, checks: &[Check]) -> bool {
        self.checks == fingerprint(checks) && self.reports.len() <= checks.len()
    }

    /// When there is something to be done for it.
    pub fn due_at(&self, now: Timestamp) -> Timestamp {
        self.running.as_ref().map_or(now, Progress::next_at)
    }
}

/// The same for the same checks.
fn fingerprint(checks: &[Check]) -> String {
    let gates = crate::target::Gates::from_iter([(GatePoint::BeforeTraffic, checks.to_vec())]);
    let document = gates.to_value().to_string();
    let digest = Sha256::digest(document.as_bytes());
    digest[..8]
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
