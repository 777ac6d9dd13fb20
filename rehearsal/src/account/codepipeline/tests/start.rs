//! Starting: what is refused, what a token does, and what an execution goes through.

use serde_json::json;

use super::*;
use crate::account::codepipeline::Failure;

#[tokio::test(start_paused = true)]
async fn an_execution_goes_through_its_stages_with_the_digest_that_it_was_started_with() {
    let world = World::open();
    let id = world
        .started(json!({"variables": [{"name": "ENV", "value": "prod"}]}))
        .unwrap();
    world.minutes(1).await;
    assert_eq!(world.status(&id), "InProgress");
    world.minutes(3).await;
    let execution = world.execution(&id);
    assert_eq!(execution["status"], "Succeeded");
    assert_eq!(execution["artifactRevisions"][0]["name"], "Image");
    assert_eq!(execution["artifactRevisions"][0]["revisionId"], world.v2);
    assert_eq!(
        execution["variables"],
        json!([{"name": "ENV", "resolvedValue": "prod"}])
    );
    assert_eq!(world.told("Pipeline", &id), ["STARTED", "SUCCEEDED"]);
    assert_eq!(
        world.told("Action", &id),
        [
            "Source STARTED",
            "Source SUCCEEDED",
            "Build STARTED",
            "Build SUCCEEDED",
            "Deploy STARTED",
            "Deploy SUCCEEDED"
        ]
    );
    assert_eq!(world.told("Stage", &id).len(), 6);
    let actions = world.actions(&id);
    let names: Vec<&str> = actions
        .iter()
        .map(|action| action["actionName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Deploy", "Build", "Source"]);
    assert_eq!(actions[2]["input"]["actionTypeId"]["provider"], "ECR");
}

#[tokio::test(start_paused = true)]
async fn without_a_revision_the_source_picks_its_tag() {
    let world = World::open();
    let id = world.started(json!({"sourceRevisions": []})).unwrap();
    world.minutes(4).await;
    let revisions = &world.execution(&id)["artifactRevisions"];
    let tagged = ecr::tagged(&world.sample.account, "mco/api", "test").unwrap();
    assert_eq!(revisions[0]["revisionId"], tagged);
    assert_ne!(tagged, world.v2);
}

#[tokio::test(start_paused = true)]
async fn a_failing_action_fails_the_execution_with_its_reason() {
    let world = World::with(|pipeline| {
        let failure = Failure::job_failed("2 tests failed");
        pipeline.stages[1] = stage("Build", Does::Fail(failure));
    });
    let id = world.start();
    world.minutes(4).await;
    assert_eq!(world.status(&id), "Failed");
    assert_eq!(world.told("Pipeline", &id), ["STARTED", "FAILED"]);
    let actions = world.actions(&id);
    assert_eq!(actions.len(), 2);
    let result = &actions[0]["output"]["executionResult"];
    assert_eq!(result["externalExecutionSummary"], "2 tests failed");
    assert_eq!(
        result["errorDetails"],
        json!({"code": "JobFailed", "message": "2 tests failed"})
    );
    let summary = world.execution(&id)["statusSummary"].clone();
    assert_eq!(summary, "Build/Build: 2 tests failed");
    let events = world.sample.account.events().history();
    let failed = events
        .iter()
        .find(|event| event["detail"]["action"] == "Build" && event["detail"]["state"] == "FAILED");
    let result = &failed.unwrap()["detail"]["execution-result"];
    assert_eq!(result["error-code"], "JobFailed");
}

#[tokio::test(start_paused = true)]
async fn a_digest_that_is_not_there_fails_in_the_source_stage() {
    let world = World::open();
    let digest = format!("sha256:{}", "0".repeat(64));
    let revision =
        json!([{"actionName": "Source", "revisionType": "IMAGE_DIGEST", "revisionValue": digest}]);
    let id = world.started(json!({"sourceRevisions": revision})).unwrap();
    world.minutes(4).await;
    assert_eq!(world.status(&id), "Failed");
    assert_eq!(world.actions(&id)[0]["stageName"], "Source");
    assert_eq!(world.execution(&id)["artifactRevisions"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn the_same_token_is_the_same_execution() {
    let world = World::open();
    let token = json!({"clientRequestToken": "01ABC"});
    let id = world.started(token.clone()).unwrap();
    world.minutes(10).await;
    assert_eq!(world.started(token).unwrap(), id);
    let other = json!({"clientRequestToken": "01ABC", "sourceRevisions": []});
    assert_eq!(world.started(other).unwrap_err().code, "ConflictException");
    assert_ne!(
        world
            .started(json!({"clientRequestToken": "01ABD"}))
            .unwrap(),
        id
    );
    assert_eq!(world.told("Pipeline", &id), ["STARTED", "SUCCEEDED"]);
}

#[tokio::test(start_paused = true)]
async fn what_codepipeline_would_not_take_is_refused() {
    let world = World::with(|pipeline| pipeline.variables.push(("WHO".to_owned(), None)));
    let who = json!({"name": "WHO", "value": "me"});
    let revision = |action: &str, kind: &str, value: &str| {
        json!({
            "variables": [who],
            "sourceRevisions": [
                {"actionName": action, "revisionType": kind, "revisionValue": value},
            ],
        })
    };
    for (members, what) in [
        (json!({}), "WHO"),
        (json!({"variables": []}), "between 1 and 50"),
        (
            json!({"variables": [who, {"name": "X", "value": "y"}]}),
            "X is not declared",
        ),
        (
            json!({"variables": [{"name": "WHO", "value": ""}]}),
            "between 1 and 1000",
        ),
        (
            revision("Build", "IMAGE_DIGEST", &world.v2),
            "Source action Build",
        ),
        (revision("Source", "COMMIT_ID", &world.v2), "COMMIT_ID"),
        (
            revision("Source", "IMAGE_DIGEST", "v2"),
            "not an image digest",
        ),
        (
            json!({"variables": [who], "clientRequestToken": "a b"}),
            "clientRequestToken",
        ),
    ] {
        let error = world.started(members).unwrap_err();
        assert_eq!(error.code, "ValidationException", "{error}");
        assert!(error.message.contains(what), "{error}");
    }
    let error = world.started(json!({"name": "nothing"})).unwrap_err();
    assert_eq!(error.code, "PipelineNotFoundException");
    let input = json!({"pipelineName": "api-prod", "pipelineExecutionId": "0"});
    let error = world.call("GetPipelineExecution", input).unwrap_err();
    assert_eq!(error.code, "PipelineExecutionNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn the_list_of_actions_comes_in_pages() {
    let world = World::open();
    world.start();
    world.minutes(4).await;
    let mut input = json!({"pipelineName": "api-prod", "maxResults": 2});
    let first = world.call("ListActionExecutions", input.clone()).unwrap();
    assert_eq!(first["actionExecutionDetails"].as_array().unwrap().len(), 2);
    input["nextToken"] = first["nextToken"].clone();
    let second = world.call("ListActionExecutions", input.clone()).unwrap();
    assert_eq!(second["actionExecutionDetails"][0]["actionName"], "Source");
    assert_eq!(second.get("nextToken"), None);
    input["nextToken"] = "x".into();
    let error = world.call("ListActionExecutions", input).unwrap_err();
    assert_eq!(error.code, "InvalidNextTokenException");
}
