//! What was found of all that targets need in AWS, as text and as JSON.

use std::fmt::Write as _;

use greenlight_core::target::Target;
use greenlight_core::verification::{Branch, Report, State};
use greenlight_deployer::Deployer;
use serde_json::json;

use super::{Outcome, Output};
use crate::columns::printable;

/// `greenlight targets check --verify`: looks at what each target needs, and stores nothing.
pub(super) async fn check(deployer: &Deployer, targets: &[Target]) -> Outcome {
    let mut reports = Vec::new();
    for target in targets {
        reports.push(deployer.verify_target(target).await);
    }
    checked(&reports)
}

fn checked(reports: &[Report]) -> Outcome {
    let texts: Vec<String> = reports.iter().map(text).collect();
    Outcome {
        output: Some(Output {
            text: texts.join("\n"),
            json: json!({"targets": reports}),
        }),
        failure: None,
        says_no: reports.iter().any(Report::is_refused),
    }
}

/// The whole tree, and in its last line what it comes to.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    for line in report.to_string().lines() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", printable(line));
    }
    let count = |state| report.findings().filter(|it| it.state == state).count();
    let _ = writeln!(
        text,
        "{} ok, {} to be known, {} missing, {} not looked at",
        count(State::Ok),
        count(State::Warning),
        count(State::Missing),
        count(State::CannotCheck)
    );
    text
}

/// What is to be known of a target that is registered: all that is not as it should be.
pub(super) fn remarks(report: &Report) -> String {
    let branches = report.branches.iter().filter_map(|branch| {
        let mut findings = branch.findings.clone();
        findings.retain(|finding| finding.state != State::Ok);
        (!findings.is_empty()).then(|| Branch {
            name: branch.name.clone(),
            findings,
        })
    });
    let rest = Report {
        target: report.target.clone(),
        branches: branches.collect(),
    };
    if rest.branches.is_empty() {
        return String::new();
    }
    let lines = rest.to_string();
    let lines = lines.lines().map(|line| format!("{}\n", printable(line)));
    lines.collect()
}

#[cfg(test)]
mod tests;
