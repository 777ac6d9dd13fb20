//! From measurements to the verdict of one check.

use jiff::Timestamp;

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

/// A check under way.
#[derive(Debug, Clone)]
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
                self.good_in_a_row += 1;
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
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn run(needed: u32, measurements: &[(i64, Measurement)]) -> Option<(Verdict, u32)> {
        let mut progress = Progress::new("http", needed, at(10));
        measurements.iter().find_map(|(second, measurement)| {
            progress
                .after(measurement.clone(), at(*second))
                .map(|report| (report.verdict, report.measurements))
        })
    }

    #[test]
    fn the_table_holds() {
        use Measurement::{Bad, Good, NotYet, NothingToMeasure, Unmeasured};
        let reason = || "because".to_owned();
        for (needed, measurements, expected) in [
            (1, vec![(0, Good(reason()))], Some((Verdict::Passed, 1))),
            (2, vec![(0, Good(reason()))], None),
            (
                2,
                vec![(0, Good(reason())), (1, Good(reason()))],
                Some((Verdict::Passed, 2)),
            ),
            // A miss starts the count again.
            (
                2,
                vec![
                    (0, Good(reason())),
                    (1, NotYet(reason())),
                    (2, Good(reason())),
                ],
                None,
            ),
            (
                2,
                vec![
                    (0, Good(reason())),
                    (1, Unmeasured(reason())),
                    (2, Good(reason())),
                ],
                None,
            ),
            (2, vec![(10, Good(reason()))], Some((Verdict::Failed, 1))),
            // The last measurement that was needed counts, however late it came.
            (1, vec![(99, Good(reason()))], Some((Verdict::Passed, 1))),
            (
                1,
                vec![(9, NotYet(reason())), (10, NotYet(reason()))],
                Some((Verdict::Failed, 2)),
            ),
            (1, vec![(0, Bad(reason()))], Some((Verdict::Failed, 1))),
            (
                1,
                vec![(9, Unmeasured(reason())), (10, Unmeasured(reason()))],
                Some((Verdict::Error, 2)),
            ),
            (
                1,
                vec![(0, NothingToMeasure(reason()))],
                Some((Verdict::Inconclusive, 1)),
            ),
        ] {
            assert_eq!(
                run(needed, &measurements),
                expected,
                "{needed} {measurements:?}"
            );
        }
    }
}
