//! `deploy-on-push` and `record-deployment` die before and after each of their calls, or lose each
//! answer, where a target is a task, has a migration, is a pipeline, or has templates: of every image
//! there is one task, execution or deployment all the same, and nothing is lost.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::cell::Cell;

use greenlight_core::record::Status;
use greenlight_tests::{
    asked::done,
    wire::{Fault, Wire},
    world::World,
};
use rehearsal::{account::containers::ImageSpec, scenario::sample::Stand};
use tokio::time::{Duration, sleep};

/// More calls than any function makes in one of these histories.
const CALLS: usize = 100;

const FAULTS: [Fault; 3] = [Fault::CrashBefore, Fault::CrashAfter, Fault::AnswerLost];

/// An image that does at `stand` what it should.
fn good(stand: Stand, version: &str) -> ImageSpec {
    match stand {
        Stand::Task => ImageSpec::one_shot(version, Duration::from_secs(30), 0),
        _ => ImageSpec::migration(version, 0),
    }
}

/// One that does not, wherever that is found out.
fn bad(stand: Stand) -> ImageSpec {
    match stand {
        Stand::Task => ImageSpec::one_shot("v2", Duration::from_secs(30), 1),
        Stand::Migration => ImageSpec::migration("v2", 1),
        _ => ImageSpec::answers_500("v2"),
    }
}

/// So many deployments there were, and of every one of them one migration.
fn assert_counts(world: &World, stand: Stand, count: usize, case: &str) {
    assert_eq!(world.sample.deployments().len(), count, "{case}");
    let tasks = match stand {
        Stand::Task | Stand::Migration => count,
        _ => 0,
    };
    assert_eq!(world.sample.one_shots().len(), tasks, "{case}");
}

async fn assert_live(world: &World, stand: Stand, digest: &str, case: &str) {
    assert_eq!(world.recorded().await.as_deref(), Some(digest), "{case}");
    let status = world.status_of(digest).await;
    assert_eq!(status, Some(Status::Succeeded), "{case}");
    if stand != Stand::Task {
        assert_eq!(
            world.sample.live_digest().as_deref(),
            Some(digest),
            "{case}"
        );
    }
    let state = world.target().await.state;
    assert_eq!((state.active, state.queued), (None, None), "{case}");
}

/// Plays `story` with a fault at every call that the function behind `wire` makes in it, one after the
/// other, and gives how many calls those are. `story` says when they begin.
///
/// To die after a read is to die before the next call, and a read whose answer is lost is only read
/// again: there is nothing to be seen that the other faults do not show.
async fn at_every_call(
    stand: Stand,
    fault: Fault,
    wire: impl Fn(&World) -> &Wire,
    story: impl AsyncFn(&World, &dyn Fn(), &str),
) -> usize {
    let world = World::open_stand(stand).await;
    let before = Cell::new(0);
    let begin = || before.set(wire(&world).seen().len());
    story(&world, &begin, &format!("{stand:?}, undisturbed")).await;
    let calls = wire(&world).seen().split_off(before.get());
    assert!(calls.len() < CALLS, "{stand:?}: there is no end of calls");
    for (number, call) in calls.iter().enumerate() {
        let reads = ["Describe", "Get", "List", "Query", "BatchGet"];
        let is_read = reads.iter().any(|read| call.operation.starts_with(read));
        if is_read && fault != Fault::CrashBefore {
            continue;
        }
        let world = World::open_stand(stand).await;
        let case = format!("{stand:?}: {fault:?} at call {number}, {}", call.operation);
        let inject = || wire(&world).inject(number, fault);
        story(&world, &inject, &case).await;
        assert!(wire(&world).has_struck(), "{case}");
    }
    calls.len()
}

/// A push is started once, whatever becomes of `deploy-on-push`.
async fn a_push_is_started_once(stand: Stand, least: usize) {
    for fault in FAULTS {
        let story = async |world: &World, inject: &dyn Fn(), case: &str| {
            inject();
            let v2 = world.sample.push(&good(stand, "v2")).unwrap();
            // A message that was not dealt with comes back, and until then nothing is quiet.
            world.quiet().await;
            let case = format!("{case}: {:?}", world.push_wire.seen());
            assert_counts(world, stand, 1, &case);
            assert_live(world, stand, &v2, &case).await;
            if fault != Fault::AnswerLost && stand != Stand::Pipeline {
                let registered = done(world, "RegisterTaskDefinition").len();
                assert_eq!(registered, 1, "{case}");
            }
        };
        let calls = at_every_call(stand, fault, |world| &world.push_wire, story).await;
        assert!(calls >= least, "{stand:?}: {calls} calls were hit");
    }
}

