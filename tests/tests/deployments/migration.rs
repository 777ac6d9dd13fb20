//! Tasks that have to succeed before the service is touched.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::record::Status;
use greenlight_tests::{
    asked::{done, order, requests},
    wire::Fault,
    world::{World, targets_in, targets_of},
};
use rehearsal::{
    account::{
        containers::{Behaviour, ImageSpec},
        ecr, ecs,
        events::{Disturbance, Pattern},
    },
    scenario::sample::{CONTAINER, REPOSITORY, Stand},
};
use serde_json::json;
use tokio::time::{Duration, sleep};

/// The operations that change something in ECS or CodeDeploy.
const WRITES: [&str; 4] = [
    "RegisterTaskDefinition",
    "RunTask",
    "UpdateService",
    "CreateDeployment",
];

#[tokio::test(start_paused = true)]
async fn a_migration_runs_with_the_pushed_digest_before_the_service_is_touched() {
    let world = World::open_stand(Stand::Migration).await;
    let v2 = world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
    world.quiet().await;
    assert_eq!(
        order(&world, &WRITES),
        ["RegisterTaskDefinition", "RunTask", "UpdateService"]
    );
    let registered = &done(&world, "RegisterTaskDefinition")[0].response;
    let arn = registered["taskDefinition"]["taskDefinitionArn"].clone();
    let run = &requests(&world, "RunTask")[0];
    assert_eq!(run["taskDefinition"], arn);
    assert_eq!(
        run["overrides"]["containerOverrides"],
        json!([{"name": "api", "command": ["migrate"]}])
    );
    let image = world.sample.image_in(arn.as_str().unwrap(), CONTAINER);
    assert!(image.unwrap().ends_with(&v2));
    // The task had ended when the service was told.
    let update = &done(&world, "UpdateService")[0];
    assert_eq!(update.request["taskDefinition"], arn);
    let ran = update.at.duration_since(done(&world, "RunTask")[0].at);
    assert!(ran.as_secs() >= 20, "{ran:#}");
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    let record = world.record_of(&v2).await;
    assert_eq!(record.task_definition.as_deref(), arn.as_str());
    let live = world.sample.live_task_definition().unwrap();
    assert_eq!(live["taskDefinitionArn"], arn);
}

#[tokio::test(start_paused = true)]
async fn a_migration_that_exits_with_another_code_leaves_the_service_alone_and_rejects_the_image() {
    let world = World::open_stand(Stand::Migration).await;
    let bad = ImageSpec::migration("v2", 3);
    let digest = world.sample.push(&bad).unwrap();
    world.quiet().await;
    assert_eq!(
        order(&world, &WRITES),
        ["RegisterTaskDefinition", "RunTask"]
    );
    let record = world.record_of(&digest).await;
    assert_eq!(record.status, Status::Failed);
    let reason = record.reason.unwrap();
    assert!(
        reason.starts_with("the task that has to succeed before the deployment failed"),
        "{reason}"
    );
    assert!(reason.contains("container `api` exited with 3"), "{reason}");
    assert!(
        record
            .evidence
            .iter()
            .any(|line| line.contains("exit code 3")),
        "{:?}",
        record.evidence
    );
    assert_eq!(
        world.sample.tagged().as_ref(),
        Some(&world.sample.v1),
        "the tag was given back"
    );
    assert_eq!(world.recorded().await.as_ref(), Some(&world.sample.v1));
    // The same image again is refused for what is known of it.
    world.sample.push(&bad).unwrap();
    world.quiet().await;
    assert_eq!(requests(&world, "RunTask").len(), 1);
    assert_eq!(world.emitted().last().unwrap(), "Deployment Skipped");
}

#[tokio::test(start_paused = true)]
async fn a_migration_whose_image_cannot_be_pulled_fails_with_the_reason() {
    let world = World::open_stand(Stand::Migration).await;
    let digest = world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
    while world.sample.one_shots().is_empty() {
        sleep(Duration::from_millis(100)).await;
    }
    ecr::delete_image(&world.sample.account, REPOSITORY, &digest).unwrap();
    world.quiet().await;
    let record = world.record_of(&digest).await;
    assert_eq!(record.status, Status::Failed);
    let reason = record.reason.unwrap();
    assert!(reason.contains("CannotPullContainerError"), "{reason}");
    assert!(requests(&world, "UpdateService").is_empty());
    assert_eq!(world.sample.live_digest().as_ref(), Some(&world.sample.v1));
}

#[tokio::test(start_paused = true)]
async fn a_migration_that_is_refused_for_good_ends_the_deployment_with_the_reason() {
    let world = World::open_stand(Stand::Migration).await;
    ecs::refuse_tasks(&world.sample.account, Some("MISSING"));
    let digest = world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
    world.quiet().await;
    let record = world.record_of(&digest).await;
    assert_eq!(record.status, Status::StartFailed);
    let reason = record.reason.unwrap();
    assert!(
        reason.contains("ecs:RunTask") && reason.contains("MISSING"),
        "{reason}"
    );
    assert!(requests(&world, "UpdateService").is_empty());
    assert_eq!(world.target().await.state.active, None);
}

