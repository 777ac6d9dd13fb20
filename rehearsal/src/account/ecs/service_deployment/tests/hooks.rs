//! Hooks that are functions: what they are told, and what their answers do.

use super::super::{HookAction, HookPayload, ReturnedDetails, configure_hooks};
use super::*;
use crate::account::functions::{Configuration, FunctionError};

const CHECK: &str = "check-green";

fn check(stages: &[Stage]) -> Hook {
    Hook::lambda(&function_arn(CHECK), stages)
}

fn succeeded() -> Value {
    json!({"hookStatus": "SUCCEEDED"})
}

/// Deploys with a hook at one stage that answers so. Returns the world, the payloads and the deployment.
fn deploying(stage: Stage, answers: &[Value]) -> (World, Arc<Mutex<Vec<Value>>>, String) {
    let world = World::native(Shift::AllAtOnce, &[check(&[stage])]);
    let payloads = world.function(CHECK, answers);
    let arn = world.deploy("mco-api:2");
    (world, payloads, arn)
}

#[tokio::test(start_paused = true)]
async fn a_hook_is_told_its_stage_deployment_revision_and_details() {
    let mut hook = check(&[Stage::PostScaleUp]);
    hook.details = Some(json!({"path": "/health"}));
    let world = World::native(Shift::AllAtOnce, &[hook]);
    let payloads = world.function(CHECK, &[succeeded()]);
    let arn = world.deploy("mco-api:2");
    world.until_status(&arn, "SUCCESSFUL").await;
    let mut payload = payloads.lock().unwrap()[0].clone();
    let execution = payload["executionId"].take();
    assert_eq!(execution.as_str().unwrap().len(), 36);
    let target = world.deployment(&arn)["targetServiceRevision"]["arn"].clone();
    assert_eq!(
        payload,
        json!({
            "executionId": null,
            "lifecycleStage": "POST_SCALE_UP",
            "resourceArn": arn,
            "executionDetails": {
                "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/mco/api",
                "targetServiceRevisionArn": target,
                "testTrafficWeights": {},
                "productionTrafficWeights": {},
            },
            "hookDetails": {"path": "/health"},
        })
    );
    let hooks = world.deployment(&arn)["lifecycleHookDetails"].clone();
    assert_eq!(hooks[0]["status"], "SUCCEEDED");
    assert_eq!(hooks[0]["targetArn"], function_arn(CHECK));
}

#[tokio::test(start_paused = true)]
async fn a_hook_may_get_the_flat_payload_of_older_days() {
    let world = World::native(Shift::AllAtOnce, &[check(&[Stage::PostScaleUp])]);
    configure_hooks(&world.account, |it| it.payload = HookPayload::Flat);
    let payloads = world.function(CHECK, &[succeeded()]);
    let arn = world.deploy("mco-api:2");
    world.until_status(&arn, "SUCCESSFUL").await;
    let payload = payloads.lock().unwrap()[0].clone();
    assert_eq!(payload.get("executionDetails"), None);
    assert_eq!(payload.get("hookDetails"), None);
    assert_eq!(payload["productionTrafficWeights"], json!({}));
    assert!(
        payload["targetServiceRevisionArn"]
            .as_str()
            .unwrap()
            .contains(":service-revision/")
    );
}

