//! One stage of a pipeline releases the worker and the API side by side; then once more, and the API's image
//! fails its gate.

use super::expectations::Expectations;
use super::release::Ended;
use super::sample::{WORKER_REPOSITORY, WORKER_TARGET};
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let worker = |tag: &str, version: &str| {
        let image = ImageSpec::healthy(version);
        stage.sample.push_to(WORKER_REPOSITORY, tag, &image)
    };
    let workers = [worker("v2", "worker-v2")?, worker("v3", "worker-v3")?];
    let v2 = stage.sample.push_as("v2", &ImageSpec::healthy("v2"))?;
    let v3 = stage.sample.push_as("v3", &ImageSpec::answers_500("v3"))?;

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
        "the worker's action succeeds although the API's fails",
        &worker.words(),
        &"Succeeded".to_owned(),
    );
    let words = release.action.words();
    let shown = ["JobFailed", "`api-test`", "before_traffic", "status 500"];
    expectations.expect(
        "the API's action fails, and shows the answer that failed it",
        shown.iter().all(|it| words.contains(it)),
        &words,
    );
    expectations.worker_live(stage, "v3", &workers[1]).await?;
    expectations.still_live(stage, "v2", &v2).await?;
    expectations.recorded(stage, "v3", &v3, "failed").await?;
    let records = stage.history_at(WORKER_TARGET).await?;
    let newest = records.first().map(|record| text(&record["status"]));
    expectations.equal(
        "the worker's record is a success",
        &newest,
        &Some("succeeded".to_owned()),
    );
    Ok(())
}
