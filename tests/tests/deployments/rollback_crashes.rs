//! Whoever goes back dies before and after each call, or loses each answer: when it is asked for again the image is
//! back, by one deployment, and nothing is left behind.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{
    deployment::BackTo,
    record::{Origin, Status},
};
use greenlight_tests::{
    wire::{Fault, Seen, Wire},
    world::World,
};
use rehearsal::{account::containers::ImageSpec, scenario::sample::Stand};
use tokio::time::{Duration, sleep};

/// More calls than going back makes.
const CALLS: usize = 60;

const FAULTS: [Fault; 3] = [Fault::CrashBefore, Fault::CrashAfter, Fault::AnswerLost];

fn good(stand: Stand, version: &str) -> ImageSpec {
    match stand {
        Stand::Task => ImageSpec::one_shot(version, Duration::from_secs(30), 0),
        _ => ImageSpec::healthy(version),
    }
}

/// Goes back, with a fault at a call; gives the calls, and whether the fault has struck.
async fn one_way_back(
    stand: Stand,
    under_way: bool,
    fault: Option<(usize, Fault)>,
) -> (Vec<Seen>, bool) {
    let world = World::open_stand(stand).await;
    let v2 = world.sample.push(&good(stand, "v2")).unwrap();
    world.quiet().await;
    world.sample.push(&good(stand, "v3")).unwrap();
    if under_way {
        sleep(Duration::from_secs(15)).await;
    } else {
        world.quiet().await;
    }
    let wire = Wire::new();
    let ada = world.person_on("ada", &wire);
    let to: BackTo = v2.parse().unwrap();
    let stored = world.target().await;
    if let Some((number, fault)) = fault {
        wire.inject(number, fault);
    }
    let first = ada.roll_back(stored, Some(&to), "ada", None);
    let died = tokio::select! {
        result = Box::pin(first) => result.is_err(),
        () = wire.crashed() => true,
    };
    let struck = wire.has_struck();
    let seen = wire.seen();
    let case = format!("{stand:?}, {fault:?}: {seen:?}");
    if died {
        // Asking again goes on where that ended: later, since a start is left to whoever claimed it.
        sleep(Duration::from_secs(70)).await;
        let stored = world.target().await;
        let again = world.operator.roll_back(stored, Some(&to), "ada", None);
        again.await.unwrap();
    }
    world.quiet().await;
    let state = world.target().await.state;
    assert_eq!(state.active, None, "{case}");
    assert_eq!((state.queued, state.rollback), (None, None), "{case}");
    assert_eq!(world.recorded().await.as_ref(), Some(&v2), "{case}");
    if stand != Stand::Task {
        assert_eq!(world.sample.live_digest().as_ref(), Some(&v2), "{case}");
    }
    let history = world.history().await;
    let mut backs = history
        .iter()
        .filter(|record| matches!(&record.origin, Origin::Rollback { by, .. } if by.is_some()));
    let (one, none) = (backs.next().unwrap(), backs.next());
    assert_eq!(one.status, Status::Succeeded, "{case}: {one:?}");
    assert_eq!(none, None, "{case}");
    (seen, struck)
}

/// To die after a read is to die before the next call, and a read whose answer is lost is only read again: there
/// is nothing to be seen that the other faults do not show.
async fn whatever_happens(stand: Stand, under_way: bool, least: usize) {
    let (seen, _) = one_way_back(stand, under_way, None).await;
    assert!((least..CALLS).contains(&seen.len()), "{stand:?}: {seen:?}");
    for (number, call) in seen.iter().enumerate() {
        let reads = ["Describe", "Get", "List", "Query", "BatchGet"];
        let is_read = reads.iter().any(|read| call.operation.starts_with(read));
        for fault in FAULTS {
            if is_read && fault != Fault::CrashBefore {
                continue;
            }
            let (_, struck) = one_way_back(stand, under_way, Some((number, fault))).await;
            assert!(struck, "{stand:?}, {fault:?} at call {number}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn from_what_codedeploy_has_deployed() {
    whatever_happens(Stand::CodeDeploy, false, 8).await;
}

#[tokio::test(start_paused = true)]
async fn from_what_codedeploy_deploys() {
    whatever_happens(Stand::CodeDeploy, true, 5).await;
}

#[tokio::test(start_paused = true)]
async fn from_a_rolling_deployment_that_is_over() {
    whatever_happens(Stand::Rolling, false, 8).await;
}

#[tokio::test(start_paused = true)]
async fn from_a_rolling_deployment_under_way() {
    whatever_happens(Stand::Rolling, true, 5).await;
}

#[tokio::test(start_paused = true)]
async fn from_a_native_deployment_under_way() {
    whatever_happens(Stand::BlueGreen, true, 5).await;
}

#[tokio::test(start_paused = true)]
async fn from_a_task_that_is_over_and_from_one_that_runs() {
    whatever_happens(Stand::Task, false, 6).await;
    whatever_happens(Stand::Task, true, 5).await;
}

#[tokio::test(start_paused = true)]
async fn from_an_execution_of_a_pipeline_under_way() {
    whatever_happens(Stand::Pipeline, true, 5).await;
}
