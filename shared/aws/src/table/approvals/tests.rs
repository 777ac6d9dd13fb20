use greenlight_core::target::{GatePoint, check::ApprovalCheck};
use serde_json::{Value, json};

use super::*;
use crate::scripted::{Scripted, run};

const JANE: &str = "arn:aws:iam::123456789012:user/jane";
const JOE: &str = "arn:aws:iam::123456789012:user/joe";

fn at(second: i64) -> Timestamp {
    Timestamp::new(1_764_000_000 + second, 0).unwrap()
}

fn target() -> TargetName {
    "api-prod".parse().unwrap()
}

fn id() -> ApprovalId {
    ApprovalId {
        point: GatePoint::BeforeTraffic,
        aws_id: "d-1".to_owned(),
        label: None,
    }
}

fn approval(needed: u32) -> Approval {
    let check = ApprovalCheck {
        approvals: needed,
        question: None,
    };
    Approval::asked(id(), &check, (None, "v2".to_owned()), at(0), at(1800))
}

fn table(aws: &Scripted) -> Table {
    Table::new(aws.clients(), "greenlight")
}

fn said(who: &str) -> Decision {
    Decision::new(who, true, None, at(60))
}

/// An approval as it is in the table, two approvals being needed.
fn item(decisions: &[&str], version: u32) -> Value {
    let decisions = decisions.iter().map(|who| {
        json!({"M": {"who": {"S": who}, "approved": {"BOOL": true}, "at": {"S": "2025-11-24T16:00:30Z"}}})
    });
    json!({
        "pk": {"S": "target#api-prod"},
        "sk": {"S": "approval#before_traffic#d-1"},
        "expires_at": {"N": "1"},
        "version": {"N": version.to_string()},
        "point": {"S": "before_traffic"},
        "aws_id": {"S": "d-1"},
        "needed": {"N": "2"},
        "images": {"S": "v2"},
        "asked_at": {"S": "2025-11-24T16:00:00Z"},
        "until": {"S": "2025-11-24T16:30:00Z"},
        "decisions": {"L": decisions.collect::<Vec<_>>()},
        "is_announced": {"BOOL": true},
    })
}

#[test]
fn people_are_asked_once() {
    let aws = Scripted::default();
    aws.answer_json(&json!({}));
    let asked = run(table(&aws).ask_approval(&target(), &approval(2))).unwrap();
    assert_eq!(asked, approval(2));
    let sent = aws.sent()[0].json();
    assert_eq!(sent["ConditionExpression"], "attribute_not_exists(pk)");
    assert_eq!(
        sent["Key"],
        json!({"pk": {"S": "target#api-prod"}, "sk": {"S": "approval#before_traffic#d-1"}})
    );
    let values = &sent["ExpressionAttributeValues"];
    let expires_at = (at(1800).as_second() + 2 * 24 * 3600).to_string();
    assert_eq!(values[":expires_at"], json!({ "N": expires_at }));
    assert_eq!(values[":version"], json!({"N": "1"}));
    assert_eq!(values[":needed"], json!({"N": "2"}));
    assert_eq!(values[":decisions"], json!({"L": []}));
}

#[test]
fn whoever_asks_again_gets_what_there_is() {
    let aws = Scripted::default();
    aws.refuse("ConditionalCheckFailedException", "there is one");
    aws.answer_json(&json!({ "Item": item(&[JANE], 2) }));
    let asked = run(table(&aws).ask_approval(&target(), &approval(1))).unwrap();
    assert_eq!(asked.needed, 2);
    assert_eq!(asked.who_approved(), [JANE]);
    assert!(asked.is_announced);
}

#[test]
fn approvals_of_different_labels_are_different() {
    let labelled = ApprovalId {
        label: Some("security".to_owned()),
        ..id()
    };
    assert_eq!(
        approval_key(&labelled),
        "approval#before_traffic#d-1#security"
    );
}