/// What waits is started once, and everything recorded, whatever becomes of `record-deployment`.
async fn the_queue_moves_on(stand: Stand, least: usize) {
    for fault in FAULTS {
        let story = async |world: &World, inject: &dyn Fn(), case: &str| {
            world.sample.push(&good(stand, "v2")).unwrap();
            sleep(Duration::from_secs(10)).await;
            let v3 = world.sample.push(&good(stand, "v3")).unwrap();
            sleep(Duration::from_secs(1)).await;
            assert!(world.target().await.state.queued.is_some(), "{case}");
            inject();
            world.quiet().await;
            let case = format!("{case}: {:?}", world.record_wire.seen());
            assert_counts(world, stand, 2, &case);
            assert_live(world, stand, &v3, &case).await;
        };
        let calls = at_every_call(stand, fault, |world| &world.record_wire, story).await;
        assert!(calls >= least, "{stand:?}: {calls} calls were hit");
    }
}

/// A failure is recorded, and its tag given back, whatever becomes of `record-deployment`.
async fn the_tag_is_given_back(stand: Stand, least: usize) {
    for fault in FAULTS {
        let story = async |world: &World, inject: &dyn Fn(), case: &str| {
            let v1 = if stand == Stand::Task {
                // There is nothing to go back to before a first one.
                let v1 = world.sample.push(&good(stand, "v1 of the task")).unwrap();
                world.quiet().await;
                v1
            } else {
                world.sample.v1.clone()
            };
            inject();
            let v2 = world.sample.push(&bad(stand)).unwrap();
            world.quiet().await;
            let case = format!("{case}: {:?}", world.record_wire.seen());
            assert_eq!(world.status_of(&v2).await, Some(Status::Failed), "{case}");
            assert_eq!(world.sample.tagged().as_ref(), Some(&v1), "{case}");
            assert_eq!(world.recorded().await.as_ref(), Some(&v1), "{case}");
            let state = world.target().await.state;
            assert_eq!((state.active, state.queued), (None, None), "{case}");
        };
        let calls = at_every_call(stand, fault, |world| &world.record_wire, story).await;
        assert!(calls >= least, "{stand:?}: {calls} calls were hit");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pushed_task_runs_once_whatever_happens() {
    a_push_is_started_once(Stand::Task, 8).await;
}

#[tokio::test(start_paused = true)]
async fn a_pushed_image_migrates_once_and_is_deployed_once_whatever_happens() {
    a_push_is_started_once(Stand::Migration, 8).await;
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_is_started_once_whatever_happens() {
    a_push_is_started_once(Stand::Pipeline, 7).await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_from_templates_is_created_once_whatever_happens() {
    a_push_is_started_once(Stand::Templates, 10).await;
}

#[tokio::test(start_paused = true)]
async fn the_task_that_waits_runs_once_whatever_happens() {
    the_queue_moves_on(Stand::Task, 12).await;
}

#[tokio::test(start_paused = true)]
async fn the_image_that_waits_migrates_once_and_is_deployed_once_whatever_happens() {
    the_queue_moves_on(Stand::Migration, 20).await;
}

#[tokio::test(start_paused = true)]
async fn the_pipeline_that_waits_is_started_once_whatever_happens() {
    the_queue_moves_on(Stand::Pipeline, 10).await;
}

#[tokio::test(start_paused = true)]
async fn the_deployment_from_templates_that_waits_is_created_once_whatever_happens() {
    the_queue_moves_on(Stand::Templates, 12).await;
}

#[tokio::test(start_paused = true)]
async fn the_tag_of_a_task_that_failed_is_given_back_whatever_happens() {
    the_tag_is_given_back(Stand::Task, 8).await;
}

#[tokio::test(start_paused = true)]
async fn the_tag_of_an_image_whose_migration_failed_is_given_back_whatever_happens() {
    the_tag_is_given_back(Stand::Migration, 6).await;
}

#[tokio::test(start_paused = true)]
async fn the_tag_of_a_deployment_from_templates_that_failed_is_given_back_whatever_happens() {
    the_tag_is_given_back(Stand::Templates, 12).await;
}
