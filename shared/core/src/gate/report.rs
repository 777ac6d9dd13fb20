//! What a gate found.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::target::GatePoint;

/// The verdict of a check or a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Measured and good.
    Passed,
    /// There was nothing to be measured.
    Inconclusive,
    /// Could not be measured.
    Error,
    /// Measured and bad.
    Failed,
}

impl Verdict {
    /// The word as it is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
            Self::Failed => "failed",
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The check, as the target document names it: `tasks`, `digest`, `targets`, `http`.
    pub check: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub summary: String,
    /// How often was measured.
    pub measurements: u32,
}

/// What the checks at one point of a deployment found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateReport {
    /// Where in the deployment.
    pub point: GatePoint,
    /// The verdict that was given to whoever asked.
    pub verdict: Verdict,
    /// Each check, in the order of the target document.
    pub checks: Vec<CheckReport>,
    /// When the gate began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
}

impl GateReport {
    /// The gate's report: the worst verdict among its checks decides, so what could not be measured
    /// does not pass.
    pub fn conclude(
        point: GatePoint,
        checks: Vec<CheckReport>,
        started_at: Timestamp,
        ended_at: Timestamp,
    ) -> Self {
        let verdict = checks
            .iter()
            .map(|check| check.verdict)
            .max()
            .unwrap_or(Verdict::Passed);
        Self {
            point,
            verdict,
            checks,
            started_at,
            ended_at,
        }
    }

    /// The checks that did not pass, a line each: evidence for a failed deployment.
    pub fn failures(&self) -> impl Iterator<Item = String> + '_ {
        self.checks
            .iter()
            .filter(|check| check.verdict != Verdict::Passed)
            .map(|check| {
                format!(
                    "gate {}: check `{}` {}: {}",
                    self.point.name(),
                    check.check,
                    check.verdict.as_str(),
                    check.summary
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdicts: &[Verdict]) -> GateReport {
        let checks = verdicts
            .iter()
            .map(|verdict| CheckReport {
                check: "http".to_owned(),
                verdict: *verdict,
                summary: "answered 500".to_owned(),
                measurements: 1,
            })
            .collect();
        let now = Timestamp::UNIX_EPOCH;
        GateReport::conclude(GatePoint::BeforeTraffic, checks, now, now)
    }

    #[test]
    fn the_worst_check_decides() {
        use Verdict::{Error, Failed, Inconclusive, Passed};
        for (checks, expected) in [
            (&[][..], Passed),
            (&[Passed, Passed], Passed),
            (&[Passed, Inconclusive], Inconclusive),
            (&[Inconclusive, Error], Error),
            (&[Failed, Error, Passed], Failed),
        ] {
            assert_eq!(report(checks).verdict, expected, "{checks:?}");
        }
    }

    #[test]
    fn only_what_did_not_pass_is_evidence() {
        let report = report(&[Verdict::Passed, Verdict::Failed]);
        assert_eq!(
            report.failures().collect::<Vec<_>>(),
            ["gate before_traffic: check `http` failed: answered 500"]
        );
    }
}
