//! From measurements to the verdict of one check.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CheckReport, Verdict};

/// What one measurement said, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measurement {
    /// As it should be.
    Good(String),
    /// Not as it should be, but it may still become so.
    NotYet(String),
    /// Not as it should be, and waiting will not help.
    Bad(String),
    /// Nothing could be measured: the answer was an error, or there was no answer.
    Unmeasured(String),
    /// There is nothing here that could be measured.
    NothingToMeasure(String),
}

impl Measurement {
    /// The reason, whatever it is a reason for.
    pub fn summary(&self) -> &str {
        match self {
            Self::Good(summary)
            | Self::NotYet(summary)
            | Self::Bad(summary)
            | Self::Unmeasured(summary)
            | Self::NothingToMeasure(summary) => summary,
        }
    }
}

/// A check under way. Written down, it is carried on by a later invocation ([`super::Unfinished`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    check: String,
    needed: u32,
    good_in_a_row: u32,
    measurements: u32,
    deadline: Timestamp,
}

impl Progress {
    /// A check that passes after `needed` good measurements in a row, and is given up at `deadline`.
    pub fn new(check: impl Into<String>, needed: u32, deadline: Timestamp) -> Self {
        Self {
            check: check.into(),
            needed: needed.max(1),
            good_in_a_row: 0,
            measurements: 0,
            deadline,
        }
    }

    /// The check that is being measured.
    pub fn check(&self) -> &str {
        &self.check
    }

    /// When the check is given up.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// Carries on from where an earlier invocation was, if that can be true: `self` is the same check
    /// begun now, so what was begun before is of the same check and is over no later.
    #[must_use]
    pub fn carried_on_from(self, earlier: Self) -> Self {
        let is_of_this_check = earlier.check == self.check && earlier.needed == self.needed;
        let is_possible =
            earlier.deadline <= self.deadline && earlier.good_in_a_row < earlier.needed;
        if is_of_this_check && is_possible {
            earlier
        } else {
            self
        }
    }

    /// The report, as soon as `measurement`, taken at `now`, decides.
    ///
    /// | measurement      | in time                           | after the deadline |
    /// |------------------|-----------------------------------|--------------------|
    /// | good             | passed, if `needed` in a row      | failed             |
    /// | not yet          | measured again                    | failed             |
    /// | bad              | failed                            | failed             |
    /// | unmeasured       | measured again                    | error              |
    /// | nothing there    | inconclusive                      | inconclusive       |
    pub fn after(&mut self, measurement: Measurement, now: Timestamp) -> Option<CheckReport> {
        self.measurements = self.measurements.saturating_add(1);
        let is_over = now >= self.deadline;
        let (verdict, summary) = match measurement {
            Measurement::Good(summary) => {
                self.good_in_a_row = self.good_in_a_row.saturating_add(1);
                if self.good_in_a_row >= self.needed {
                    (Verdict::Passed, summary)
                } else if is_over {
                    let counted = format!(
                        "only {} of {} good measurements in a row in time: {summary}",
                        self.good_in_a_row, self.needed
                    );
                    (Verdict::Failed, counted)
                } else {
                    return None;
                }
            }
            Measurement::NotYet(summary) => {
                self.good_in_a_row = 0;
                if !is_over {
                    return None;
                }
                (Verdict::Failed, format!("not in time: {summary}"))
            }
            Measurement::Bad(summary) => (Verdict::Failed, summary),
            Measurement::Unmeasured(summary) => {
                self.good_in_a_row = 0;
                if !is_over {
                    return None;
                }
                (
                    Verdict::Error,
                    format!("could not be measured in time: {summary}"),
                )
            }
            Measurement::NothingToMeasure(summary) => (Verdict::Inconclusive, summary),
        };
        Some(CheckReport {
            check: self.check.clone(),
            verdict,
            summary,
            measurements: self.measurements,
        })
    }
}

#[cfg(test)]
mod tests;