#[test]
fn a_decision_is_added_if_nobody_was_quicker() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "Item": item(&[], 1) }));
    aws.refuse("ConditionalCheckFailedException", "somebody was quicker");
    aws.answer_json(&json!({ "Item": item(&[JANE], 2) }));
    aws.answer_json(&json!({}));
    let decided = run(table(&aws).decide(&target(), &id(), &said(JOE))).unwrap();
    let Decided::Taken(approval) = decided else {
        panic!("{decided:?}")
    };
    assert_eq!(approval.who_approved(), [JANE, JOE]);
    let sent = aws.sent();
    assert_eq!(sent[0].json()["ConsistentRead"], true);
    for (call, was, decisions) in [(1, "1", 1), (3, "2", 2)] {
        let sent = sent[call].json();
        assert_eq!(sent["ConditionExpression"], "#version = :was");
        let values = &sent["ExpressionAttributeValues"];
        assert_eq!(values[":was"], json!({ "N": was }));
        let written = values[":decisions"]["L"].as_array().unwrap().len();
        assert_eq!(written, decisions);
    }
}

#[test]
fn what_is_not_asked_for_or_not_any_more_takes_no_decision() {
    let aws = Scripted::default();
    aws.answer_json(&json!({}));
    let decided = run(table(&aws).decide(&target(), &id(), &said(JOE))).unwrap();
    assert_eq!(decided, Decided::Unknown);
    aws.answer_json(&json!({ "Item": item(&[JANE, "arn:aws:iam::123456789012:user/ann"], 3) }));
    let decided = run(table(&aws).decide(&target(), &id(), &said(JOE))).unwrap();
    assert!(
        matches!(decided, Decided::TooLate(NotOpen::Approved { .. })),
        "{decided:?}"
    );
    aws.answer_json(&json!({ "Item": item(&[], 1) }));
    let late = Decision::new(JOE, true, None, at(1800));
    let decided = run(table(&aws).decide(&target(), &id(), &late)).unwrap();
    assert!(
        matches!(decided, Decided::TooLate(NotOpen::Expired { .. })),
        "{decided:?}"
    );
    assert_eq!(aws.sent().len(), 3, "nothing was written");
}

#[test]
fn who_is_never_quick_enough_is_told_to_come_again() {
    let aws = Scripted::default();
    for _ in 0..ATTEMPTS {
        aws.answer_json(&json!({ "Item": item(&[], 1) }));
        aws.refuse("ConditionalCheckFailedException", "somebody was quicker");
    }
    let error = run(table(&aws).decide(&target(), &id(), &said(JOE))).unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}

#[test]
fn what_was_asked_last_comes_first() {
    let aws = Scripted::default();
    let mut newer = item(&[], 1);
    newer["asked_at"] = json!({"S": "2025-11-24T17:00:00Z"});
    let key = json!({"pk": {"S": "target#api-prod"}, "sk": {"S": "approval#x"}});
    aws.answer_json(&json!({ "Items": [item(&[], 1)], "LastEvaluatedKey": key }));
    aws.answer_json(&json!({ "Items": [newer] }));
    let found = run(table(&aws).approvals(&target())).unwrap();
    let asked: Vec<String> = found.iter().map(|it| it.asked_at.to_string()).collect();
    assert_eq!(asked, ["2025-11-24T17:00:00Z", "2025-11-24T16:00:00Z"]);
    assert_eq!(aws.sent()[1].json()["ExclusiveStartKey"], key);
}

#[test]
fn an_item_that_is_none_is_an_error_and_not_a_free_pass() {
    let aws = Scripted::default();
    for broken in ["version", "needed", "until"] {
        let mut item = item(&[JANE, JOE], 3);
        item.as_object_mut().unwrap().remove(broken);
        aws.answer_json(&json!({ "Item": item }));
        let error = run(table(&aws).approval(&target(), &id())).unwrap_err();
        assert!(error.message().contains(broken), "{}", error.message());
        assert!(!error.is_retryable());
    }
}

#[test]
fn a_decision_is_noted_in_the_record() {
    let aws = Scripted::default();
    aws.answer_json(&json!({}));
    let deployment = "01KAPX2V9M3Z8QK4T7N5R6S0WD".parse().unwrap();
    run(table(&aws).note_decision(&target(), deployment, &said(JANE))).unwrap();
    let sent = aws.sent()[0].json();
    assert_eq!(
        sent["Key"]["sk"],
        json!({"S": "deployment#01KAPX2V9M3Z8QK4T7N5R6S0WD"})
    );
    let values = &sent["ExpressionAttributeValues"];
    assert_eq!(
        values[":decision"]["L"][0]["M"]["who"],
        json!({ "S": JANE })
    );
}
