//! What is said about HTTP checks under load.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{http_of, one, with_http};
use super::assert_problems;

fn with_load(load: &Value) -> Value {
    with_http(&json!({"path": "/health", "load": load}))
}

#[track_caller]
fn check_load(load: &Value, expected: &str) {
    let expected = expected.replacen("load", "gates.before_traffic[0].http.load", 1);
    assert_problems(&with_load(load), &expected);
}

#[test]
fn every_key_of_a_load_is_read() {
    let target = one(&with_load(&json!({
        "requests": 500, "rate": 50, "warm_up": 20, "success_ratio": 0.99,
        "latency": {"p50": "100ms", "p99.9": "2s"},
    })));
    let load = http_of(&target).load.as_ref().unwrap();
    assert_eq!((load.requests, load.rate, load.warm_up), (500, 50, 20));
    assert!((load.success_ratio - 0.99).abs() < f64::EPSILON);
    assert_eq!(
        load.latency,
        [
            (500, Duration::from_millis(100)),
            (999, Duration::from_secs(2))
        ]
        .into()
    );
    let target = one(&with_load(&json!({"requests": 1})));
    let load = http_of(&target).load.as_ref().unwrap();
    assert_eq!((load.rate, load.warm_up), (20, 0));
    assert!((load.success_ratio - 1.0).abs() < f64::EPSILON);
}

#[test]
fn the_keys_of_a_load_have_bounds() {
    check_load(&json!({}), "load: `requests` is missing");
    for (key, value, expected) in [
        (
            "requests",
            json!(0),
            "a whole number from 1 to 10000, found the number 0",
        ),
        (
            "requests",
            json!(10_001),
            "a whole number from 1 to 10000, found the number 10001",
        ),
        (
            "rate",
            json!(201),
            "a whole number from 1 to 200, found the number 201",
        ),
        (
            "warm_up",
            json!(-1),
            "a whole number from 0 to 10000, found the number -1",
        ),
        (
            "success_ratio",
            json!(99),
            "a number from 0 to 1, found the number 99",
        ),
        (
            "success_ratio",
            json!("all"),
            "a number from 0 to 1, found `all`",
        ),
    ] {
        let mut load = json!({"requests": 10});
        load[key] = value;
        check_load(&load, &format!("load.{key}: expected {expected}"));
    }
}

#[test]
fn percentiles_are_those_that_can_be_told() {
    let latency = |name: &str| json!({"requests": 10, "latency": {name: "1s"}});
    for (name, place) in [
        ("95", ".95"),
        ("p", ".p"),
        ("p0", ".p0"),
        ("p101", ".p101"),
        ("p9999", ".p9999"),
        ("p99999999999", ".p99999999999"),
        ("p99.99", "[\"p99.99\"]"),
        ("p-1", ".p-1"),
        ("p.5", "[\"p.5\"]"),
    ] {
        check_load(
            &latency(name),
            &format!(
                "load.latency{place}: this is not a percentile\n  hint: write `p50`, `p95`, `p99` or `p99.9`"
            ),
        );
    }
    check_load(
        &json!({"requests": 10, "latency": {"p99": "1s", "p99.0": "2s"}}),
        "load.latency[\"p99.0\"]: the percentile is there twice",
    );
    check_load(
        &json!({"requests": 10, "latency": {"p99": "11s"}}),
        "load.latency.p99: expected a duration from 1ms to 10s, found `11s`",
    );
}

#[test]
fn a_load_is_sent_within_one_measurement() {
    check_load(
        &json!({"requests": 10_000, "rate": 10}),
        "load: the requests would take 1000s, and one measurement has 10m\n  \
         hint: raise `rate`, or lower `requests` or `warm_up`",
    );
    assert_problems(
        &with_http(
            &json!({"path": "/", "timeout": "30s", "load": {"requests": 620, "warm_up": 10}}),
        ),
        "gates.before_traffic[0].http: can never pass: 1 times the requests of `load` take 32s with the pauses, the \
         whole check may take 30s\n  hint: lengthen `timeout`, raise `rate`, or ask for fewer `requests`",
    );
}
