//! `reconcile` dies before and after each of its calls, or loses each answer, while no event arrives: the next round finds
//! what it has left, nothing is done twice, and nothing is lost.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::record::Status;
use greenlight_tests::{
    rounds::{lose_events, until_settled},
    wire::Fault,
    world::World,
};
use rehearsal::scenario::sample::Stand;
use tokio::time::{Duration, sleep};

use crate::reconcile::{assert_settled_on, bad, good};

const FAULTS: [Fault; 3] = [Fault::CrashBefore, Fault::CrashAfter, Fault::AnswerLost];

/// One fails, and what waited for it follows.
async fn play(stand: Stand, inject: Option<(usize, Fault)>, case: &str) -> World {
    let world = World::open_stand(stand).await;
    lose_events(&world);
    let v2 = world.sample.push(&bad(stand, "v2")).unwrap();
    sleep(Duration::from_secs(10)).await;
    let v3 = world.sample.push(&good(stand, "v3")).unwrap();
    if let Some((number, fault)) = inject {
        world.reconcile_wire.inject(number, fault);
    }
    until_settled(&world).await;
    assert_settled_on(&world, stand, &v3, case).await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed), "{case}");
    assert_eq!(world.sample.deployments().len(), expected(stand), "{case}");
    assert_eq!(world.sample.tagged(), Some(v3), "{case}");
    world
}

/// With CodeDeploy and ECS's own, a roll-back is a deployment too.
fn expected(stand: Stand) -> usize {
    match stand {
        Stand::CodeDeploy => 3,
        _ => 2,
    }
}

async fn at_every_call(stand: Stand, least: usize) {
    let world = play(stand, None, &format!("{stand:?}, undisturbed")).await;
    let calls = world.reconcile_wire.seen();
    let mut hit = 0;
    for (number, call) in calls.iter().enumerate() {
        let reads = ["Describe", "Get", "List", "Query", "BatchGet", "Scan"];
        let is_read = reads.iter().any(|read| call.operation.starts_with(read));
        // To die before a read is to die after the call before it.
        if is_read {
            continue;
        }
        for fault in FAULTS {
            let case = format!("{stand:?}: {fault:?} at call {number}, {}", call.operation);
            let world = play(stand, Some((number, fault)), &case).await;
            assert!(world.reconcile_wire.has_struck(), "{case}");
            hit += 1;
        }
    }
    assert!(hit >= least, "{stand:?}: {hit}");
}

#[tokio::test(start_paused = true)]
async fn with_codedeploy_nothing_is_lost_or_doubled() {
    at_every_call(Stand::CodeDeploy, 15).await;
}

#[tokio::test(start_paused = true)]
async fn rolling_nothing_is_lost_or_doubled() {
    at_every_call(Stand::Rolling, 15).await;
}

#[tokio::test(start_paused = true)]
async fn native_nothing_is_lost_or_doubled() {
    at_every_call(Stand::BlueGreen, 15).await;
}

#[tokio::test(start_paused = true)]
async fn with_tasks_nothing_is_lost_or_doubled() {
    at_every_call(Stand::Task, 15).await;
}

#[tokio::test(start_paused = true)]
async fn with_pipelines_nothing_is_lost_or_doubled() {
    at_every_call(Stand::Pipeline, 12).await;
}
