//! How many AWS calls a release makes, and how many of them one after the other: docs/functions/ states
//! these figures.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_tests::{releases::released, wire::Seen, world::World};
use rehearsal::{account::containers::ImageSpec, scenario::sample::Stand};

fn rounds(seen: &[Seen]) -> Vec<(&str, u32)> {
    let rounds = seen.iter();
    rounds
        .map(|call| (call.operation.as_str(), call.round))
        .collect()
}

/// Releases an image by a pipeline of the examples, without what the schedule does.
async fn shipped(pipeline: &str, action: &str, repository: &str) -> World {
    let world = World::open_stand(Stand::Releases).await;
    world.sample.account.events().pause_schedules();
    let image = ImageSpec::healthy("v2");
    world.sample.push_to(repository, "v2", &image).unwrap();
    world.quiet().await;
    world.record_wire.forget();
    let release = released(&world, pipeline, action, &[("tag", "v2")]).await;
    assert_eq!(release.status, "Succeeded", "{:?}", release.error);
    world
}

/// What every release with files begins with: the job is noted while the target and the artifact are read, the
/// tag is looked up while the files are kept, and then the claim goes together with all that has to be read.
const READS: [(&str, u32); 13] = [
    ("UpdateItem", 1),
    ("GetItem", 1),
    ("GetItem", 1),
    ("GetObject", 1),
    ("DescribeImages", 2),
    ("PutItem", 2),
    ("TransactWriteItems", 3),
    ("DescribeServices", 3),
    ("GetItem", 3),
    ("DescribeImages", 3),
    ("BatchGetImage", 3),
    ("DescribeTaskDefinition", 4),
    ("GetDownloadUrlForLayer", 4),
];

#[tokio::test(start_paused = true)]
async fn from_the_job_to_update_service_there_are_six_round_trips() {
    let world = shipped("worker", "Worker", "mco/worker").await;
    let writes = [
        ("RegisterTaskDefinition", 5),
        ("UpdateService", 6),
        ("ListServiceDeployments", 7),
        ("DescribeServiceDeployments", 8),
        ("DescribeServiceRevisions", 9),
        ("PutEvents", 10),
        ("TransactWriteItems", 11),
    ];
    assert_eq!(
        rounds(&world.action_wire.seen()),
        [&READS[..], &writes].concat()
    );
}

#[tokio::test(start_paused = true)]
async fn from_the_event_to_create_deployment_there_are_nine_round_trips() {
    let world = shipped("api", "API", "mco/api").await;
    // The job is noted before it is acknowledged, so it need not be noted again.
    let taken = [("PollForJobs", 1), ("UpdateItem", 2), ("AcknowledgeJob", 3)];
    let reads = READS[1..]
        .iter()
        .map(|(operation, round)| (*operation, round + 3));
    let writes = [
        ("RegisterTaskDefinition", 8),
        ("CreateDeployment", 9),
        ("PutEvents", 10),
        ("TransactWriteItems", 11),
    ];
    let expected: Vec<_> = taken.into_iter().chain(reads).chain(writes).collect();
    assert_eq!(rounds(&world.action_wire.seen()), expected);
}

#[tokio::test(start_paused = true)]
async fn when_a_release_has_ended_its_job_is_answered_right_after_that_is_stored() {
    for (pipeline, action, repository) in [
        ("worker", "Worker", "mco/worker"),
        ("api", "API", "mco/api"),
    ] {
        let world = shipped(pipeline, action, repository).await;
        let seen = world.record_wire.seen();
        let stored = seen
            .iter()
            .position(|call| call.operation == "TransactWriteItems");
        let stored = &seen[stored.unwrap()];
        let after: Vec<(&str, u32)> = seen
            .iter()
            .filter(|call| ["PutJobSuccessResult", "UpdateItem"].contains(&call.operation.as_str()))
            .filter(|call| call.round > stored.round)
            .map(|call| (call.operation.as_str(), call.round - stored.round))
            .collect();
        assert_eq!(
            after,
            [("PutJobSuccessResult", 1), ("UpdateItem", 2)],
            "{pipeline}"
        );
    }
}
