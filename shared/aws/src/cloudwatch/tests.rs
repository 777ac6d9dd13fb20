//! What is asked of CloudWatch, and what its answers mean.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::*;
use crate::scripted::{Scripted, run};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn query(metric: &str) -> MetricQuery {
    MetricQuery {
        namespace: "AWS/ApplicationELB".to_owned(),
        metric: metric.to_owned(),
        dimensions: BTreeMap::from([("TargetGroup".to_owned(), "targetgroup/green/1".to_owned())]),
        statistic: "p95".to_owned(),
        period: Duration::from_mins(1),
    }
}

fn ask(aws: &Scripted, metrics: &[&str]) -> Result<Vec<Series>, AwsError> {
    let queries: Vec<_> = metrics.iter().map(|metric| query(metric)).collect();
    let (from, to) = (time("2026-11-22T10:00:00Z"), time("2026-11-22T10:05:00Z"));
    run(metric_data(&aws.clients(), &queries, from, to))
}

fn result(index: usize, status: &str, points: &[(i64, Value)]) -> Value {
    let times = points.iter().map(|(at, _)| json!({ "@time": at }));
    let values = points.iter().map(|(_, value)| value.clone());
    json!({
        "Id": id(index), "StatusCode": status,
        "Timestamps": times.collect::<Vec<_>>(), "Values": values.collect::<Vec<_>>(),
    })
}

fn points(series: &Series) -> Vec<(i64, f64)> {
    let points = series.points.iter();
    points.map(|(at, value)| (at.as_second(), *value)).collect()
}

#[test]
fn alarms_of_both_kinds_are_listed_to_the_end() {
    let aws = Scripted::default();
    aws.answer_cbor(
        200,
        &json!({
            "MetricAlarms": [{
                "AlarmName": "api-5xx", "StateValue": "ALARM", "StateReason": "Threshold Crossed",
                "StateUpdatedTimestamp": {"@time": 1_800_000_100},
                "StateTransitionedTimestamp": {"@time": 1_800_000_000},
            }],
            "NextToken": "more",
        }),
    );
    aws.answer_cbor(
        200,
        &json!({"CompositeAlarms": [{
            "AlarmName": "api", "StateValue": "OK", "StateUpdatedTimestamp": {"@time": 1_800_000_100},
        }]}),
    );
    let names = ["api-5xx".to_owned(), "api".to_owned()];
    let found = run(alarms(&aws.clients(), &names)).unwrap();
    let alarm = |name: &str, state: &str, reason: &str, since: i64| Alarm {
        name: name.to_owned(),
        state: state.to_owned(),
        reason: reason.to_owned(),
        since: Some(Timestamp::from_second(since).unwrap()),
    };
    assert_eq!(
        found,
        [
            alarm("api-5xx", "ALARM", "Threshold Crossed", 1_800_000_000),
            alarm("api", "OK", "", 1_800_000_100),
        ]
    );
    let sent = aws.sent();
    assert!(
        sent[0].uri.ends_with("/operation/DescribeAlarms"),
        "{}",
        sent[0].uri
    );
    for word in ["api-5xx", "MetricAlarm", "CompositeAlarm"] {
        assert!(sent[0].body.contains(word), "{word}");
    }
    assert!(sent[1].body.contains("more"));
}

#[test]
fn no_names_are_no_alarms_and_not_all_that_there_are() {
    let aws = Scripted::default();
    assert_eq!(run(alarms(&aws.clients(), &[])).unwrap(), []);
    assert!(aws.sent().is_empty());
}

#[test]
fn data_points_of_several_pages_are_put_together_in_order() {
    let aws = Scripted::default();
    let first = [(180, json!(0.2)), (120, json!(0.1))];
    aws.answer_cbor(
        200,
        &json!({
            "MetricDataResults": [
                result(0, "PartialData", &first),
                result(1, "Complete", &[(120, json!({"@double": "NaN"}))]),
            ],
            "NextToken": "more",
        }),
    );
    let second = [(240, json!(0.3)), (180, json!(0.2))];
    aws.answer_cbor(
        200,
        &json!({"MetricDataResults": [result(0, "Complete", &second)]}),
    );
    let found = ask(&aws, &["TargetResponseTime", "RequestCount"]).unwrap();
    assert_eq!(points(&found[0]), [(120, 0.1), (180, 0.2), (240, 0.3)]);
    assert!(found[0].notes.is_empty(), "{:?}", found[0].notes);
    assert!(found[1].points[0].1.is_nan());
    let sent = aws.sent();
    for word in [
        "AWS/ApplicationELB",
        "TargetResponseTime",
        "targetgroup/green/1",
        "p95",
    ] {
        assert!(sent[0].body.contains(word), "{word}");
    }
}

#[test]
fn what_cloudwatch_says_of_the_data_goes_along_with_them() {
    let aws = Scripted::default();
    let mut partial = result(0, "PartialData", &[(120, json!(0.1))]);
    partial["Messages"] = json!([{"Code": "ArithmeticError", "Value": "one of many"}]);
    aws.answer_cbor(
        200,
        &json!({
            "MetricDataResults": [partial],
            "Messages": [{"Code": "MaxQueryTimeRangeExceeded", "Value": "cut"}],
        }),
    );
    let found = ask(&aws, &["TargetResponseTime"]).unwrap();
    assert_eq!(
        found[0].notes,
        [
            "MaxQueryTimeRangeExceeded: cut",
            "ArithmeticError: one of many",
            "CloudWatch gives only a part of the data",
        ]
    );
}

#[test]
fn a_metric_that_is_forbidden_or_failed_is_an_error_and_not_empty() {
    for (status, kind) in [
        ("Forbidden", Kind::Denied),
        ("InternalError", Kind::Unavailable),
    ] {
        let aws = Scripted::default();
        aws.answer_cbor(200, &json!({"MetricDataResults": [result(0, status, &[])]}));
        let error = ask(&aws, &["TargetResponseTime"]).unwrap_err();
        assert_eq!(error.kind, kind);
        assert!(error.resource.contains("TargetResponseTime"), "{error}");
    }
}

#[test]
fn an_endless_listing_ends_and_says_so() {
    let aws = Scripted::default();
    for page in 0..i64::try_from(PAGES_LIMIT).unwrap() {
        let points = [(60 * page, json!(1.5))];
        aws.answer_cbor(
            200,
            &json!({"MetricDataResults": [result(0, "Complete", &points)], "NextToken": "more"}),
        );
    }
    let found = ask(&aws, &["TargetResponseTime"]).unwrap();
    assert_eq!(found[0].points.len(), PAGES_LIMIT);
    assert_eq!(
        found[0].notes,
        ["only the first 20 pages of the data were read"]
    );
}

#[test]
fn a_window_without_length_is_not_asked_for() {
    let aws = Scripted::default();
    let now = time("2026-11-22T10:00:00Z");
    let found = run(metric_data(
        &aws.clients(),
        &[query("RequestCount")],
        now,
        now,
    ))
    .unwrap();
    assert_eq!(found, [Series::default()]);
    assert!(aws.sent().is_empty());
}

#[test]
fn a_refusal_is_told_with_its_action() {
    let aws = Scripted::default();
    aws.answer_cbor(
        400,
        &json!({"__type": "AccessDeniedException", "message": "not authorized"}),
    );
    let error = ask(&aws, &["RequestCount"]).unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert_eq!(error.action, "cloudwatch:GetMetricData");
}
