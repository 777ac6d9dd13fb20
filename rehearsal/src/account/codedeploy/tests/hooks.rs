//! Hooks that answer, answer twice, do not answer, break, or do not exist.

use std::sync::Mutex;

use super::*;

const HOOK: &str = "CodeDeployHook_check";
const FAILED: &str =
    "The deployment failed because one or more of the lifecycle event validation functions failed.";

/// Makes the hook do nothing, and hands its payloads over.
fn silent(world: &World) -> Arc<Mutex<Vec<Value>>> {
    let payloads = Arc::new(Mutex::new(Vec::new()));
    let keep = payloads.clone();
    world.function(HOOK, move |payload| {
        keep.lock().unwrap().push(payload);
        // What it returns is ignored.
        async { Ok(json!("Failed")) }.boxed()
    });
    payloads
}

#[tokio::test(start_paused = true)]
async fn a_hook_gets_exactly_two_fields_and_may_answer_later_from_elsewhere() {
    let world = World::open();
    let payloads = silent(&world);
    let id = world.deploy(&[("AfterInstall", HOOK)]);
    world.until_event(&id, "AfterInstall").await;
    world.minutes(40).await;
    let payload = payloads.lock().unwrap()[0].clone();
    let keys: Vec<&String> = payload.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["DeploymentId", "LifecycleEventHookExecutionId"]);
    assert_eq!(payload["DeploymentId"], id);
    let answered = answer(&world.account, &payload, "Succeeded").unwrap();
    assert_eq!(
        answered["lifecycleEventHookExecutionId"],
        payload["LifecycleEventHookExecutionId"]
    );
    world.until_event(&id, "AllowTraffic").await;
}

#[tokio::test(start_paused = true)]
async fn a_second_answer_is_refused_and_changes_nothing() {
    let world = World::open();
    let payloads = silent(&world);
    let id = world.deploy(&[("AfterInstall", HOOK)]);
    world.until_event(&id, "AfterInstall").await;
    world.seconds(1).await;
    let payload = payloads.lock().unwrap()[0].clone();
    answer(&world.account, &payload, "Succeeded").unwrap();
    let error = answer(&world.account, &payload, "Failed").unwrap_err();
    assert_eq!(error.code, "LifecycleEventAlreadyCompletedException");
    world.until_status(&id, "Succeeded").await;
    let error = answer(&world.account, &payload, "Succeeded").unwrap_err();
    assert_eq!(error.code, "LifecycleEventAlreadyCompletedException");
}

#[tokio::test(start_paused = true)]
async fn only_the_two_verdicts_and_only_known_executions_are_accepted() {
    let world = World::open();
    let payloads = silent(&world);
    let id = world.deploy(&[("BeforeInstall", HOOK)]);
    world.until_event(&id, "BeforeInstall").await;
    world.seconds(1).await;
    let payload = payloads.lock().unwrap()[0].clone();
    for status in [
        "Pending",
        "InProgress",
        "Skipped",
        "Unknown",
        "succeeded",
        "",
    ] {
        let error = answer(&world.account, &payload, status).unwrap_err();
        assert_eq!(
            error.code, "InvalidLifecycleEventHookExecutionStatusException",
            "{status}"
        );
    }
    let cases = [
        (
            json!({"DeploymentId": id}),
            "InvalidLifecycleEventHookExecutionIdException",
        ),
        (
            json!({"DeploymentId": id, "LifecycleEventHookExecutionId": "x"}),
            "InvalidLifecycleEventHookExecutionIdException",
        ),
        (
            json!({"LifecycleEventHookExecutionId": "x"}),
            "DeploymentIdRequiredException",
        ),
        (
            json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "x"}),
            "InvalidDeploymentIdException",
        ),
        (
            json!({"DeploymentId": "d-ABCDEF123", "LifecycleEventHookExecutionId": "x"}),
            "DeploymentDoesNotExistException",
        ),
    ];
    for (payload, code) in cases {
        assert_eq!(
            answer(&world.account, &payload, "Succeeded")
                .unwrap_err()
                .code,
            code,
            "{payload}"
        );
    }
    assert_eq!(world.lifecycle(&id)[0], "BeforeInstall InProgress");
}

