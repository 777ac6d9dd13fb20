//! What data points mean, by the expectations of a check.

mod comparison;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::gate::Phase;
use crate::target::check::{Comparison, Worse};

const ASKED: &str = "p95 of AWS/ApplicationELB TargetResponseTime";

fn query(metric: &str, statistic: &str) -> MetricQuery {
    MetricQuery {
        namespace: "AWS/ApplicationELB".to_owned(),
        metric: metric.to_owned(),
        dimensions: BTreeMap::from([("TargetGroup".to_owned(), "$target_group".to_owned())]),
        statistic: statistic.to_owned(),
        period: Duration::from_mins(1),
    }
}

fn check(expect: MetricExpectation) -> MetricCheck {
    MetricCheck {
        query: query("TargetResponseTime", "p95"),
        per: None,
        window: MetricCheck::DEFAULT_WINDOW,
        expect,
    }
}

fn limits(min: Option<f64>, max: Option<f64>) -> MetricCheck {
    check(MetricExpectation::Limits { min, max })
}

fn no_worse(with: Baseline, worse: Worse) -> MetricCheck {
    check(MetricExpectation::NoWorse(Comparison {
        worse,
        ..Comparison::with(with)
    }))
}

fn ratio(expect: MetricExpectation) -> MetricCheck {
    MetricCheck {
        query: query("HTTPCode_Target_5XX_Count", "Sum"),
        per: Some(query("RequestCount", "Sum")),
        ..check(expect)
    }
}

/// A data point a minute; NaN as it is, and nothing where there is none.
fn series(values: &[Option<f64>]) -> Series {
    let points = (0..).zip(values).filter_map(|(minute, value)| {
        Some((Timestamp::from_second(60 * minute).unwrap(), (*value)?))
    });
    Series {
        points: points.collect(),
        notes: Vec::new(),
    }
}

fn all(values: &[f64]) -> Series {
    series(&values.iter().copied().map(Some).collect::<Vec<_>>())
}

fn side(values: &[f64]) -> Side {
    Side {
        value: all(values),
        per: None,
        samples: Some(all(&[1000.0])),
    }
}

fn divided(values: &[Option<f64>], per: &[Option<f64>]) -> Side {
    Side {
        value: series(values),
        per: Some(series(per)),
        samples: None,
    }
}

fn expect(found: &Measurement, phase: Phase, summary: &str) {
    assert!(
        found.summary.contains(summary),
        "{} has not: {summary}",
        found.summary
    );
    assert_eq!(found.phase, phase, "{}", found.summary);
}

#[test]
fn every_data_point_has_to_be_within_the_limits() {
    let nan = f64::NAN;
    for (min, max, values, phase, value, summary) in [
        (
            None,
            Some(0.5),
            &[0.1, 0.5][..],
            Phase::Successful,
            Some(0.5),
            "was from 0.1 to 0.5, within the limits (2 data points)",
        ),
        (
            None,
            Some(0.5),
            &[0.1, 0.501, 0.2],
            Phase::Failed,
            Some(0.501),
            "was 0.501 at 1970-01-01T00:01:00Z, more than the allowed 0.5",
        ),
        (
            Some(10.0),
            None,
            &[10.0, 20.0],
            Phase::Successful,
            Some(10.0),
            "from 10 to 20",
        ),
        (
            Some(10.0),
            None,
            &[20.0, 9.0],
            Phase::Failed,
            Some(9.0),
            "was 9 at 1970-01-01T00:01:00Z, less than the allowed 10",
        ),
        (
            Some(1.0),
            Some(2.0),
            &[1.5],
            Phase::Successful,
            Some(1.5),
            "from 1.5 to 1.5",
        ),
        (
            Some(1.0),
            Some(2.0),
            &[0.5, 3.0],
            Phase::Failed,
            Some(3.0),
            "was 3",
        ),
        // What is no number is neither good nor bad, and told.
        (
            None,
            Some(0.5),
            &[nan, 0.1],
            Phase::Successful,
            Some(0.1),
            "(1 data points; 1 data point was no number and left out)",
        ),
        (
            None,
            Some(0.5),
            &[f64::INFINITY, 0.1],
            Phase::Successful,
            Some(0.1),
            "1 data point was no number",
        ),
        (
            None,
            Some(0.5),
            &[nan, 0.9],
            Phase::Failed,
            Some(0.9),
            "more than the allowed 0.5; 1 data point was no number",
        ),
        (
            None,
            Some(0.5),
            &[nan, f64::NEG_INFINITY],
            Phase::Inconclusive,
            None,
            "has no data of green for p95 of AWS/ApplicationELB TargetResponseTime; 2 data points were no number",
        ),
        (
            None,
            Some(0.5),
            &[],
            Phase::Inconclusive,
            None,
            "check namespace, metric and dimensions",
        ),
    ] {
        let found = measure_metric(&limits(min, max), ASKED, &side(values), None);
        expect(&found, phase, summary);
        assert_eq!(found.value, value, "{summary}");
        assert!(!found.is_final);
    }
}

