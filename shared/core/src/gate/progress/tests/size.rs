//! How much is kept of what was measured: a gate has to fit into the items of the table.

use std::time::Duration;

use super::{START, at, check};
use crate::gate::{CheckReport, GateReport, Measurement, Progress, Unfinished};
use crate::target::GatePoint;
use crate::target::check::Rules;

/// An item of the table holds so much.
const ITEM: usize = 400_000;

fn bytes(value: &impl serde::Serialize) -> usize {
    serde_json::to_string(value).unwrap().len()
}

/// A check with measurements that say as much as they can, all of this character.
fn told_too_much(said: char, measurements: usize) -> (Progress, CheckReport) {
    let mut check = check(Rules {
        timeout: Duration::from_hours(1),
        interval: Duration::from_secs(1),
        failure_limit: Some(1000),
        ..Rules::usual(&super::alarms())
    });
    check.label = Some(said.to_string().repeat(60));
    let text = said.to_string().repeat(1_000_000);
    let mut progress = Progress::begin(&check, START, at(3600));
    let failed = |evidence: Vec<String>| {
        Measurement::failed(text.clone())
            .with_value(f64::MIN_POSITIVE)
            .with_evidence(evidence)
    };
    for number in 1..measurements {
        let evidence = vec![String::new(); number];
        let report = progress.after(&check, failed(evidence), at(number as u64));
        assert_eq!(report, None);
    }
    let evidence = vec![text.clone(); 100];
    progress.after(&check, failed(evidence), at(measurements as u64));
    let running = Measurement::running(text.clone()).with_memo(said.to_string().repeat(500));
    let before = progress.clone();
    progress.after(&check, running, at(measurements as u64));
    assert!(bytes(&progress) < 20_000, "{} bytes", bytes(&progress));
    (progress, before.given_up(&check, &text, at(3600)))
}

#[test]
fn the_report_of_a_check_is_small_whatever_was_measured() {
    let (_, report) = told_too_much('x', 1000);
    assert!(bytes(&report) < 12_000, "{} bytes", bytes(&report));
    assert_eq!(report.measured.len(), 10);
    assert!(report.evidence.len() > 5);
    // Characters of four bytes, those that are escaped, and those that are not printed.
    for said in ['😀', '"', '\\', '\u{1}', '\n', 'ä'] {
        let (_, report) = told_too_much(said, 20);
        assert!(
            bytes(&report) < 20_000,
            "{} bytes of {said:?}",
            bytes(&report)
        );
    }
}

#[test]
fn empty_lines_are_no_way_around_the_bound() {
    let check = check(Rules::usual(&super::alarms()));
    let mut progress = Progress::begin(&check, START, at(3600));
    let lines = vec![String::new(); 1_000_000];
    let report = progress.after(&check, Measurement::failed("").with_evidence(lines), at(1));
    assert!(bytes(&report) < 8_000, "{} bytes", bytes(&report));
}

#[test]
fn a_gate_under_way_fits_into_its_item() {
    for said in ['x', '"', '😀'] {
        let (progress, report) = told_too_much(said, 20);
        let mut unfinished = Unfinished::begin(&[], START);
        unfinished.reports = vec![report; 20];
        unfinished.running = Some(progress);
        let bytes = bytes(&unfinished);
        assert!(bytes < ITEM - 50_000, "{bytes} bytes of {said:?}");
    }
}

#[test]
fn the_reports_of_five_gates_fit_into_a_record() {
    for said in ['x', '"', '😀'] {
        let (_, report) = told_too_much(said, 20);
        let gates = GatePoint::ALL.map(|point| {
            let checks = vec![report.clone(); 20];
            let gate = GateReport::conclude(point, checks, START, at(3600));
            assert_eq!(gate.checks.len(), 20);
            assert!(gate.checks.iter().all(|check| !check.summary.is_empty()));
            let bytes = bytes(&gate);
            assert!(bytes < 64 * 1024, "{bytes} bytes of {said:?}");
            gate
        });
        let bytes = bytes(&gates.to_vec());
        assert!(bytes < ITEM - 50_000, "{bytes} bytes of {said:?}");
    }
}
