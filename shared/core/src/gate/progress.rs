//! From measurements to the verdict of one check: the table in `docs/gates.md`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{CheckReport, Counts, Measured, Measurement, Phase, Verdict};
use crate::target::Check;
use crate::text::excerpt_of_bytes;

/// Of the measurements of a check, so many are shown in its report, the last ones, and so many bytes of what
/// each says. With what follows, a check's report is smaller than 16 KiB and that of a gate under way fits into an
/// item of its table, whatever was measured ([`super::report`] bounds that of a gate that is over).
const SHOWN: usize = 10;
const SHOWN_BYTES: usize = 240;
/// So many bytes of evidence are kept, and so many of each line.
const EVIDENCE: usize = 4096;
const EVIDENCE_LINE: usize = 500;
/// Of a summary, so many bytes are kept.
const SUMMARY: usize = 500;
/// Of what the next look has to know, so many bytes.
const MEMO: usize = 2048;

/// A check under way. Written down, it is carried on by a later invocation ([`super::Unfinished`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    check: String,
    started_at: Timestamp,
    next_at: Timestamp,
    deadline: Timestamp,
    counts: Counts,
    good_in_a_row: u32,
    shown: Vec<Measured>,
    evidence: Vec<String>,
    memo: Option<String>,
}

impl Progress {
    /// A check that begins at `now`, of a gate that has to have ended at `gate_deadline`.
    pub fn begin(check: &Check, now: Timestamp, gate_deadline: Timestamp) -> Self {
        let deadline = after(now, check.rules.timeout).min(gate_deadline);
        let first = after(now, check.rules.initial_delay);
        Self {
            check: check.title(),
            started_at: now,
            next_at: first.min(deadline.max(now)),
            deadline,
            counts: Counts::default(),
            good_in_a_row: 0,
            shown: Vec::new(),
            evidence: Vec::new(),
            memo: None,
        }
    }

    /// When it is measured next.
    pub fn next_at(&self) -> Timestamp {
        self.next_at
    }

    /// When the check is given up.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// When it began.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// The check, as reports name it.
    pub fn check(&self) -> &str {
        &self.check
    }

    /// What the last look has left for the next one.
    pub fn memo(&self) -> Option<&str> {
        self.memo.as_deref()
    }

    /// How many measurements have ended, so that the next one can be told from them.
    pub fn ended(&self) -> u32 {
        self.counts.all()
    }

    /// The report, as soon as `measurement`, taken at `now`, decides.
    pub fn after(
        &mut self,
        check: &Check,
        measurement: Measurement,
        now: Timestamp,
    ) -> Option<CheckReport> {
        let rules = &check.rules;
        let measurement = measurement.by_rule(rules.on_no_data);
        self.note(&measurement, now);
        self.next_at = after(now, rules.interval).min(self.deadline.max(now));
        let verdict = self.verdict(check, &measurement, now)?;
        let verdict = self.not_before_its_time(check, verdict, now);
        Some(self.report(check, verdict, now))
    }

    /// The report of a check for which there is no time left; `why` says whose time it was.
    pub fn given_up(&self, check: &Check, why: &str, now: Timestamp) -> CheckReport {
        let summary = match self.shown.last() {
            Some(last) => format!("{why}; last measured: {}", last.summary),
            None => format!("{why}, and nothing had been measured"),
        };
        self.report(check, (Verdict::Error, summary), now)
    }

    fn note(&mut self, measurement: &Measurement, now: Timestamp) {
        self.counts.add(measurement.phase);
        match measurement.phase {
            Phase::Successful => self.good_in_a_row = self.good_in_a_row.saturating_add(1),
            Phase::Failed | Phase::Error | Phase::Inconclusive => self.good_in_a_row = 0,
            Phase::Pending | Phase::Running => {}
        }
        self.memo = measurement
            .memo
            .clone()
            .filter(|memo| memo.len() <= MEMO && !measurement.phase.is_over());
        let measured = Measured {
            at: now,
            phase: measurement.phase,
            summary: excerpt_of_bytes(&measurement.summary, SHOWN_BYTES),
            value: measurement.value.filter(|value| value.is_finite()),
        };
        // Of the looks at what has not ended, only the newest is of interest.
        if self.shown.last().is_some_and(|last| !last.phase.is_over()) {
            self.shown.pop();
        }
        if self.shown.len() >= SHOWN {
            self.shown.remove(0);
        }
        self.shown.push(measured);
        if !measurement.evidence.is_empty() {
            let mut left = EVIDENCE;
            let lines = measurement.evidence.iter();
            self.evidence = lines
                .map(|line| excerpt_of_bytes(line, EVIDENCE_LINE))
                .take_while(|line| {
                    // An empty line is not nothing.
                    let bytes = line.len() + 3;
                    let fits = bytes <= left;
                    left = left.saturating_sub(bytes);
                    fits
                })
                .collect();
        }
    }

