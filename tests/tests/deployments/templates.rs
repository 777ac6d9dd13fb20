//! Task definitions and `AppSpec`s from templates, and deployments that wait for a person.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::sync::Arc;

use futures_util::FutureExt;
use greenlight_core::{deployment::DeploymentId, record::Status};
use greenlight_deployer::control::ControlError;
use greenlight_tests::{
    asked::{done, requests},
    by_hand::{CODEDEPLOY, call},
    world::{DEPLOY_ON_PUSH, World, targets_in},
};
use rehearsal::{
    account::{
        codedeploy::{self, Group, ReadyOption},
        containers::ImageSpec,
        s3,
    },
    scenario::sample::{APPLICATION, BUCKET, CLUSTER, SERVICE, Stand},
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

const TASKDEF: &str = "api/taskdef.json";
const APPSPEC: &str = "api/appspec.yaml";

async fn put(world: &World, key: &str, text: &str) {
    s3::put_object(&world.sample.account, BUCKET, key, text)
        .await
        .unwrap();
}

/// The template of the task definition, as it is in the bucket.
const TASKDEF_TEXT: &str = include_str!("../../../rehearsal/sample/templates/taskdef.json");
const APPSPEC_TEXT: &str = include_str!("../../../rehearsal/sample/templates/appspec.yaml");

/// The AppSpec of the newest deployment that was created.
fn app_spec(world: &World) -> Value {
    let created = requests(world, "CreateDeployment").pop().unwrap();
    let content = &created["revision"]["appSpecContent"]["content"];
    serde_json::from_str(content.as_str().unwrap()).unwrap()
}

/// Pushes an image whose start fails, and gives the reason. Nothing was registered for it.
async fn refused(world: &World) -> String {
    let digest = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let record = world.record_of(&digest).await;
    assert_eq!(record.status, Status::StartFailed, "{record:?}");
    assert!(requests(world, "RegisterTaskDefinition").is_empty());
    assert!(requests(world, "CreateDeployment").is_empty());
    record.reason.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_placeholders_are_the_image_and_the_task_definition() {
    let world = World::open_stand(Stand::Templates).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let registered = &requests(&world, "RegisterTaskDefinition")[0];
    let container = &registered["containerDefinitions"][0];
    let pinned = format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@{v2}");
    assert_eq!(container["image"], json!(pinned));
    assert_eq!(
        container["environment"][1],
        json!({"name": "IMAGE", "value": pinned})
    );
    // The template has no log router, so there is none any more.
    assert_eq!(
        registered["containerDefinitions"].as_array().unwrap().len(),
        1
    );
    let arn =
        &done(&world, "RegisterTaskDefinition")[0].response["taskDefinition"]["taskDefinitionArn"];
    let properties = app_spec(&world)["Resources"][0]["TargetService"]["Properties"].clone();
    assert_eq!(&properties["TaskDefinition"], arn);
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
}

#[tokio::test(start_paused = true)]
async fn a_template_that_gives_what_is_live_registers_nothing() {
    let world = World::open_stand(Stand::Templates).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let registrations = || {
        let calls = world.sample.account.journal().calls().into_iter();
        calls
            .filter(|call| call.operation == "RegisterTaskDefinition")
            .count()
    };
    let before = registrations();
    let asked = world.ask(&v2).await;
    world.quiet().await;
    let history = world.history().await;
    let again = history.iter().find(|it| it.id == asked.deployment).unwrap();
    assert_eq!(again.status, Status::Succeeded);
    assert_eq!(registrations(), before);
    assert_eq!(world.sample.deployments().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_placeholder_without_a_value_is_named_with_its_line_and_file() {
    let world = World::open_stand(Stand::Templates).await;
    let text = TASKDEF_TEXT.replace(
        r#"{ "name": "IMAGE", "value": "<IMAGE1_NAME>" }"#,
        r#"{ "name": "IMAGE", "value": "<IMAGE2_NAME>" }"#,
    );
    put(&world, TASKDEF, &text).await;
    let line = text
        .lines()
        .position(|it| it.contains("IMAGE2_NAME"))
        .unwrap()
        + 1;
    let reason = refused(&world).await;
    let expected = format!("s3://{BUCKET}/{TASKDEF}:{line}: the placeholder `<IMAGE2_NAME>`");
    assert!(reason.contains(&expected), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_placeholder_of_the_appspec_without_a_value_is_named_before_anything_is_registered() {
    let world = World::open_stand(Stand::Templates).await;
    let text = APPSPEC_TEXT.replace("ContainerName: api", "ContainerName: <CONTAINER>");
    put(&world, APPSPEC, &text).await;
    let line = text
        .lines()
        .position(|it| it.contains("<CONTAINER>"))
        .unwrap()
        + 1;
    let reason = refused(&world).await;
    let expected = format!("s3://{BUCKET}/{APPSPEC}:{line}: the placeholder `<CONTAINER>`");
    assert!(reason.contains(&expected), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn an_appspec_of_a_container_that_there_is_not_is_refused_before_anything_is_registered() {
    let world = World::open_stand(Stand::Templates).await;
    let text = APPSPEC_TEXT.replace("ContainerName: api", "ContainerName: web");
    put(&world, APPSPEC, &text).await;
    let reason = refused(&world).await;
    let place = format!("s3://{BUCKET}/{APPSPEC}: Resources[0].TargetService.Properties.");
    for words in [
        place.as_str(),
        "LoadBalancerInfo.ContainerName: ",
        "no container named `web`; it has `api`",
    ] {
        assert!(reason.contains(words), "{words}: {reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_appspec_that_cannot_be_used_is_found_before_the_migration_runs() {
    let document = Stand::Templates.targets().replace(
        "    deploy:\n",
        "    before: [{ task: { command: [migrate] } }]\n    deploy:\n",
    );
    let targets = targets_in(&document);
    assert_eq!(targets[0].before.len(), 1);
    let world = World::open_stand_with(Stand::Templates, &targets, |_| {}).await;
    put(&world, APPSPEC, "version: 0.0\nResources: []\n").await;
    let reason = refused(&world).await;
    assert!(reason.contains(APPSPEC), "{reason}");
    assert_eq!(world.sample.one_shots(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_hooks_of_the_gates_are_merged_with_those_of_the_template() {
    let world = World::open_stand(Stand::Templates).await;
    let account = world.sample.account.clone();
    let own = "CodeDeployHook_of-the-team";
    account.functions().register(
        own,
        Arc::new(move |invocation| {
            let account = account.clone();
            async move {
                let input = json!({
                    "deploymentId": invocation.payload["DeploymentId"],
                    "lifecycleEventHookExecutionId": invocation.payload["LifecycleEventHookExecutionId"],
                    "status": "Succeeded",
                });
                let put = "PutLifecycleEventHookExecutionStatus";
                Ok(call(&account, CODEDEPLOY, put, input).await)
            }
            .boxed()
        }),
    );
    let text = format!("{APPSPEC_TEXT}Hooks:\n  - AfterInstall: {own}\n");
    put(&world, APPSPEC, &text).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let gate = &world
        .sample
        .template
        .function("ValidateGreen")
        .unwrap()
        .name;
    let hooks = app_spec(&world)["Hooks"].clone();
    assert_eq!(hooks[0], json!({"AfterInstall": own}));
    let hook = hooks[1]["BeforeAllowTraffic"].as_str().unwrap();
    assert!(hook.ends_with(gate.as_str()), "{hook}");
    assert_eq!(hooks.as_array().unwrap().len(), 2);
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Succeeded, "{record:?}");
    assert_eq!(record.gates.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_hook_of_the_template_in_the_place_of_a_gate_is_refused() {
    let world = World::open_stand(Stand::Templates).await;
    let text = format!("{APPSPEC_TEXT}Hooks:\n  - BeforeAllowTraffic: CodeDeployHook_other\n");
    put(&world, APPSPEC, &text).await;
    let reason = refused(&world).await;
    assert!(
        reason.contains("cannot take the hooks of the gates")
            && reason.contains("BeforeAllowTraffic"),
        "{reason}"
    );
}

async fn refused_with(from: &str, to: &str) -> String {
    let targets = targets_in(&Stand::Templates.targets().replace(from, to));
    let world = World::open_stand_with(Stand::Templates, &targets, |_| {}).await;
    refused(&world).await
}

#[tokio::test(start_paused = true)]
async fn a_missing_object_or_bucket_is_named_with_what_to_do() {
    let reason = refused_with("api/taskdef.json", "api/other.json").await;
    assert!(
        reason.contains("NoSuchKey")
            && reason
                .contains("check that the S3 object `s3://mco-deployments/api/other.json` exists"),
        "{reason}"
    );
    let reason = refused_with(
        "s3://mco-deployments/api/appspec",
        "s3://elsewhere/api/appspec",
    )
    .await;
    assert!(
        reason.contains("NoSuchBucket")
            && reason.contains("check that the S3 object `s3://elsewhere/api/appspec.yaml` exists"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_named_with_what_to_do() {
    for action in ["s3:GetObject", "s3:ListBucket"] {
        let world = World::open_stand(Stand::Templates).await;
        if action == "s3:ListBucket" {
            // Whoever may not list the keys is not told that one is missing.
            let targets = targets_in(&Stand::Templates.targets().replace("taskdef", "other"));
            world.register(&targets).await;
        }
        world.sample.account.deny(DEPLOY_ON_PUSH, action);
        let reason = refused(&world).await;
        assert!(
            reason.contains("AccessDenied")
                && reason.contains("allow `s3:GetObject` on S3 object `s3://"),
            "{reason}"
        );
    }
}

/// The same group, which waits for a person before production traffic is shifted.
fn wait_for_a_person(world: &World, minutes: u32) {
    let mut group = Group::new(
        APPLICATION,
        APPLICATION,
        (CLUSTER, SERVICE),
        &world.sample.production_listener,
        ["api-blue", "api-green"],
    );
    group.test_listener_arns = Some(vec![world.sample.test_listener.clone()]);
    group.ready_option = ReadyOption::StopDeployment {
        wait_minutes: minutes,
    };
    codedeploy::create_deployment_group(&world.sample.account, group);
}

async fn waiting(world: &World) -> (String, DeploymentId) {
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    let mut looks = 0;
    loop {
        let progress = world.operator.progress(&world.target().await).await;
        if let Some(progress) = progress.filter(|it| it.awaiting.is_some()) {
            let awaiting = progress.awaiting.unwrap();
            assert!(
                awaiting
                    .what
                    .contains("waits before it shifts the production traffic"),
                "{awaiting:?}"
            );
            assert!(awaiting.remedy.contains("greenlight continue api-test"));
            return (v2, progress.deployment);
        }
        looks += 1;
        assert!(looks < 600, "nothing ever waited");
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_waits_is_shown_and_goes_on_when_a_person_says_so() {
    let world = World::open_stand(Stand::Templates).await;
    wait_for_a_person(&world, 60);
    let (v2, id) = waiting(&world).await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&world.sample.v1));
    let stored = world.target().await;
    let answered = world.operator.continue_(&stored).await.unwrap();
    assert_eq!(answered.deployment, id);
    sleep(Duration::from_secs(1)).await;
    let again = world.operator.continue_(&stored).await;
    assert!(
        matches!(again, Err(ControlError::NothingWaits { .. })),
        "{again:?}"
    );
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_waits_is_taken_back_when_a_person_says_so() {
    let world = World::open_stand(Stand::Templates).await;
    wait_for_a_person(&world, 60);
    let (v2, id) = waiting(&world).await;
    let answered = world
        .operator
        .abort(&world.target().await, "no")
        .await
        .unwrap();
    assert_eq!(answered.deployment, id);
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&world.sample.v1));
    assert_eq!(world.recorded().await.as_ref(), Some(&world.sample.v1));
    assert_eq!(world.sample.tagged().as_ref(), Some(&world.sample.v1));
    let nothing = world.operator.abort(&world.target().await, "no").await;
    assert!(
        matches!(nothing, Err(ControlError::NothingUnderWay { .. })),
        "{nothing:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_nobody_answers_is_a_failure() {
    let world = World::open_stand(Stand::Templates).await;
    wait_for_a_person(&world, 10);
    let (v2, _) = waiting(&world).await;
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed));
    assert_eq!(world.recorded().await.as_ref(), Some(&world.sample.v1));
}
