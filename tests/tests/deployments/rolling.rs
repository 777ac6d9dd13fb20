//! Services that ECS deploys rolling: what a push does, and what proves it.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{
    gate::Verdict,
    record::{Origin, Status},
    target::GatePoint,
};
use greenlight_tests::{
    by_hand::{ECS, call, update_by_hand},
    world::{World, health_behind, targets_in, targets_of},
};
use rehearsal::{
    account::{
        containers::ImageSpec,
        ecr,
        ecs::{self, Controller, Scheduling, Strategy},
    },
    scenario::sample::{CLUSTER, REPOSITORY, SERVICE, SIDECAR, SIDECAR_REPOSITORY, Stand, TAG},
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

#[tokio::test(start_paused = true)]
async fn a_pushed_image_is_rolled_out_proved_by_its_gate_and_recorded() {
    let world = World::open_stand(Stand::Rolling).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
    assert_eq!(
        world.emitted(),
        ["Deployment Started", "Deployment Succeeded"]
    );
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Succeeded);
    assert_eq!(record.aws_id, world.sample.deployments().pop());
    let gate = &record.gates[&GatePoint::AfterTraffic];
    assert_eq!(gate.verdict, Verdict::Passed, "{gate:?}");
    let checks: Vec<&str> = gate.checks.iter().map(|it| it.check.as_str()).collect();
    assert_eq!(checks, ["tasks", "digest", "targets"]);
}

