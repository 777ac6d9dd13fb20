//! The data points that count.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Series, Side, TOLD, number};
use crate::gate::statistics::Share;
use crate::target::check::MetricCheck;

/// Whether both what is divided and what it is divided by are sums: requests that failed per requests. Then they are
/// events of so many, and no events are 0, although CloudWatch has no data point for them.
pub(super) fn are_counts(check: &MetricCheck) -> bool {
    let is_count = |statistic: &str| matches!(statistic, "Sum" | "SampleCount");
    check
        .per
        .as_ref()
        .is_some_and(|per| is_count(&per.statistic) && is_count(&check.query.statistic))
}

/// The data points of one side that count.
#[derive(Debug, Default)]
pub(super) struct Points {
    pub(super) values: Vec<(Timestamp, f64)>,
    /// So many were no numbers, and so many had nothing to be divided by.
    strange: usize,
    undivided: usize,
    /// From how many samples they were made, if that is known.
    pub(super) samples: Option<f64>,
    /// The events of so many, where they are counts.
    pub(super) share: Option<Share>,
}

impl Points {
    pub(super) fn of(check: &MetricCheck, side: &Side) -> Self {
        let mut points = Self::default();
        match &side.per {
            None => {
                let (good, strange) = numbers(&side.value);
                points.values = good.into_iter().collect();
                points.strange = strange;
                points.samples = side.samples.as_ref().map(sum);
            }
            Some(per) => {
                points.divide(&side.value, per, are_counts(check));
                if are_counts(check) {
                    points.samples = Some(sum(per));
                    points.share = share(&side.value, per);
                } else {
                    points.samples = side.samples.as_ref().map(sum);
                }
            }
        }
        points
    }

    fn divide(&mut self, value: &Series, per: &Series, are_counts: bool) {
        let (mut values, strange) = numbers(value);
        let (divisors, strange_divisors) = numbers(per);
        self.strange = strange + strange_divisors;
        let broken: Vec<Timestamp> = value
            .points
            .iter()
            .filter(|(_, value)| !value.is_finite())
            .map(|(at, _)| *at)
            .collect();
        for (at, divisor) in divisors {
            let divided = match values.remove(&at) {
                Some(value) => Some(value),
                None if are_counts && !broken.contains(&at) => Some(0.0),
                None => None,
            };
            match divided {
                Some(value) if divisor != 0.0 && (value / divisor).is_finite() => {
                    self.values.push((at, value / divisor));
                }
                Some(_) => self.undivided += 1,
                None => {}
            }
        }
        self.undivided += values.len();
    }

    /// The values alone.
    pub(super) fn numbers(&self) -> Vec<f64> {
        self.values.iter().map(|(_, value)| *value).collect()
    }

    /// For a summary, what does not count.
    pub(super) fn left_out(&self) -> String {
        let mut words = String::new();
        let mut add = |count: usize, why: &str| {
            if count > 0 {
                let are = if count == 1 {
                    "data point was"
                } else {
                    "data points were"
                };
                words.extend(["; ", &count.to_string(), " ", are, " ", why]);
            }
        };
        add(self.strange, "no number and left out");
        add(
            self.undivided,
            "without anything to be divided by and left out",
        );
        words
    }

    /// For the evidence, the last of them.
    pub(super) fn line(&self, side: &str) -> String {
        let first = self.values.len().saturating_sub(TOLD);
        let values = self.values.iter().skip(first);
        let values: Vec<String> = values.map(|(_, value)| number(*value)).collect();
        let values = match &values[..] {
            [] => "none".to_owned(),
            values => values.join(", "),
        };
        let share = match self.share {
            Some(Share { events, of }) => format!(" ({events} of {of})"),
            None => match self.samples {
                Some(samples) => format!(" ({} samples)", number(samples)),
                None => String::new(),
            },
        };
        format!("data points of {side}: {values}{share}")
    }
}

/// Those that are numbers, by their time, and how many are not.
fn numbers(series: &Series) -> (BTreeMap<Timestamp, f64>, usize) {
    let points = series.points.iter().copied();
    let (good, strange): (Vec<_>, Vec<_>) = points.partition(|(_, value)| value.is_finite());
    (good.into_iter().collect(), strange.len())
}

fn sum(series: &Series) -> f64 {
    numbers(series).0.values().sum()
}

/// The events of so many, at the times at which both can be known. Where more happened than there was, it is no share.
fn share(value: &Series, per: &Series) -> Option<Share> {
    let (values, strange) = numbers(value);
    let (divisors, strange_divisors) = numbers(per);
    if strange + strange_divisors > 0 {
        return None;
    }
    let events: f64 = divisors.keys().filter_map(|at| values.get(at)).sum();
    let is_part = divisors
        .iter()
        .all(|(at, of)| (0.0..=*of).contains(values.get(at).unwrap_or(&0.0)));
    let share = Share {
        events: whole(events)?,
        of: whole(divisors.values().sum())?,
    };
    (is_part && share.events <= share.of).then_some(share)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is within the range of what it becomes"
)]
fn whole(count: f64) -> Option<u32> {
    (0.0..f64::from(u32::MAX))
        .contains(&count)
        .then(|| count.round() as u32)
}
