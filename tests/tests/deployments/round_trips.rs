//! How many AWS calls each function makes, and how many of them one after the other: docs/functions.md
//! states these figures. Tasks, pipelines and templates are in `round_trips_others.rs`.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_tests::{wire::Seen, world::World};
use rehearsal::{
    account::{Settings, containers::ImageSpec},
    scenario::sample::{SIDECAR_REPOSITORY, Stand, TAG},
};

fn rounds(seen: &[Seen]) -> Vec<(&str, u32)> {
    let rounds = seen.iter();
    rounds
        .map(|call| (call.operation.as_str(), call.round))
        .collect()
}

/// Pushes an image that works and waits for the end.
async fn shipped(stand: Stand) -> World {
    let world = World::open_stand(stand).await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.deployments().len(), 1, "{stand:?}");
    world
}

/// What every start begins with: the targets, the hold on every target and the digest, then the claim together with all that has to
/// be read.
const READS: [(&str, u32); 9] = [
    ("Query", 1),
    ("GetItem", 1),
    ("DescribeImages", 1),
    ("TransactWriteItems", 2),
    ("DescribeServices", 2),
    ("DescribeImages", 2),
    ("BatchGetImage", 2),
    ("DescribeTaskDefinition", 3),
    ("GetDownloadUrlForLayer", 3),
];

#[tokio::test(start_paused = true)]
async fn from_the_push_to_create_deployment_there_are_five_round_trips() {
    let world = shipped(Stand::CodeDeploy).await;
    let writes = [
        ("RegisterTaskDefinition", 4),
        ("CreateDeployment", 5),
        ("PutEvents", 6),
        ("TransactWriteItems", 7),
    ];
    assert_eq!(
        rounds(&world.push_wire.seen()),
        [&READS[..], &writes].concat()
    );
}

/// `UpdateService` does not tell which service deployment it has begun.
const UPDATE: [(&str, u32); 7] = [
    ("RegisterTaskDefinition", 4),
    ("UpdateService", 5),
    ("ListServiceDeployments", 6),
    ("DescribeServiceDeployments", 7),
    ("DescribeServiceRevisions", 8),
    ("PutEvents", 9),
    ("TransactWriteItems", 10),
];

#[tokio::test(start_paused = true)]
async fn from_the_push_to_update_service_there_are_five_round_trips() {
    for stand in [Stand::Rolling, Stand::BlueGreen, Stand::Canary] {
        let world = shipped(stand).await;
        assert_eq!(
            rounds(&world.push_wire.seen()),
            [&READS[..], &UPDATE].concat(),
            "{stand:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_push_of_the_second_repository_takes_one_round_trip_more() {
    let world = World::open_stand(Stand::Sidecars).await;
    let sidecar = ImageSpec::healthy("sidecar-v2");
    let pushed = world.sample.push_to(SIDECAR_REPOSITORY, TAG, &sidecar);
    pushed.unwrap();
    world.quiet().await;
    // The index leads from a second repository to the target's name only.
    let mut expected = [&READS[..], &UPDATE].concat();
    for (_, round) in expected.iter_mut().skip(3) {
        *round += 1;
    }
    expected.insert(3, ("GetItem", 2));
    assert_eq!(rounds(&world.push_wire.seen()), expected);
}

#[tokio::test(start_paused = true)]
async fn a_push_that_nobody_takes_costs_one_round_trip() {
    let world = World::open_with(Settings::for_tests(), &[]).await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let calls = world.push_wire.seen();
    assert!(calls.iter().all(|call| call.round == 1), "{calls:?}");
    assert_eq!(calls.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_success_is_recorded_in_eight_round_trips() {
    let world = shipped(Stand::CodeDeploy).await;
    let seen = world.record_wire.seen();
    let rounds = seen.iter().map(|call| call.round).max();
    assert_eq!(rounds, Some(8), "{seen:?}");
    assert_eq!(seen.len(), 12, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn of_a_service_deployment_the_beginning_is_looked_at_and_the_end_is_recorded() {
    let world = shipped(Stand::BlueGreen).await;
    assert_eq!(
        rounds(&world.record_wire.seen()),
        [
            // The event of its beginning.
            ("Query", 1),
            ("GetItem", 2),
            ("GetItem", 2),
            ("DescribeServiceDeployments", 3),
            ("DescribeServiceRevisions", 4),
            // And of its end.
            ("Query", 5),
            ("GetItem", 6),
            ("GetItem", 6),
            ("DescribeServiceDeployments", 7),
            ("DescribeServiceRevisions", 8),
            ("GetItem", 9),
            ("DescribeServices", 10),
            ("ListTasks", 11),
            ("BatchGetImage", 11),
            ("DescribeTasks", 12),
            ("PutEvents", 13),
            ("TransactWriteItems", 14),
        ]
    );
}
