use serde_json::{Value, json};

use super::{super::PAGES_LIMIT, *};
use crate::scripted::{Scripted, run};

fn id() -> JobId {
    "11111111-abcd-1111-abcd-111111abcdef".parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn item() -> Value {
    json!({
        "pk": { "S": format!("job#{}", id()) },
        "sk": { "S": "job" },
        "received_at": { "S": "2026-11-25T01:00:00Z" },
        "is_custom": { "BOOL": true },
        "repository": { "S": "#jobs" },
        "deployment": { "S": "01KAPX2V9M3Z8QK4T7N5R6S0WD" },
        "target": { "S": "api-prod" },
    })
}

fn job() -> WaitingJob {
    WaitingJob {
        id: id(),
        target: Some("api-prod".parse().unwrap()),
        deployment: Some("01KAPX2V9M3Z8QK4T7N5R6S0WD".parse().unwrap()),
        received_at: at("2026-11-25T01:00:00Z"),
        is_answered: false,
        is_custom: true,
    }
}

fn table(aws: &Scripted) -> Table {
    Table::new(aws.clients(), "greenlight")
}

#[test]
fn a_job_is_taken_on_in_one_call_and_comes_back_as_it_is() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "Attributes": item() }));
    let now = at("2026-11-25T02:00:00Z");
    let taken = run(table(&aws).receive_job(&id(), true, now)).unwrap();
    assert_eq!(taken, job());
    let sent = aws.sent();
    assert_eq!(sent.len(), 1);
    let sent = sent[0].json();
    assert_eq!(sent["ReturnValues"], "ALL_NEW");
    let values = &sent["ExpressionAttributeValues"];
    assert_eq!(values[":now"], json!({ "S": "2026-11-25T02:00:00Z" }));
    let expires_at = at("2026-11-27T02:00:00Z").as_second().to_string();
    assert_eq!(values[":expires_at"], json!({ "N": expires_at }));
}

#[test]
fn a_job_that_has_its_answer_is_told_apart() {
    let aws = Scripted::default();
    let mut answered = item();
    answered["answered"] = json!({ "S": "#answered-jobs" });
    aws.answer_json(&json!({ "Attributes": answered }));
    let taken = run(table(&aws).receive_job(&id(), true, Timestamp::UNIX_EPOCH)).unwrap();
    assert!(taken.is_answered);
}

#[test]
fn an_answer_without_the_item_is_an_error() {
    let aws = Scripted::default();
    aws.answer_json(&json!({}));
    let taken = run(table(&aws).receive_job(&id(), true, Timestamp::UNIX_EPOCH));
    assert!(
        taken
            .unwrap_err()
            .message()
            .contains("does not hold the item")
    );
}

#[test]
fn that_a_job_is_answered_is_noted_unless_it_is_gone() {
    let aws = Scripted::default();
    aws.answer_json(&json!({}));
    run(table(&aws).job_answered(&id())).unwrap();
    let sent = aws.sent()[0].json();
    assert_eq!(
        sent["UpdateExpression"],
        "SET #answered = :answered REMOVE #repository"
    );
    assert_eq!(sent["ConditionExpression"], "attribute_exists(pk)");
    aws.refuse("ConditionalCheckFailedException", "gone");
    run(table(&aws).job_answered(&id())).unwrap();
    aws.refuse("ThrottlingException", "slowly");
    assert!(run(table(&aws).job_answered(&id())).is_err());
}

#[test]
fn the_jobs_that_wait_are_read_page_by_page_up_to_the_limit() {
    let aws = Scripted::default();
    let key =
        json!({ "pk": { "S": "job#1" }, "sk": { "S": "job" }, "repository": { "S": "#jobs" } });
    aws.answer_json(&json!({ "Items": [item()], "LastEvaluatedKey": key }));
    aws.answer_json(&json!({ "Items": [item(), item()], "LastEvaluatedKey": key }));
    let jobs = run(table(&aws).waiting_jobs(2)).unwrap();
    assert_eq!(jobs, [job(), job()]);
    let sent = aws.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].json()["IndexName"], "by-repository");
    assert_eq!(sent[1].json()["ExclusiveStartKey"], key);
    for _ in 0..PAGES_LIMIT {
        aws.answer_json(&json!({ "Items": [], "LastEvaluatedKey": key }));
    }
    assert_eq!(run(table(&aws).waiting_jobs(2)).unwrap(), []);
}

#[test]
fn an_odd_item_is_read_as_far_as_it_can_be() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "Items": [
        { "pk": { "S": "target#x" }, "sk": { "S": "job" } },
        { "pk": { "S": "job#x" }, "sk": { "S": "job" } },
        { "pk": { "S": format!("job#{}", id()) }, "target": { "S": "?" }, "received_at": { "N": "1" } },
    ]}));
    let jobs = run(table(&aws).waiting_jobs(10)).unwrap();
    assert_eq!(
        jobs,
        [WaitingJob {
            id: id(),
            target: None,
            deployment: None,
            received_at: Timestamp::UNIX_EPOCH,
            is_answered: false,
            is_custom: false,
        }]
    );
}
