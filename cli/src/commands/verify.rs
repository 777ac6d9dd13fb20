//! `greenlight verify`: all that a target needs, and its gates, tried on what runs now.

use std::fmt::Write as _;

use greenlight_core::gate::Verdict;
use greenlight_core::target::{GatePoint, TargetName};
use greenlight_core::verification::Report;
use greenlight_deployer::Deployer;
use greenlight_deployer::gate::Verified;
use jiff::Timestamp;
use serde_json::json;

use super::gates::report_text;
use super::{Outcome, Output, registered, verification};
use crate::columns::printable;
use crate::failure::Failure;

/// Looks at what the target needs, and runs the checks of all gates, one after the other; or only those of one.
pub(super) async fn verify(
    deployer: &Deployer,
    name: &TargetName,
    gate: Option<GatePoint>,
) -> Result<Outcome, Failure> {
    let stored = registered(deployer, name).await?;
    let points: Vec<GatePoint> = if let Some(point) = gate {
        vec![point]
    } else {
        let gates = stored.target.gates.iter();
        let with_checks = gates.filter(|(_, checks)| !checks.is_empty());
        with_checks.map(|(point, _)| point).collect()
    };
    let mut report = None;
    if gate.is_none() {
        report = Some(deployer.verify_target(&stored.target).await);
    } else if points.is_empty() {
        return Err(Failure::NoGates {
            target: name.clone(),
        });
    }
    let mut verified = Vec::new();
    for point in points {
        // Each check is given up after its own timeout.
        let until = Timestamp::MAX;
        verified.push(deployer.verify_gate(&stored, point, until).await?);
    }
    Ok(told(name, report.as_ref(), &verified))
}

fn told(name: &TargetName, report: Option<&Report>, verified: &[Verified]) -> Outcome {
    let mut text = report.map_or_else(String::new, verification::text);
    let is_refused = report.is_some_and(Report::is_refused);
    for Verified { report, skipped } in verified {
        if !text.is_empty() {
            text.push('\n');
        }
        text += &report_text(report);
        for check in skipped {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {}: left out, nobody is asked", printable(check));
        }
    }
    let passed = |it: &Verified| it.report.verdict == Verdict::Passed;
    let all_passed = verified.iter().all(passed);
    let gates = verified
        .iter()
        .map(|it| json!({"report": it.report, "skipped": it.skipped}));
    Outcome {
        output: Some(Output {
            text,
            json: json!({
                "target": name,
                "verification": report,
                "passed": all_passed,
                "gates": gates.collect::<Vec<_>>(),
            }),
        }),
        failure: None,
        says_no: !all_passed || is_refused,
    }
}

#[cfg(test)]
mod tests;
