//! What is said about checks of a metric.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{check_of, one, sample};
use super::assert_problems;
use crate::target::check::{
    Baseline, CheckKind, Comparison, MetricCheck, MetricExpectation, MetricQuery, Worse,
};

fn document(parameters: &Value) -> Value {
    let mut document = sample()["targets"][0].clone();
    document["gates"] = json!({"before_traffic": [{"metric": parameters}]});
    document
}

#[track_caller]
fn refused(parameters: &Value, expected: &str) {
    let expected = expected.replacen("metric", "gates.before_traffic[0].metric", 1);
    assert_problems(&document(parameters), &expected);
}

/// A check that is right, with more.
fn metric(more: &Value) -> Value {
    let mut parameters = json!({
        "namespace": "AWS/ApplicationELB", "metric": "TargetResponseTime", "statistic": "p99",
        "dimensions": {"TargetGroup": "$target_group", "LoadBalancer": "$load_balancer"},
    });
    for (key, value) in more.as_object().unwrap() {
        parameters[key] = value.clone();
    }
    parameters
}

fn metric_of(more: &Value) -> MetricCheck {
    match check_of(&one(&document(&metric(more)))).kind.clone() {
        CheckKind::Metric(check) => check,
        other => panic!("expected a metric, found {other:?}"),
    }
}

#[test]
fn limits_are_read() {
    let check = metric_of(&json!({"min": -1, "max": 0.5, "period": "10s", "window": "2m"}));
    assert_eq!(
        check.expect,
        MetricExpectation::Limits {
            min: Some(-1.0),
            max: Some(0.5)
        }
    );
    assert_eq!(check.query.period, Duration::from_secs(10));
    assert_eq!(check.window, Duration::from_mins(2));
    assert_eq!(check.query.namespace, "AWS/ApplicationELB");
    assert!(check.query.names(MetricQuery::LOAD_BALANCER) && check.is_about_green());
    let usual = metric_of(&json!({"max": 1}));
    assert_eq!(usual.query.period, Duration::from_mins(1));
    assert_eq!(usual.window, Duration::from_mins(5));
}

#[test]
fn a_comparison_is_a_word_or_says_more() {
    for (word, baseline) in [("blue", Baseline::Blue), ("previous", Baseline::Previous)] {
        assert_eq!(
            metric_of(&json!({"no_worse_than": word})).expect,
            MetricExpectation::NoWorse(Comparison::with(baseline))
        );
    }
    let more = json!({"baseline": "previous", "worse": "lower", "tolerance": 0, "significance": 0.05, "min_samples": 9});
    assert_eq!(
        metric_of(&json!({"no_worse_than": more})).expect,
        MetricExpectation::NoWorse(Comparison {
            with: Baseline::Previous,
            worse: Worse::Lower,
            tolerance: 0.0,
            significance: 0.05,
            min_samples: 9,
        })
    );
}

#[test]
fn what_a_metric_is_divided_by_is_as_the_metric_where_it_says_nothing_else() {
    let check =
        metric_of(&json!({"max": 1, "per": {"metric": "RequestCount", "statistic": "Sum"}}));
    let per = check.per.unwrap();
    assert_eq!(
        (per.metric.as_str(), per.statistic.as_str()),
        ("RequestCount", "Sum")
    );
    assert_eq!(per.namespace, check.query.namespace);
    assert_eq!(per.dimensions, check.query.dimensions);
    let alone = metric_of(&json!({"max": 1, "per": {"metric": "M", "dimensions": {}}}));
    assert!(alone.per.unwrap().dimensions.is_empty());
    refused(
        &metric(&json!({"max": 1, "per": {"statistic": "Sum"}})),
        "metric.per: `metric` is missing",
    );
    refused(
        &metric(&json!({"max": 1, "per": {"metric": "M", "period": "1m"}})),
        "metric.per.period: unknown key\n  hint: known here: `namespace`, `metric`, `dimensions`, `statistic`",
    );
}