#[tokio::test(start_paused = true)]
async fn the_execution_of_another_deployment_is_unknown() {
    let world = World::open();
    let payloads = silent(&world);
    let first = world.deploy(&[("BeforeInstall", HOOK)]);
    world.until_event(&first, "BeforeInstall").await;
    world
        .call("StopDeployment", json!({"deploymentId": first}))
        .unwrap();
    world.until_status(&first, "Stopped").await;
    let second = world.deploy(&[("BeforeInstall", HOOK)]);
    world.until_event(&second, "BeforeInstall").await;
    world.seconds(1).await;
    let payloads = payloads.lock().unwrap().clone();
    let mut foreign = payloads[1].clone();
    foreign["LifecycleEventHookExecutionId"] = payloads[0]["LifecycleEventHookExecutionId"].clone();
    let error = answer(&world.account, &foreign, "Succeeded").unwrap_err();
    assert_eq!(error.code, "InvalidLifecycleEventHookExecutionIdException");
    let error = answer(&world.account, &payloads[0], "Succeeded").unwrap_err();
    assert_eq!(error.code, "LifecycleEventAlreadyCompletedException");
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_does_not_answer_within_the_hour_fails_the_deployment() {
    let world = World::open();
    let payloads = silent(&world);
    let id = world.deploy(&[("BeforeAllowTraffic", HOOK)]);
    world.until_event(&id, "BeforeAllowTraffic").await;
    world.minutes(59).await;
    assert_eq!(world.info(&id)["status"], "InProgress");
    world.minutes(2).await;
    let info = world.info(&id);
    assert_eq!(
        (&info["status"], &info["errorInformation"]["code"]),
        (&json!("Failed"), &json!("TIMEOUT"))
    );
    assert!(
        world
            .lifecycle(&id)
            .contains(&"BeforeAllowTraffic Failed".to_owned())
    );
    let payload = payloads.lock().unwrap()[0].clone();
    let error = answer(&world.account, &payload, "Succeeded").unwrap_err();
    assert_eq!(error.code, "LifecycleEventAlreadyCompletedException");
}

#[tokio::test(start_paused = true)]
async fn an_unhandled_error_fails_at_once_or_only_after_the_hour_as_the_setting_says() {
    for (setting, unnoticed, code) in [
        (HookFailure::FailAtOnce, 0, "HOOK_EXECUTION_FAILURE"),
        (HookFailure::WaitForTimeout, 59, "TIMEOUT"),
    ] {
        let world = World::where_hooks(setting);
        world.function(HOOK, |_| async { Err(broken("exit status 1")) }.boxed());
        let id = world.deploy(&[("AfterInstall", HOOK)]);
        let started = || {
            world
                .story()
                .iter()
                .any(|it| it.ends_with("AfterInstall started"))
        };
        world.until("AfterInstall", started).await;
        world.minutes(unnoticed).await;
        if unnoticed > 0 {
            assert_eq!(world.info(&id)["status"], "InProgress", "{setting:?}");
        }
        world.minutes(2).await;
        assert_eq!(
            world.info(&id)["errorInformation"]["code"],
            code,
            "{setting:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_after_the_answer_changes_nothing() {
    let world = World::open();
    let account = world.account.clone();
    world.function(HOOK, move |payload| {
        let answered = answer(&account, &payload, "Succeeded");
        async move {
            answered
                .map_err(|_| broken("no"))
                .and_then(|_| Err(broken("crashed while going down")))
        }
        .boxed()
    });
    let id = world.deploy(&[("AfterInstall", HOOK)]);
    world.until_status(&id, "Succeeded").await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_hook_says_so_and_skips_the_rest() {
    let world = World::open();
    world.hook(HOOK, "Failed");
    let id = world.deploy(&[("AfterAllowTestTraffic", HOOK)]);
    world.until_status(&id, "Failed").await;
    let error = &world.info(&id)["errorInformation"];
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!("HOOK_EXECUTION_FAILURE"), &json!(FAILED))
    );
    assert_eq!(
        world.lifecycle(&id)[3..],
        [
            "AllowTestTraffic Succeeded",
            "AfterAllowTestTraffic Failed",
            "BeforeAllowTraffic Skipped",
            "AllowTraffic Skipped",
            "AfterAllowTraffic Skipped"
        ]
    );
    assert_eq!(
        world.target(&id)["lifecycleEvents"][4]["diagnostics"]["errorCode"],
        "UnknownError"
    );
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_does_not_exist_fails_the_deployment_by_name() {
    let world = World::open();
    let id = world.deploy(&[("AfterInstall", "CodeDeployHook_gone")]);
    world.until_status(&id, "Failed").await;
    let error = &world.info(&id)["errorInformation"];
    assert_eq!(error["code"], "INVALID_LAMBDA_FUNCTION");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("CodeDeployHook_gone")
    );
}
