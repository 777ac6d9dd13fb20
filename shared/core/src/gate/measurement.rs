//! One measurement of a check.

use serde::{Deserialize, Serialize};

use crate::target::check::OnNoData;

/// How far a measurement has come, or how it ended. The words are those of the field (Argo Rollouts'
/// `AnalysisPhase`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// What is to be measured is not there yet: tasks that start, people who have not answered.
    Pending,
    /// It is being measured, over more than one look: a task that runs, a scan in progress.
    Running,
    /// Measured and good.
    Successful,
    /// Measured and bad.
    Failed,
    /// Could not be measured.
    Error,
    /// There was nothing to be measured.
    Inconclusive,
}

impl Phase {
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Running,
        Self::Successful,
        Self::Failed,
        Self::Error,
        Self::Inconclusive,
    ];

    /// The word as it is stored and printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Successful => "successful",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// Whether the measurement is over, so that it counts.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// What one measurement said, with the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    pub phase: Phase,
    /// Why, in one sentence.
    pub summary: String,
    /// What was measured, where it is a number.
    pub value: Option<f64>,
    /// What it rests on: reasons of stopped tasks, excerpts of answers, findings. A line each.
    pub evidence: Vec<String>,
    /// Waiting will not help: it decides, whatever the limits allow.
    pub is_final: bool,
    /// What the next look has to know: the task that was started.
    pub memo: Option<String>,
}

impl Measurement {
    fn new(phase: Phase, summary: impl Into<String>) -> Self {
        Self {
            phase,
            summary: summary.into(),
            value: None,
            evidence: Vec::new(),
            is_final: false,
            memo: None,
        }
    }

    /// What is to be measured is not there yet.
    pub fn pending(summary: impl Into<String>) -> Self {
        Self::new(Phase::Pending, summary)
    }

    /// It is being measured.
    pub fn running(summary: impl Into<String>) -> Self {
        Self::new(Phase::Running, summary)
    }

    /// Measured and good.
    pub fn successful(summary: impl Into<String>) -> Self {
        Self::new(Phase::Successful, summary)
    }

    /// Measured and bad.
    pub fn failed(summary: impl Into<String>) -> Self {
        Self::new(Phase::Failed, summary)
    }

    /// Could not be measured.
    pub fn error(summary: impl Into<String>) -> Self {
        Self::new(Phase::Error, summary)
    }

    /// There was nothing to be measured.
    pub fn inconclusive(summary: impl Into<String>) -> Self {
        Self::new(Phase::Inconclusive, summary)
    }

    /// The same, and waiting will not help.
    #[must_use]
    pub fn for_good(mut self) -> Self {
        self.is_final = true;
        self
    }

    /// The same, with the number that was measured.
    #[must_use]
    pub fn with_value(mut self, value: f64) -> Self {
        self.value = Some(value);
        self
    }

    /// The same, with what it rests on.
    #[must_use]
    pub fn with_evidence(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// The same, with what the next look has to know.
    #[must_use]
    pub fn with_memo(mut self, memo: impl Into<String>) -> Self {
        self.memo = Some(memo.into());
        self
    }

    /// As a rule has it that says what no data means.
    #[must_use]
    pub(super) fn by_rule(mut self, on_no_data: OnNoData) -> Self {
        if self.phase == Phase::Inconclusive {
            let (phase, means) = match on_no_data {
                OnNoData::Inconclusive => return self,
                OnNoData::Fail => (Phase::Failed, "fails by `on_no_data: fail`"),
                OnNoData::Pass => (Phase::Successful, "passes by `on_no_data: pass`"),
            };
            self.phase = phase;
            self.summary = format!("{}; this {means}", self.summary);
        }
        self
    }
}
