//! What is stored of a pipeline's jobs, in the table as the template makes it: whoever looks for targets
//! and records does not see it.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_aws::table::StoredFiles;
use greenlight_core::{
    deployment::DeploymentId,
    job::{JobId, files::JobFile},
};
use greenlight_tests::world::{World, name};
use jiff::{SignedDuration, Timestamp};

fn job(number: u32) -> JobId {
    format!("{number:08}-abcd-1111-abcd-111111abcdef")
        .parse()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_job_waits_until_it_is_answered_and_never_again() {
    let world = World::open().await;
    let table = &world.operator.table;
    let now: Timestamp = "2026-11-25T01:00:00Z".parse().unwrap();
    let later = now + SignedDuration::from_mins(3);
    assert_eq!(table.waiting_jobs(10).await.unwrap(), []);
    let first = table.receive_job(&job(1), true, now).await.unwrap();
    assert!(first.is_custom && !first.is_answered);
    assert_eq!(first.received_at, now);
    // The same event once more.
    let again = table.receive_job(&job(1), false, later).await.unwrap();
    assert_eq!(again, first);
    let second = table.receive_job(&job(2), false, later).await.unwrap();
    assert_eq!(
        table.waiting_jobs(10).await.unwrap(),
        [first, second.clone()]
    );
    assert_eq!(table.waiting_jobs(1).await.unwrap().len(), 1);

    table.job_answered(&job(1)).await.unwrap();
    table.job_answered(&job(3)).await.unwrap();
    assert_eq!(
        table.waiting_jobs(10).await.unwrap(),
        std::slice::from_ref(&second)
    );
    let answered = table.receive_job(&job(1), true, later).await.unwrap();
    assert!(answered.is_answered);
    assert_eq!(answered.received_at, now);
    assert_eq!(table.waiting_jobs(10).await.unwrap(), [second]);
    let new = table.receive_job(&job(3), true, now).await.unwrap();
    assert!(
        !new.is_answered,
        "nothing is kept of a job that was not there"
    );
}

#[tokio::test(start_paused = true)]
async fn jobs_and_files_are_not_taken_for_targets_or_records() {
    let world = World::open().await;
    let table = &world.operator.table;
    let stored = world.target().await;
    let now: Timestamp = "2026-11-25T01:00:00Z".parse().unwrap();
    let deployment = DeploymentId::of_cause(now, &["job"]);
    let files = StoredFiles {
        task_definition: Some(JobFile {
            name: "Infra::taskdef.json".to_owned(),
            text: "x".repeat(128 * 1024),
        }),
        app_spec: Some(JobFile {
            name: "Infra::appspec.yaml".to_owned(),
            text: "x".repeat(64 * 1024),
        }),
    };
    let history = world.history().await;
    table.put_files(&name(), deployment, &files).await.unwrap();
    for number in 0..3 {
        table.receive_job(&job(number), true, now).await.unwrap();
    }
    table.job_answered(&job(0)).await.unwrap();
    table.receive_job(&job(0), true, now).await.unwrap();

    let read = table.files(&name(), deployment).await.unwrap();
    assert_eq!(read, Some(files));
    assert_eq!(world.history().await, history);
    let repository = &stored.repositories()[0];
    for found in [
        table.targets().await.unwrap(),
        table.targets_of_repository(repository).await.unwrap(),
    ] {
        assert_eq!(found, [Ok(stored.clone())]);
    }
    for place in stored.places() {
        assert_eq!(table.targets_at(&place).await.unwrap(), [name()]);
    }
}
