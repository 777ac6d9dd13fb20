//! Jobs whose events are lost or doubled, whose functions die, and whose deployments take long.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::record::Status;
use greenlight_deployer::job::ActionKind;
use greenlight_tests::{
    asked::done,
    by_hand::call,
    releases::{Release, asks, failures, released},
    wire::Fault,
    world::{PIPELINE_ACTION, World, targets_in},
};
use rehearsal::{
    account::{
        Settings,
        containers::ImageSpec,
        events::{Disturbance, Pattern},
    },
    scenario::sample::{Stand, WORKER_REPOSITORY, WORKER_TARGET},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::time::{Duration, sleep};

/// The prefix of `X-Amz-Target` (AWS-FACTS 0).
const CODEPIPELINE: &str = "CodePipeline_20150709";

async fn world() -> World {
    let world = World::open_stand(Stand::Releases).await;
    let image = ImageSpec::healthy("worker-v2");
    world
        .sample
        .push_to(WORKER_REPOSITORY, "v2", &image)
        .unwrap();
    world.quiet().await;
    world
}

async fn release(world: &World) -> Release {
    released(world, "worker", "Worker", &[("tag", "v2")]).await
}

/// Every job was answered, or is known to be over.
async fn nothing_waits(world: &World) {
    let waiting = world.operator.table.waiting_jobs(10).await.unwrap();
    assert!(waiting.is_empty(), "{waiting:?}");
    let name = WORKER_TARGET.parse().unwrap();
    let stored = world
        .operator
        .target(&name)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(stored.state.active, None);
    assert_eq!(stored.state.queued, None);
}

fn all(detail_type: &str) -> Pattern {
    Pattern::parse(&json!({"detail-type": [detail_type]})).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_job_that_comes_again_is_one_deployment_and_one_result() {
    let world = world().await;
    let execution = world
        .sample
        .start_pipeline("worker", &[("tag", "v2")])
        .unwrap();
    let payload = loop {
        if let Some(job) = world.jobs().into_iter().next() {
            break job.payload;
        }
        sleep(Duration::from_millis(200)).await;
    };
    let (one, two) = tokio::join!(
        world.invoke(PIPELINE_ACTION, payload.clone()),
        world.invoke(PIPELINE_ACTION, payload.clone()),
    );
    assert_eq!(one.unwrap()["jobs"][0]["outcome"], "later");
    assert_eq!(two.unwrap()["jobs"][0]["outcome"], "later");
    world.quiet().await;
    let again = world.invoke(PIPELINE_ACTION, payload).await.unwrap();
    assert_eq!(
        again["jobs"][0]["outcome"], "later",
        "it was answered before"
    );
    let release = Release::of(&world, "worker", "Worker", &execution);
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    assert_eq!(done(&world, "UpdateService").len(), 1);
    assert_eq!(done(&world, "PutJobSuccessResult").len(), 1);
    nothing_waits(&world).await;
}

#[tokio::test(start_paused = true)]
async fn an_action_that_is_told_three_times_is_taken_on_once() {
    let world = World::open_stand(Stand::Releases).await;
    let image = ImageSpec::healthy("v2");
    world.sample.push_to("mco/api", "v2", &image).unwrap();
    let begun = all("CodePipeline Action Execution State Change");
    let events = world.sample.account.events();
    events.disturb(begun, Disturbance::Duplicate(3));
    let release = released(&world, "api", "API", &[("tag", "v2")]).await;
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    assert_eq!(done(&world, "AcknowledgeJob").len(), 1);
    assert_eq!(done(&world, "CreateDeployment").len(), 1);
    assert_eq!(done(&world, "PutJobSuccessResult").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_action_whose_event_is_lost_is_found_within_a_minute() {
    let world = World::open_stand(Stand::Releases).await;
    let image = ImageSpec::healthy("v2");
    world.sample.push_to("mco/api", "v2", &image).unwrap();
    let lost = all("CodePipeline Action Execution State Change");
    world
        .sample
        .account
        .events()
        .disturb(lost, Disturbance::Drop);
    let release = released(&world, "api", "API", &[("tag", "v2")]).await;
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    assert!(done(&world, "PollForJobs").len() > 1);
    assert_eq!(done(&world, "AcknowledgeJob").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_another_worker_has_taken_is_left_to_it() {
    let world = World::open_stand(Stand::Releases).await;
    let account = &world.sample.account;
    let image = ImageSpec::healthy("v2");
    world.sample.push_to("mco/api", "v2", &image).unwrap();
    let execution = world
        .sample
        .start_pipeline("api", &[("tag", "v2")])
        .unwrap();
    // Ours is told of the job later than the other one asks for it.
    let begun = all("CodePipeline Action Execution State Change");
    account
        .events()
        .disturb(begun, Disturbance::Delay(Duration::from_secs(30)));
    account.events().pause_schedules();
    let kind =
        json!({"category": "Deploy", "owner": "Custom", "provider": "Greenlight", "version": "1"});
    let job = loop {
        let input = json!({"actionTypeId": kind, "maxBatchSize": 1});
        let polled = call(account, CODEPIPELINE, "PollForJobs", input).await;
        if let Some(job) = polled["jobs"].get(0) {
            break job.clone();
        }
        sleep(Duration::from_millis(500)).await;
    };
    let claim = json!({"jobId": job["id"], "nonce": job["nonce"]});
    call(account, CODEPIPELINE, "AcknowledgeJob", claim).await;
    sleep(Duration::from_mins(2)).await;
    call(
        account,
        CODEPIPELINE,
        "PutJobSuccessResult",
        json!({"jobId": job["id"]}),
    )
    .await;
    world.quiet().await;
    let status = world.sample.execution_status("api", &execution);
    assert_eq!(status.as_deref(), Some("Succeeded"));
    assert!(done(&world, "CreateDeployment").is_empty());
    assert!(
        done(&world, "PutJobSuccessResult").is_empty(),
        "none by ours"
    );
    assert_eq!(failures(&world), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_before_its_job_is_asked_for_again() {
    let mut settings = Settings::for_tests();
    settings.poll_delay = Duration::from_secs(3);
    let targets = targets_in(Stand::Releases.targets());
    let world = World::open_stand_in(settings, Stand::Releases, &targets).await;
    world.sample.account.events().pause_schedules();
    let image = ImageSpec::healthy("v2");
    world.sample.push_to("mco/api", "v2", &image).unwrap();
    let release = released(&world, "api", "API", &[("tag", "v2")]).await;
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    assert_eq!(done(&world, "PollForJobs").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_lost_end_of_a_deployment_is_found_when_the_job_is_handed_on() {
    let world = world().await;
    let lost = all("ECS Deployment State Change");
    world
        .sample
        .account
        .events()
        .disturb(lost, Disturbance::Drop);
    let release = release(&world).await;
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    let results = done(&world, "PutJobSuccessResult");
    let tokens: Vec<bool> = results
        .iter()
        .map(|call| call.request["continuationToken"].is_string())
        .collect();
    assert_eq!(tokens, [true, false], "handed on once, then answered");
    // The token names no job: correlation is by our own id.
    let token: Value =
        serde_json::from_str(results[0].request["continuationToken"].as_str().unwrap()).unwrap();
    assert!(
        token
            .to_string()
            .contains(&release.variables["DeploymentId"]),
        "{token}"
    );
    nothing_waits(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_longer_than_twenty_minutes_keeps_its_job_alive() {
    for by in [ActionKind::Invoke, ActionKind::Custom] {
        release_slowly(by).await;
    }
}

async fn release_slowly(by: ActionKind) {
    let slow = Stand::Releases.targets().replace(
        "ECSCanary10Percent5Minutes",
        "ECSLinear10PercentEvery3Minutes",
    );
    let world = World::open_stand_with(Stand::Releases, &targets_in(&slow), |_| {}).await;
    let image = ImageSpec::healthy("v2");
    let v2 = world.sample.push_to("mco/api", "v2", &image).unwrap();
    asks(&world);
    let release = match by {
        ActionKind::Invoke => {
            let asked = r#"{"target": "api-test", "tag": "v2"}"#;
            released(&world, "asks", "Ask", &[("asked", asked)]).await
        }
        // The next job of a custom action is told by no event: the schedule asks for it.
        ActionKind::Custom => released(&world, "api", "API", &[("tag", "v2")]).await,
    };
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    let results = done(&world, "PutJobSuccessResult");
    assert!((2..=4).contains(&results.len()), "{results:?}");
    // Each comes as a job of its own.
    let jobs: BTreeSet<String> = results
        .iter()
        .map(|call| call.request["jobId"].to_string())
        .collect();
    assert_eq!(jobs.len(), results.len());
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(done(&world, "CreateDeployment").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_release_survives_the_death_of_the_function_that_answers_it() {
    // record-deployment dies between storing the end and telling the job, and after telling it.
    for operation in ["PutJobSuccessResult", "UpdateItem"] {
        for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::AnswerLost] {
            let quiet = world().await;
            release(&quiet).await;
            let seen = quiet.record_wire.seen();
            let number = seen
                .iter()
                .rposition(|seen| seen.operation == operation)
                .unwrap();
            let world = world().await;
            world.record_wire.inject(number, fault);
            let release = release(&world).await;
            assert!(world.record_wire.has_struck(), "{operation} {fault:?}");
            assert_eq!(
                release.status, "Succeeded",
                "{operation} {fault:?}: {:?}",
                release.error
            );
            // Whether it was told is known within some minutes.
            sleep(Duration::from_mins(6)).await;
            world.quiet().await;
            nothing_waits(&world).await;
            assert_eq!(done(&world, "UpdateService").len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_be_noted_comes_again() {
    let world = world().await;
    world.sample.account.events().pause_schedules();
    // DynamoDB does not answer.
    world
        .action_wire
        .delay("UpdateItem", Duration::from_mins(5));
    let execution = world
        .sample
        .start_pipeline("worker", &[("tag", "v2")])
        .unwrap();
    while world.jobs().is_empty() {
        sleep(Duration::from_secs(1)).await;
    }
    let first = world.jobs().remove(0).answer.unwrap_err();
    assert_eq!(first.error_type, "PipelineAction.Again", "{first:?}");
    assert!(first.message.contains("dynamodb:UpdateItem"), "{first:?}");
    assert!(done(&world, "UpdateService").is_empty());
    world.action_wire.delay("UpdateItem", Duration::ZERO);
    world.quiet().await;
    let release = Release::of(&world, "worker", "Worker", &execution);
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    assert_eq!(done(&world, "UpdateService").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_ask_for_jobs_looks_after_those_that_wait_all_the_same() {
    let world = world().await;
    let account = &world.sample.account;
    account.deny(PIPELINE_ACTION, "codepipeline:PollForJobs");
    let lost = all("ECS Deployment State Change");
    account.events().disturb(lost, Disturbance::Drop);
    let execution = world
        .sample
        .start_pipeline("worker", &[("tag", "v2")])
        .unwrap();
    // Lambda tries every minute's invocation again, so that it is never quiet.
    sleep(Duration::from_mins(30)).await;
    let release = Release::of(&world, "worker", "Worker", &execution);
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    assert!(failures(&world).iter().any(|it| it.contains("PollForJobs")));
}

#[tokio::test(start_paused = true)]
async fn what_codepipeline_does_not_take_back_is_no_failure() {
    let world = world().await;
    asks(&world);
    for asked in [
        r#"{"action": "verify", "target": "worker-test"}"#,
        r#"{"action": "wait", "target": "worker-test"}"#,
    ] {
        let release = released(&world, "asks", "Ask", &[("asked", asked)]).await;
        assert_eq!(release.status, "Succeeded", "{asked}: {:?}", release.error);
    }
    assert_eq!(failures(&world), Vec::<String>::new());
}
