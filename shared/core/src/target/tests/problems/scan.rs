//! What is said about checks of an image's findings.

use serde_json::{Value, json};

use super::super::{check_of, one, sample};
use super::assert_problems;
use crate::target::check::{CheckKind, Ignored, ScanCheck};

fn document(parameters: &Value) -> Value {
    let mut document = sample()["targets"][0].clone();
    document["gates"] = json!({"before_traffic": [{"scan": parameters}]});
    document
}

#[track_caller]
fn refused(parameters: &Value, expected: &str) {
    let expected = expected.replacen("scan", "gates.before_traffic[0].scan", 1);
    assert_problems(&document(parameters), &expected);
}

#[test]
fn every_key_of_the_check_is_read() {
    let target = one(&document(&json!({
        "limits": {"critical": 0, "HIGH": 2, "Untriaged": 5},
        "ignore": ["CVE-2026-1", {"id": "CVE-2026-2", "until": "2026-12-31", "reason": "not reachable"}],
    })));
    assert_eq!(
        check_of(&target).kind,
        CheckKind::Scan(ScanCheck {
            limits: [("CRITICAL", 0), ("HIGH", 2), ("UNTRIAGED", 5)]
                .map(|(severity, limit)| (severity.to_owned(), limit))
                .into(),
            ignore: vec![
                Ignored {
                    id: "CVE-2026-1".into(),
                    until: None,
                    reason: None,
                },
                Ignored {
                    id: "CVE-2026-2".into(),
                    until: Some(jiff::civil::date(2026, 12, 31)),
                    reason: Some("not reachable".into()),
                },
            ],
        })
    );
    assert_eq!(
        check_of(&one(&document(&Value::Null))).kind,
        CheckKind::Scan(ScanCheck::default())
    );
}

#[test]
fn limits_are_of_severities_that_there_are() {
    refused(
        &json!({"limits": {"critcal": 0}}),
        "scan.limits.critcal: `critcal` is not a severity\n  hint: did you mean `critical`?",
    );
    refused(
        &json!({"limits": {"zzz": 0}}),
        "scan.limits.zzz: `zzz` is not a severity",
    );
    refused(
        &json!({"limits": {"high": "none"}}),
        "scan.limits.high: expected a whole number from 0 to 100000, found `none`",
    );
    refused(
        &json!({"limits": {"high": 1, "HIGH": 2}}),
        "scan.limits.HIGH: the severity is there twice; its case does not matter",
    );
    refused(
        &json!({"limits": 0}),
        "scan.limits: expected a mapping from severity to how many there may be, found the number 0",
    );
}

#[test]
fn what_is_ignored_is_named_once_and_until_a_day() {
    for wrong in [
        "31.12.2026",
        "2026-02-30",
        "tomorrow",
        "2026-12-31T00:00:00",
    ] {
        refused(
            &json!({"ignore": [{"id": "CVE-2026-1", "until": wrong}]}),
            &format!("scan.ignore[0].until: expected a date such as `2026-12-31`, found `{wrong}`"),
        );
    }
    refused(
        &json!({"ignore": [{"until": "2026-12-31"}]}),
        "scan.ignore[0]: `id` is missing",
    );
    refused(
        &json!({"ignore": ["CVE-2026-1", {"id": "CVE-2026-1"}]}),
        "scan.ignore[1]: `CVE-2026-1` is already in the list",
    );
    refused(
        &json!({"ignore": [{"id": "CVE-2026-1", "untill": "2026-12-31"}]}),
        "scan.ignore[0].untill: unknown key\n  hint: did you mean `until`?",
    );
}
