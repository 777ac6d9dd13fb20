use greenlight_core::{
    deployment::{Candidate, PushedImage},
    gate::{CheckReport, Counts, Verdict},
    record::Origin,
};

use super::*;
use crate::progress::meter::Meter;

fn record(status: Status) -> DeploymentRecord {
    let requested_at: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    DeploymentRecord {
        id: DeploymentId::of_cause(requested_at, &["x"]),
        target: "api-test".parse().unwrap(),
        candidate: Candidate::of(PushedImage {
            repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
                .parse()
                .unwrap(),
            digest: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
            tag: Some("v1".parse().unwrap()),
            ordered_at: requested_at,
            rank: None,
        }),
        origin: Origin::person("ada"),
        status,
        requested_at,
        started_at: None,
        concluded_at: status
            .is_final()
            .then(|| "2026-11-22T11:05:00Z".parse().unwrap()),
        aws_id: None,
        task_definition: None,
        previous: None,
        reason: None,
        evidence: Vec::new(),
        gates: BTreeMap::new(),
        decisions: Vec::new(),
    }
}

fn progress(headline: &str, facts: &[&str]) -> Progress {
    Progress {
        deployment: record(Status::Started).id,
        headline: headline.into(),
        facts: facts.iter().map(|&fact| fact.to_owned()).collect(),
        meter: Meter::default(),
        awaiting: None,
        asked: Vec::new(),
    }
}

#[test]
fn each_thing_is_told_once_and_again_when_it_changes() {
    let mut seen = Seen::default();
    let started = DeploymentRecord {
        aws_id: Some("d-1".into()),
        ..record(Status::Started)
    };
    let first = progress(
        "d-1 is InProgress: Install",
        &["Install InProgress", "green 0 of 2"],
    );
    assert_eq!(
        seen.news(&started, Some(&first)),
        [
            "mco/api:v1 (000000000000) is being deployed as d-1",
            "d-1 is InProgress: Install",
            "Install InProgress",
            "green 0 of 2",
        ]
    );
    assert!(seen.news(&started, Some(&first)).is_empty());
    let second = progress(
        "d-1 is InProgress: Install",
        &["Install InProgress", "green 2 of 2"],
    );
    assert_eq!(seen.news(&started, Some(&second)), ["green 2 of 2"]);
    // What was so before and is so again has changed twice.
    assert_eq!(seen.news(&started, Some(&first)), ["green 0 of 2"]);
}

#[test]
fn what_waits_says_for_what_and_what_is_done_before_is_told() {
    let mut seen = Seen::default();
    let mut record = record(Status::Queued);
    record.reason = Some("waits until deployment 1 has ended".into());
    assert_eq!(
        seen.news(&record, None),
        ["queued: waits until deployment 1 has ended"]
    );
    record.status = Status::Requested;
    assert_eq!(
        seen.news(&record, None),
        ["mco/api:v1 (000000000000) is being started"]
    );
    record.reason = Some("task T1 has to succeed before it is deployed".into());
    assert_eq!(
        seen.news(&record, None),
        ["task T1 has to succeed before it is deployed"]
    );
    assert!(seen.news(&record, None).is_empty());
}

#[test]
fn a_gate_is_told_with_its_checks_when_its_report_comes() {
    let mut seen = Seen::default();
    let mut record = record(Status::Started);
    seen.news(&record, None);
    let report = |verdict, summary: &str| {
        let at = record.requested_at;
        let check = CheckReport {
            check: "http".into(),
            verdict,
            summary: summary.into(),
            counts: Counts::default(),
            limits: String::new(),
            dry_run: false,
            measured: Vec::new(),
            evidence: Vec::new(),
            started_at: at,
            ended_at: at,
        };
        GateReport::conclude(GatePoint::BeforeTraffic, vec![check], at, at)
    };
    let (bad, good) = (
        report(Verdict::Failed, "status 500"),
        report(Verdict::Passed, "3 answers with status 200"),
    );
    record.gates.insert(GatePoint::BeforeTraffic, bad);
    assert_eq!(
        seen.news(&record, None),
        ["gate before_traffic: failed", "  http failed: status 500"]
    );
    assert!(seen.news(&record, None).is_empty());
    record.gates.insert(GatePoint::BeforeTraffic, good);
    assert_eq!(
        seen.news(&record, None),
        [
            "gate before_traffic: passed",
            "  http passed: 3 answers with status 200"
        ]
    );
}

#[test]
fn a_pause_is_told_when_it_begins() {
    let mut seen = Seen::default();
    let record = record(Status::Started);
    let mut progress = progress("it runs", &[]);
    seen.news(&record, Some(&progress));
    progress.awaiting = Some(Awaiting {
        what: "a hook waits".into(),
        until: Some("2026-11-22T10:30:00Z".parse().unwrap()),
        otherwise: Some("ECS rolls it back".into()),
        remedy: "answer it".into(),
    });
    assert_eq!(
        seen.news(&record, Some(&progress)),
        ["a hook waits; answer it; at 2026-11-22T10:30:00Z ECS rolls it back"]
    );
    assert!(seen.news(&record, Some(&progress)).is_empty());
}

#[test]
fn the_end_is_told_with_its_reason_and_evidence() {
    let end = |status| {
        let mut record = record(status);
        record.reason = Some("the gate failed".into());
        record.evidence = vec!["status 500".into()];
        Seen::default().news(&record, None)
    };
    assert_eq!(
        end(Status::Failed),
        ["failed after 1h 5m: the gate failed", "  status 500"]
    );
    assert_eq!(
        end(Status::StartFailed),
        ["could not be started: the gate failed", "  status 500"]
    );
    assert_eq!(
        end(Status::Superseded),
        ["was not deployed: the gate failed", "  status 500"]
    );
    assert_eq!(
        Seen::default().news(&record(Status::Succeeded), None),
        ["succeeded after 1h 5m"]
    );
}

#[test]
fn trouble_is_told_once_until_it_is_over() {
    let error = || AwsError::not_understood("dynamodb:GetItem", "table `greenlight`", "no");
    let mut seen = Seen::default();
    assert_eq!(seen.trouble(&error()).len(), 1);
    assert!(seen.trouble(&error()).is_empty());
    seen.news(&record(Status::Started), None);
    assert_eq!(seen.trouble(&error()).len(), 1);
}

#[test]
fn a_length_of_time_is_written_with_its_two_largest_units() {
    for (seconds, expected) in [(-1, "0s"), (42, "42s"), (401, "6m 41s"), (3900, "1h 5m")] {
        assert_eq!(written(SignedDuration::from_secs(seconds)), expected);
    }
}
