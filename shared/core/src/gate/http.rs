//! What many answers under load say together.
//!
//! One answer is judged by [`HttpRequest::judge`](crate::target::check::HttpRequest::judge); sending is done
//! elsewhere (`shared/deployer`).

use std::collections::BTreeMap;
use std::time::Duration;

use super::Measurement;
use crate::duration;
use crate::target::check::{Load, quoted};

/// So many bad answers are shown.
const SHOWN: usize = 5;
/// With fewer results than this the rest is waited for, even if it cannot change the verdict any more.
const ENOUGH: u32 = 50;

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Answered as expected.
    Good { latency: Duration },
    /// Answered otherwise.
    Bad {
        latency: Duration,
        /// By which such answers are counted.
        cause: String,
        /// The request, the reason and the answer, in one line.
        told: String,
    },
    /// There is no answer that could be judged.
    Unanswered {
        /// By which they are counted.
        cause: String,
        /// Why, in one line.
        told: String,
    },
}

/// The results of a load, as they come in.
#[derive(Debug, Clone)]
pub struct LoadTally {
    load: Load,
    good: u32,
    unanswered: u32,
    /// Of all that were answered.
    latencies: Vec<Duration>,
    causes: BTreeMap<String, u32>,
    /// The first bad ones.
    shown: Vec<String>,
}

impl LoadTally {
    pub fn new(load: &Load) -> Self {
        Self {
            load: load.clone(),
            good: 0,
            unanswered: 0,
            latencies: Vec::new(),
            causes: BTreeMap::new(),
            shown: Vec::new(),
        }
    }

    /// Counts one more.
    pub fn record(&mut self, sent: Sent) {
        match sent {
            Sent::Good { latency } => {
                self.good += 1;
                self.latencies.push(latency);
            }
            Sent::Bad {
                latency,
                cause,
                told,
            } => {
                self.latencies.push(latency);
                self.bad(cause, told);
            }
            Sent::Unanswered { cause, told } => {
                self.unanswered += 1;
                self.bad(cause, told);
            }
        }
    }

    fn bad(&mut self, cause: String, told: String) {
        // Causes are kinds; whatever a server thinks of, they stay few.
        let cause = if self.causes.len() < 100 || self.causes.contains_key(&cause) {
            cause
        } else {
            "something else".to_owned()
        };
        *self.causes.entry(cause).or_default() += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(told);
        }
    }

    fn answered(&self) -> u32 {
        u32::try_from(self.latencies.len()).unwrap_or(u32::MAX)
    }

    fn all(&self) -> u32 {
        self.answered().saturating_add(self.unanswered)
    }

    /// Whether the requests that are left cannot bring the ratio up any more, so that a service which is down is not
    /// asked for minutes.
    pub fn is_lost(&self) -> bool {
        let left = self.load.requests.saturating_sub(self.all());
        let at_best = ratio(
            self.good.saturating_add(left),
            self.load.requests.max(self.all()),
        );
        self.all() >= ENOUGH && at_best < self.load.success_ratio
    }

    /// Whether many were sent and nobody answered one.
    pub fn is_silent(&self) -> bool {
        self.all() >= ENOUGH && self.latencies.is_empty()
    }

    /// What the results say.
    pub fn measurement(mut self) -> Measurement {
        let (all, answered) = (self.all(), self.answered());
        let stopped = match self.load.requests.saturating_sub(all) {
            0 => String::new(),
            left => format!(" (the other {left} could not change it, and were not sent)"),
        };
        let causes = self.causes();
        if answered == 0 {
            return Measurement::error(format!(
                "none of {all} requests was answered{stopped}: {causes}"
            ))
            .with_evidence(self.shown);
        }
        self.latencies.sort_unstable();
        let found = ratio(self.good, all);
        let is_enough = found >= self.load.success_ratio;
        let mut told = vec![format!(
            "{} of {all} requests ({}) were answered as expected{}{stopped}",
            self.good,
            percent(self.good, all),
            if is_enough {
                String::new()
            } else {
                format!(", fewer than {}", percent_of_ratio(self.load.success_ratio))
            },
        )];
        let mut is_fast = true;
        for (&percentile, &limit) in &self.load.latency {
            let Some(latency) = nearest_rank(&self.latencies, percentile) else {
                continue;
            };
            let (name, milliseconds) = (Load::percentile_name(percentile), latency.as_millis());
            let limit_told = duration::write(limit);
            if latency > limit {
                is_fast = false;
                told.push(format!(
                    "{name} is {milliseconds} ms, more than {limit_told}"
                ));
            } else {
                told.push(format!("{name} is {milliseconds} ms of {limit_told}"));
            }
        }
        if !causes.is_empty() {
            told.push(format!("not as expected: {causes}"));
        }
        let summary = told.join("; ");
        let measurement = if is_enough && is_fast {
            Measurement::successful(summary)
        } else {
            Measurement::failed(summary)
        };
        measurement.with_value(found).with_evidence(self.shown)
    }

    /// The most frequent first.
    fn causes(&self) -> String {
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let told: Vec<_> = causes
            .iter()
            .take(SHOWN)
            .map(|(cause, count)| format!("{cause} ({count})"))
            .collect();
        let more = if causes.len() > SHOWN { ", …" } else { "" };
        format!("{}{more}", told.join(", "))
    }
}

/// An answer in one line, without any header: they may carry a session.
pub fn answer_line(request: &str, status: u16, latency: Duration, body: &[u8]) -> String {
    format!(
        "{request} answered {status} in {} ms: {}",
        latency.as_millis(),
        quoted(body)
    )
}

fn ratio(good: u32, all: u32) -> f64 {
    f64::from(good) / f64::from(all.max(1))
}

/// Rounded down, so that 100% is all of them.
fn percent(good: u32, all: u32) -> String {
    let hundredths = u64::from(good) * 10_000 / u64::from(all.max(1));
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

fn percent_of_ratio(ratio: f64) -> String {
    let text = format!("{:.4}", ratio * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// The smallest of the sorted values that at least so many thousandths of them do not exceed.
fn nearest_rank(sorted: &[Duration], thousandths: u16) -> Option<Duration> {
    let rank = (sorted.len() * usize::from(thousandths)).div_ceil(1000);
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests;