#[tokio::test(start_paused = true)]
async fn a_migration_for_which_there_is_no_room_waits_until_there_is_some() {
    let world = World::open_stand(Stand::Migration).await;
    ecs::refuse_tasks(&world.sample.account, Some("RESOURCE:MEMORY"));
    let v2 = world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
    sleep(Duration::from_mins(2)).await;
    assert_eq!(world.sample.one_shots(), [""; 0]);
    assert!(world.target().await.state.active.is_some());
    ecs::refuse_tasks(&world.sample.account, None);
    world.quiet().await;
    assert_eq!(world.sample.one_shots().len(), 1);
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    // What an attempt in vain has registered is used by the next one.
    assert_eq!(requests(&world, "RegisterTaskDefinition").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_migration_that_is_told_again_and_again_deploys_once() {
    let world = World::open_stand(Stand::Migration).await;
    let stopped = json!({"detail-type": ["ECS Task State Change"], "detail": {"lastStatus": ["STOPPED"], "startedBy": [{"prefix": "greenlight/"}]}});
    let events = world.sample.account.events();
    events.disturb(Pattern::parse(&stopped).unwrap(), Disturbance::Hold);
    let v2 = world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
    world.quiet().await;
    let [stopped] = &events.take_held()[..] else {
        panic!("one task has stopped");
    };
    // Before the one before it is dealt with, and after that.
    for pause in [1, 3, 20, 200, 30_000] {
        events.deliver(stopped);
        sleep(Duration::from_millis(pause)).await;
    }
    world.quiet().await;
    events.deliver(stopped);
    world.quiet().await;
    assert_eq!(requests(&world, "UpdateService").len(), 1);
    assert_eq!(world.sample.deployments().len(), 1);
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
}

/// The number of the call of `operation` among those that a push makes.
async fn number_of(stand: Stand, image: &ImageSpec, operation: &str) -> usize {
    let world = World::open_stand(stand).await;
    world.sample.push(image).unwrap();
    world.quiet().await;
    let seen = world.push_wire.seen();
    seen.iter()
        .position(|seen| seen.operation == operation)
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_migration_that_ends_before_its_start_is_noted_is_followed_by_the_deployment() {
    let image = ImageSpec::migration("v2", 0);
    let number = number_of(Stand::Migration, &image, "RunTask").await;
    let world = World::open_stand(Stand::Migration).await;
    world.push_wire.inject(number, Fault::CrashAfter);
    let v2 = world.sample.push(&image).unwrap();
    // The message comes back only after six minutes; the task ends within one.
    sleep(Duration::from_mins(3)).await;
    assert!(world.push_wire.has_struck());
    assert_eq!(requests(&world, "UpdateService").len(), 1);
    world.quiet().await;
    assert_eq!(requests(&world, "UpdateService").len(), 1);
    assert_eq!(world.sample.one_shots().len(), 1);
    assert_eq!(requests(&world, "RegisterTaskDefinition").len(), 1);
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_migration_whose_start_was_not_answered_runs_once() {
    let image = ImageSpec::migration("v2", 0);
    let number = number_of(Stand::Migration, &image, "RunTask").await;
    let world = World::open_stand(Stand::Migration).await;
    world.push_wire.inject(number, Fault::AnswerLost);
    let v2 = world.sample.push(&image).unwrap();
    world.quiet().await;
    assert!(world.push_wire.has_struck());
    assert_eq!(world.sample.one_shots().len(), 1);
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
}

/// The image that knows both commands.
fn migrates_and_seeds(migrate: i32, seed: i32) -> ImageSpec {
    ImageSpec::migration("v2", migrate)
        .with_command(&["seed"], Behaviour::one_shot(Duration::from_secs(5), seed))
}

fn two_tasks() -> String {
    let document = Stand::Migration.targets();
    let more = "      - task: { command: [migrate] }\n      - task: { command: [seed] }\n";
    document.replace("      - task: { command: [migrate] }\n", more)
}

#[tokio::test(start_paused = true)]
async fn two_tasks_run_one_after_the_other_in_their_order() {
    let targets = targets_in(&two_tasks());
    assert_eq!(targets[0].before.len(), 2);
    let world = World::open_stand_with(Stand::Migration, &targets, |_| {}).await;
    let v2 = world.sample.push(&migrates_and_seeds(0, 0)).unwrap();
    world.quiet().await;
    assert_eq!(
        order(&world, &WRITES),
        [
            "RegisterTaskDefinition",
            "RunTask",
            "RunTask",
            "UpdateService"
        ]
    );
    let runs = done(&world, "RunTask");
    let command = |number: usize| {
        runs[number].request["overrides"]["containerOverrides"][0]["command"].clone()
    };
    assert_eq!(
        (command(0), command(1)),
        (json!(["migrate"]), json!(["seed"]))
    );
    assert!(runs[1].at.duration_since(runs[0].at).as_secs() >= 20);
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
}

/// The second task is made from what the service runs, not from what was registered for the first.
#[tokio::test(start_paused = true)]
async fn a_task_of_its_own_source_may_follow_one_of_the_targets() {
    let own = two_tasks().replace(
        "{ command: [seed] }",
        "{ task_definition: service, command: [seed] }",
    );
    let targets = targets_in(&own);
    let world = World::open_stand_with(Stand::Migration, &targets, |_| {}).await;
    let v2 = world.sample.push(&migrates_and_seeds(0, 0)).unwrap();
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Succeeded, "{:?}", record.reason);
    assert_eq!(done(&world, "RunTask").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_migration_whose_end_ecs_has_forgotten_says_nothing_against_its_image() {
    let world = World::open_stand(Stand::Migration).await;
    let stopped = json!({"detail-type": ["ECS Task State Change"], "detail": {"lastStatus": ["STOPPED"], "startedBy": [{"prefix": "greenlight/"}]}});
    let events = world.sample.account.events();
    events.disturb(Pattern::parse(&stopped).unwrap(), Disturbance::Hold);
    let v2 = world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
    world.quiet().await;
    sleep(Duration::from_hours(3)).await;
    for event in events.take_held() {
        events.deliver(&event);
    }
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed));
    assert_eq!(requests(&world, "UpdateService").len(), 0);
    assert!(world.target().await.state.rejected.is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_a_task_that_failed_no_other_one_runs() {
    let targets = targets_in(&two_tasks());
    let world = World::open_stand_with(Stand::Migration, &targets, |_| {}).await;
    let v2 = world.sample.push(&migrates_and_seeds(1, 0)).unwrap();
    world.quiet().await;
    assert_eq!(
        order(&world, &WRITES),
        ["RegisterTaskDefinition", "RunTask"]
    );
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed));
}

#[tokio::test(start_paused = true)]
async fn what_is_pushed_during_a_migration_waits_for_the_end_of_the_deployment() {
    let world = World::open_stand(Stand::Migration).await;
    let v2 = world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
    while world.sample.one_shots().is_empty() {
        sleep(Duration::from_millis(100)).await;
    }
    let v3 = world.sample.push(&ImageSpec::migration("v3", 0)).unwrap();
    sleep(Duration::from_secs(2)).await;
    let state = world.target().await.state;
    assert_eq!(state.queued.unwrap().candidate.digest.as_str(), v3);
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.status_of(&v3).await, Some(Status::Succeeded));
    assert_eq!(world.sample.one_shots().len(), 2);
    assert_eq!(
        order(&world, &WRITES),
        [
            "RegisterTaskDefinition",
            "RunTask",
            "UpdateService",
            "RegisterTaskDefinition",
            "RunTask",
            "UpdateService"
        ]
    );
}

fn codedeploy_with_migration() -> Vec<greenlight_core::target::Target> {
    let document = Stand::CodeDeploy.targets();
    let with = "    before: [{ task: { command: [migrate] } }]\n    deploy:\n";
    let targets = targets_in(&document.replace("    deploy:\n", with));
    assert_eq!(targets.len(), targets_of(Stand::CodeDeploy).len());
    targets
}

#[tokio::test(start_paused = true)]
async fn a_migration_comes_before_a_deployment_of_codedeploy_as_well() {
    let targets = codedeploy_with_migration();
    let world = World::open_stand_with(Stand::CodeDeploy, &targets, |_| {}).await;
    let v2 = world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
    world.quiet().await;
    assert_eq!(
        order(&world, &WRITES),
        ["RegisterTaskDefinition", "RunTask", "CreateDeployment"]
    );
    let registered = &done(&world, "RegisterTaskDefinition")[0].response;
    let arn = registered["taskDefinition"]["taskDefinitionArn"].as_str();
    let created = &requests(&world, "CreateDeployment")[0];
    let app_spec = created["revision"]["appSpecContent"]["content"].as_str();
    assert!(app_spec.unwrap().contains(arn.unwrap()), "{app_spec:?}");
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
}

#[tokio::test(start_paused = true)]
async fn a_migration_that_fails_creates_no_deployment_of_codedeploy() {
    let targets = codedeploy_with_migration();
    let world = World::open_stand_with(Stand::CodeDeploy, &targets, |_| {}).await;
    let v2 = world.sample.push(&ImageSpec::migration("v2", 1)).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.deployments(), [""; 0]);
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed));
    assert_eq!(world.sample.tagged().as_ref(), Some(&world.sample.v1));
}
