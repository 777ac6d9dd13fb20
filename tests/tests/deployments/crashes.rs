//! The functions die before and after each of their calls, and lose each answer, whoever deploys: there is
//! one deployment all the same, and nothing is lost. Tasks, pipelines and templates are in
//! `crashes_tasks.rs`.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::record::Status;
use greenlight_tests::{
    wire::Fault,
    world::{World, health_behind},
};
use rehearsal::{account::containers::ImageSpec, scenario::sample::Stand};
use tokio::time::{Duration, sleep};

/// More calls than any function makes in one of these histories: a loop that ends here has not reached
/// every call.
const CALLS: usize = 100;

async fn one_deployment_whatever_happens(stand: Stand, fault: Fault) {
    let mut struck = 0;
    for number in 0..CALLS {
        let world = World::open_stand(stand).await;
        world.push_wire.inject(number, fault);
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        // A message that was not dealt with comes back after its visibility timeout.
        world.quiet().await;
        sleep(Duration::from_mins(30)).await;
        world.quiet().await;
        let case = format!("{fault:?} at call {number}: {:?}", world.push_wire.seen());
        assert_eq!(world.sample.deployments().len(), 1, "{case}");
        assert_eq!(world.sample.live_digest().as_ref(), Some(&v2), "{case}");
        assert_eq!(world.recorded().await.as_ref(), Some(&v2), "{case}");
        assert_eq!(
            world.status_of(&v2).await,
            Some(Status::Succeeded),
            "{case}"
        );
        let target = world.target().await;
        assert_eq!(
            (target.state.active, target.state.queued),
            (None, None),
            "{case}"
        );
        if !world.push_wire.has_struck() {
            break;
        }
        struck += 1;
    }
    // Query, resolve, claim, three reads and writes of ECS, create, announce, bind.
    assert!((8..CALLS).contains(&struck), "{struck} calls were hit");
}

/// The end of a deployment is recorded once, and what waits is started once, wherever
/// `record-deployment` dies.
async fn the_queue_moves_on_whatever_happens(stand: Stand, fault: Fault) {
    let mut struck = 0;
    for number in 0..CALLS {
        let world = World::open_stand(stand).await;
        world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        sleep(Duration::from_secs(30)).await;
        let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
        world.record_wire.inject(number, fault);
        world.quiet().await;
        let case = format!("{fault:?} at call {number}: {:?}", world.record_wire.seen());
        assert_eq!(world.sample.deployments().len(), 2, "{case}");
        assert_eq!(world.recorded().await.as_ref(), Some(&v3), "{case}");
        assert_eq!(world.sample.live_digest().as_ref(), Some(&v3), "{case}");
        if !world.record_wire.has_struck() {
            break;
        }
        struck += 1;
    }
    assert!((12..CALLS).contains(&struck), "{struck} calls were hit");
}

/// An image that works well enough to be started, and not to stay.
fn bad(stand: Stand) -> ImageSpec {
    match stand {
        // No gate looks at `/health` there.
        Stand::Rolling => ImageSpec::crashes("v2", 1),
        _ => ImageSpec::answers_500("v2"),
    }
}

/// A failure is recorded once, and its tag given back, wherever `record-deployment` dies.
async fn the_tag_is_given_back_whatever_happens(stand: Stand, fault: Fault) {
    let mut struck = 0;
    for number in 0..CALLS {
        let world = World::open_stand(stand).await;
        let bad = world.sample.push(&bad(stand)).unwrap();
        world.record_wire.inject(number, fault);
        world.quiet().await;
        let case = format!("{fault:?} at call {number}: {:?}", world.record_wire.seen());
        assert_eq!(world.status_of(&bad).await, Some(Status::Failed), "{case}");
        let v1 = Some(&world.sample.v1);
        assert_eq!(world.sample.tagged().as_ref(), v1, "{case}");
        assert_eq!(world.recorded().await.as_ref(), v1, "{case}");
        assert_eq!(world.sample.live_digest().as_ref(), v1, "{case}");
        if !world.record_wire.has_struck() {
            break;
        }
        struck += 1;
    }
    assert!((12..CALLS).contains(&struck), "{struck} calls were hit");
}

