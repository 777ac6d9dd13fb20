//! The cells of the table of gates that take more than a stage hand: another service, another group, another deployment.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{gate::Verdict, record::Status, target::GatePoint};
use greenlight_tests::{
    by_hand::{ECS, call, deploy_by_hand},
    cells::Contract,
    world::{VALIDATE_GREEN, World},
};
use rehearsal::{
    account::{
        Account, Settings, codedeploy,
        containers::ImageSpec,
        ecr,
        ecs::{Controller, Strategy},
    },
    scenario::sample::{APPLICATION, CLUSTER, REPOSITORY, SERVICE, Stand},
};
use serde_json::json;
use tokio::time::{Duration, sleep};

/// The sample account under a hook's contract, where nothing leads to the green tasks before production does.
async fn without_test_listener(contract: Contract, check: &str) -> World {
    let target = contract.target(&[check.to_owned()]).unwrap();
    let world = World::open_stand_with(contract.stand(), &[target], |spec| {
        if let Controller::Ecs(controller) = &mut spec.controller
            && let Strategy::Native(native) = &mut controller.configuration.strategy
            && let Some(routing) = &mut native.routing
        {
            routing.test_listener_rule = None;
        }
    })
    .await;
    if contract == Contract::CodeDeploy {
        let group = codedeploy::Group::new(
            APPLICATION,
            APPLICATION,
            (CLUSTER, SERVICE),
            &world.sample.production_listener,
            ["api-blue", "api-green"],
        );
        codedeploy::create_deployment_group(&world.sample.account, group);
    }
    world
}

#[tokio::test(start_paused = true)]
async fn targets_where_there_is_no_load_balancer_are_nothing_to_measure() {
    for (check, verdict, status) in [
        ("targets: {}", Verdict::Inconclusive, Status::Failed),
        (
            "targets: {on_no_data: pass}",
            Verdict::Passed,
            Status::Succeeded,
        ),
        (
            "targets: {on_no_data: fail}",
            Verdict::Failed,
            Status::Failed,
        ),
        (
            "targets: {dry_run: true}",
            Verdict::Inconclusive,
            Status::Succeeded,
        ),
    ] {
        let target = Contract::Rolling.target(&[check.to_owned()]).unwrap();
        let world = World::open_stand_with(Stand::Rolling, &[target], |spec| {
            if let Controller::Ecs(controller) = &mut spec.controller {
                controller.load_balancer = None;
            }
        })
        .await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        let record = world.record_of(&v2).await;
        assert_eq!(record.status, status, "{check}: {record:#?}");
        let found = &record.gates[&GatePoint::AfterTraffic].checks[0];
        assert_eq!(found.verdict, verdict, "{check}: {found:#?}");
        let named = found
            .summary
            .contains("the green tasks are in no target group");
        assert!(named, "{check}: {found:#?}");
        let live = if status == Status::Succeeded {
            &v2
        } else {
            &world.sample.v1
        };
        assert_eq!(world.sample.live_digest().as_ref(), Some(live), "{check}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_needs_a_test_listener_says_that_there_is_none() {
    for contract in [Contract::CodeDeploy, Contract::Native] {
        let world = without_test_listener(contract, "http: {path: /health}").await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        let record = world.record_of(&v2).await;
        assert_eq!(record.status, Status::Failed, "{contract:?}: {record:#?}");
        let found = &record.gates[&GatePoint::BeforeTraffic].checks[0];
        assert_eq!(found.verdict, Verdict::Error, "{contract:?}: {found:#?}");
        let named = found.summary.contains("has no test listener");
        assert!(named, "{contract:?}: {found:#?}");
    }
}

/// Whether a task of the cluster runs this image.
async fn runs(account: &Account, digest: &str) -> bool {
    let listed = call(account, ECS, "ListTasks", json!({"cluster": CLUSTER})).await;
    let input = json!({"cluster": CLUSTER, "tasks": listed["taskArns"]});
    let described = call(account, ECS, "DescribeTasks", input).await;
    let mut tasks = described["tasks"].as_array().unwrap().iter();
    tasks.any(|task| task["containers"][0]["imageDigest"] == digest)
}

/// Greenlight registers digests, so its own deployments run nothing else. One that somebody makes by hand may name a
/// tag, which comes to mean another image while the deployment is under way.
#[tokio::test(start_paused = true)]
async fn tasks_that_run_another_image_than_their_tag_names_now_do_not_pass() {
    let target = Contract::CodeDeploy
        .target(&["digest: {}".to_owned()])
        .unwrap();
    let settings = Settings::for_tests();
    let world = World::open_stand_in(settings, Stand::CodeDeploy, &[target]).await;
    let (sample, account) = (&world.sample, &world.sample.account);
    let first = sample
        .push_as("by-hand", &ImageSpec::healthy("v2"))
        .unwrap();
    let gate = sample.template.function(VALIDATE_GREEN).unwrap();
    let hook = account.functions().arn(&gate.name);
    let uri = ecr::repository_uri(account, REPOSITORY);
    let deployment = deploy_by_hand(account, Some(&hook), |definition| {
        definition["containerDefinitions"][0]["image"] = format!("{uri}:by-hand").into();
    })
    .await;
    // The tasks have pulled the first image, and the gate has not begun.
    while !runs(account, &first).await {
        sleep(Duration::from_millis(500)).await;
    }
    assert!(world.gate_answers().is_empty());
    let second = sample
        .push_as("by-hand", &ImageSpec::healthy("v3"))
        .unwrap();
    world.quiet().await;
    assert_eq!(sample.deployment(&deployment)["status"], "Failed");
    let action = "codedeploy:PutLifecycleEventHookExecutionStatus";
    let told = account.journal().calls_of(VALIDATE_GREEN, action);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].request["status"], "Failed");
    let answer = world.gate_answers().pop().unwrap().answer.unwrap();
    let reason = answer["reason"].as_str().unwrap();
    let says = format!("runs {first}, not {second}");
    assert!(reason.contains(&says), "{reason}");
    assert_eq!(sample.live_digest().as_ref(), Some(&sample.v1));
}
