//! What is wrong from outside gets a clear message that names the resource and the remedy, and leaves
//! nothing half-done.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::record::Status;
use greenlight_tests::world::{
    DEPLOY_ON_PUSH, RECORD_DEPLOYMENT, VALIDATE_GREEN, World, sample_targets,
};
use rehearsal::account::{containers::ImageSpec, ecr};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

fn sample(name: &str) -> Value {
    let path = format!("{}/../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The reason of the one deployment of `v2` to a target that was changed by `change`.
async fn start_failure(change: impl FnOnce(&mut greenlight_core::target::Target)) -> String {
    let mut targets = sample_targets();
    change(&mut targets[0]);
    let world = World::open_without_adopting(&targets).await;
    start_failure_in(&world).await
}

async fn start_failure_in(world: &World) -> String {
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let history = world.history().await;
    let record = history
        .iter()
        .find(|record| record.candidate.digest.as_str() == v2)
        .unwrap();
    assert_eq!(record.status, Status::StartFailed, "{record:?}");
    let state = world.target().await.state;
    assert_eq!(
        (state.active, state.queued),
        (None, None),
        "nothing is left half-done"
    );
    assert_eq!(world.emitted(), ["Deployment Failed"]);
    let calls = world.push_wire.seen();
    assert!(
        calls.len() <= 13,
        "it is not tried again and again: {calls:?}"
    );
    record.reason.clone().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_there_is_named() {
    let reason =
        start_failure(|target| target.service.as_mut().unwrap().name = "apo".to_owned()).await;
    assert!(
        reason.contains("ECS service `apo` in cluster `mco`"),
        "{reason}"
    );
    assert!(reason.contains("check that"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_not_there_is_named() {
    let reason =
        start_failure(|target| target.service.as_mut().unwrap().cluster = "mco-prod".to_owned())
            .await;
    assert!(
        reason.contains("`mco-prod`") && reason.contains("ClusterNotFound"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_container_that_is_not_there_is_named_beside_those_that_are() {
    let reason = start_failure(|target| target.images[0].container = "app".to_owned()).await;
    for part in ["`app`", "`api`", "`log-router`", "definition `api`"] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_group_that_is_not_there_is_named() {
    let reason = start_failure(|target| {
        let greenlight_core::target::Strategy::CodeDeploy(deploy) = &mut target.deploy else {
            unreachable!("the sample target deploys by CodeDeploy")
        };
        deploy.group = "API-prod".to_owned();
    })
    .await;
    assert!(reason.contains("deployment group `API-prod`"), "{reason}");
    assert!(
        reason.contains("DeploymentGroupDoesNotExistException"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_named_with_its_resource_and_remedy() {
    for (action, resource) in [
        ("ecs:DescribeServices", "ECS service `api`"),
        ("ecs:DescribeTaskDefinition", "task definition"),
        ("ecs:RegisterTaskDefinition", "task definition family `api`"),
        ("codedeploy:CreateDeployment", "deployment group `API`"),
    ] {
        let world = World::open().await;
        world.sample.account.deny(DEPLOY_ON_PUSH, action);
        let reason = start_failure_in(&world).await;
        assert!(reason.contains(&format!("allow `{action}`")), "{reason}");
        assert!(reason.contains(resource), "{reason}");
        assert_eq!(world.sample.deployments().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_push_that_cannot_be_claimed_ends_in_the_dead_letter_queue_and_not_in_a_storm() {
    let world = World::open().await;
    world.sample.account.deny(DEPLOY_ON_PUSH, "dynamodb:Query");
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_hours(4)).await;
    let tries = world
        .sample
        .account
        .journal()
        .calls_of(DEPLOY_ON_PUSH, "dynamodb:Query")
        .len();
    assert_eq!(tries, 5, "as often as the queue's redrive policy says");
    let dead_letters = world.sample.account.queue("PushDeadLetterQueue").unwrap();
    assert_eq!(dead_letters.bodies().len(), 1);
    assert_eq!(world.target().await.state.active, None);
}

#[tokio::test(start_paused = true)]
async fn events_that_cannot_be_read_are_dropped_by_every_function_with_the_reason() {
    let world = World::open().await;
    for name in [
        "bad/empty-object",
        "bad/not-an-object",
        "bad/null",
        "bad/hook-no-execution-id",
    ] {
        for function in [DEPLOY_ON_PUSH, RECORD_DEPLOYMENT, VALIDATE_GREEN] {
            let answer = world.invoke(function, sample(name)).await.unwrap();
            let told = answer.to_string();
            assert!(
                told.contains("dropped") || told.contains("ignored"),
                "{function} {name}: {told}"
            );
        }
    }
    assert!(world.push_wire.seen().is_empty() && world.record_wire.seen().is_empty());
    assert!(world.gate_wire.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn bad_messages_of_a_batch_do_not_hold_the_good_ones_up() {
    let world = World::open().await;
    for name in ["bad/sqs-body-not-json", "bad/sqs-foreign-event"] {
        let answer = world.invoke(DEPLOY_ON_PUSH, sample(name)).await.unwrap();
        assert_eq!(answer, json!({"batchItemFailures": []}), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_of_a_deployment_that_is_not_there_is_answered_and_fails() {
    let world = World::open().await;
    let error = world
        .invoke(VALIDATE_GREEN, sample("hook/codedeploy"))
        .await;
    // CodeDeploy does not know the deployment, so it takes no answer for it either.
    let error = error.unwrap_err();
    assert_eq!(error.error_type, "ValidateGreen.Refused");
    assert!(
        error.message.contains("DeploymentDoesNotExistException"),
        "{error}"
    );
    let answers = world
        .gate_wire
        .seen()
        .iter()
        .filter(|call| call.operation == "PutLifecycleEventHookExecutionStatus")
        .count();
    assert_eq!(answers, 1);
}

#[tokio::test(start_paused = true)]
async fn an_end_of_a_deployment_that_nobody_knows_is_ignored() {
    let world = World::open().await;
    let answer = world
        .invoke(RECORD_DEPLOYMENT, sample("codedeploy/success"))
        .await
        .unwrap();
    assert!(
        answer["ignored"]
            .as_str()
            .unwrap()
            .contains("does not know"),
        "{answer}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_has_gone_and_an_archived_image_are_not_deployed() {
    let world = World::open().await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    ecr::archive(&world.sample.account, "mco/api", &v2).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.deployments().len(), 0);

    let world = World::open().await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    ecr::delete_image(&world.sample.account, "mco/api", &v2).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.deployments().len(), 0);
    assert_eq!(world.target().await.state.active, None);
}

#[tokio::test(start_paused = true)]
async fn a_target_with_gates_but_without_a_hook_function_is_refused_before_anything_is_registered()
{
    let world = World::open_without_hook().await;
    let reason = start_failure_in(&world).await;
    assert!(reason.contains("GREENLIGHT_HOOK"), "{reason}");
    let registered = world.push_wire.seen();
    assert!(
        !registered
            .iter()
            .any(|call| call.operation == "RegisterTaskDefinition")
    );
}
