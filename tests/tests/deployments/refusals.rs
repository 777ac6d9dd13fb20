//! Services that a target cannot deploy to as it says: refused with a reason, before anything is made.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{record::Status, target::Target};
use greenlight_tests::world::{World, sample_targets, targets_of};
use rehearsal::{
    account::{
        containers::ImageSpec,
        ecs::{Controller, ServiceSpec, Strategy},
    },
    scenario::sample::Stand,
};

/// A push ends with these words and has made nothing.
async fn refused(
    stand: Stand,
    targets: &[Target],
    change: impl FnOnce(&mut ServiceSpec),
    words: &[&str],
) {
    let world = World::open_stand_with(stand, targets, change).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::StartFailed, "{record:?}");
    let reason = record.reason.unwrap();
    for word in words {
        assert!(reason.contains(word), "{word}: {reason}");
    }
    for action in [
        "ecs:RegisterTaskDefinition",
        "ecs:UpdateService",
        "ecs:RunTask",
        "codedeploy:CreateDeployment",
    ] {
        assert_eq!(world.asked_by_push(action).len(), 0, "{action}: {reason}");
    }
    assert_eq!(world.target().await.state.active, None);
    assert_eq!(world.emitted().last().unwrap(), "Deployment Failed");
}

#[tokio::test(start_paused = true)]
async fn a_service_without_desired_tasks_could_prove_nothing() {
    let targets = targets_of(Stand::Rolling);
    let none = |spec: &mut ServiceSpec| spec.desired_count = 0;
    refused(Stand::Rolling, &targets, none, &["desired count of 0"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_task_sets_of_an_external_controller_are_somebody_elses() {
    let targets = targets_of(Stand::Rolling);
    let external = |spec: &mut ServiceSpec| spec.controller = Controller::External;
    let words = ["EXTERNAL", "somebody else's"];
    refused(Stand::Rolling, &targets, external, &words).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_of_codedeploy_is_not_updated() {
    let words = ["CODE_DEPLOY", "`codedeploy`"];
    for stand in [Stand::Rolling, Stand::BlueGreen] {
        refused(Stand::CodeDeploy, &targets_of(stand), |_| {}, &words).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_of_ecs_is_not_deployed_by_codedeploy() {
    let words = ["ECS", "CODE_DEPLOY"];
    refused(Stand::Rolling, &sample_targets(), |_| {}, &words).await;
}

#[tokio::test(start_paused = true)]
async fn a_blue_green_service_is_not_rolling() {
    let words = ["BLUE_GREEN", "`native`"];
    let targets = targets_of(Stand::Rolling);
    refused(Stand::BlueGreen, &targets, |_| {}, &words).await;
}

#[tokio::test(start_paused = true)]
async fn a_rolling_service_is_not_native() {
    let words = ["ROLLING", "`rolling`"];
    let targets = targets_of(Stand::BlueGreen);
    refused(Stand::Rolling, &targets, |_| {}, &words).await;
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_the_service_would_never_call_is_no_gate() {
    let targets = targets_of(Stand::BlueGreen);
    let without_hooks = |spec: &mut ServiceSpec| {
        if let Controller::Ecs(controller) = &mut spec.controller
            && let Strategy::Native(native) = &mut controller.configuration.strategy
        {
            native.hooks.clear();
        }
    };
    let words = ["after_install", "POST_SCALE_UP", "lifecycleHooks"];
    refused(Stand::BlueGreen, &targets, without_hooks, &words).await;
}

#[tokio::test(start_paused = true)]
async fn a_migration_is_not_run_for_a_deployment_that_could_not_follow() {
    let targets = targets_of(Stand::Migration);
    let external = |spec: &mut ServiceSpec| spec.controller = Controller::External;
    refused(Stand::Migration, &targets, external, &["EXTERNAL"]).await;
}
