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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::gate::Measurement;
    use crate::target::check::CheckKind;

    fn checks() -> Vec<Check> {
        vec![
            Check::usual(CheckKind::Tasks),
            Check::usual(CheckKind::Digest),
        ]
    }

    #[test]
    fn a_gate_whose_checks_were_changed_begins_anew() {
        let unfinished = Unfinished::begin(&checks(), Timestamp::UNIX_EPOCH);
        let text = serde_json::to_string(&unfinished).unwrap();
        let read: Unfinished = serde_json::from_str(&text).unwrap();
        assert!(read.is_of(&checks()));
        let mut other = checks();
        other.reverse();
        assert!(!read.is_of(&other), "in another order");
        assert!(!read.is_of(&checks()[..1]), "one fewer");
        assert!(!read.is_of(&[]));
        let differences: [fn(&mut Check); 4] = [
            |check| check.rules.timeout += Duration::from_secs(1),
            |check| check.rules.dry_run = true,
            |check| check.label = Some("the first".to_owned()),
            |check| check.kind = CheckKind::Targets,
        ];
        for change in differences {
            let mut other = checks();
            change(&mut other[0]);
            assert!(!read.is_of(&other), "{other:?}");
        }
    }

    #[test]
    fn a_gate_with_more_reports_than_checks_is_of_none() {
        let mut unfinished = Unfinished::begin(&checks(), Timestamp::UNIX_EPOCH);
        let now = Timestamp::UNIX_EPOCH;
        let check = &checks()[0];
        let report = Progress::begin(check, now, now)
            .after(check, Measurement::successful("so"), now)
            .unwrap();
        unfinished.reports = vec![report.clone(), report.clone()];
        assert!(unfinished.is_of(&checks()));
        unfinished.reports.push(report);
        assert!(!unfinished.is_of(&checks()));
    }

    #[test]
    fn a_gate_is_due_when_its_check_is() {
        let now = Timestamp::UNIX_EPOCH;
        let mut unfinished = Unfinished::begin(&checks(), now);
        assert_eq!(unfinished.due_at(now), now, "nothing has begun");
        let mut check = checks().remove(0);
        check.rules.initial_delay = Duration::from_mins(2);
        let hour = now + jiff::SignedDuration::from_hours(1);
        unfinished.running = Some(Progress::begin(&check, now, hour));
        let due = now + jiff::SignedDuration::from_mins(2);
        assert_eq!(unfinished.due_at(now), due);
    }
}
