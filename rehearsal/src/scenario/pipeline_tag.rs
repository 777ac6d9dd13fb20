//! A pipeline releases tags of the worker by its variable: `v2`, `v3`, and then `v2` again, because somebody asks
//! for it. That is a deployment like any other: no tag is moved for it.

use serde_json::{Value, json};

use super::expectations::Expectations;
use super::sample::{TAG, WORKER_REPOSITORY, WORKER_TARGET};
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;
use crate::account::ecr;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let push = |tag: &str, version: &str| {
        let image = ImageSpec::healthy(version);
        stage.sample.push_to(WORKER_REPOSITORY, tag, &image)
    };
    let (v2, v3) = (push("v2", "worker-v2")?, push("v3", "worker-v3")?);
    stage.until_quiet().await?;
    let before = tags(stage);
    let mut executions = Vec::new();
    for (tag, digest) in [("v2", &v2), ("v3", &v3), ("v2", &v2)] {
        let release = stage.release("worker", "Worker", &[("tag", tag)]).await?;
        expectations.released(tag, &release);
        expectations.worker_live(stage, tag, digest).await?;
        executions.push(release);
    }
    expectations.equal("no tag in ECR is moved", &tags(stage), &before);
    let moved = stage.calls(None, "PutImage");
    expectations.equal("nobody has put an image", &moved, &0);

    let (history, records) = history(stage).await?;
    if let [_, _, back] = &executions[..] {
        let newest = records.first().cloned().unwrap_or_default();
        let variables = ["Tag", "Digest", "PreviousDigest", "DeploymentId"];
        expectations.equal(
            "the action puts out v2, and v3 as what was before",
            &variables.map(|name| back.action.variable(name)),
            &["v2".to_owned(), v2.clone(), v3.clone(), text(&newest["id"])],
        );
        let live = stage.sample.live_worker_task_definition();
        let live = live.unwrap_or_default();
        expectations.equal(
            "and the task definition that is live",
            &back.action.variable("TaskDefinitionArn"),
            &text(&live["taskDefinitionArn"]),
        );
        let image = back.action.variable("Image");
        expectations.expect(
            "and the image by its digest",
            image.ends_with(&format!("/{WORKER_REPOSITORY}@{v2}")),
            &image,
        );
    }
    let origins: Vec<Value> = records.iter().map(|it| it["origin"].clone()).collect();
    // The job of a Lambda action tells no more than its parameters do.
    let expected = executions.iter().rev();
    let expected =
        expected.map(|release| json!({"kind": "pipeline", "execution": release.execution}));
    expectations.equal(
        "the records say which executions have asked",
        &origins,
        &expected.collect(),
    );
    let all_named = executions.iter().all(|release| {
        let short = release.execution.split('-').next().unwrap_or_default();
        history.contains(&format!("pipeline execution {short}"))
    });
    expectations.expect(
        "`greenlight history` says who has asked",
        all_named,
        &history,
    );
    Ok(())
}

/// The history as it is printed, and the records of it that are a pipeline's.
async fn history(stage: &Stage) -> Result<(String, Vec<Value>), StageError> {
    let printed = stage.typed(&["history", WORKER_TARGET]).await?;
    let mut records = stage.history_at(WORKER_TARGET).await?;
    // The first image was found when the target was registered.
    records.retain(|record| record["origin"]["kind"] != "adopted");
    Ok((printed, records))
}

/// What the tags of the worker's repository name.
fn tags(stage: &Stage) -> [Option<String>; 3] {
    [TAG, "v2", "v3"].map(|tag| ecr::tagged(&stage.sample.account, WORKER_REPOSITORY, tag))
}
