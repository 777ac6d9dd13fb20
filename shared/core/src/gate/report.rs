//! What a gate found.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Phase;
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

/// How many measurements of a check ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Measured and good.
    pub successful: u32,
    /// Measured and bad.
    pub failed: u32,
    /// Could not be measured.
    pub errors: u32,
    /// There was nothing to be measured.
    pub inconclusive: u32,
}

impl Counts {
    /// Counts one that is over.
    pub(super) fn add(&mut self, phase: Phase) {
        let count = match phase {
            Phase::Pending | Phase::Running => return,
            Phase::Successful => &mut self.successful,
            Phase::Failed => &mut self.failed,
            Phase::Error => &mut self.errors,
            Phase::Inconclusive => &mut self.inconclusive,
        };
        *count = count.saturating_add(1);
    }

    /// How many are over.
    pub fn all(&self) -> u32 {
        [self.failed, self.errors, self.inconclusive]
            .into_iter()
            .fold(self.successful, u32::saturating_add)
    }
}

/// One measurement, as a report shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub at: Timestamp,
    pub phase: Phase,
    pub summary: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The check, as the target document names it, with its label: `http (checkout)`.
    pub check: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub summary: String,
    /// How many measurements ended how.
    #[serde(default)]
    pub counts: Counts,
    /// The limits that were in force, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub limits: String,
    /// Its verdict does not count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The last measurements, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<Measured>,
    /// What the last of them rests on, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// When the check began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// What the checks at one point of a deployment found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateReport {
    /// Where in the deployment.
    pub point: GatePoint,
    /// The verdict that was given to whoever asked.
    pub verdict: Verdict,
    /// Where ECS was just then: the lifecycle stage, and how much traffic reached the green tasks. A
    /// deployment that shifts in steps comes by the same gate at each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Each check, in the order of the target document.
    pub checks: Vec<CheckReport>,
    /// When the gate began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
}

impl GateReport {
    /// The gate's report: the worst verdict among its checks decides, so what could not be measured
    /// does not pass. Those that are only tried do not count. Of what would not fit into a deployment's
    /// record, the summaries are kept.
    pub fn conclude(
        point: GatePoint,
        mut checks: Vec<CheckReport>,
        started_at: Timestamp,
        ended_at: Timestamp,
    ) -> Self {
        make_fit(&mut checks);
        let verdict = checks
            .iter()
            .filter(|check| !check.dry_run)
            .map(|check| check.verdict)
            .max()
            .unwrap_or(Verdict::Passed);
        Self {
            point,
            verdict,
            stage: None,
            checks,
            started_at,
            ended_at,
        }
    }

    /// The report of a gate at which ECS comes by at a stage of this description.
    #[must_use]
    pub fn at_stage(self, stage: String) -> Self {
        Self {
            stage: Some(stage),
            ..self
        }
    }

    /// The same for an event: without the single measurements, and without what checks rest on that passed.
    #[must_use]
    pub fn in_brief(&self) -> Self {
        let mut brief = self.clone();
        for check in &mut brief.checks {
            check.measured.clear();
            if check.verdict == Verdict::Passed {
                check.evidence.clear();
            }
        }
        brief
    }

    /// What came of it, in one sentence.
    pub fn summary(&self) -> String {
        let told = self.failures().next().unwrap_or_else(|| {
            format!(
                "gate {} passed: {} checks",
                self.point.name(),
                self.checks.len()
            )
        });
        match &self.stage {
            Some(stage) => format!("{told} ({stage})"),
            None => told,
        }
    }

    /// The checks that did not pass, a line each, and what that rests on: evidence for a failed deployment.
    pub fn failures(&self) -> impl Iterator<Item = String> + '_ {
        let failed = self
            .checks
            .iter()
            .filter(|check| check.verdict != Verdict::Passed && !check.dry_run);
        failed.flat_map(|check| {
            let told = format!(
                "gate {}: check `{}` {}: {}",
                self.point.name(),
                check.check,
                check.verdict.as_str(),
                check.summary
            );
            std::iter::once(told).chain(check.evidence.iter().cloned())
        })
    }
}

/// A record is one item of at most 400 KB, with the reports of five gates in it.
const MOST_BYTES: usize = 60 * 1024;

/// Drops what is of least interest until the reports fit: what those rest on that passed, then the older
/// measurements of the others, then their evidence.
fn make_fit(checks: &mut [CheckReport]) {
    let steps: [fn(&mut CheckReport); 4] = [
        |check| {
            if check.verdict == Verdict::Passed {
                check.keep(1, 0);
            }
        },
        |check| check.keep(3, usize::MAX),
        |check| check.keep(1, 3),
        |check| check.keep(0, 0),
    ];
    for step in steps {
        let bytes = serde_json::to_string(checks).map_or(usize::MAX, |text| text.len());
        if bytes <= MOST_BYTES {
            return;
        }
        checks.iter_mut().for_each(step);
    }
}

