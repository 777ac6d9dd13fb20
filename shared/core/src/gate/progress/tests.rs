//! What measurements come to.

mod properties;
mod size;
mod table;

use std::time::Duration;

use jiff::Timestamp;

use super::{Progress, after};
use crate::gate::{CheckReport, Measurement, Phase, Verdict};
use crate::target::check::{AlarmsCheck, AlreadyOn, CheckKind, Rules};
use crate::target::{Check, parse};

/// A check of a plain kind with these rules.
fn check(rules: Rules) -> Check {
    Check {
        rules,
        ..Check::usual(alarms())
    }
}

fn alarms() -> CheckKind {
    CheckKind::Alarms(AlarmsCheck {
        names: vec!["a".to_owned()],
        already_on: AlreadyOn::Fail,
    })
}

/// A check with the rules that a document would have: `count: 3, failure_limit: 1`.
fn check_with(rules: &str) -> Check {
    let document = format!(
        "{{name: t, images: [{{container: c, repository: r/r, tags: [x]}}], service: {{cluster: c, name: s}}, \
         deploy: {{native: {{}}}}, gates: {{after_traffic: [{{alarms: {{names: [a], {rules}}}}}]}}}}"
    );
    let targets = parse(&serde_norway::from_str(&document).unwrap()).unwrap();
    let (_, checks) = targets[0].gates.iter().next().unwrap();
    checks[0].clone()
}

fn measurement(phase: Phase) -> Measurement {
    Measurement {
        phase,
        ..Measurement::pending("it is so")
    }
}

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn at(seconds: u64) -> Timestamp {
    after(START, Duration::from_secs(seconds))
}

#[test]
fn a_check_waits_for_its_delay_and_between_measurements() {
    let check = check_with("initial_delay: 1m, interval: 30s, count: 2");
    let mut progress = Progress::begin(&check, START, at(3600));
    assert_eq!(progress.started_at(), START);
    assert_eq!(progress.next_at(), at(60));
    assert_eq!(progress.deadline(), at(300));
    assert_eq!(progress.ended(), 0);
    let good = || measurement(Phase::Successful);
    assert_eq!(progress.after(&check, good(), at(61)), None);
    assert_eq!(progress.next_at(), at(91));
    assert_eq!(progress.ended(), 1);
    let report = progress.after(&check, good(), at(92)).unwrap();
    assert_eq!(report.verdict, Verdict::Passed);
    assert_eq!((report.started_at, report.ended_at), (START, at(92)));
    assert_eq!(report.summary, "2 of 2 measurements were good: it is so");
    assert_eq!(report.counts.successful, 2);
}

#[test]
fn the_last_look_is_at_the_deadline_however_long_the_pause_would_be() {
    let check = check_with("interval: 4m, consecutive_success: 2");
    let mut progress = Progress::begin(&check, START, at(3600));
    let pending = || measurement(Phase::Pending);
    assert_eq!(progress.after(&check, pending(), at(100)), None);
    assert_eq!(progress.next_at(), at(300));
    let report = progress.after(&check, pending(), at(300)).unwrap();
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.summary, "not in time: it is so");
}

#[test]
fn a_check_has_no_more_time_than_its_gate() {
    let check = check_with("timeout: 10m");
    let progress = Progress::begin(&check, START, at(120));
    assert_eq!(progress.deadline(), at(120));
    // And where the gate has none at all, it is due at once.
    let late = Progress::begin(&check, at(121), at(120));
    assert_eq!(late.next_at(), at(121));
}

#[test]
fn a_check_whose_delay_does_not_fit_into_the_gate_does_not_pass() {
    let check = check_with("initial_delay: 4m");
    let gate_deadline = at(120);
    for (phase, verdict) in [
        (Phase::Successful, Verdict::Error),
        (Phase::Failed, Verdict::Failed),
    ] {
        let mut progress = Progress::begin(&check, START, gate_deadline);
        assert_eq!(progress.next_at(), gate_deadline);
        let report = progress
            .after(&check, measurement(phase), gate_deadline)
            .unwrap();
        assert_eq!(report.verdict, verdict, "{}", report.summary);
    }
}

#[test]
fn a_check_that_is_given_up_says_what_was_measured_last() {
    let check = check_with("");
    let mut progress = Progress::begin(&check, START, at(120));
    let given_up = |progress: &Progress| progress.given_up(&check, "no time is left", at(1));
    let report = given_up(&progress);
    assert_eq!(report.verdict, Verdict::Error);
    assert_eq!(
        report.summary,
        "no time is left, and nothing had been measured"
    );
    progress.after(&check, measurement(Phase::Pending), at(1));
    let report = given_up(&progress);
    assert_eq!(report.verdict, Verdict::Error);
    assert_eq!(report.summary, "no time is left; last measured: it is so");
}

#[test]
fn a_memo_is_kept_while_a_measurement_goes_on() {
    let check = check_with("error_limit: 5");
    let mut progress = Progress::begin(&check, START, at(120));
    let running = |memo: &str| measurement(Phase::Running).with_memo(memo);
    progress.after(&check, running("task/1"), at(1));
    assert_eq!(progress.memo(), Some("task/1"));
    progress.after(&check, measurement(Phase::Error).with_memo("task/2"), at(2));
    assert_eq!(progress.memo(), None);
    progress.after(&check, running(&"x".repeat(4096)), at(3));
    assert_eq!(progress.memo(), None, "it would not be bounded");
}

#[test]
fn a_report_shows_the_last_measurements_and_their_evidence() {
    let check = check_with("failure_limit: 50, timeout: 10m, interval: 1s");
    let mut progress = Progress::begin(&check, START, at(3600));
    for number in 0..15_u32 {
        let waiting = Measurement::pending(format!("waits for {number}"));
        assert_eq!(progress.after(&check, waiting, at(number.into())), None);
        let failed = Measurement::failed(format!("number {number}"))
            .with_value(f64::from(number))
            .with_evidence([format!("line of {number}")]);
        assert_eq!(progress.after(&check, failed, at(number.into())), None);
    }
    let nothing_said = measurement(Phase::Successful).with_value(f64::NAN);
    let report = progress.after(&check, nothing_said, at(20)).unwrap();
    assert_eq!(report.verdict, Verdict::Passed);
    assert_eq!((report.counts.failed, report.counts.successful), (15, 1));
    let shown: Vec<_> = report
        .measured
        .iter()
        .map(|measured| measured.summary.as_str())
        .collect();
    assert_eq!(shown.len(), 10, "{shown:?}");
    assert_eq!((shown[0], shown[9]), ("number 6", "it is so"));
    assert_eq!(report.measured[0].value, Some(6.0));
    assert_eq!(report.measured[9].value, None, "NaN is not a number");
    assert_eq!(report.evidence, ["line of 14"]);
    assert_eq!(report.limits, check.rules.in_words());
}

/// Plays these measurements, a second apart; the report, and after how many there was one.
fn play(check: &Check, measurements: &[Measurement]) -> Option<(CheckReport, usize)> {
    let mut progress = Progress::begin(check, START, at(100_000));
    measurements.iter().enumerate().find_map(|(index, it)| {
        let now = at(index as u64).min(progress.deadline());
        let report = progress.after(check, it.clone(), now)?;
        Some((report, index + 1))
    })
}