    /// A gate may have less time than a check's initial delay. What is measured before that is over does not
    /// prove what the delay was meant to wait for.
    fn not_before_its_time(
        &self,
        check: &Check,
        (verdict, summary): (Verdict, String),
        now: Timestamp,
    ) -> (Verdict, String) {
        let first = after(self.started_at, check.rules.initial_delay);
        if verdict == Verdict::Passed && now < first {
            let why = "there is no time for the initial delay; measured before it was over";
            return (Verdict::Error, format!("{why}: {summary}"));
        }
        (verdict, summary)
    }

    fn verdict(
        &self,
        check: &Check,
        measurement: &Measurement,
        now: Timestamp,
    ) -> Option<(Verdict, String)> {
        let rules = &check.rules;
        let counts = &self.counts;
        let said = || excerpt_of_bytes(&measurement.summary, SUMMARY);
        if measurement.is_final && measurement.phase.is_over() {
            return Some((verdict_of(measurement.phase), said()));
        }
        if rules
            .failure_limit
            .is_some_and(|limit| counts.failed > limit)
        {
            let summary = beyond(counts.failed, rules.failure_limit, "failed", &said());
            return Some((Verdict::Failed, summary));
        }
        if rules.error_limit.is_some_and(|limit| counts.errors > limit) {
            let summary = beyond(
                counts.errors,
                rules.error_limit,
                "could not be made",
                &said(),
            );
            return Some((Verdict::Error, summary));
        }
        let in_a_row = self.good_in_a_row;
        let wanted = rules.wanted_in_a_row();
        let only_count = rules.count.is_some() && rules.consecutive_success.is_none();
        if !only_count && in_a_row >= wanted {
            return Some((Verdict::Passed, said()));
        }
        if rules.count.is_some_and(|count| counts.all() >= count) {
            return Some(self.when_all_are_made(only_count, wanted, &said()));
        }
        if now < self.deadline {
            return None;
        }
        Some(match measurement.phase {
            Phase::Pending | Phase::Failed => (Verdict::Failed, format!("not in time: {}", said())),
            Phase::Running => (Verdict::Error, format!("not over in time: {}", said())),
            Phase::Error => (
                Verdict::Error,
                format!("could not be measured in time: {}", said()),
            ),
            Phase::Inconclusive => (Verdict::Inconclusive, said()),
            Phase::Successful => match rules.count.filter(|_| only_count) {
                Some(count) => (
                    Verdict::Error,
                    format!(
                        "only {} of {count} measurements were made in time: {}",
                        counts.all(),
                        said()
                    ),
                ),
                None => (
                    Verdict::Failed,
                    format!(
                        "only {in_a_row} of {wanted} good measurements in a row in time: {}",
                        said()
                    ),
                ),
            },
        })
    }

    /// As many measurements have been made as were asked for, and none of the limits was passed.
    fn when_all_are_made(&self, only_count: bool, wanted: u32, said: &str) -> (Verdict, String) {
        let counts = &self.counts;
        let all = counts.all();
        if !only_count {
            let summary = format!("never {wanted} good measurements in a row among {all}: {said}");
            let verdict = if counts.failed > 0 {
                Verdict::Failed
            } else if counts.errors > 0 {
                Verdict::Error
            } else {
                Verdict::Inconclusive
            };
            return (verdict, summary);
        }
        if counts.successful > 0 {
            let summary = format!(
                "{} of {all} measurements were good: {said}",
                counts.successful
            );
            return (Verdict::Passed, summary);
        }
        let none = format!("none of {all} measurements was good: {said}");
        if counts.failed > 0 {
            (Verdict::Failed, none)
        } else if counts.errors > 0 {
            (Verdict::Error, none)
        } else {
            (Verdict::Inconclusive, none)
        }
    }

    fn report(
        &self,
        check: &Check,
        (verdict, summary): (Verdict, String),
        now: Timestamp,
    ) -> CheckReport {
        CheckReport {
            check: self.check.clone(),
            verdict,
            summary: excerpt_of_bytes(&summary, SUMMARY * 2),
            counts: self.counts,
            limits: check.rules.in_words(),
            dry_run: check.rules.dry_run,
            measured: self.shown.clone(),
            evidence: self.evidence.clone(),
            started_at: self.started_at,
            ended_at: now,
        }
    }
}

fn verdict_of(phase: Phase) -> Verdict {
    match phase {
        Phase::Successful => Verdict::Passed,
        Phase::Failed => Verdict::Failed,
        Phase::Pending | Phase::Running | Phase::Error => Verdict::Error,
        Phase::Inconclusive => Verdict::Inconclusive,
    }
}

fn beyond(found: u32, limit: Option<u32>, what: &str, said: &str) -> String {
    match limit {
        Some(0) | None => said.to_owned(),
        Some(limit) => format!("{found} measurements {what}, more than {limit}: {said}"),
    }
}

fn after(at: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    at.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