/// What was live before a rolling deployment is deployed again, once, and its tag given back, wherever
/// `record-deployment` dies after the gate behind it has failed.
async fn the_previous_image_comes_back_whatever_happens(fault: Fault) {
    let mut struck = 0;
    for number in 0..CALLS {
        let world = World::open_stand_with(Stand::Rolling, &[], |_| {}).await;
        world.register(&health_behind(&world)).await;
        let bad = world.sample.push(&ImageSpec::answers_500("v2")).unwrap();
        world.record_wire.inject(number, fault);
        world.quiet().await;
        let case = format!("{fault:?} at call {number}: {:?}", world.record_wire.seen());
        assert_eq!(world.status_of(&bad).await, Some(Status::Failed), "{case}");
        assert_eq!(world.sample.deployments().len(), 2, "{case}");
        let v1 = Some(&world.sample.v1);
        assert_eq!(world.sample.tagged().as_ref(), v1, "{case}");
        assert_eq!(world.recorded().await.as_ref(), v1, "{case}");
        assert_eq!(world.sample.live_digest().as_ref(), v1, "{case}");
        let target = world.target().await;
        assert_eq!(
            (target.state.active, target.state.queued),
            (None, None),
            "{case}"
        );
        if !world.record_wire.has_struck() {
            break;
        }
        struck += 1;
    }
    assert!((30..CALLS).contains(&struck), "{struck} calls were hit");
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_any_call_after_a_failed_gate_is_made_good() {
    the_previous_image_comes_back_whatever_happens(Fault::CrashBefore).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_any_call_after_a_failed_gate_is_made_good() {
    the_previous_image_comes_back_whatever_happens(Fault::CrashAfter).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_any_call_after_a_failed_gate_is_made_good() {
    the_previous_image_comes_back_whatever_happens(Fault::AnswerLost).await;
}

/// The three histories with the three faults at a stand.
macro_rules! whatever_happens {
    ($module:ident, $stand:expr) => {
        mod $module {
            use super::*;

            #[tokio::test(start_paused = true)]
            async fn a_crash_before_any_call_of_a_push_is_made_good() {
                one_deployment_whatever_happens($stand, Fault::CrashBefore).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_crash_after_any_call_of_a_push_is_made_good() {
                one_deployment_whatever_happens($stand, Fault::CrashAfter).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_lost_answer_to_any_call_of_a_push_is_made_good() {
                one_deployment_whatever_happens($stand, Fault::AnswerLost).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_crash_before_any_call_of_a_conclusion_is_made_good() {
                the_queue_moves_on_whatever_happens($stand, Fault::CrashBefore).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_crash_after_any_call_of_a_conclusion_is_made_good() {
                the_queue_moves_on_whatever_happens($stand, Fault::CrashAfter).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_lost_answer_to_any_call_of_a_conclusion_is_made_good() {
                the_queue_moves_on_whatever_happens($stand, Fault::AnswerLost).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_crash_before_any_call_of_a_failure_is_made_good() {
                the_tag_is_given_back_whatever_happens($stand, Fault::CrashBefore).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_crash_after_any_call_of_a_failure_is_made_good() {
                the_tag_is_given_back_whatever_happens($stand, Fault::CrashAfter).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_lost_answer_to_any_call_of_a_failure_is_made_good() {
                the_tag_is_given_back_whatever_happens($stand, Fault::AnswerLost).await;
            }
        }
    };
}

whatever_happens!(codedeploy, Stand::CodeDeploy);
whatever_happens!(rolling, Stand::Rolling);
whatever_happens!(native, Stand::BlueGreen);
