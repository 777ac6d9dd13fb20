//! The truth table of `docs/gates.md`, row by row.

use std::collections::BTreeSet;

use super::{START, after, at, check_with, measurement};
use crate::gate::{Measurement, Phase, Progress, Verdict};
use crate::target::Check;

const DOCUMENT: &str = include_str!("../../../../../../docs/gates.md");

/// A row of the table.
#[derive(Debug)]
struct Row {
    rules: String,
    /// Each measurement, and whether it is made when the time is over.
    measurements: Vec<(Measurement, bool)>,
    verdict: Verdict,
}

/// `failed`, `failed!` (for good), `⌛failed` (when the time is over).
fn measured(word: &str) -> (Measurement, bool) {
    let (word, is_late) = match word.strip_prefix('⌛') {
        Some(word) => (word, true),
        None => (word, false),
    };
    let (word, is_final) = match word.strip_suffix('!') {
        Some(word) => (word, true),
        None => (word, false),
    };
    let phase = Phase::ALL
        .into_iter()
        .find(|phase| phase.as_str() == word)
        .unwrap_or_else(|| panic!("`{word}` is not a phase"));
    let measurement = measurement(phase);
    if is_final {
        (measurement.for_good(), is_late)
    } else {
        (measurement, is_late)
    }
}

fn rows() -> Vec<Row> {
    let table = DOCUMENT
        .split_once("## The truth table")
        .and_then(|(_, rest)| rest.split_once("\n## "))
        .map(|(section, _)| section)
        .expect("the section of the table");
    table
        .lines()
        .filter(|line| {
            line.starts_with('|') && !line.starts_with("| rules") && !line.starts_with("|-")
        })
        .map(|line| {
            let cells: Vec<_> = line
                .split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect();
            let [_, rules, measurements, verdict, why, _] = cells.as_slice() else {
                panic!("a row has four cells: {line}");
            };
            assert!(!why.is_empty(), "a row says why: {line}");
            let verdicts = [
                Verdict::Passed,
                Verdict::Failed,
                Verdict::Error,
                Verdict::Inconclusive,
            ];
            Row {
                rules: rules.trim_matches('–').to_owned(),
                measurements: measurements.split(' ').map(measured).collect(),
                verdict: verdicts
                    .into_iter()
                    .find(|it| it.as_str() == *verdict)
                    .unwrap_or_else(|| panic!("`{verdict}` is not a verdict")),
            }
        })
        .collect()
}

fn play(row: &Row, check: &Check) {
    let mut progress = Progress::begin(check, START, after(START, check.rules.timeout));
    let last = row.measurements.len() - 1;
    for (index, (measurement, is_late)) in row.measurements.iter().enumerate() {
        let now = if *is_late {
            progress.deadline()
        } else {
            at(index as u64)
        };
        match progress.after(check, measurement.clone(), now) {
            Some(report) => {
                assert_eq!(
                    index, last,
                    "decided too early: {row:?}\n{}",
                    report.summary
                );
                assert_eq!(report.verdict, row.verdict, "{row:?}\n{}", report.summary);
                return;
            }
            None => assert!(index < last, "not decided: {row:?}"),
        }
    }
}

#[test]
fn every_row_of_the_table_gives_the_verdict_that_is_written_there() {
    let rows = rows();
    for row in &rows {
        play(row, &check_with(&row.rules));
    }
    assert!(rows.len() >= 50, "found {} rows", rows.len());
}

/// The table is whole: every way in which a check may end has a row.
#[test]
fn the_table_has_every_rule_and_every_ending() {
    let rows = rows();
    let endings: BTreeSet<(Phase, bool, bool)> = rows
        .iter()
        .filter_map(|row| row.measurements.last())
        .map(|(it, is_late)| (it.phase, *is_late, it.is_final))
        .collect();
    for phase in Phase::ALL {
        assert!(
            endings.contains(&(phase, true, false)),
            "{phase:?} at the deadline"
        );
        let over = [(phase, false, false), (phase, false, true)];
        for ending in over.into_iter().filter(|_| phase.is_over()) {
            assert!(endings.contains(&ending), "{ending:?}");
        }
    }
    for rule in [
        "count",
        "failure_limit",
        "error_limit",
        "consecutive_success",
        "on_no_data: fail",
        "on_no_data: pass",
        "dry_run: true",
    ] {
        assert!(rows.iter().any(|row| row.rules.contains(rule)), "{rule}");
    }
    let verdicts = |of: &str| -> BTreeSet<Verdict> {
        let rows = rows.iter().filter(|row| row.rules.starts_with(of));
        rows.map(|row| row.verdict).collect()
    };
    for rule in [
        "count",
        "failure_limit",
        "error_limit",
        "consecutive_success",
    ] {
        assert!(verdicts(rule).contains(&Verdict::Passed), "{rule}");
        assert!(verdicts(rule).len() >= 2, "{rule}");
    }
}
