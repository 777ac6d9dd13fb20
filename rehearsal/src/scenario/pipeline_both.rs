//! One stage of a pipeline releases the worker and the API side by side; then once more, and the worker's image
//! crashes.

use super::expectations::Expectations;
use super::release::Ended;
use super::sample::{WORKER_REPOSITORY, WORKER_TARGET};
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

const EXIT_CODE: i32 = 42;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let worker = |tag: &str, image: &ImageSpec| {
        let sample = &stage.sample;
        sample.push_to(WORKER_REPOSITORY, tag, image)
    };
    let workers = [
        worker("v2", &ImageSpec::healthy("worker-v2"))?,
        worker("v3", &ImageSpec::crashes("worker-v3", EXIT_CODE))?,
    ];
    let v2 = stage.sample.push_as("v2", &ImageSpec::healthy("v2"))?;
    let v3 = stage.sample.push_as("v3", &ImageSpec::healthy("v3"))?;

    let tags = [("worker_tag", "v2"), ("api_tag", "v2")];
    let release = stage.release("both", "API", &tags).await?;
    let worker = Ended::of(&stage.sample, "both", &release.execution, "Worker");
    expectations.released("both", &release);
    expectations.equal(
        "the worker's action succeeds",
        &worker.words(),
        &"Succeeded".to_owned(),
    );
    let api = &release.action;
    expectations.expect(
        "they are deployed side by side",
        worker.from < api.to && api.from < worker.to,
        format!(
            "the worker from {} to {}, the API from {} to {}",
            worker.from, worker.to, api.from, api.to
        ),
    );
    expectations.worker_live(stage, "v2", &workers[0]).await?;
    expectations.live(stage, "v2", &v2).await?;

    let tags = [("worker_tag", "v3"), ("api_tag", "v3")];
    let release = stage.release("both", "API", &tags).await?;
    let worker = Ended::of(&stage.sample, "both", &release.execution, "Worker");
    expectations.equal("the execution fails", &release.status, &"Failed".to_owned());
    expectations.equal(
        "the API's action succeeds although the worker's fails",
        &release.action.words(),
        &"Succeeded".to_owned(),
    );
    let words = worker.words();
    let exit_code = format!("exit code {EXIT_CODE}");
    let shown = [
        "JobFailed",
        "`worker-test` failed",
        "circuit breaker",
        &exit_code,
    ];
    expectations.expect(
        "the worker's action fails, and shows why",
        shown.iter().all(|it| words.contains(it)),
        &words,
    );
    expectations.live(stage, "v3", &v3).await?;
    expectations.recorded(stage, "v3", &v3, "succeeded").await?;
    expectations
        .worker_still_live(stage, "v2", &workers[0])
        .await?;
    let mut records = stage.history_at(WORKER_TARGET).await?;
    records.retain(|record| record["candidate"]["digest"] == workers[1].as_str());
    let statuses: Vec<String> = records.iter().map(|it| text(&it["status"])).collect();
    expectations.equal(
        "the worker's history has v3 once, as failed",
        &statuses,
        &vec!["failed".to_owned()],
    );
    Ok(())
}
