//! What is said about approvals.

use serde_json::{Value, json};

use super::super::{check_of, one, sample};
use super::assert_problems;
use crate::target::check::{ApprovalCheck, CheckKind};

fn document(parameters: &Value) -> Value {
    let mut document = sample()["targets"][0].clone();
    document["gates"] = json!({"before_traffic": [{"approval": parameters}]});
    document
}

#[track_caller]
fn refused(parameters: &Value, expected: &str) {
    let expected = expected.replacen("approval", "gates.before_traffic[0].approval", 1);
    assert_problems(&document(parameters), &expected);
}

#[test]
fn every_key_of_the_check_is_read() {
    let target = one(&document(
        &json!({"approvals": 2, "question": "Ready for live?"}),
    ));
    assert_eq!(
        check_of(&target).kind,
        CheckKind::Approval(ApprovalCheck {
            approvals: 2,
            question: Some("Ready for live?".into()),
        })
    );
    assert_eq!(
        check_of(&one(&document(&Value::Null))).kind,
        CheckKind::Approval(ApprovalCheck {
            approvals: 1,
            question: None,
        })
    );
}

#[test]
fn so_many_people_are_asked_a_question() {
    for count in [0, 11] {
        refused(
            &json!({"approvals": count}),
            &format!(
                "approval.approvals: expected a whole number from 1 to 10, found the number {count}"
            ),
        );
    }
    refused(
        &json!({"question": "a\nb"}),
        "approval.question: expected a question (1 to 500 printable characters), found `a b`",
    );
    refused(
        &json!({"quesiton": "?"}),
        "approval.quesiton: unknown key\n  hint: did you mean `question`?",
    );
}
