//! What takes longer than its target allows is stopped and given up, and what waits has its turn.

use greenlight_core::record::Status;
use greenlight_tests::{
    rounds::{lose_events, rounds, until_settled},
    world::{World, targets_of},
};
use rehearsal::{
    account::{
        containers::ImageSpec,
        ecs::{Controller, Strategy},
    },
    scenario::sample::Stand,
};
use tokio::time::{Duration, sleep};

use crate::reconcile::{assert_settled_on, good};

const LIMIT: Duration = Duration::from_mins(10);

/// An image whose deployment takes longer than that.
fn hangs(stand: Stand) -> ImageSpec {
    match stand {
        Stand::Task => ImageSpec::one_shot("v2", Duration::from_hours(3), 0),
        _ => ImageSpec::slow_to_start("v2", Duration::from_hours(3)),
    }
}

async fn open(stand: Stand) -> World {
    let mut targets = targets_of(stand);
    targets[0].timeout = Some(LIMIT);
    // The gate is not what hangs here.
    targets[0].gates = greenlight_core::target::Gates::default();
    // And no circuit breaker ends it before.
    World::open_stand_with(stand, &targets, |spec| {
        if let (Stand::Rolling, Controller::Ecs(controller)) = (stand, &mut spec.controller) {
            controller.configuration.strategy = Strategy::Rolling {
                circuit_breaker: None,
            };
        }
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn what_is_stuck_is_stopped_with_a_reason_and_the_next_one_goes() {
    for (stand, stops) in [
        (Stand::CodeDeploy, "StopDeployment"),
        (Stand::Rolling, "StopServiceDeployment"),
        (Stand::BlueGreen, "StopServiceDeployment"),
        (Stand::Task, "StopTask"),
        (Stand::Pipeline, "StopPipelineExecution"),
    ] {
        let world = open(stand).await;
        lose_events(&world);
        let v2 = world.sample.push(&hangs(stand)).unwrap();
        sleep(Duration::from_secs(15)).await;
        let v3 = world.sample.push(&good(stand, "v3")).unwrap();
        rounds(&world, 8).await;
        let case = format!("{stand:?}");
        assert_eq!(world.status_of(&v2).await, Some(Status::Started), "{case}");
        rounds(&world, 4).await;
        let record = world.record_of(&v2).await;
        assert_eq!(record.status, Status::Failed, "{case}: {record:?}");
        let reason = record.reason.unwrap();
        assert!(
            reason.contains("had not ended after 10m"),
            "{case}: {reason}"
        );
        let calls = world.sample.account.journal().calls();
        let told = calls.iter().filter(|call| call.operation == stops);
        assert_eq!(told.count(), 1, "{case}");
        if stand == Stand::Pipeline {
            // What its running action does goes on, and the next execution may well find the service busy.
            assert_eq!(world.sample.deployments().len(), 2, "{case}");
            continue;
        }
        until_settled(&world).await;
        assert_settled_on(&world, stand, &v3, &case).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_of_its_own_a_deployment_has_a_day() {
    let stand = Stand::Task;
    let world = World::open_stand(stand).await;
    let spec = ImageSpec::one_shot("v2", Duration::from_hours(48), 0);
    let v2 = world.sample.push(&spec).unwrap();
    sleep(Duration::from_hours(23)).await;
    rounds(&world, 1).await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Started));
    sleep(Duration::from_hours(1)).await;
    rounds(&world, 1).await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed));
}
