//! Deployments that Greenlight did not start, and gates of services that it does not know.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::record::{Origin, Status};
use greenlight_tests::{
    by_hand::{CODEDEPLOY, call, deploy_by_hand},
    world::{RECORD_DEPLOYMENT, World},
};
use rehearsal::account::{
    Settings,
    containers::ImageSpec,
    ecr,
    events::{Disturbance, Pattern},
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

fn by_digest(world: &World, digest: &str) -> String {
    let settings = world.sample.account.settings();
    format!(
        "{}.dkr.ecr.{}.amazonaws.com/mco/api@{digest}",
        settings.account_id, settings.region
    )
}

async fn by_hand_with(world: &World, digest: &str, hook: Option<&str>) -> String {
    let image = by_digest(world, digest);
    deploy_by_hand(&world.sample.account, hook, |definition| {
        definition["containerDefinitions"][0]["image"] = json!(image);
    })
    .await
}

/// Pushes an image under a tag that no target watches.
fn push_elsewhere(world: &World, spec: &ImageSpec) -> String {
    ecr::push_image(&world.sample.account, "mco/api", &["by-hand"], spec).unwrap()
}

fn status(world: &World, deployment: &str) -> Value {
    world.sample.deployment(deployment)["status"].clone()
}

#[tokio::test(start_paused = true)]
async fn what_somebody_deploys_by_hand_is_recorded_as_live() {
    let world = World::open().await;
    let by_hand = push_elsewhere(&world, &ImageSpec::healthy("by hand"));
    let deployment = by_hand_with(&world, &by_hand, None).await;
    world.quiet().await;
    assert_eq!(status(&world, &deployment), "Succeeded");
    assert_eq!(world.recorded().await.as_ref(), Some(&by_hand));
    let record = &world.history().await[0];
    assert_eq!(
        record.origin,
        Origin::Elsewhere {
            creator: "user".to_owned()
        }
    );
    assert_eq!(record.aws_id.as_ref(), Some(&deployment));
    assert_eq!(world.emitted(), ["Deployment Succeeded"]);
}

#[tokio::test(start_paused = true)]
async fn a_push_during_somebody_elses_deployment_waits_for_its_end() {
    let world = World::open().await;
    let by_hand = push_elsewhere(&world, &ImageSpec::healthy("by hand"));
    let theirs = by_hand_with(&world, &by_hand, None).await;
    sleep(Duration::from_secs(5)).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_secs(10)).await;
    let queued = world.target().await.state.queued.unwrap();
    assert!(queued.reason.contains(&theirs), "{}", queued.reason);
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
    assert_eq!(world.status_of(&by_hand).await, Some(Status::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn the_gate_of_a_service_without_a_target_checks_tasks_digests_and_targets() {
    let world = World::open_with(Settings::for_tests(), &[]).await;
    let good = push_elsewhere(&world, &ImageSpec::healthy("good"));
    let hook = world
        .sample
        .template
        .function("ValidateGreen")
        .unwrap()
        .name
        .clone();
    let deployment = by_hand_with(&world, &good, Some(&hook)).await;
    world.quiet().await;
    assert_eq!(status(&world, &deployment), "Succeeded");
    let looked = |operation: &str| {
        world
            .gate_wire
            .seen()
            .iter()
            .any(|call| call.operation == operation)
    };
    for operation in [
        "ListTasks",
        "DescribeTasks",
        "DescribeTargetHealth",
        "BatchGetImage",
    ] {
        assert!(
            looked(operation),
            "{operation}: {:?}",
            world.gate_wire.seen()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_a_person_stops_is_a_failure_and_what_waits_follows() {
    let world = World::open().await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_mins(1)).await;
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    sleep(Duration::from_secs(5)).await;
    let deployment = world.sample.active_deployments()[0].clone();
    let stop = json!({"deploymentId": deployment, "autoRollbackEnabled": true});
    call(&world.sample.account, CODEDEPLOY, "StopDeployment", stop).await;
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed));
    let history = world.history().await;
    let stopped = history
        .iter()
        .find(|record| record.candidate.digest.as_str() == v2)
        .unwrap();
    assert!(
        stopped.reason.as_ref().unwrap().contains("was stopped"),
        "{stopped:?}"
    );
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v3));
    assert_eq!(world.recorded().await.as_ref(), Some(&v3));
    assert_eq!(
        world.sample.tagged().as_ref(),
        Some(&v3),
        "a newer push keeps its tag"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_must_not_be_read_and_is_no_targets_is_ignored() {
    let world = World::open_with(Settings::for_tests(), &[]).await;
    let by_hand = push_elsewhere(&world, &ImageSpec::healthy("by hand"));
    by_hand_with(&world, &by_hand, None).await;
    world.quiet().await;
    let events = world.sample.account.events().history();
    let end = events.iter().find(|it| it["detail"]["state"] == "SUCCESS");
    let account = &world.sample.account;
    account.deny(RECORD_DEPLOYMENT, "codedeploy:GetDeployment");
    account.deny(RECORD_DEPLOYMENT, "codedeploy:ListDeploymentTargets");
    // An error would make Lambda send it again, and raise an alarm at last.
    let answer = world.invoke(RECORD_DEPLOYMENT, end.unwrap().clone()).await;
    let ignored = answer.unwrap()["ignored"].clone();
    assert!(
        ignored.as_str().unwrap().contains("may not be read"),
        "{ignored}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_about_the_end_that_comes_twice_is_recorded_once() {
    let world = World::open().await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let events = world.sample.account.events().history();
    let mut ends = events
        .iter()
        .filter(|event| event["detail"]["state"] == "SUCCESS");
    let end = ends.next_back().unwrap().clone();
    let before = (world.history().await, world.target().await);
    let answer = world.invoke(RECORD_DEPLOYMENT, end).await.unwrap();
    assert_eq!(answer["recorded"][0]["rule"], "already_known");
    assert_eq!((world.history().await, world.target().await), before);
    assert_eq!(
        world.emitted(),
        ["Deployment Started", "Deployment Succeeded"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_waits_follows_even_where_the_roll_back_ends_before_the_failure_is_reported() {
    let world = World::open().await;
    let failures = Pattern::parse(&json!({"detail": {"state": ["FAILURE"]}})).unwrap();
    world
        .sample
        .account
        .events()
        .disturb(failures, Disturbance::Hold);
    let bad = world.sample.push(&ImageSpec::answers_500("v2")).unwrap();
    sleep(Duration::from_secs(30)).await;
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    world.quiet().await;
    assert!(world.target().await.state.queued.is_some());
    for event in world.sample.account.events().take_held() {
        world.sample.account.events().deliver(&event);
    }
    world.quiet().await;
    assert_eq!(world.status_of(&bad).await, Some(Status::Failed));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v3));
    assert_eq!(world.recorded().await.as_ref(), Some(&v3));
}