#[tokio::test(start_paused = true)]
async fn a_roll_back_by_the_circuit_breaker_is_a_failure_that_says_why() {
    let world = World::open_stand(Stand::Rolling).await;
    let bad = world.sample.push(&ImageSpec::crashes("v2", 3)).unwrap();
    world.quiet().await;
    let record = world.record_of(&bad).await;
    assert_eq!(record.status, Status::Failed);
    let reason = record.reason.clone().unwrap();
    assert!(reason.contains("circuit breaker"), "{reason}");
    let evidence = record.evidence.join("\n");
    assert!(evidence.contains("exit code 3"), "{evidence}");
    let v1 = Some(&world.sample.v1);
    assert_eq!(world.sample.live_digest().as_ref(), v1);
    assert_eq!(world.recorded().await.as_ref(), v1);
    assert_eq!(
        world.sample.tagged().as_ref(),
        v1,
        "the tag has been given back"
    );
    // ECS has rolled back by itself.
    assert_eq!(world.sample.deployments().len(), 1);
    // The last one is the tag's way back to the image that is live.
    assert_eq!(
        world.emitted(),
        [
            "Deployment Started",
            "Deployment Failed",
            "Deployment Skipped"
        ]
    );

    ecr::retag(&world.sample.account, REPOSITORY, &bad, TAG).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.deployments().len(), 1, "it stays rejected");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_deployment_that_is_rolled_back_follows_the_roll_back() {
    let world = World::open_stand(Stand::Rolling).await;
    let bad = world.sample.push(&ImageSpec::crashes("v2", 3)).unwrap();
    sleep(Duration::from_secs(20)).await;
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    sleep(Duration::from_secs(5)).await;
    assert!(world.target().await.state.queued.is_some());
    world.quiet().await;
    assert_eq!(world.status_of(&bad).await, Some(Status::Failed));
    assert_eq!(world.status_of(&v3).await, Some(Status::Succeeded));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v3));
    assert_eq!(
        world.sample.tagged().as_ref(),
        Some(&v3),
        "a newer push keeps its tag"
    );
    let deployments = ecs::service_deployments(&world.sample.account, CLUSTER, SERVICE);
    let statuses: Vec<&str> = deployments.iter().map(|it| it.status).collect();
    assert_eq!(
        statuses,
        ["SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "SUCCESSFUL"],
        "nothing was cut short"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_gate_after_traffic_deploys_the_previous_image_again() {
    let world = World::open_stand_with(Stand::Rolling, &[], |_| {}).await;
    world.register(&health_behind(&world)).await;
    let bad = world.sample.push(&ImageSpec::answers_500("v2")).unwrap();
    world.quiet().await;
    let record = world.record_of(&bad).await;
    assert_eq!(record.status, Status::Failed);
    assert_eq!(
        record.gates[&GatePoint::AfterTraffic].verdict,
        Verdict::Failed
    );
    let evidence = record.evidence.join("\n");
    assert!(evidence.contains("500"), "{evidence}");
    let v1 = Some(&world.sample.v1);
    assert_eq!(world.sample.live_digest().as_ref(), v1);
    assert_eq!(world.recorded().await.as_ref(), v1);
    assert_eq!(world.sample.tagged().as_ref(), v1);
    assert_eq!(world.sample.deployments().len(), 2);
    let newest = &world.history().await[0];
    assert!(
        matches!(newest.origin, Origin::Rollback { .. }),
        "{newest:?}"
    );
    assert_eq!(newest.status, Status::Succeeded);

    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v3));
    assert_eq!(world.status_of(&v3).await, Some(Status::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_registered_or_updated_where_the_live_revision_runs_just_this() {
    let world = World::open_stand(Stand::Rolling).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let live = world.sample.live_task_definition();
    let before = world.sample.account.journal().calls().len();
    let asked = world.ask(&v2).await;
    world.quiet().await;
    let mut calls = world.sample.account.journal().calls().split_off(before);
    calls.retain(|call| {
        ["RegisterTaskDefinition", "UpdateService"].contains(&call.operation.as_str())
    });
    assert_eq!(calls, []);
    assert_eq!(world.sample.live_task_definition(), live);
    let record = &world.history().await[0];
    assert_eq!(
        (record.id, record.status),
        (asked.deployment, Status::Succeeded)
    );
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
}

#[tokio::test(start_paused = true)]
async fn a_desired_count_that_changes_during_the_deployment_is_left_alone() {
    let world = World::open_stand(Stand::Rolling).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_secs(20)).await;
    assert_eq!(world.sample.active_deployments().len(), 1);
    let scale = json!({"cluster": CLUSTER, "service": SERVICE, "desiredCount": 4});
    call(&world.sample.account, ECS, "UpdateService", scale).await;
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    let service = ecs::service(&world.sample.account, CLUSTER, SERVICE).unwrap();
    assert_eq!(service.desired_count, 4);
    let updates = world.asked_by_push("ecs:UpdateService");
    assert_eq!(updates.len(), 1);
    assert!(updates[0].get("desiredCount").is_none(), "{}", updates[0]);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_service_is_deployed_although_nobody_chose_its_count() {
    let targets = targets_of(Stand::Rolling);
    let world = World::open_stand_with(Stand::Rolling, &targets, |spec| {
        if let Controller::Ecs(controller) = &mut spec.controller {
            controller.scheduling = Scheduling::Daemon;
            controller.configuration.minimum_healthy_percent = 0;
            controller.configuration.maximum_percent = 100;
        }
    })
    .await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_worker_without_a_load_balancer_is_deployed() {
    let document = Stand::Rolling
        .targets()
        .replace("        - targets: { timeout: 3m }\n", "");
    let world = World::open_stand_with(Stand::Rolling, &targets_in(&document), |spec| {
        if let Controller::Ecs(controller) = &mut spec.controller {
            controller.load_balancer = None;
        }
    })
    .await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_without_a_circuit_breaker_goes_on_until_somebody_aborts_it() {
    let targets = targets_of(Stand::Rolling);
    let world = World::open_stand_with(Stand::Rolling, &targets, |spec| {
        if let Controller::Ecs(controller) = &mut spec.controller {
            controller.configuration.strategy = Strategy::Rolling {
                circuit_breaker: None,
            };
        }
    })
    .await;
    let bad = world.sample.push(&ImageSpec::crashes("v2", 3)).unwrap();
    sleep(Duration::from_hours(2)).await;
    assert_eq!(world.status_of(&bad).await, Some(Status::Started));
    assert_eq!(world.sample.active_deployments().len(), 1);
    let target = world.target().await;
    world.operator.abort(&target, "it crashes").await.unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&bad).await, Some(Status::Failed));
    let v1 = Some(&world.sample.v1);
    assert_eq!(world.sample.live_digest().as_ref(), v1);
    assert_eq!(world.recorded().await.as_ref(), v1);
    assert_eq!(world.sample.tagged().as_ref(), v1);
}

#[tokio::test(start_paused = true)]
async fn a_push_of_a_sidecar_changes_its_image_and_no_other() {
    let world = World::open_stand(Stand::Sidecars).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let sidecar = ImageSpec::healthy("sidecar-v2");
    let sidecar = world.sample.push_to(SIDECAR_REPOSITORY, TAG, &sidecar);
    let sidecar = sidecar.unwrap();
    world.quiet().await;
    assert_eq!(world.sample.deployments().len(), 2);
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    let live = world.sample.live_task_definition().unwrap();
    let image = world
        .sample
        .image_in(live["taskDefinitionArn"].as_str().unwrap(), SIDECAR)
        .unwrap();
    assert!(
        image.ends_with(&format!("{SIDECAR_REPOSITORY}@{sidecar}")),
        "{image}"
    );
    let current = world.target().await.state.current.unwrap();
    let mut recorded: Vec<String> = current
        .candidate
        .images()
        .map(|image| image.digest.to_string())
        .collect();
    recorded.sort();
    let mut expected = [v2, sidecar];
    expected.sort();
    assert_eq!(recorded, expected);
}

#[tokio::test(start_paused = true)]
async fn fields_that_no_sdk_knows_survive_a_rolling_deployment() {
    let world = World::open_stand(Stand::Rolling).await;
    update_by_hand(&world.sample.account, |definition| {
        let containers = &mut definition["containerDefinitions"];
        containers[0]["futureOfContainers"] = json!("kept");
        containers[0]["logConfiguration"]["futureOfLogs"] = json!({"deep": [{"er": 1}]});
        definition["fromTheFuture"] = json!({"on": true, "list": [1, 2.5, null]});
    })
    .await;
    world.quiet().await;
    let before = world.sample.live_task_definition().unwrap();
    assert_eq!(before["fromTheFuture"]["on"], true);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let after = world.sample.live_task_definition().unwrap();
    let image = after["containerDefinitions"][0]["image"].clone();
    assert!(
        image.as_str().unwrap().ends_with(&format!("mco/api@{v2}")),
        "{image}"
    );
    assert_eq!(without_revision(after), {
        let mut expected = before;
        expected["containerDefinitions"][0]["image"] = image;
        without_revision(expected)
    });
}

/// What ECS gives to each revision is new.
fn without_revision(mut definition: Value) -> Value {
    for member in [
        "taskDefinitionArn",
        "revision",
        "registeredAt",
        "registeredBy",
    ] {
        definition.as_object_mut().unwrap().remove(member);
    }
    definition
}
