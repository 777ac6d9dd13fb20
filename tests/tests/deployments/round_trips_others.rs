//! How many AWS calls a push costs, and how many of them one after the other, where it starts a task, a
//! pipeline, or a deployment from templates. The bound is six until that is started, seven with
//! templates.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_tests::world::World;
use rehearsal::{account::containers::ImageSpec, scenario::sample::Stand};
use tokio::time::Duration;

/// The calls of a push in their order, each with its round.
async fn calls(stand: Stand) -> Vec<(String, u32)> {
    let world = World::open_stand(stand).await;
    let image = match stand {
        Stand::Task => ImageSpec::one_shot("v2", Duration::from_secs(30), 0),
        _ => ImageSpec::migration("v2", 0),
    };
    world.sample.push(&image).unwrap();
    world.quiet().await;
    let seen = world.push_wire.seen().into_iter();
    seen.map(|call| (call.operation, call.round)).collect()
}

async fn check(stand: Stand, expected: &[(&str, u32)]) {
    let calls = calls(stand).await;
    let calls: Vec<(&str, u32)> = calls
        .iter()
        .map(|(operation, round)| (operation.as_str(), *round))
        .collect();
    assert_eq!(calls, expected, "{stand:?}");
}

#[tokio::test(start_paused = true)]
async fn from_the_push_to_run_task_there_are_five_round_trips() {
    check(
        Stand::Task,
        &[
            ("Query", 1),
            ("GetItem", 1),
            ("DescribeImages", 1),
            ("TransactWriteItems", 2),
            ("DescribeTaskDefinition", 2),
            ("DescribeImages", 2),
            ("BatchGetImage", 2),
            ("GetDownloadUrlForLayer", 3),
            ("RegisterTaskDefinition", 4),
            ("RunTask", 5),
            ("PutEvents", 6),
            ("TransactWriteItems", 7),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn from_the_push_to_the_migration_there_are_five_round_trips() {
    check(
        Stand::Migration,
        &[
            ("Query", 1),
            ("GetItem", 1),
            ("DescribeImages", 1),
            ("TransactWriteItems", 2),
            ("DescribeServices", 2),
            ("DescribeImages", 2),
            ("BatchGetImage", 2),
            ("DescribeTaskDefinition", 3),
            ("GetDownloadUrlForLayer", 3),
            ("RegisterTaskDefinition", 4),
            ("RunTask", 5),
            ("TransactWriteItems", 6),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn from_the_push_to_start_pipeline_execution_there_are_three_round_trips() {
    check(
        Stand::Pipeline,
        &[
            ("Query", 1),
            ("GetItem", 1),
            ("DescribeImages", 1),
            ("TransactWriteItems", 2),
            ("DescribeImages", 2),
            ("StartPipelineExecution", 3),
            ("PutEvents", 4),
            ("TransactWriteItems", 5),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn from_the_push_to_create_deployment_with_templates_there_are_five_round_trips() {
    check(
        Stand::Templates,
        &[
            ("Query", 1),
            ("GetItem", 1),
            ("DescribeImages", 1),
            ("TransactWriteItems", 2),
            ("DescribeServices", 2),
            ("GetObject", 2),
            ("GetObject", 2),
            ("DescribeImages", 2),
            ("BatchGetImage", 2),
            ("DescribeTaskDefinition", 3),
            ("GetDownloadUrlForLayer", 3),
            ("RegisterTaskDefinition", 4),
            ("CreateDeployment", 5),
            ("PutEvents", 6),
            ("TransactWriteItems", 7),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_second_container_costs_no_round_trip() {
    check(
        Stand::Sidecars,
        &[
            ("Query", 1),
            ("GetItem", 1),
            ("DescribeImages", 1),
            ("TransactWriteItems", 2),
            ("DescribeServices", 2),
            ("DescribeImages", 2),
            ("BatchGetImage", 2),
            ("DescribeTaskDefinition", 3),
            ("GetDownloadUrlForLayer", 3),
            ("RegisterTaskDefinition", 4),
            ("UpdateService", 5),
            ("ListServiceDeployments", 6),
            ("DescribeServiceDeployments", 7),
            ("DescribeServiceRevisions", 8),
            ("PutEvents", 9),
            ("TransactWriteItems", 10),
        ],
    )
    .await;
}
