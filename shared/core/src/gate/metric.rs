//! The check `metric`: whether a metric of CloudWatch is within its limits, or no worse than it was.
//!
//! What is no number never counts as good: it is left out, and that is told. Where nothing is left, there is nothing
//! to be measured. The statistics are in `gate/statistics.rs`.

mod comparison;
mod points;

use jiff::Timestamp;

use super::Measurement;
use crate::target::check::{Baseline, MetricCheck, MetricExpectation, MetricQuery};
use points::Points;

/// Of the data points, so many are told of in the evidence, the last.
const TOLD: usize = 30;

/// The data points of one metric, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    pub points: Vec<(Timestamp, f64)>,
    /// What CloudWatch says of them: that they are not all, for example.
    pub notes: Vec<String>,
}

impl Series {
    /// Says something of the data points, once.
    pub fn add_note(&mut self, note: &str) {
        if !self.notes.iter().any(|known| known == note) {
            self.notes.push(note.to_owned());
        }
    }
}

/// One side of a comparison, or the only one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Side {
    /// The metric itself.
    pub value: Series,
    /// What it is divided by.
    pub per: Option<Series>,
    /// From how many samples each data point was made.
    pub samples: Option<Series>,
}

impl Side {
    /// The answers to [`queries`], in their order.
    pub fn of(check: &MetricCheck, answers: Vec<Series>) -> Self {
        let mut answers = answers.into_iter();
        Self {
            value: answers.next().unwrap_or_default(),
            per: check.per.as_ref().and_then(|_| answers.next()),
            samples: answers.next(),
        }
    }

    fn notes(&self) -> impl Iterator<Item = &String> {
        let series = [Some(&self.value), self.per.as_ref(), self.samples.as_ref()];
        series.into_iter().flatten().flat_map(|it| &it.notes)
    }
}

/// What CloudWatch has to be asked for each side: the metric, what it is divided by, and the number of samples where
/// that matters and nothing else tells it. Variables are still in them.
pub fn queries(check: &MetricCheck) -> Vec<MetricQuery> {
    let mut queries = vec![check.query.clone()];
    queries.extend(check.per.clone());
    if matches!(check.expect, MetricExpectation::NoWorse(_)) && !points::are_counts(check) {
        queries.push(MetricQuery {
            statistic: "SampleCount".to_owned(),
            ..check.per.as_ref().unwrap_or(&check.query).clone()
        });
    }
    queries
}

/// What the variables in dimensions stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// `targetgroup/name/id`
    pub target_group: Option<String>,
    /// `app/name/id`
    pub load_balancer: Option<String>,
    pub cluster: String,
    pub service: String,
}

/// The query without variables; if one of them stands for nothing here, which.
pub fn with_names(query: &MetricQuery, names: &Names) -> Result<MetricQuery, &'static str> {
    let mut query = query.clone();
    for value in query.dimensions.values_mut() {
        let stands_for = |name: &Option<String>, variable| name.clone().ok_or(variable);
        let name = match value.as_str() {
            MetricQuery::TARGET_GROUP => {
                stands_for(&names.target_group, MetricQuery::TARGET_GROUP)?
            }
            MetricQuery::LOAD_BALANCER => {
                stands_for(&names.load_balancer, MetricQuery::LOAD_BALANCER)?
            }
            MetricQuery::CLUSTER => names.cluster.clone(),
            MetricQuery::SERVICE => names.service.clone(),
            _ => continue,
        };
        *value = name;
    }
    Ok(query)
}

/// `asked` says for people what was asked of CloudWatch for green. `baseline` is what green is compared with, where it
/// is compared.
pub fn measure_metric(
    check: &MetricCheck,
    asked: &str,
    green: &Side,
    baseline: Option<&Side>,
) -> Measurement {
    let points = Points::of(check, green);
    let measured = match (&check.expect, baseline) {
        (MetricExpectation::Limits { min, max }, _) => within(asked, &points, *min, *max),
        (MetricExpectation::NoWorse(comparison), Some(baseline)) => {
            let theirs = Points::of(check, baseline);
            comparison::compare(comparison, asked, &points, &theirs)
        }
        (MetricExpectation::NoWorse(_), None) => {
            Measurement::error(format!("there is nothing to compare {asked} with")).for_good()
        }
    };
    let notes = green
        .notes()
        .chain(baseline.into_iter().flat_map(Side::notes));
    let notes = notes.map(|note| format!("CloudWatch: {note}"));
    measured
        .with_evidence([points.line("green")])
        .with_evidence(baseline.map(|side| Points::of(check, side).line(word(check))))
        .with_evidence(notes)
}

/// What green is compared with, in a word.
fn word(check: &MetricCheck) -> &'static str {
    match &check.expect {
        MetricExpectation::NoWorse(comparison) => with_word(comparison.with),
        MetricExpectation::Limits { .. } => "baseline",
    }
}

fn with_word(baseline: Baseline) -> &'static str {
    match baseline {
        Baseline::Blue => "blue",
        Baseline::Previous => "before the deployment",
    }
}

fn within(asked: &str, points: &Points, min: Option<f64>, max: Option<f64>) -> Measurement {
    let left_out = points.left_out();
    if points.values.is_empty() {
        return nothing(asked, "green", points);
    }
    let worst = |is_worse: fn(&f64, &f64) -> bool| {
        let values = points.values.iter().copied();
        values.reduce(|worst, (at, value)| {
            if is_worse(&value, &worst.1) {
                (at, value)
            } else {
                worst
            }
        })
    };
    let (highest, lowest) = (worst(f64::gt), worst(f64::lt));
    let count = points.values.len();
    let outside = |end: Option<(Timestamp, f64)>, limit: Option<f64>, beyond: &str| {
        let ((at, value), limit) = (end?, limit?);
        let is_outside = if beyond == "more" {
            value > limit
        } else {
            value < limit
        };
        is_outside.then(|| {
            Measurement::failed(format!(
                "{asked} was {} at {at:.0}, {beyond} than the allowed {}{left_out}",
                number(value),
                number(limit)
            ))
            .with_value(value)
        })
    };
    if let Some(failed) = outside(highest, max, "more").or_else(|| outside(lowest, min, "less")) {
        return failed;
    }
    let nearest = if max.is_some() { highest } else { lowest };
    let range = match (lowest, highest) {
        (Some((_, low)), Some((_, high))) => {
            format!("from {} to {}", number(low), number(high))
        }
        _ => String::new(),
    };
    let good = Measurement::successful(format!(
        "{asked} was {range}, within the limits ({count} data points{left_out})"
    ));
    match nearest {
        Some((_, value)) => good.with_value(value),
        None => good,
    }
}

/// That there are no data points, with what to look at.
fn nothing(asked: &str, side: &str, points: &Points) -> Measurement {
    Measurement::inconclusive(format!(
        "CloudWatch has no data of {side} for {asked}{}; check namespace, metric and dimensions, and whether there \
         was any traffic",
        points.left_out()
    ))
}

/// A number with up to four digits that say something.
fn number(value: f64) -> String {
    let scientific = format!("{value:.3e}");
    let exponent = scientific
        .split_once('e')
        .and_then(|(_, it)| it.parse::<i32>().ok());
    let rounded: f64 = scientific.parse().unwrap_or(value);
    match exponent {
        // Whole numbers are counts, and told whole.
        _ if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        Some(-5..=14) => rounded.to_string(),
        _ => format!("{rounded:e}"),
    }
}

#[cfg(test)]
mod tests;
