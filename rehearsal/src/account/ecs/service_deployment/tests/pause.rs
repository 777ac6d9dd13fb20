//! Deployments that wait for a person.

use super::super::HookAction;
use super::*;

fn pausing(change: impl FnOnce(&mut Hook)) -> (World, String) {
    let mut hook = Hook::pause(&[Stage::PostTestTrafficShift]);
    hook.timeout_minutes = 120;
    change(&mut hook);
    let world = World::native(Shift::AllAtOnce, &[hook]);
    let arn = world.deploy("mco-api:2");
    (world, arn)
}

async fn until_paused(world: &World, arn: &str) -> Value {
    let hook = || world.deployment(arn)["lifecycleHookDetails"][0].clone();
    world
        .until("the pause", || hook()["status"] == "AWAITING_ACTION")
        .await;
    hook()
}

/// The names of the hook's events.
fn told(world: &World) -> Vec<String> {
    let events = world.events("ECS Hook State Change");
    let names = events.iter().map(|event| &event["eventName"]);
    names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_pause_hook_waits_until_the_deployment_is_continued() {
    let (world, arn) = pausing(|_| {});
    let hook = until_paused(&world, &arn).await;
    world.seconds(3600).await;
    assert_eq!(world.deployment(&arn)["status"], "IN_PROGRESS");
    assert_eq!(
        world.deployment(&arn)["lifecycleStage"],
        "POST_TEST_TRAFFIC_SHIFT"
    );
    let id = hook["hookId"].as_str().unwrap();
    assert!(id.starts_with("ecs-pause-"));
    assert_eq!(
        (&hook["targetType"], &hook["timeoutAction"]),
        (&json!("PAUSE"), &json!("ROLLBACK"))
    );
    let event = &world.events("ECS Hook State Change")[0];
    assert_eq!(event["hookId"], id);
    assert_eq!(event["hookType"], "PAUSE");
    assert_eq!(event["serviceDeploymentArn"], arn);
    assert_eq!(event["lifecycleStage"], "POST_TEST_TRAFFIC_SHIFT");
    assert_eq!(
        event["clusterArn"],
        "arn:aws:ecs:eu-west-1:123456789012:cluster/mco"
    );

    let input = json!({"serviceDeploymentArn": arn, "hookId": id});
    let output = world
        .call("ContinueServiceDeployment", input.clone())
        .unwrap();
    assert_eq!(output, json!({"serviceDeploymentArn": arn}));
    let again = world.error("ContinueServiceDeployment", input);
    assert_eq!(again.code, "InvalidParameterException");
    world.until_status(&arn, "SUCCESSFUL").await;
    assert_eq!(told(&world), ["HOOK_AWAITING_ACTION", "HOOK_SUCCEEDED"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_asked_may_want_the_deployment_rolled_back() {
    let (world, arn) = pausing(|_| {});
    let hook = until_paused(&world, &arn).await;
    let input =
        json!({"serviceDeploymentArn": arn, "hookId": hook["hookId"], "action": "ROLLBACK"});
    world.call("ContinueServiceDeployment", input).unwrap();
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
    assert_eq!(told(&world), ["HOOK_AWAITING_ACTION", "HOOK_FAILED"]);
    assert!(world.changes().iter().all(|(name, _)| name != "FAILED"));
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_nobody_ends_times_out_as_configured() {
    for (action, status) in [
        (HookAction::Rollback, "ROLLBACK_SUCCESSFUL"),
        (HookAction::Continue, "SUCCESSFUL"),
    ] {
        let (world, arn) = pausing(|hook| hook.on_timeout = action);
        world.until_status(&arn, status).await;
        assert_eq!(told(&world), ["HOOK_AWAITING_ACTION", "HOOK_TIMED_OUT"]);
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_hook_that_waits_can_be_answered() {
    let (world, arn) = pausing(|_| {});
    for (input, code) in [
        (
            json!({"serviceDeploymentArn": "arn:x", "hookId": "ecs-pause-1"}),
            "ServiceDeploymentNotFoundException",
        ),
        (
            json!({"serviceDeploymentArn": arn, "hookId": "ecs-pause-1"}),
            "InvalidParameterException",
        ),
        (
            json!({"serviceDeploymentArn": arn, "hookId": "x", "action": "WAIT"}),
            "InvalidParameterException",
        ),
        (json!({"serviceDeploymentArn": arn}), "ValidationException"),
    ] {
        assert_eq!(world.error("ContinueServiceDeployment", input).code, code);
    }
}
