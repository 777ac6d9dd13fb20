//! How often the comparison of a `metric` check calls green worse: where it is no worse, and where it is.
//!
//! Seeded simulations of the whole check with its usual significance and tolerance. The table that they give is the one
//! in `docs/gates.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;

use crate::gate::{Phase, Series, Side, measure_metric};
use crate::target::check::{Baseline, Comparison, MetricCheck, MetricExpectation, MetricQuery};

const RUNS: u32 = 1000;
/// Requests a minute of the simulated service.
const REQUESTS: u32 = 60;
/// The spread of a single latency: the 95th percentile is 2.3 times the median.
const SIGMA: f64 = 0.5;
const SECTION: &str = "## Statistics";
const DOCS: &str = include_str!("../../../../../../docs/gates.md");

fn query(metric: &str, statistic: &str) -> MetricQuery {
    MetricQuery {
        namespace: "AWS/ApplicationELB".to_owned(),
        metric: metric.to_owned(),
        dimensions: BTreeMap::new(),
        statistic: statistic.to_owned(),
        period: Duration::from_mins(1),
    }
}

fn latencies() -> MetricCheck {
    MetricCheck {
        query: query("TargetResponseTime", "p95"),
        per: None,
        window: MetricCheck::DEFAULT_WINDOW,
        expect: MetricExpectation::NoWorse(Comparison::with(Baseline::Blue)),
    }
}

fn errors() -> MetricCheck {
    MetricCheck {
        query: query("HTTPCode_Target_5XX_Count", "Sum"),
        per: Some(query("RequestCount", "Sum")),
        ..latencies()
    }
}

/// A standard normal number (Box and Muller).
fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

/// The 95th percentile of a minute whose latencies are lognormal; all of it may be slower or faster by the minute's
/// own noise.
fn minute(rng: &mut Rng, factor: f64, noise: f64) -> f64 {
    let factor = factor * (noise * normal(rng)).exp();
    let mut latencies: Vec<f64> = (0..REQUESTS)
        .map(|_| 0.1 * factor * (SIGMA * normal(rng)).exp())
        .collect();
    latencies.sort_by(f64::total_cmp);
    latencies[usize::try_from(REQUESTS * 95 / 100).unwrap()]
}

fn series(values: impl IntoIterator<Item = f64>) -> Series {
    let points = (0..)
        .zip(values)
        .map(|(minute, value)| (Timestamp::from_second(60 * minute).unwrap(), value));
    Series {
        points: points.collect(),
        notes: Vec::new(),
    }
}

/// How often green is called worse, in per cent, and that it is never anything but that or good.
fn called_worse(
    check: &MetricCheck,
    seed: u64,
    mut side: impl FnMut(&mut Rng, bool) -> Side,
) -> f64 {
    let mut rng = Rng::with_seed(seed);
    let mut worse = 0;
    for _ in 0..RUNS {
        let (green, blue) = (side(&mut rng, true), side(&mut rng, false));
        let found = measure_metric(check, "the metric", &green, Some(&blue));
        match found.phase {
            Phase::Failed => worse += 1,
            Phase::Successful => {}
            other => panic!("{other:?}: {}", found.summary),
        }
    }
    f64::from(worse) * 100.0 / f64::from(RUNS)
}

fn latency_rate(points: u32, factor: f64, noise: f64) -> f64 {
    called_worse(&latencies(), 1, |rng, is_green| {
        let factor = if is_green { factor } else { 1.0 };
        Side {
            value: series((0..points).map(|_| minute(rng, factor, noise))),
            per: None,
            samples: Some(series((0..points).map(|_| f64::from(REQUESTS)))),
        }
    })
}

