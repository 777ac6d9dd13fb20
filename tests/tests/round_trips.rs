//! How many AWS calls each function makes, and how many of them one after the other: docs/functions.md
//! states these figures.

use greenlight_tests::world::World;
use rehearsal::account::containers::ImageSpec;

#[tokio::test(start_paused = true)]
async fn from_the_push_to_create_deployment_there_are_five_round_trips() {
    let world = World::open().await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let seen = world.push_wire.seen();
    let calls = seen
        .iter()
        .map(|call| (call.operation.as_str(), call.round))
        .collect::<Vec<_>>();
    assert_eq!(
        calls,
        [
            ("Query", 1),
            ("DescribeImages", 1),
            // What has to be read is read while the claim is being written.
            ("TransactWriteItems", 2),
            ("DescribeServices", 2),
            ("DescribeImages", 2),
            ("BatchGetImage", 2),
            ("DescribeTaskDefinition", 3),
            ("GetDownloadUrlForLayer", 3),
            ("RegisterTaskDefinition", 4),
            ("CreateDeployment", 5),
            ("PutEvents", 6),
            ("TransactWriteItems", 7),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_push_that_nobody_takes_costs_one_round_trip() {
    let world = World::open_with(rehearsal::account::Settings::for_tests(), &[]).await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let calls = world.push_wire.seen();
    assert!(calls.iter().all(|call| call.round == 1), "{calls:?}");
    assert_eq!(calls.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_success_is_recorded_in_eight_round_trips() {
    let world = World::open().await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let seen = world.record_wire.seen();
    let rounds = seen.iter().map(|call| call.round).max();
    assert_eq!(rounds, Some(8), "{seen:?}");
    assert_eq!(seen.len(), 11, "{seen:?}");
}
