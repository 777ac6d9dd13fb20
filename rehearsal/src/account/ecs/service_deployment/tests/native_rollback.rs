//! Native deployments that go back, wherever they are.

use super::super::configure_hooks;
use super::*;

const CHECK: &str = "check-green";

/// A hook at both traffic shifts.
fn world_with_hooks(shift: Shift) -> (World, Arc<Mutex<Vec<Value>>>) {
    let stages = [Stage::TestTrafficShift, Stage::ProductionTrafficShift];
    let world = World::native(shift, &[Hook::lambda(&function_arn(CHECK), &stages)]);
    let payloads = world.function(CHECK, &[json!({"hookStatus": "SUCCEEDED"})]);
    (world, payloads)
}

fn stop(world: &World, arn: &str) {
    let input = json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"});
    world.call("StopServiceDeployment", input).unwrap();
}

#[tokio::test(start_paused = true)]
async fn on_rollback_the_hooks_of_the_production_traffic_are_told_that_green_gets_nothing() {
    for with_test in [false, true] {
        let (world, payloads) = world_with_hooks(Shift::AllAtOnce);
        configure_hooks(&world.account, |it| it.test_traffic_on_rollback = with_test);
        let blue = world.revisions()[0].arn.clone();
        let arn = world.deploy("mco-api:2");
        let green = world.revisions()[1].arn.clone();
        world.until_stage(&arn, Stage::BakeTime).await;
        payloads.lock().unwrap().clear();
        stop(&world, &arn);
        world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
        let payloads = payloads.lock().unwrap().clone();
        let last = payloads.last().unwrap();
        assert_eq!(payloads.len(), if with_test { 2 } else { 1 });
        assert_eq!(last["lifecycleStage"], "PRODUCTION_TRAFFIC_SHIFT");
        let details = &last["executionDetails"];
        assert_eq!(details["targetServiceRevisionArn"], green);
        assert_eq!(
            details["productionTrafficWeights"],
            json!({green.as_str(): 0, blue.as_str(): 100})
        );
        if with_test {
            let details = &payloads[0]["executionDetails"];
            assert_eq!(
                details["testTrafficWeights"],
                json!({green.as_str(): 0, blue.as_str(): 100})
            );
        }
        assert_eq!(world.get().await, (200, "v1".to_owned()));
        assert_eq!(world.deployments(), ["PRIMARY 1 COMPLETED"]);
        assert_eq!(
            world.deployment(&arn)["rollback"]["serviceRevisionArn"],
            blue
        );
        assert!(world.changes().iter().all(|(name, _)| name != "FAILED"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_can_be_stopped_at_every_stage_and_no_request_is_lost() {
    let canary = Shift::Canary {
        percent: 10.0,
        bake_minutes: 2,
    };
    for stage in [
        Stage::PreScaleUp,
        Stage::ScaleUp,
        Stage::PostScaleUp,
        Stage::PostTestTrafficShift,
        Stage::PreProductionTrafficShift,
        Stage::ProductionTrafficShift,
        Stage::PostProductionTrafficShift,
        Stage::BakeTime,
        Stage::CleanUp,
    ] {
        let world = Arc::new(World::native(canary, &[]));
        let asking = Asking::begin(&world);
        let arn = world.deploy("mco-api:2");
        world.until_stage(&arn, stage).await;
        stop(&world, &arn);
        world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
        world.seconds(30).await;
        asking.end();
        assert_eq!(world.get().await, (200, "v1".to_owned()), "{stage:?}");
        assert_eq!(world.weights(&world.production), (100, 0), "{stage:?}");
        assert_eq!(world.weights(&world.test), (100, 0), "{stage:?}");
        assert_eq!(world.revisions().len(), 1, "{stage:?}");
        let next = world.deploy("mco-api:2");
        world.until_status(&next, "SUCCESSFUL").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_on_rollback_leaves_both_revisions_and_the_next_deployment_reconciles() {
    let stages = [Stage::ProductionTrafficShift, Stage::ReconcileService];
    let world = World::native(
        Shift::AllAtOnce,
        &[Hook::lambda(&function_arn(CHECK), &stages)],
    );
    let answers = [
        json!({"hookStatus": "FAILED"}),
        json!({"hookStatus": "FAILED"}),
    ];
    world.function(CHECK, &answers);
    let arn = world.deploy("mco-api:2");
    world.until_status(&arn, "ROLLBACK_FAILED").await;
    assert_eq!(world.weights(&world.production), (100, 0));
    assert_eq!(world.revisions().len(), 2);
    assert_eq!(world.get().await, (200, "v1".to_owned()));

    let payloads = world.function(CHECK, &[json!({"hookStatus": "SUCCEEDED"})]);
    let next = world.deploy("mco-api:2");
    world.until_status(&next, "SUCCESSFUL").await;
    assert_eq!(
        payloads.lock().unwrap()[0]["lifecycleStage"],
        "RECONCILE_SERVICE"
    );
    assert_eq!(world.revisions().len(), 1);
    assert_eq!(world.get().await, (200, "v2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_newer_deployment_in_mid_shift_starts_from_the_blue_revision_again() {
    let canary = Shift::Canary {
        percent: 10.0,
        bake_minutes: 30,
    };
    let world = World::native(canary, &[]);
    world.task_definition(&ImageSpec::healthy("v3"));
    let first = world.deploy("mco-api:2");
    world
        .until("the canary", || {
            world.weights(&world.production) == (90, 10)
        })
        .await;
    let second = world.deploy("mco-api:3");
    world.until_status(&first, "STOPPED").await;
    world.until_stage(&second, Stage::ScaleUp).await;
    assert_eq!(world.weights(&world.production), (100, 0));
    world.until_status(&second, "SUCCESSFUL").await;
    assert_eq!(world.get().await, (200, "v3".to_owned()));
    assert_eq!(world.revisions().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn green_tasks_that_never_become_healthy_are_tried_until_somebody_stops_them() {
    let world = World::native(Shift::AllAtOnce, &[]);
    world.task_definition(&ImageSpec::crashes("v3", 1));
    let arn = world.deploy("mco-api:3");
    world.seconds(2 * 3600).await;
    assert_eq!(world.deployment(&arn)["lifecycleStage"], "SCALE_UP");
    assert_eq!(world.get().await, (200, "v1".to_owned()));
    stop(&world, &arn);
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
}

#[tokio::test(start_paused = true)]
async fn a_blue_revision_that_is_ending_comes_back_before_it_gets_the_traffic() {
    let world = Arc::new(World::native(Shift::AllAtOnce, &[]));
    let asking = Asking::begin(&world);
    let arn = world.deploy("mco-api:2");
    let is_ending = || {
        let revisions = world.revisions();
        revisions.len() == 2 && revisions[0].desired == 0
    };
    world.until("the end of blue", is_ending).await;
    world.seconds(5).await;
    stop(&world, &arn);
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
    world.seconds(5).await;
    assert_eq!(asking.end().last().unwrap().1, "v1");
}
