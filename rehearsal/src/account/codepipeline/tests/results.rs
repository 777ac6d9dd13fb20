//! What the two operations that take results refuse.

use serde_json::json;

use super::*;
use crate::account::LateResult;

/// A world whose execution has an open job, and that job's id.
async fn open(settings: Settings) -> (World, Value) {
    let world = World::deploying(settings, &[], invoke(None));
    let events = world.function("Worker", |_, _, _| Ok(()));
    world.start();
    world.minutes(2).await;
    let id = events.lock().unwrap()[0]["CodePipeline.job"]["id"].clone();
    (world, id)
}

fn long(length: usize) -> String {
    "x".repeat(length)
}

#[tokio::test(start_paused = true)]
async fn a_success_that_is_not_as_the_model_says_is_refused_and_leaves_the_job_open() {
    let (world, id) = open(Settings::for_tests()).await;
    let details = |name: &str, value: Value| json!({"executionDetails": {name: value}});
    for (members, code, what) in [
        (json!({"jobId": "x"}), "ValidationException", "jobId"),
        (
            json!({"jobId": id.as_str().unwrap().to_uppercase()}),
            "ValidationException",
            "jobId",
        ),
        (
            json!({"jobId": "00000000-0000-0000-0000-000000000000"}),
            "JobNotFoundException",
            "00000000",
        ),
        (
            json!({"continuationToken": ""}),
            "ValidationException",
            "continuationToken",
        ),
        (
            json!({"continuationToken": long(2049)}),
            "ValidationException",
            "continuationToken",
        ),
        (
            json!({"continuationToken": "t", "outputVariables": {"A": "b"}}),
            "ValidationException",
            "continuation token",
        ),
        (
            json!({"outputVariables": {"a b": "c"}}),
            "ValidationException",
            "outputVariables",
        ),
        (
            json!({"outputVariables": {"A": long(122_880)}}),
            "OutputVariablesSizeExceededException",
            "122881",
        ),
        (
            json!({"outputVariables": {"A": 1}}),
            "SerializationException",
            "outputVariables",
        ),
        (
            details("summary", json!(long(2049))),
            "ValidationException",
            "summary",
        ),
        (
            details("externalExecutionId", json!("")),
            "ValidationException",
            "externalExecutionId",
        ),
        (
            details("percentComplete", json!(101)),
            "ValidationException",
            "percentComplete",
        ),
        (
            json!({"currentRevision": {"revision": "1"}}),
            "ValidationException",
            "changeIdentifier",
        ),
    ] {
        let error = put(&world.sample.account, "Success", &id, members).unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(what), "{error}");
    }
    put(&world.sample.account, "Success", &id, json!({})).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_is_not_as_the_model_says_is_refused_and_leaves_the_job_open() {
    let (world, id) = open(Settings::for_tests()).await;
    let failure =
        |kind: &str, message: String| json!({"failureDetails": {"type": kind, "message": message}});
    for (members, what) in [
        (json!({}), "failureDetails"),
        (json!({"failureDetails": {"type": "JobFailed"}}), "message"),
        (failure("JobFailed", String::new()), "message"),
        (failure("JobFailed", long(5001)), "message"),
        (failure("Broken", long(1)), "enum"),
    ] {
        let error = put(&world.sample.account, "Failure", &id, members).unwrap_err();
        assert_eq!(error.code, "ValidationException", "{error}");
        assert!(error.message.contains(what), "{error}");
    }
    let message = failure("JobFailed", long(5000));
    put(&world.sample.account, "Failure", &id, message).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_job_has_one_result() {
    for (late_result, code) in [
        (LateResult::InvalidJobState, "InvalidJobStateException"),
        (LateResult::JobNotFound, "JobNotFoundException"),
    ] {
        let settings = Settings {
            late_result,
            ..Settings::for_tests()
        };
        let (world, id) = open(settings).await;
        let variables = json!({"outputVariables": {"A": "x".repeat(122_879)}});
        put(&world.sample.account, "Success", &id, variables).unwrap();
        let failure = json!({"failureDetails": {"type": "JobFailed", "message": "no"}});
        for (of, members) in [("Success", json!({})), ("Failure", failure)] {
            let error = put(&world.sample.account, of, &id, members).unwrap_err();
            assert_eq!(error.code, code);
        }
        world.minutes(1).await;
        let execution = &world.call("ListActionExecutions", json!({"pipelineName": "api-prod"}));
        let deploy = &execution.as_ref().unwrap()["actionExecutionDetails"][0];
        assert_eq!(deploy["status"], "Succeeded");
    }
}
