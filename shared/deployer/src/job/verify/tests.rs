use greenlight_core::gate::{CheckReport, Counts, GateReport};
use serde_json::{Value, json};

use super::*;
use crate::plan::sample;

fn stored(checks: &Value) -> StoredTarget {
    sample::stored(&json!({ "deploy": {"native": {}}, "gates": {"before_traffic": checks} }))
}

fn refused(checks: &Value, left: i64) -> Option<String> {
    let left = SignedDuration::from_secs(left);
    match in_time(&stored(checks), GatePoint::BeforeTraffic, left) {
        Ok(()) => None,
        Err(Trouble::Lasting(failure)) => {
            assert_eq!(failure.kind(), FailureType::ConfigurationError);
            Some(failure.message().to_owned())
        }
        Err(Trouble::Passing(what)) => panic!("{what}"),
    }
}

#[test]
fn the_checks_of_a_gate_have_ten_minutes_together() {
    let fits = json!([{"tasks": {"timeout": "6m"}}, {"digest": {"timeout": "4m"}}]);
    assert_eq!(refused(&fits, 110), None);
    let too_long = json!([{"tasks": {"timeout": "6m"}}, {"digest": {"timeout": "5m"}}]);
    let message = refused(&too_long, 110).unwrap();
    assert!(
        message.starts_with(
            "the checks of gate before_traffic of target `api-test` take 11m together, and the action `verify` \
             has 10m for them"
        ),
        "{message}"
    );
}

#[test]
fn what_cannot_end_while_the_function_runs_is_not_begun() {
    let checks = json!([{"tasks": {"count": 10, "interval": "30s", "timeout": "9m"}}]);
    assert_eq!(refused(&checks, 270), None);
    let message = refused(&checks, 110).unwrap();
    assert!(message.contains("take 270s together"), "{message}");
    assert!(message.contains("has 110s for them"), "{message}");
}

#[test]
fn an_approval_takes_no_time_since_nobody_is_asked() {
    let checks = json!([{"tasks": {}}, {"approval": {"timeout": "20h"}}]);
    assert_eq!(refused(&checks, 110), None);
}

#[test]
fn a_gate_that_does_not_pass_fails_the_job_with_all_that_was_found() {
    let at = Timestamp::UNIX_EPOCH;
    let check = |name: &str, verdict| CheckReport {
        check: name.into(),
        verdict,
        summary: "answered 500".into(),
        counts: Counts::default(),
        limits: String::new(),
        dry_run: false,
        measured: Vec::new(),
        evidence: vec!["body: oops".into()],
        started_at: at,
        ended_at: at,
    };
    let verified = |verdicts: [Verdict; 2]| {
        let checks = ["tasks", "http"].into_iter().zip(verdicts);
        let checks = checks.map(|(name, verdict)| check(name, verdict));
        Verified {
            report: GateReport::conclude(GatePoint::BeforeTraffic, checks.collect(), at, at),
            skipped: Vec::new(),
        }
    };
    let candidate = Candidate::of(greenlight_core::deployment::PushedImage {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
            .parse()
            .unwrap(),
        digest: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
        tag: None,
        ordered_at: at,
        rank: None,
    });
    let stored = stored(&json!([{"tasks": {}}]));
    let good = verified([Verdict::Passed, Verdict::Passed]);
    assert_eq!(not_passed(&stored, &candidate, &good), None);
    let bad = verified([Verdict::Passed, Verdict::Failed]);
    let failure = not_passed(&stored, &candidate, &bad).unwrap();
    assert_eq!(failure.kind(), FailureType::JobFailed);
    assert_eq!(
        failure.message(),
        "Target `api-test` runs mco/api@000000000000, which does not pass its gate before_traffic: failed\n\
         - gate before_traffic: check `http` failed: answered 500\n\
         - body: oops"
    );
}
