//! Deployments that are one task.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::record::Status;
use greenlight_tests::{
    asked::{done, order, requests},
    by_hand::register_by_hand,
    wire::Fault,
    world::World,
};
use rehearsal::{
    account::{containers::ImageSpec, ecr, ecs},
    scenario::sample::Stand,
};
use serde_json::json;
use tokio::time::{Duration, sleep};

fn ends_with(version: &str, exit_code: i32) -> ImageSpec {
    ImageSpec::one_shot(version, Duration::from_secs(30), exit_code)
}

#[tokio::test(start_paused = true)]
async fn a_push_runs_one_task_whose_stop_concludes_the_deployment() {
    let world = World::open_stand(Stand::Task).await;
    let v2 = world.sample.push(&ends_with("v2", 0)).unwrap();
    world.quiet().await;
    assert_eq!(
        order(
            &world,
            &["RegisterTaskDefinition", "RunTask", "UpdateService"]
        ),
        ["RegisterTaskDefinition", "RunTask"]
    );
    let record = world.record_of(&v2).await;
    let run = &requests(&world, "RunTask")[0];
    let id = record.id.to_string();
    assert_eq!(run["clientToken"], json!(id));
    assert_eq!(run["startedBy"], json!(format!("greenlight/api-test/{id}")));
    assert_eq!((&run["count"], &run["cluster"]), (&json!(1), &json!("mco")));
    assert_eq!(run["launchType"], "FARGATE");
    assert_eq!(
        run["networkConfiguration"]["awsvpcConfiguration"]["subnets"],
        json!(["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"])
    );
    assert_eq!(record.status, Status::Succeeded);
    assert_eq!(record.aws_id.as_ref(), world.sample.one_shots().first());
    let registered = &done(&world, "RegisterTaskDefinition")[0].response["taskDefinition"];
    assert_eq!(
        record.task_definition.as_deref(),
        registered["taskDefinitionArn"].as_str()
    );
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
    assert_eq!(
        world.emitted(),
        ["Deployment Started", "Deployment Succeeded"]
    );
    // Nothing else was deployed.
    assert_eq!(world.sample.live_digest().as_ref(), Some(&world.sample.v1));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_exit_with_nought_is_a_failure_and_its_tag_is_given_back() {
    let world = World::open_stand(Stand::Task).await;
    let v2 = world.sample.push(&ends_with("v2", 0)).unwrap();
    world.quiet().await;
    let v3 = world.sample.push(&ends_with("v3", 7)).unwrap();
    world.quiet().await;
    let record = world.record_of(&v3).await;
    assert_eq!(record.status, Status::Failed);
    let reason = record.reason.unwrap();
    assert!(reason.contains("container `api` exited with 7"), "{reason}");
    assert!(
        record
            .evidence
            .iter()
            .any(|line| line.contains("stop code")),
        "{:?}",
        record.evidence
    );
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
    assert_eq!(world.sample.tagged().as_ref(), Some(&v2));
}

/// The task with a second container, which ends early and with 5.
async fn with_a_second_container(essential: bool) -> (World, String) {
    let world = World::open_stand(Stand::Task).await;
    let account = &world.sample.account;
    let uri = ecr::create_repository(account, "mco/second");
    let second = ImageSpec::one_shot("second", Duration::from_secs(5), 5);
    ecr::push_image(account, "mco/second", &["latest"], &second).unwrap();
    register_by_hand(account, |definition| {
        let container =
            json!({"name": "second", "image": format!("{uri}:latest"), "essential": essential});
        let containers = definition["containerDefinitions"].as_array_mut();
        containers.unwrap().push(container);
    })
    .await;
    let v2 = world.sample.push(&ends_with("v2", 0)).unwrap();
    world.quiet().await;
    (world, v2)
}

#[tokio::test(start_paused = true)]
async fn every_essential_container_has_to_exit_with_nought_and_no_other_one() {
    let (world, v2) = with_a_second_container(false).await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    let (world, v2) = with_a_second_container(true).await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Failed);
    let reason = record.reason.unwrap();
    assert!(
        reason.contains("container `second` exited with 5"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_failures_is_a_failure_although_its_status_is_200() {
    let world = World::open_stand(Stand::Task).await;
    ecs::refuse_tasks(&world.sample.account, Some("MISSING"));
    let v2 = world.sample.push(&ends_with("v2", 0)).unwrap();
    world.quiet().await;
    let answer = &done(&world, "RunTask")[0].response;
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::StartFailed);
    assert!(
        record.reason.as_ref().unwrap().contains("MISSING"),
        "{record:?}"
    );
    assert_eq!(world.target().await.state.active, None);
    assert_eq!(done(&world, "RunTask").len(), 1, "it would not help");
}

#[tokio::test(start_paused = true)]
async fn a_lack_of_capacity_is_waited_for() {
    for reason in [
        "RESOURCE:CPU",
        "Capacity is unavailable at this time. Please try again later or in a different availability zone",
    ] {
        let world = World::open_stand(Stand::Task).await;
        ecs::refuse_tasks(&world.sample.account, Some(reason));
        let v2 = world.sample.push(&ends_with("v2", 0)).unwrap();
        sleep(Duration::from_mins(2)).await;
        let active = world.target().await.state.active.unwrap();
        assert_eq!(active.candidate.digest.as_str(), v2, "{reason}");
        ecs::refuse_tasks(&world.sample.account, None);
        world.quiet().await;
        assert_eq!(world.sample.one_shots().len(), 1, "{reason}");
        assert_eq!(
            world.status_of(&v2).await,
            Some(Status::Succeeded),
            "{reason}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_the_task_was_started_does_not_run_a_second_one() {
    // Longer than it takes the message to come back.
    let long = ImageSpec::one_shot("v2", Duration::from_mins(20), 0);
    let number = {
        let world = World::open_stand(Stand::Task).await;
        world.sample.push(&long).unwrap();
        world.quiet().await;
        let seen = world.push_wire.seen();
        seen.iter()
            .position(|seen| seen.operation == "RunTask")
            .unwrap()
    };
    let world = World::open_stand(Stand::Task).await;
    world.push_wire.inject(number, Fault::CrashAfter);
    let v2 = world.sample.push(&long).unwrap();
    sleep(Duration::from_mins(10)).await;
    assert!(world.push_wire.has_struck());
    let runs = requests(&world, "RunTask");
    assert_eq!(runs.len(), 2, "it was asked for again");
    assert_eq!(
        runs[0], runs[1],
        "with the same token and the same task definition"
    );
    world.quiet().await;
    assert_eq!(world.sample.one_shots().len(), 1);
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(
        world.emitted(),
        ["Deployment Started", "Deployment Succeeded"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_that_a_person_aborts_is_a_failure() {
    let world = World::open_stand(Stand::Task).await;
    let long = ImageSpec::one_shot("v2", Duration::from_mins(20), 0);
    let v2 = world.sample.push(&long).unwrap();
    sleep(Duration::from_mins(2)).await;
    let answered = world
        .operator
        .abort(&world.target().await, "wrong image")
        .await;
    assert!(answered.unwrap().text.ends_with("is stopped"));
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Failed, "{record:?}");
    assert!(
        record
            .evidence
            .iter()
            .any(|line| line.contains("wrong image")),
        "{record:?}"
    );
}
