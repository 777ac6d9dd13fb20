//! The events that nobody should have sent, and the ways in which good ones arrive, at the handlers.
//!
//! What is parsed out of each event is tested beside the parsers; here it is that nothing happens.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use greenlight_tests::world::{
    DEPLOY_ON_PUSH, PIPELINE_ACTION, RECONCILE, RECORD_DEPLOYMENT, REGISTER_TARGET, VALIDATE_GREEN,
    World,
};
use rehearsal::account::journal::Call;
use serde_json::{Value, json};

/// The files of `events/bad` in which nothing is good.
const BAD: [&str; 25] = [
    "bad/action-no-type",
    "bad/cloudformation-foreign-url",
    "bad/cloudformation-no-url",
    "bad/codedeploy-no-deployment-id",
    "bad/codedeploy-strange-id",
    "bad/codedeploy-unknown-state",
    "bad/ecr-account-missing",
    "bad/ecr-no-detail",
    "bad/ecr-no-digest",
    "bad/ecr-no-repository",
    "bad/ecr-short-digest",
    "bad/ecr-tag-is-a-number",
    "bad/ecr-tag-with-spaces",
    "bad/empty-object",
    "bad/hook-empty-ids",
    "bad/hook-no-execution-id",
    "bad/hook-of-ecs-without-deployment",
    "bad/job-no-id",
    "bad/job-strange-id",
    "bad/not-an-object",
    "bad/null",
    "bad/scheduled-event",
    "bad/sqs-foreign-event",
    "bad/sqs-no-records",
    // Good, but of nobody's application.
    "codedeploy/other-application",
];

fn event(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../events/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The calls since `before` that changed something.
fn changes(world: &World, before: usize) -> Vec<Call> {
    let mut calls = world.sample.account.journal().calls().split_off(before);
    let reads = [
        "Describe", "Get", "List", "Query", "BatchGet", "Poll", "Scan",
    ];
    calls.retain(|call| !reads.iter().any(|read| call.operation.starts_with(read)));
    calls
}

#[tokio::test(start_paused = true)]
async fn a_malformed_or_foreign_event_is_answered_changes_nothing_and_is_not_sent_again() {
    let world = World::open().await;
    for name in BAD {
        for function in [
            DEPLOY_ON_PUSH,
            VALIDATE_GREEN,
            RECORD_DEPLOYMENT,
            PIPELINE_ACTION,
            RECONCILE,
            REGISTER_TARGET,
        ] {
            let before = world.sample.account.journal().calls().len();
            let answer = world.invoke(function, event(name)).await;
            // An error would make Lambda send the event again.
            let answer = answer.unwrap_or_else(|error| panic!("{function}, {name}: {error:?}"));
            let again = answer
                .get("batchItemFailures")
                .is_some_and(|failures| failures != &json!([]));
            assert!(!again, "{function}, {name}: {answer}");
            assert_eq!(changes(&world, before), [], "{function}, {name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_the_queue_are_taken_one_by_one_or_together_again_or_twice() {
    let world = World::open().await;
    for name in [
        "sqs/one",
        "sqs/batch",
        "sqs/redelivered",
        "sqs/duplicate",
        // A message that is no JSON is dropped, and keeps no other from being dealt with.
        "bad/sqs-body-not-json",
    ] {
        let before = world.sample.account.journal().calls().len();
        let answer = world.invoke(DEPLOY_ON_PUSH, event(name)).await.unwrap();
        assert_eq!(answer, json!({"batchItemFailures": []}), "{name}");
        let calls = world.sample.account.journal().calls();
        let reads = calls[before..]
            .iter()
            .filter(|call| call.operation == "Query")
            .count();
        // As many as there are pushes of a tag.
        let event = event(name);
        let tagged = event["Records"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|record| {
                let body = record["body"].as_str().unwrap();
                let body: Value = serde_json::from_str(body).unwrap_or_default();
                body["detail"]["image-tag"]
                    .as_str()
                    .is_some_and(|tag| !tag.is_empty())
            });
        assert_eq!(reads, tagged.count(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_of_an_unknown_deployment_is_answered_once_and_refused() {
    let world = World::open().await;
    let before = world.sample.account.journal().calls().len();
    // CodeDeploy knows no such deployment, so it refuses the answer too; whoever sent this may hear that.
    let answer = world.invoke(VALIDATE_GREEN, event("hook/codedeploy")).await;
    let calls = world.sample.account.journal().calls().split_off(before);
    let answers: Vec<&Call> = calls
        .iter()
        .filter(|call| call.operation == "PutLifecycleEventHookExecutionStatus")
        .collect();
    assert!(answer.is_err(), "{answer:?}");
    assert!(!answers.is_empty());
    assert!(
        answers
            .iter()
            .all(|call| call.request["status"] == "Failed"),
        "{answers:?}"
    );
}