#[tokio::test(start_paused = true)]
async fn the_hooks_of_the_production_traffic_are_asked_at_every_step_and_told_the_weights() {
    let stages = [
        Stage::TestTrafficShift,
        Stage::PreProductionTrafficShift,
        Stage::ProductionTrafficShift,
    ];
    let canary = Shift::Canary {
        percent: 10.0,
        bake_minutes: 1,
    };
    let world = World::native(canary, &[check(&stages)]);
    let blue = world.revisions()[0].arn.clone();
    let payloads = world.function(CHECK, &[succeeded()]);
    let arn = world.deploy("mco-api:2");
    let green = world.revisions()[1].arn.clone();
    world.until_status(&arn, "SUCCESSFUL").await;
    let payloads = payloads.lock().unwrap();
    let told: Vec<_> = payloads
        .iter()
        .map(|payload| {
            let details = &payload["executionDetails"];
            (
                payload["lifecycleStage"].as_str().unwrap(),
                details["testTrafficWeights"].clone(),
                details["productionTrafficWeights"].clone(),
            )
        })
        .collect();
    let weights = |share: u32| json!({green.as_str(): share, blue.as_str(): 100 - share});
    assert_eq!(
        told,
        [
            ("TEST_TRAFFIC_SHIFT", weights(100), json!({})),
            ("PRE_PRODUCTION_TRAFFIC_SHIFT", json!({}), weights(0)),
            ("PRODUCTION_TRAFFIC_SHIFT", json!({}), weights(10)),
            ("PRE_PRODUCTION_TRAFFIC_SHIFT", json!({}), weights(10)),
            ("PRODUCTION_TRAFFIC_SHIFT", json!({}), weights(100)),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_hook_in_progress_is_asked_again_when_it_says_with_the_details_it_returned() {
    let answers = [
        json!({"hookStatus": "IN_PROGRESS", "callBackDelay": 90, "hookDetails": {"attempt": 2}}),
        json!({"hookStatus": "IN_PROGRESS"}),
        succeeded(),
    ];
    let mut hook = check(&[Stage::PostScaleUp]);
    hook.details = Some(json!({"path": "/health"}));
    for (behaviour, expected) in [
        (ReturnedDetails::Replace, json!({"attempt": 2})),
        (
            ReturnedDetails::Merge,
            json!({"attempt": 2, "path": "/health"}),
        ),
    ] {
        let world = World::native(Shift::AllAtOnce, &[hook.clone()]);
        configure_hooks(&world.account, |it| it.details = behaviour);
        let payloads = world.function(CHECK, &answers);
        let count = || payloads.lock().unwrap().len();
        let arn = world.deploy("mco-api:2");
        world.until("the first question", || count() == 1).await;
        world.seconds(85).await;
        assert_eq!(count(), 1);
        assert_eq!(
            world.deployment(&arn)["lifecycleHookDetails"][0]["status"],
            "IN_PROGRESS"
        );
        world.seconds(10).await;
        assert_eq!(count(), 2);
        world.seconds(30).await;
        assert_eq!(count(), 3);
        world.until_status(&arn, "SUCCESSFUL").await;
        let payloads = payloads.lock().unwrap();
        assert_eq!(payloads[1]["hookDetails"], expected);
        assert_eq!(payloads[2]["hookDetails"], expected);
        assert_eq!(payloads[2]["executionId"], payloads[0]["executionId"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_rolls_the_deployment_back() {
    for (answer, failure_event) in [
        (json!({"hookStatus": "FAILED"}), true),
        (json!({"hookStatus": "DONE"}), false),
        (json!({"status": "SUCCEEDED"}), true),
        (json!(null), true),
    ] {
        let (world, _, arn) = deploying(Stage::PostTestTrafficShift, std::slice::from_ref(&answer));
        configure_hooks(&world.account, |it| it.failure_event = failure_event);
        world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
        assert_eq!(world.deployments(), ["PRIMARY 1 COMPLETED"]);
        assert_eq!(world.weights(&world.production), (100, 0));
        assert_eq!(world.weights(&world.test), (100, 0));
        let failed = world.changes().iter().any(|(name, _)| name == "FAILED");
        assert_eq!(failed, failure_event, "{answer}");
        let deployment = world.deployment(&arn);
        assert_eq!(deployment["lifecycleHookDetails"][0]["status"], "FAILED");
        let reason = deployment["statusReason"].as_str().unwrap();
        assert!(
            reason.contains(CHECK) && reason.contains("POST_TEST_TRAFFIC_SHIFT"),
            "{reason}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_breaks_is_silent_or_missing_rolls_the_deployment_back() {
    let hook = [check(&[Stage::PreScaleUp])];
    let world = World::native(Shift::AllAtOnce, &hook);
    let arn = world.deploy("mco-api:2");
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;

    let world = World::native(Shift::AllAtOnce, &hook);
    let broken = |_: Invocation| async { Err(FunctionError::new("Boom", "no")) }.boxed();
    world.account.functions().register(CHECK, Arc::new(broken));
    let arn = world.deploy("mco-api:2");
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
    let reason = world.deployment(&arn)["statusReason"].clone();
    assert!(reason.as_str().unwrap().contains("Boom"), "{reason}");

    let world = World::native(Shift::AllAtOnce, &hook);
    let silent = |_: Invocation| std::future::pending().boxed();
    world.account.functions().register(CHECK, Arc::new(silent));
    let configuration = Configuration {
        timeout: Duration::from_secs(15),
        ..Configuration::default()
    };
    world.account.functions().configure(CHECK, configuration);
    let arn = world.deploy("mco-api:2");
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
    assert!(
        world
            .story()
            .iter()
            .any(|line| line.contains("Sandbox.Timedout"))
    );
}

#[tokio::test(start_paused = true)]
async fn all_hooks_of_a_stage_are_asked_at_once_and_one_that_fails_is_enough() {
    let stage = [Stage::PostScaleUp];
    let slow = Hook::lambda(&function_arn("slow"), &stage);
    let world = World::native(Shift::AllAtOnce, &[slow, check(&stage)]);
    let answers = [
        json!({"hookStatus": "IN_PROGRESS", "callBackDelay": 120}),
        succeeded(),
    ];
    let slow = world.function("slow", &answers);
    let quick = world.function(CHECK, &[json!({"hookStatus": "FAILED"})]);
    let arn = world.deploy("mco-api:2");
    world
        .until("the questions", || !quick.lock().unwrap().is_empty())
        .await;
    assert_eq!(slow.lock().unwrap().len(), 1);
    world.seconds(60).await;
    // The other one has to finish, too.
    assert_eq!(world.deployment(&arn)["status"], "IN_PROGRESS");
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
    assert_eq!(slow.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_is_in_progress_for_too_long_times_out_as_configured() {
    for (action, status) in [
        (HookAction::Rollback, "ROLLBACK_SUCCESSFUL"),
        (HookAction::Continue, "SUCCESSFUL"),
    ] {
        let mut hook = check(&[Stage::PostScaleUp]);
        hook.timeout_minutes = 10;
        hook.on_timeout = action;
        let world = World::native(Shift::AllAtOnce, &[hook]);
        let payloads = world.function(CHECK, &[json!({"hookStatus": "IN_PROGRESS"})]);
        let arn = world.deploy("mco-api:2");
        world.until_status(&arn, status).await;
        assert_eq!(payloads.lock().unwrap().len(), 20);
        let hook = &world.deployment(&arn)["lifecycleHookDetails"][0];
        assert_eq!(hook["status"], "TIMED_OUT");
        assert_eq!(hook["timeoutAction"], action.name());
    }
}