fn error_rate(requests: u32, share: f64) -> f64 {
    called_worse(&errors(), 2, |rng, is_green| {
        let share = if is_green { share } else { 0.01 };
        let a_minute = requests / 5;
        let failed = (0..5).map(|_| {
            let failed = (0..a_minute).filter(|_| rng.f64() < share).count();
            f64::from(u32::try_from(failed).unwrap())
        });
        let failed: Vec<f64> = failed.collect();
        // As CloudWatch has it: no data point of a minute without errors.
        let mut value = series(failed);
        value.points.retain(|(_, failed)| *failed > 0.0);
        Side {
            value,
            per: Some(series((0..5).map(|_| f64::from(a_minute)))),
            samples: None,
        }
    })
}

/// One line of the table, and the range in which the rate has to be.
struct Row {
    what: String,
    truth: String,
    rate: f64,
    range: std::ops::RangeInclusive<f64>,
}

fn measured() -> Vec<Row> {
    let mut rows = Vec::new();
    for (points, noise, factor, range) in [
        (5, 0.0, 1.0, 0.0..=1.0),
        (5, 0.0, 1.1, 0.0..=12.0),
        (5, 0.0, 1.3, 15.0..=60.0),
        (5, 0.0, 1.5, 60.0..=100.0),
        (5, 0.0, 2.0, 97.0..=100.0),
        (5, 0.2, 1.0, 0.0..=1.5),
        (5, 0.2, 2.0, 70.0..=100.0),
        (10, 0.0, 1.0, 0.0..=1.5),
        (10, 0.0, 1.1, 0.0..=30.0),
        (10, 0.0, 1.3, 60.0..=100.0),
        (10, 0.0, 1.5, 97.0..=100.0),
        (10, 0.0, 2.0, 99.5..=100.0),
        (10, 0.2, 1.0, 0.0..=1.5),
        (10, 0.2, 2.0, 97.0..=100.0),
    ] {
        let noisy = if noise > 0.0 { ", noisy minutes" } else { "" };
        rows.push(Row {
            what: format!("p95 latency, {points} data points a side{noisy}"),
            truth: if factor > 1.0 {
                format!("green is {:.0} % slower", (factor - 1.0) * 100.0)
            } else {
                "both the same".to_owned()
            },
            rate: latency_rate(points, factor, noise),
            range,
        });
    }
    for (requests, share, range) in [
        (100, 0.01_f64, 0.0..=1.0),
        (100, 0.05, 0.0..=30.0),
        (100, 0.10, 30.0..=85.0),
        (500, 0.01, 0.0..=1.0),
        (500, 0.02, 0.0..=30.0),
        (500, 0.05, 75.0..=100.0),
        (2000, 0.01, 0.0..=1.5),
        (2000, 0.02, 40.0..=90.0),
        (2000, 0.05, 99.5..=100.0),
        (10_000, 0.01, 0.0..=1.5),
        (10_000, 0.012, 5.0..=40.0),
        (10_000, 0.02, 99.0..=100.0),
    ] {
        rows.push(Row {
            what: format!("errors per request, {requests} requests a side, 1 % errors in blue"),
            truth: if share > 0.01 {
                format!("{} % errors in green", (share * 1000.0_f64).round() / 10.0)
            } else {
                "both the same".to_owned()
            },
            rate: error_rate(requests, share),
            range,
        });
    }
    rows
}

fn table(rows: &[Row]) -> String {
    let mut table = "| measured | truth | called worse |\n|---|---|---:|\n".to_owned();
    for Row {
        what, truth, rate, ..
    } in rows
    {
        writeln!(table, "| {what} | {truth} | {rate:.1} % |").unwrap();
    }
    table
}

#[test]
fn green_is_rarely_called_worse_by_chance_and_reliably_where_it_is_and_the_docs_say_how_often() {
    let rows = measured();
    let table = table(&rows);
    for row in &rows {
        let is_in = row.range.contains(&row.rate);
        assert!(
            is_in,
            "{}, {}: {} is not in {:?}",
            row.what, row.truth, row.rate, row.range
        );
    }
    let (_, section) = DOCS.split_once(SECTION).unwrap();
    assert!(
        section.contains(&table),
        "docs/gates.md, {SECTION}, has to hold:\n{table}"
    );
}