#[test]
fn a_metric_is_named_whole() {
    refused(
        &json!({"max": 1}),
        "metric: `namespace` is missing\n\
         gates.before_traffic[0].METRIC: `metric` is missing\n\
         gates.before_traffic[0].METRIC: `statistic` is missing"
            .replace("METRIC", "metric")
            .as_str(),
    );
}

#[test]
fn a_metric_has_to_be_something() {
    refused(
        &metric(&json!({})),
        "metric: say what it has to be: `min`, `max` or `no_worse_than`",
    );
    refused(
        &metric(&json!({"min": 2, "max": 1})),
        "metric: `min` is larger than `max`",
    );
    refused(
        &metric(&json!({"max": 1, "no_worse_than": "blue"})),
        "metric: expected either limits or `no_worse_than`, found both\n  hint: make two checks of it",
    );
    refused(
        &metric(&json!({"max": "1"})),
        "metric.max: expected a number, found `1`",
    );
}

#[test]
fn periods_are_those_of_cloudwatch() {
    for wrong in ["2s", "90s", "1500ms", "45s"] {
        refused(
            &metric(&json!({"max": 1, "period": wrong})),
            &format!(
                "metric.period: expected `1s`, `5s`, `10s`, `30s` or whole minutes, found `{wrong}`"
            ),
        );
    }
    refused(
        &metric(&json!({"max": 1, "period": "10m"})),
        "metric: expected a `window` of 1 to 1440 periods\n  hint: lengthen `window`, or change `period`",
    );
    refused(
        &metric(&json!({"max": 1, "period": "1s", "window": "1h"})),
        "metric: expected a `window` of 1 to 1440 periods\n  hint: lengthen `window`, or change `period`",
    );
    refused(
        &metric(&json!({"max": 1, "window": "9s"})),
        "metric.window: expected a duration from 10s to 24h, found `9s`",
    );
}

#[test]
fn a_dimension_is_a_text_or_stands_for_one() {
    refused(
        &metric(&json!({"max": 1, "dimensions": {"TargetGroup": "$targetgroup"}})),
        "metric.dimensions.TargetGroup: `$targetgroup` stands for nothing\n  hint: did you mean `$target_group`?",
    );
    refused(
        &metric(&json!({"max": 1, "dimensions": {"X": "$1"}})),
        "metric.dimensions.X: `$1` stands for nothing\n  \
         hint: known are $target_group, $load_balancer, $cluster, $service",
    );
    refused(
        &metric(&json!({"max": 1, "dimensions": {"X": 1}})),
        "metric.dimensions.X: expected a dimension's value, found the number 1\n  hint: put it in quotes",
    );
}

#[test]
fn green_is_compared_with_blue_where_they_are_told_apart() {
    refused(
        &metric(
            &json!({"dimensions": {"LoadBalancer": "$load_balancer"}, "no_worse_than": "blue"}),
        ),
        "metric: nothing tells green and blue apart\n  hint: name the dimension `TargetGroup: $target_group`",
    );
}

#[test]
fn a_comparison_has_bounds() {
    refused(
        &metric(&json!({"no_worse_than": "green"})),
        "metric.no_worse_than: expected `blue` or `previous`, found `green`",
    );
    refused(
        &metric(&json!({"no_worse_than": {}})),
        "metric.no_worse_than: `baseline` is missing",
    );
    for (key, value, expected) in [
        (
            "worse",
            json!("bigger"),
            "`higher` or `lower`, found `bigger`",
        ),
        (
            "tolerance",
            json!(-0.1),
            "a number from 0 to 100, found the number -0.1",
        ),
        (
            "significance",
            json!(0),
            "a number from 0.0001 to 0.2, found the number 0",
        ),
        (
            "significance",
            json!(0.5),
            "a number from 0.0001 to 0.2, found the number 0.5",
        ),
        (
            "min_samples",
            json!(0),
            "a whole number from 1 to 10000000, found the number 0",
        ),
    ] {
        let mut comparison = json!({"baseline": "blue"});
        comparison[key] = value;
        refused(
            &metric(&json!({"no_worse_than": comparison})),
            &format!("metric.no_worse_than.{key}: expected {expected}"),
        );
    }
}
