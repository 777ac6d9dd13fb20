//! What is said about the keys that every check has.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{check_of, one, sample};
use super::assert_problems;
use crate::target::Check;
use crate::target::check::{OnNoData, Rules};

fn document(kind: &str, parameters: &Value) -> Value {
    let mut document = sample()["targets"][0].clone();
    document["gates"] = json!({"before_traffic": [{kind: parameters}]});
    document
}

/// The smallest document of a check of each kind.
fn smallest() -> [(&'static str, Value); 10] {
    [
        ("tasks", json!({})),
        ("digest", json!({})),
        ("targets", json!({})),
        ("http", json!({"path": "/"})),
        ("alarms", json!({"names": ["a"]})),
        (
            "metric",
            json!({"namespace": "N", "metric": "M", "statistic": "Sum", "max": 1}),
        ),
        ("scan", json!({})),
        ("lambda", json!({"function": "f"})),
        ("task", json!({})),
        ("approval", json!({})),
    ]
}

fn check_with(kind: &str, more: &[(&str, Value)]) -> Check {
    let (_, mut parameters) = smallest()
        .into_iter()
        .find(|(name, _)| *name == kind)
        .unwrap();
    for (key, value) in more {
        parameters[*key] = value.clone();
    }
    check_of(&one(&document(kind, &parameters))).clone()
}

#[test]
fn every_check_has_every_rule() {
    for (kind, _) in smallest() {
        let check = check_with(
            kind,
            &[
                ("label", json!("the first")),
                ("interval", json!("7s")),
                ("initial_delay", json!("90s")),
                ("count", json!(9)),
                ("timeout", json!("11m")),
                ("failure_limit", json!(2)),
                ("error_limit", json!(3)),
                ("consecutive_success", json!(4)),
                ("on_no_data", json!("pass")),
                ("dry_run", json!(true)),
            ],
        );
        let expected = Rules {
            interval: Duration::from_secs(7),
            initial_delay: Duration::from_secs(90),
            count: Some(9),
            timeout: Duration::from_mins(11),
            failure_limit: Some(2),
            error_limit: Some(3),
            consecutive_success: Some(4),
            on_no_data: OnNoData::Pass,
            dry_run: true,
        };
        assert_eq!(check.rules, expected, "{kind}");
        assert_eq!(check.title(), format!("{kind} (the first)"));
        assert_eq!(check_with(kind, &[]).title(), kind);
    }
}

#[test]
fn a_check_that_says_nothing_has_the_usual_rules_of_its_kind() {
    for (kind, _) in smallest() {
        let check = check_with(kind, &[]);
        assert_eq!(check, Check::usual(check.kind.clone()), "{kind}");
    }
    assert_eq!(check_with("http", &[]).rules.failure_limit, None);
    assert_eq!(check_with("tasks", &[]).rules.failure_limit, Some(0));
    let under_load = check_with("http", &[("load", json!({"requests": 10}))]);
    assert_eq!(under_load.rules.failure_limit, Some(0));
    assert_eq!(under_load.rules.consecutive_success, None);
}

#[test]
fn a_count_alone_wants_every_measurement_to_be_good() {
    let counted = check_with("http", &[("count", json!(5))]).rules;
    assert_eq!(counted.consecutive_success, None);
    assert_eq!(counted.failure_limit, Some(0));
    assert_eq!(counted.error_limit, Some(0));
    let some = check_with("http", &[("count", json!(5)), ("failure_limit", json!(1))]).rules;
    assert_eq!(some.failure_limit, Some(1));
    assert_eq!(some.error_limit, Some(0));
    // A count with a wish for some in a row is the most that are tried.
    let tried = check_with(
        "http",
        &[("count", json!(50)), ("consecutive_success", json!(3))],
    )
    .rules;
    assert_eq!(tried.failure_limit, None);
    assert_eq!(tried.error_limit, None);
    // The wish that is the usual one is not the same as none.
    let check = check_with(
        "http",
        &[("count", json!(50)), ("consecutive_success", json!(3))],
    );
    let mut target = one(&document("tasks", &json!({})));
    target.gates = [(crate::target::GatePoint::BeforeTraffic, vec![check.clone()])]
        .into_iter()
        .collect();
    assert_eq!(check_of(&one(&target.to_value())), &check);
}

#[test]
fn the_rules_have_bounds() {
    for (key, value, expected) in [
        (
            "interval",
            json!("99ms"),
            "a duration from 100ms to 1h, found `99ms`",
        ),
        (
            "interval",
            json!("61m"),
            "a duration from 100ms to 1h, found `61m`",
        ),
        (
            "initial_delay",
            json!("24h"),
            "a duration from 0s to 23h, found `24h`",
        ),
        (
            "timeout",
            json!("999ms"),
            "a duration from 1s to 23h, found `999ms`",
        ),
        (
            "timeout",
            json!("24h"),
            "a duration from 1s to 23h, found `24h`",
        ),
        (
            "count",
            json!(0),
            "a whole number from 1 to 1000, found the number 0",
        ),
        (
            "count",
            json!(1001),
            "a whole number from 1 to 1000, found the number 1001",
        ),
        (
            "failure_limit",
            json!(-1),
            "a whole number from 0 to 1000, found the number -1",
        ),
        (
            "error_limit",
            json!(1.5),
            "a whole number from 0 to 1000, found the number 1.5",
        ),
        (
            "consecutive_success",
            json!(0),
            "a whole number from 1 to 1000, found the number 0",
        ),
        ("dry_run", json!("true"), "`true` or `false`, found `true`"),
        (
            "on_no_data",
            json!("ignore"),
            "`fail`, `pass` or `inconclusive`, found `ignore`",
        ),
        (
            "label",
            json!(""),
            "a label (1 to 60 printable characters), found an empty text",
        ),
    ] {
        for (kind, mut parameters) in smallest() {
            parameters[key] = value.clone();
            assert_problems(
                &document(kind, &parameters),
                &format!("gates.before_traffic[0].{kind}.{key}: expected {expected}"),
            );
        }
    }
}

#[test]
fn a_duration_needs_its_unit() {
    assert_problems(
        &document("alarms", &json!({"names": ["a"], "initial_delay": 30})),
        "gates.before_traffic[0].alarms.initial_delay: expected a duration, found the number 30\n  \
         hint: write the unit, such as `30s`",
    );
}

#[test]
fn a_check_that_can_never_pass_is_refused() {
    const HINT: &str = "\n  hint: lengthen `timeout`, or shorten `interval`, `initial_delay`, `count` or \
                        `consecutive_success`";
    let refused = |parameters: Value, said: &str| {
        let expected = format!("gates.before_traffic[0].http: can never pass: {said}");
        assert_problems(&document("http", &parameters), &expected);
    };
    refused(
        json!({"path": "/", "consecutive_success": 100}),
        &format!("the pauses of 100 measurements take 198s, the whole check may take 2m{HINT}"),
    );
    refused(
        json!({"path": "/", "count": 61}),
        &format!("the pauses of 61 measurements take 2m, the whole check may take 2m{HINT}"),
    );
    refused(
        json!({"path": "/", "consecutive_success": 1, "initial_delay": "2m"}),
        &format!("the pauses of 1 measurements take 2m, the whole check may take 2m{HINT}"),
    );
    refused(
        json!({"path": "/", "consecutive_success": 6, "count": 5}),
        "6 good measurements in a row are wanted, and 5 are made\n  hint: raise `count`, or lower \
         `consecutive_success`",
    );
    for parameters in [
        json!({"path": "/", "consecutive_success": 60}),
        json!({"path": "/", "count": 60}),
        // It is over as soon as two in a row are good.
        json!({"path": "/", "count": 1000, "consecutive_success": 2}),
    ] {
        one(&document("http", &parameters));
    }
}

#[test]
fn the_rules_are_told_in_words() {
    assert_eq!(
        check_with("http", &[]).rules.in_words(),
        "every 2s, until 3 in a row are good, for 2m at most, any failures allowed, any errors allowed"
    );
    let counted = check_with(
        "alarms",
        &[
            ("count", json!(5)),
            ("initial_delay", json!("1m")),
            ("failure_limit", json!(1)),
        ],
    );
    assert_eq!(
        counted.rules.in_words(),
        "after 1m, 5 times, every 30s, for 5m at most, 1 failures allowed, 0 errors allowed"
    );
}
