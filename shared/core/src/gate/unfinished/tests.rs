//! What is carried from one call to the next, and what is not believed.

use serde_json::json;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn payload() -> Value {
    serde_json::from_str(include_str!(
        "../../../../../events/hook/ecs-native-with-hook-details.json"
    ))
    .unwrap()
}

fn hook() -> EcsHook {
    EcsHook::parse(&payload()).unwrap()
}

fn passed(check: &str) -> CheckReport {
    CheckReport {
        check: check.to_owned(),
        verdict: Verdict::Passed,
        summary: "s".repeat(1000),
        measurements: 2,
    }
}

const CHECKS: [&str; 3] = ["tasks", "digest", "http"];

fn unfinished() -> Unfinished {
    let running = Progress::new("digest", 1, at(300));
    Unfinished::at(&hook(), at(0), at(90), vec![passed("tasks")], running)
}

/// The details of the call after the one that answered with `carried`.
fn brought_back(carried: Value) -> HookDetails {
    let mut next = payload();
    next["hookDetails"] = HookDetails::of(&payload()).with(carried);
    HookDetails::of(&next)
}

#[test]
fn what_was_measured_comes_back_beside_what_the_service_declares() {
    let written = serde_json::to_value(unfinished()).unwrap();
    let details = brought_back(written.clone());
    assert_eq!(
        details.with(written),
        json!({
            "team": "payments",
            "severity": 2,
            "greenlight": serde_json::to_value(unfinished()).unwrap(),
        })
    );
    assert_eq!(
        details.unfinished(&hook(), &CHECKS, at(91)),
        Some(unfinished())
    );
    assert!(unfinished().checks[0].summary.len() < 310);
}

#[test]
fn what_is_of_another_run_is_begun_anew() {
    let is_carried_on = |unfinished: &Unfinished, hook: &EcsHook, checks: &[&str], now| {
        let details = brought_back(serde_json::to_value(unfinished).unwrap());
        details.unfinished(hook, checks, now).is_some()
    };
    let other = |change: fn(&mut EcsHook)| {
        let mut hook = hook();
        change(&mut hook);
        hook
    };
    for hook in [
        other(|hook| hook.stage = "POST_TEST_TRAFFIC_SHIFT".to_owned()),
        other(|hook| hook.deployment.push('x')),
        other(|hook| hook.target_revision = None),
    ] {
        assert!(
            !is_carried_on(&unfinished(), &hook, &CHECKS, at(91)),
            "{hook:?}"
        );
    }
    // The target's document was changed meanwhile.
    for checks in [&["digest", "http"][..], &["tasks"], &["tasks", "http"], &[]] {
        assert!(
            !is_carried_on(&unfinished(), &hook(), checks, at(91)),
            "{checks:?}"
        );
    }
    for now in [-1, 90 + 600] {
        assert!(
            !is_carried_on(&unfinished(), &hook(), &CHECKS, at(now)),
            "{now}"
        );
    }
    let mut failed = unfinished();
    failed.checks[0].verdict = Verdict::Failed;
    assert!(!is_carried_on(&failed, &hook(), &CHECKS, at(91)));
}

#[test]
fn garbage_is_begun_anew_and_what_the_service_declares_stays() {
    for garbage in [
        json!(null),
        json!("text"),
        json!({"stage": 7}),
        json!({"deployment": "", "stage": "", "started_at": "yesterday"}),
        json!([{}]),
    ] {
        let details = brought_back(garbage.clone());
        assert_eq!(
            details.unfinished(&hook(), &CHECKS, at(91)),
            None,
            "{garbage}"
        );
        assert_eq!(details.with(json!(1))["team"], "payments");
    }
}

#[test]
fn details_that_are_text_or_nothing_are_added_to_all_the_same() {
    for (details, expected) in [
        (
            json!(r#"{"team":"payments"}"#),
            json!({"team": "payments", "greenlight": 1}),
        ),
        (json!("payments"), json!({"greenlight": 1})),
        (json!([1, 2]), json!({"greenlight": 1})),
        (json!(null), json!({"greenlight": 1})),
    ] {
        let found = HookDetails::of(&json!({"hookDetails": details})).with(json!(1));
        assert_eq!(found, expected);
    }
    assert_eq!(
        HookDetails::of(&json!({})).with(json!(1)),
        json!({"greenlight": 1})
    );
}