#[test]
fn a_ratio_is_divided_data_point_by_data_point() {
    let one_percent = ratio(MetricExpectation::Limits {
        min: None,
        max: Some(0.01),
    });
    let averages = MetricCheck {
        query: query("Sold", "Average"),
        per: Some(query("Seen", "Average")),
        ..one_percent.clone()
    };
    let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
    let hundred = some(&[100.0, 100.0, 100.0]);
    for (check, side, phase, summary) in [
        (
            &one_percent,
            divided(&some(&[1.0, 0.0, 1.0]), &hundred),
            Phase::Successful,
            "from 0 to 0.01",
        ),
        (
            &one_percent,
            divided(&some(&[0.0, 2.0, 0.0]), &hundred),
            Phase::Failed,
            "was 0.02 at 1970-01-01T00:01:00Z",
        ),
        // CloudWatch has no data point of errors where there were none.
        (
            &one_percent,
            divided(&[], &hundred),
            Phase::Successful,
            "from 0 to 0, within the limits (3 data points)",
        ),
        // Of what is no count, nothing is nothing.
        (
            &averages,
            divided(&[], &hundred),
            Phase::Inconclusive,
            "has no data of green",
        ),
        // Nothing can be divided by nothing, 0/0 no more than 5/0.
        (
            &one_percent,
            divided(&some(&[0.0, 5.0, 1.0]), &some(&[0.0, 0.0, 100.0])),
            Phase::Successful,
            "1 data points; 2 data points were without anything to be divided by",
        ),
        (
            &one_percent,
            divided(&some(&[5.0]), &[]),
            Phase::Inconclusive,
            "1 data point was without anything",
        ),
        // What is broken is not taken for none.
        (
            &one_percent,
            divided(&some(&[f64::NAN, 0.0]), &some(&[100.0, 100.0])),
            Phase::Successful,
            "1 data points; 1 data point was no number",
        ),
        (
            &one_percent,
            divided(&some(&[0.0]), &some(&[f64::NAN])),
            Phase::Inconclusive,
            "1 data point was no number",
        ),
        (
            &one_percent,
            Side::default(),
            Phase::Inconclusive,
            "has no data",
        ),
    ] {
        let found = measure_metric(check, "errors", &side, None);
        expect(&found, phase, summary);
    }
}

#[test]
fn what_cloudwatch_says_is_evidence() {
    let mut green = side(&[0.1]);
    green.value.add_note("PartialData");
    green.value.add_note("PartialData");
    let found = measure_metric(&limits(None, Some(1.0)), ASKED, &green, None);
    assert_eq!(
        found.evidence,
        [
            "data points of green: 0.1 (1000 samples)",
            "CloudWatch: PartialData"
        ]
    );
}

#[test]
fn the_number_of_samples_is_asked_for_where_nothing_else_tells_it() {
    let statistics = |check: &MetricCheck| -> Vec<String> {
        let queries = queries(check).into_iter();
        queries
            .map(|it| format!("{} {}", it.statistic, it.metric))
            .collect()
    };
    let comparison = || MetricExpectation::NoWorse(Comparison::with(Baseline::Blue));
    assert_eq!(
        statistics(&limits(None, Some(1.0))),
        ["p95 TargetResponseTime"]
    );
    assert_eq!(
        statistics(&check(comparison())),
        ["p95 TargetResponseTime", "SampleCount TargetResponseTime"]
    );
    let counts = ratio(comparison());
    assert_eq!(
        statistics(&counts),
        ["Sum HTTPCode_Target_5XX_Count", "Sum RequestCount"]
    );
    let mut averages = counts.clone();
    averages.query.statistic = "Average".to_owned();
    assert_eq!(
        statistics(&averages),
        [
            "Average HTTPCode_Target_5XX_Count",
            "Sum RequestCount",
            "SampleCount RequestCount"
        ]
    );
    let answers = vec![all(&[1.0]), all(&[2.0]), all(&[3.0])];
    let side = Side::of(&averages, answers);
    assert_eq!(
        (side.per, side.samples),
        (Some(all(&[2.0])), Some(all(&[3.0])))
    );
}

#[test]
fn variables_are_replaced_and_one_that_stands_for_nothing_is_named() {
    let mut asked = query("RequestCount", "Sum");
    asked
        .dimensions
        .insert("LoadBalancer".to_owned(), "$load_balancer".to_owned());
    asked
        .dimensions
        .insert("ServiceName".to_owned(), "$service".to_owned());
    asked
        .dimensions
        .insert("ClusterName".to_owned(), "$cluster".to_owned());
    asked
        .dimensions
        .insert("Stage".to_owned(), "live".to_owned());
    let mut names = Names {
        target_group: Some("targetgroup/green/1".to_owned()),
        load_balancer: None,
        cluster: "mco".to_owned(),
        service: "api".to_owned(),
    };
    assert_eq!(with_names(&asked, &names), Err("$load_balancer"));
    names.load_balancer = Some("app/mco/1".to_owned());
    assert_eq!(
        with_names(&asked, &names).unwrap().to_string(),
        "Sum of AWS/ApplicationELB RequestCount (ClusterName mco, LoadBalancer app/mco/1, ServiceName api, Stage live, \
         TargetGroup targetgroup/green/1)"
    );
}

#[test]
fn numbers_are_told_with_four_digits() {
    for (value, expected) in [
        (0.0, "0"),
        (3.0, "3"),
        (1_234_567.0, "1234567"),
        (-2.5, "-2.5"),
        (0.123_456, "0.1235"),
        (0.000_123_456, "0.0001235"),
        (123.456, "123.5"),
        (1e-9, "1e-9"),
        (0.1 + 0.2, "0.3"),
    ] {
        assert_eq!(number(value), expected);
    }
}