impl CheckReport {
    /// Keeps so many of the last measurements, and so many lines of evidence.
    fn keep(&mut self, measured: usize, evidence: usize) {
        let older = self.measured.len().saturating_sub(measured);
        self.measured.drain(..older);
        self.evidence.truncate(evidence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(verdict: Verdict) -> CheckReport {
        CheckReport {
            check: "http".to_owned(),
            verdict,
            summary: "answered 500".to_owned(),
            counts: Counts::default(),
            limits: String::new(),
            dry_run: false,
            measured: Vec::new(),
            evidence: Vec::new(),
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn report(verdicts: &[Verdict]) -> GateReport {
        let checks = verdicts.iter().copied().map(check).collect();
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
    fn a_check_that_is_only_tried_never_decides() {
        use Verdict::{Error, Failed, Inconclusive, Passed};
        let all = [Passed, Inconclusive, Error, Failed];
        for decides in all {
            for tried in all {
                let tried = CheckReport {
                    dry_run: true,
                    ..check(tried)
                };
                let now = Timestamp::UNIX_EPOCH;
                let checks = vec![tried.clone(), check(decides), tried];
                let found = GateReport::conclude(GatePoint::TestTraffic, checks, now, now);
                assert_eq!(found.verdict, decides);
                assert_eq!(found.checks.len(), 3, "it is reported");
                let lines = found.failures().count();
                assert_eq!(lines, usize::from(decides != Passed));
            }
        }
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let full = CheckReport {
            counts: Counts {
                successful: 1,
                failed: 2,
                errors: 3,
                inconclusive: 4,
            },
            limits: "every 2s".to_owned(),
            dry_run: true,
            measured: vec![Measured {
                at: Timestamp::UNIX_EPOCH,
                phase: Phase::Failed,
                summary: "answered 500".to_owned(),
                value: Some(0.5),
            }],
            evidence: vec!["`no way`".to_owned()],
            ..check(Verdict::Failed)
        };
        let written = serde_json::to_value(&full).unwrap();
        assert_eq!(
            serde_json::from_value::<CheckReport>(written).unwrap(),
            full
        );
        // The records of earlier versions have none of what was added since.
        let earlier = serde_json::json!({
            "check": "tasks", "verdict": "passed", "summary": "1 of 1 green tasks run", "measurements": 4,
            "started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:00Z",
        });
        let read: CheckReport = serde_json::from_value(earlier).unwrap();
        assert_eq!(read.counts, Counts::default());
    }

    #[test]
    fn what_does_not_fit_is_dropped_where_it_is_of_least_interest() {
        let large = |verdict| CheckReport {
            measured: vec![
                Measured {
                    at: Timestamp::UNIX_EPOCH,
                    phase: Phase::Failed,
                    summary: "x".repeat(240),
                    value: None,
                };
                10
            ],
            evidence: vec!["x".repeat(500); 8],
            ..check(verdict)
        };
        let conclude = |passed: usize, failed: usize| {
            let mut checks = vec![large(Verdict::Passed); passed];
            checks.extend(vec![large(Verdict::Failed); failed]);
            let now = Timestamp::UNIX_EPOCH;
            GateReport::conclude(GatePoint::TestTraffic, checks, now, now)
        };
        let small = conclude(3, 1);
        assert_eq!(small.checks[0].measured.len(), 10, "all of it fits");
        let some = conclude(15, 3);
        assert_eq!(
            some.checks[0].evidence.len() + some.checks[0].measured.len(),
            1
        );
        assert_eq!(some.checks[17].evidence.len(), 8);
        assert_eq!(some.checks[17].measured.len(), 10);
        let many = conclude(0, 20);
        assert_eq!(many.checks.len(), 20);
        assert!(many.checks.iter().all(|check| !check.evidence.is_empty()));
        assert!(serde_json::to_string(&many).unwrap().len() < 64 * 1024);
    }

    #[test]
    fn the_summary_names_the_stage_where_there_is_one() {
        let passed = report(&[Verdict::Passed]);
        assert_eq!(passed.summary(), "gate before_traffic passed: 1 checks");
        let failed =
            report(&[Verdict::Failed]).at_stage("at 10 % of production traffic".to_owned());
        assert_eq!(
            failed.summary(),
            "gate before_traffic: check `http` failed: answered 500 (at 10 % of production traffic)"
        );
    }

    #[test]
    fn a_report_that_was_written_without_a_stage_is_read() {
        let written = serde_json::to_value(report(&[])).unwrap();
        assert!(written.get("stage").is_none(), "{written}");
        assert_eq!(
            serde_json::from_value::<GateReport>(written).unwrap(),
            report(&[])
        );
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
