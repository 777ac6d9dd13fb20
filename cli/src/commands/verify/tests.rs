use crate::commands::promises::assert_kept;
use greenlight_core::gate::{GateReport, Verdict};
use greenlight_core::verification::{Branch, Finding, Report};
use greenlight_deployer::gate::Verified;

use super::told;
use crate::commands::sample;

fn verified(report: GateReport) -> Verified {
    Verified {
        report,
        skipped: vec!["approval (product)".into()],
    }
}

#[test]
fn a_gate_that_does_not_pass_says_no_and_what_was_left_out() {
    let name = "api-test".parse().unwrap();
    let outcome = told(&name, None, &[verified(sample::report())]);
    assert!(outcome.says_no);
    let output = outcome.output.unwrap();
    assert_kept("verify", &output.json);
    assert!(
        output
            .text
            .ends_with("  approval (product): left out, nobody is asked\n"),
        "{}",
        output.text
    );
    assert_eq!(output.json["passed"], false);
    assert_eq!(output.json["gates"][0]["skipped"][0], "approval (product)");
    assert_eq!(
        output.json["gates"][0]["report"],
        serde_json::to_value(sample::report()).unwrap()
    );
}

#[test]
fn all_gates_have_to_pass() {
    let name = "api-test".parse().unwrap();
    let mut passed = sample::report();
    passed.checks.truncate(1);
    passed.verdict = Verdict::Passed;
    assert!(!told(&name, None, &[verified(passed.clone())]).says_no);
    let both = [verified(passed), verified(sample::report())];
    assert!(told(&name, None, &both).says_no);
}

#[test]
fn what_is_missing_says_no_whatever_the_gates_say() {
    let name = "api-test".parse().unwrap();
    let mut passed = sample::report();
    passed.checks.truncate(1);
    passed.verdict = Verdict::Passed;
    let report = |findings| Report {
        target: "api-test".parse().unwrap(),
        branches: vec![Branch {
            name: "service `mco/api`".into(),
            findings,
        }],
    };
    let missing = Finding::missing("service.exists", "it does not exist", "create it");
    let outcome = told(
        &name,
        Some(&report(vec![missing])),
        &[verified(passed.clone())],
    );
    assert!(outcome.says_no);
    let output = outcome.output.unwrap();
    assert!(
        output
            .text
            .starts_with("api-test\n  service `mco/api`\n    missing: it does not exist")
    );
    assert_eq!(
        output.json["verification"]["branches"][0]["findings"][0]["state"],
        "missing"
    );
    assert_eq!(output.json["passed"], true);
    let warning = Finding::warning("tag.exists", "none yet", "push one");
    assert!(!told(&name, Some(&report(vec![warning])), &[verified(passed)]).says_no);
}
