//! Actions of pipelines: what their jobs ask for, and what the pipelines are told.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{
    deployment::{Active, Phase},
    record::{Origin, Status},
};
use greenlight_tests::{
    asked::{calls, done},
    by_hand::call,
    releases::{Release, asks, failures, released, worker_record},
    world::{PIPELINE_ACTION, RECORD_DEPLOYMENT, World},
};
use rehearsal::{
    account::containers::ImageSpec,
    scenario::sample::{SIDECAR_REPOSITORY, Stand, TAG, WORKER_REPOSITORY},
};
use serde_json::json;
use tokio::time::Duration;

/// The prefix of `X-Amz-Target` (AWS-FACTS 0).
const CODEPIPELINE: &str = "CodePipeline_20150709";

/// Waits until a deployment is under way.
async fn until_deploying(world: &World) {
    for target in ["worker-test", "api-test"].iter().cycle() {
        let stored = world.operator.target(&target.parse().unwrap()).await;
        let Some(stored) = stored.unwrap() else {
            continue;
        };
        let state = stored.unwrap().state;
        let is_started = |active: Active| matches!(active.phase, Phase::Started { .. });
        if state.active.is_some_and(is_started) {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_tag_of_a_variable_is_released_and_the_action_puts_out_what_is_live() {
    let world = World::open_stand(Stand::Releases).await;
    let worker = ImageSpec::healthy("worker-v2");
    let v2 = world
        .sample
        .push_to(WORKER_REPOSITORY, "v2", &worker)
        .unwrap();
    let release = released(&world, "worker", "Worker", &[("tag", "v2")]).await;
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    let record = worker_record(&world, &v2).await;
    assert_eq!(record.status, Status::Succeeded);
    let Origin::Pipeline { execution, .. } = &record.origin else {
        panic!("{:?}", record.origin);
    };
    assert_eq!(execution.as_ref(), Some(&release.execution));
    let definition = world.sample.live_worker_task_definition().unwrap();
    let variables = &release.variables;
    assert_eq!(variables["Digest"], v2);
    assert!(variables["Image"].ends_with(&format!("/{WORKER_REPOSITORY}@{v2}")));
    assert_eq!(variables["Tag"], "v2");
    assert_eq!(variables["DeploymentId"], record.id.to_string());
    assert_eq!(Some(&variables["AwsDeploymentId"]), record.aws_id.as_ref());
    assert_eq!(
        definition["taskDefinitionArn"],
        variables["TaskDefinitionArn"]
    );
    assert_eq!(variables["PreviousDigest"].len(), v2.len());
    assert_ne!(variables["PreviousDigest"], v2);
    assert!(
        release
            .summary
            .contains("console.aws.amazon.com/ecs/v2/clusters/mco/services/worker"),
        "{}",
        release.summary
    );
    // The task definition is the repository's, not a copy of the live one.
    assert_eq!(definition["family"], "worker");
    assert_eq!(
        definition["containerDefinitions"][0]["image"],
        variables["Image"].as_str()
    );
}

#[tokio::test(start_paused = true)]
async fn a_release_polls_for_nothing_when_the_events_arrive() {
    for (pipeline, action, repository, polls) in [
        ("worker", "Worker", WORKER_REPOSITORY, 0),
        ("api", "API", "mco/api", 1),
    ] {
        let world = World::open_stand(Stand::Releases).await;
        world.sample.account.events().pause_schedules();
        let image = ImageSpec::healthy(if repository == "mco/api" {
            "v2"
        } else {
            "worker-v2"
        });
        world.sample.push_to(repository, "v2", &image).unwrap();
        world.quiet().await;
        let release = released(&world, pipeline, action, &[("tag", "v2")]).await;
        assert_eq!(release.status, "Succeeded", "{:?}", release.error);
        let count = |operation: &str| done(&world, operation).len();
        assert_eq!(count("PollForJobs"), polls, "{pipeline}");
        assert_eq!(count("AcknowledgeJob"), polls, "{pipeline}");
        assert_eq!(count("GetJobDetails"), 0, "{pipeline}");
        assert_eq!(count("PutJobFailureResult"), 0, "{pipeline}");
        let results = done(&world, "PutJobSuccessResult");
        let [result] = &results[..] else {
            panic!("{pipeline}: {results:?}");
        };
        // By whoever has found the end, and without a token.
        assert_eq!(result.caller, RECORD_DEPLOYMENT);
        assert!(result.request["continuationToken"].is_null());
        let invocations = world.sample.account.journal().happenings();
        let invocations = invocations.iter().filter(|it| {
            it.service == "lambda"
                && it.text.starts_with(PIPELINE_ACTION)
                && it.text.ends_with("is invoked")
        });
        assert_eq!(invocations.count(), 1, "{pipeline}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_fails_fails_the_action_with_the_evidence_and_what_to_do() {
    let world = World::open_stand(Stand::Releases).await;
    let broken = ImageSpec::crashes("worker-v2", 3);
    world
        .sample
        .push_to(WORKER_REPOSITORY, "v2", &broken)
        .unwrap();
    let release = released(&world, "worker", "Worker", &[("tag", "v2")]).await;
    assert_eq!(release.status, "Failed");
    let (code, message) = release.error.unwrap();
    assert_eq!(code, "JobFailed");
    for words in [
        "The deployment to `worker-test` failed",
        "exit code 3",
        "console.aws.amazon.com",
        "greenlight history worker-test",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    // What was live before is again.
    let live = world.sample.live_worker_digest();
    assert_eq!(live, world.sample.worker_v1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_fails_at_once_with_the_right_type() {
    let world = World::open_stand(Stand::Releases).await;
    for (tag, code, words) in [
        ("v9", "RevisionUnavailable", "has no tag `v9`"),
        ("no such tag", "ConfigurationError", "tag"),
    ] {
        let release = released(&world, "worker", "Worker", &[("tag", tag)]).await;
        assert_eq!(release.status, "Failed", "{tag}");
        let error = release.error.unwrap();
        assert_eq!(error.0, code, "{tag}: {}", error.1);
        assert!(error.1.contains(words), "{tag}: {}", error.1);
    }
    assert!(done(&world, "UpdateService").is_empty());
    assert!(done(&world, "RegisterTaskDefinition").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_release_waits_behind_a_push_and_is_told_when_a_newer_one_takes_its_place() {
    let world = World::open_stand(Stand::Releases).await;
    let push = |tag: &str, version: &str| {
        let image = ImageSpec::healthy(version);
        world
            .sample
            .push_to(WORKER_REPOSITORY, tag, &image)
            .unwrap()
    };
    push("v3", "worker-v3");
    let pushed = push("test", "worker-v2");
    until_deploying(&world).await;
    let execution = world
        .sample
        .start_pipeline("worker", &[("tag", "v3")])
        .unwrap();
    let is_waiting = async || {
        let name = "worker-test".parse().unwrap();
        let stored = world.operator.target(&name).await;
        let stored = stored.unwrap().unwrap().unwrap();
        stored
            .state
            .queued
            .is_some_and(|queued| !queued.jobs.is_empty())
    };
    while !is_waiting().await {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let newest = push("test", "worker-v4");
    world.quiet().await;
    let release = Release::of(&world, "worker", "Worker", &execution);
    assert_eq!(release.status, "Failed");
    let (code, message) = release.error.unwrap();
    assert_eq!(code, "RevisionOutOfSync", "{message}");
    assert!(
        message.contains("superseded by mco/worker:test"),
        "{message}"
    );
    assert_eq!(
        worker_record(&world, &pushed).await.status,
        Status::Succeeded
    );
    assert_eq!(
        worker_record(&world, &newest).await.status,
        Status::Succeeded
    );
    assert_eq!(world.sample.live_worker_digest(), Some(newest));
}

#[tokio::test(start_paused = true)]
async fn a_second_release_of_what_is_under_way_waits_for_the_same_deployment() {
    let world = World::open_stand(Stand::Releases).await;
    let image = ImageSpec::healthy("v2");
    let v2 = world.sample.push_to("mco/api", "v2", &image).unwrap();
    let first = world
        .sample
        .start_pipeline("api", &[("tag", "v2")])
        .unwrap();
    until_deploying(&world).await;
    // By way of the other example, without files of its own it brings the same image.
    asks(&world);
    let asked = r#"{"action": "wait", "target": "api-test", "tag": "v2"}"#;
    let second = world
        .sample
        .start_pipeline("asks", &[("asked", asked)])
        .unwrap();
    world.quiet().await;
    let first = Release::of(&world, "api", "API", &first);
    let second = Release::of(&world, "asks", "Ask", &second);
    assert_eq!(
        (first.status.as_str(), second.status.as_str()),
        ("Succeeded", "Succeeded")
    );
    assert_eq!(
        first.variables["DeploymentId"],
        second.variables["DeploymentId"]
    );
    assert_eq!(first.variables["Digest"], v2);
    assert_eq!(done(&world, "CreateDeployment").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_execution_leaves_the_deployment_alone_and_nothing_fails() {
    let world = World::open_stand(Stand::Releases).await;
    let image = ImageSpec::healthy("worker-v2");
    let v2 = world
        .sample
        .push_to(WORKER_REPOSITORY, "v2", &image)
        .unwrap();
    let execution = world
        .sample
        .start_pipeline("worker", &[("tag", "v2")])
        .unwrap();
    until_deploying(&world).await;
    let stop = json!({"pipelineName": "worker", "pipelineExecutionId": execution, "abandon": true});
    call(
        &world.sample.account,
        CODEPIPELINE,
        "StopPipelineExecution",
        stop,
    )
    .await;
    world.quiet().await;
    let status = world.sample.execution_status("worker", &execution);
    assert_eq!(status.as_deref(), Some("Stopped"));
    assert_eq!(worker_record(&world, &v2).await.status, Status::Succeeded);
    let refused = calls(&world);
    let refused = refused
        .iter()
        .filter(|call| call.operation == "PutJobSuccessResult");
    let statuses: Vec<u16> = refused.map(|call| call.status).collect();
    assert_eq!(statuses, [400], "CodePipeline waits for it no more");
    assert_eq!(failures(&world), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_does_not_pass_is_told_to_the_pipeline_check_by_check() {
    let world = World::open_stand(Stand::Releases).await;
    let image = ImageSpec::answers_500("v2");
    world.sample.push_to("mco/api", "v2", &image).unwrap();
    let release = released(&world, "api", "API", &[("tag", "v2")]).await;
    assert_eq!(release.status, "Failed");
    let (code, message) = release.error.unwrap();
    assert_eq!(code, "JobFailed");
    for words in [
        "gate before_traffic",
        "500",
        "d-",
        "codesuite/codedeploy/deployments/d-",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_that_waits_goes_together_with_a_push_of_another_repository() {
    let world = World::open_stand(Stand::Sidecars).await;
    asks(&world);
    let v3 = world
        .sample
        .push_as("v3", &ImageSpec::healthy("v3"))
        .unwrap();
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    until_deploying(&world).await;
    let asked = r#"{"target": "api-test", "tag": "mco/api:v3"}"#;
    let execution = world
        .sample
        .start_pipeline("asks", &[("asked", asked)])
        .unwrap();
    while world.jobs().is_empty() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let sidecar = ImageSpec::healthy("sidecar-v2");
    let sidecar = world
        .sample
        .push_to(SIDECAR_REPOSITORY, TAG, &sidecar)
        .unwrap();
    // Until it is told that it waits.
    while !world
        .emitted_events()
        .iter()
        .any(|it| it["detail"]["digest"] == sidecar.as_str())
    {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // The event comes again, when the job waits for another deployment than the one that it asked for.
    let again = world.jobs().remove(0).payload;
    let again = world.invoke(PIPELINE_ACTION, again).await.unwrap();
    assert_eq!(again["jobs"][0]["outcome"], "later", "{again}");
    world.quiet().await;
    let release = Release::of(&world, "asks", "Ask", &execution);
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    let record = world.record_of(&sidecar).await;
    assert_eq!(release.variables["DeploymentId"], record.id.to_string());
    assert!(
        record
            .candidate
            .images()
            .any(|image| image.digest.as_str() == v3)
    );
}
