//! Jobs whose deployments may not start yet.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_aws::table::StoredTarget;
use greenlight_core::record::{Origin, Status};
use greenlight_tests::{
    asked::done,
    releases::{Release, worker_record},
    world::{World, targets_in},
};
use jiff::SignedDuration;
use rehearsal::{
    account::{Settings, containers::ImageSpec},
    scenario::sample::{Stand, WORKER_REPOSITORY, WORKER_TARGET},
};
use tokio::time::{Duration, sleep};

async fn world(targets: &str) -> (World, String) {
    let targets = targets_in(targets);
    let world = World::open_stand_in(Settings::for_tests(), Stand::Releases, &targets).await;
    let image = ImageSpec::healthy("worker-v2");
    let pushed = world.sample.push_to(WORKER_REPOSITORY, "v2", &image);
    world.quiet().await;
    (world, pushed.unwrap())
}

async fn worker(world: &World) -> StoredTarget {
    let name = WORKER_TARGET.parse().unwrap();
    let stored = world.operator.target(&name).await;
    stored.unwrap().unwrap().unwrap()
}

/// Starts the pipeline, and looks after so long.
async fn begun(world: &World, after: Duration) -> (String, Release) {
    let started = world.sample.start_pipeline("worker", &[("tag", "v2")]);
    let execution = started.unwrap();
    sleep(after).await;
    let release = Release::of(world, "worker", "Worker", &execution);
    assert_eq!(release.status, "InProgress", "{:?}", release.error);
    assert!(done(world, "UpdateService").is_empty());
    (execution, release)
}

async fn ends_well(world: &World, execution: &str, digest: &str) {
    world.quiet().await;
    let release = Release::of(world, "worker", "Worker", execution);
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    let record = worker_record(world, digest).await;
    assert_eq!(record.status, Status::Succeeded);
    assert!(matches!(record.origin, Origin::Pipeline { .. }));
    let updates = world.sample.account.journal().calls().into_iter();
    let updates = updates.filter(|call| call.operation == "UpdateService" && call.status == 200);
    assert_eq!(updates.count(), 1);
    assert_eq!(done(world, "PutJobFailureResult").len(), 0);
    assert!(
        world
            .operator
            .table
            .waiting_jobs(10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_waits_while_its_target_is_held_and_ends_well_when_it_is_released() {
    let (world, digest) = world(Stand::Releases.targets()).await;
    let held = world.operator.hold(worker(&world).await, "ada", None, None);
    Box::pin(held).await.unwrap();
    // By then the job has been handed on, with what it waits for.
    let (execution, release) = begun(&world, Duration::from_mins(20)).await;
    assert!(
        release
            .summary
            .ends_with("waits: the target is held by ada"),
        "{}",
        release.summary
    );
    assert_eq!(worker_record(&world, &digest).await.status, Status::Queued);
    let released = world.operator.release(worker(&world).await, "ada", None);
    Box::pin(released).await.unwrap();
    ends_well(&world, &execution, &digest).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_goes_on_when_a_hold_ends_though_nothing_else_happens() {
    let (world, digest) = world(Stand::Releases.targets()).await;
    let until = world.operator.clock.now() + SignedDuration::from_mins(30);
    let held = world.operator.hold_all("ada", None, Some(until));
    held.await.unwrap();
    let (execution, _) = begun(&world, Duration::from_mins(29)).await;
    ends_well(&world, &execution, &digest).await;
}

/// The account's time begins at 10:00 UTC.
#[tokio::test(start_paused = true)]
async fn a_job_goes_on_when_a_window_opens() {
    let targets = Stand::Releases.targets();
    let windows = "    windows: [{allow: \"12:00-13:00\", zone: Europe/London}]\n";
    let (world, digest) = world(&format!("{targets}{windows}")).await;
    let (execution, release) = begun(&world, Duration::from_mins(100)).await;
    assert!(
        release.summary.contains("opens at 2026-01-05T12:00:00Z"),
        "{}",
        release.summary
    );
    ends_well(&world, &execution, &digest).await;
}
