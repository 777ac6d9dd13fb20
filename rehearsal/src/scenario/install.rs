//! An installation: in an account in which the stacks of the examples were created, the targets come with a stack of their
//! own. A mistake fails it; then it is there, deploys what is pushed, goes without a trace in what runs, and comes again.

use std::collections::BTreeMap;

use serde_json::Value;

use super::expectations::Expectations;
use super::sample::{REPOSITORY, TAG, TARGET, WORKER_REPOSITORY, WORKER_TARGET};
use super::ship::text;
use super::stage::{Stage, StageError, machine};
use crate::account::cloudformation::StackFailure;
use crate::account::containers::ImageSpec;
use crate::account::template::Choices;
use crate::build::workspace;

/// The file, and what its stack is called.
const FILE: &str = "examples/targets-stack.yaml";
const STACK: &str = "targets";

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let sample = &stage.sample;
    let worker_v1 = sample.worker_v1.clone().unwrap_or_default();
    expectations.equal(
        "the services of the examples run",
        &(sample.live_digest(), sample.live_worker_digest()),
        &(Some(sample.v1.clone()), Some(worker_v1.clone())),
    );

    mistaken(stage, expectations).await?;

    stage.timeline.typed(&typed("create-stack", TAG));
    let created = stage
        .sample
        .account
        .stacks()
        .create(STACK, &file()?, &choices(stage, TAG))
        .await;
    expectations.equal("mended, the stack is created", &created, &Ok(()));
    let names = vec![TARGET.to_owned(), WORKER_TARGET.to_owned()];
    expectations.equal(
        "both targets are registered",
        &registered(stage).await?,
        &names,
    );
    let physical_id = stage.sample.account.stacks().physical_id(STACK, "Api");
    expectations.equal(
        "the resource is called by the table and the target",
        &physical_id,
        &Some(format!("greenlight/{TARGET}")),
    );
    expectations.live(stage, "v1", &stage.sample.v1).await?;

    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    let image = ImageSpec::healthy("worker-v2");
    let worker_v2 = stage.sample.push_to(WORKER_REPOSITORY, TAG, &image)?;
    stage.until_quiet().await?;
    expectations.live(stage, "v2", &v2).await?;
    expectations.worker_live(stage, "v2", &worker_v2).await?;
    let record = expectations.recorded(stage, "v2", &v2, "succeeded").await?;
    expectations.gate(&record, "before_traffic", "passed");

    stage.timeline.typed(&format!(
        "aws cloudformation delete-stack --stack-name {STACK}"
    ));
    let deleted = stage.sample.account.stacks().delete(STACK).await;
    expectations.equal("the stack is deleted", &deleted, &Ok(()));
    expectations.equal(
        "no target is registered",
        &registered(stage).await?,
        &vec![],
    );
    expectations.equal(
        "v2 runs all the same",
        &stage.sample.live_digest(),
        &Some(v2.clone()),
    );
    expectations.recorded(stage, "v2", &v2, "succeeded").await?;

    stage.timeline.typed(&typed("create-stack", TAG));
    let created = stage
        .sample
        .account
        .stacks()
        .create(STACK, &file()?, &choices(stage, TAG))
        .await;
    expectations.equal("the stack is created again", &created, &Ok(()));
    let current = stage.current_at(TARGET, REPOSITORY).await?;
    expectations.equal("what runs was taken over", &current, &Some(v2));
    Ok(())
}

/// A tag that is none fails the stack with what to do about it, and nothing is left.
async fn mistaken(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let mistake = "te*t";
    stage.timeline.typed(&typed("create-stack", mistake));
    let stacks = stage.sample.account.stacks();
    let failed = stacks
        .create(STACK, &file()?, &choices(stage, mistake))
        .await;
    let (reason, rollback) = match failed {
        Err(StackFailure::Resource {
            reason, rollback, ..
        }) => (reason, rollback),
        other => (format!("{other:?}"), vec!["it did not fail".to_owned()]),
    };
    let remedy = "images[0].tags[0]: `te*t` is a pattern, not a tag (write `{glob: \"te*t\"}`)";
    expectations.expect(
        "a mistake fails the stack, with the remedy",
        reason.contains(remedy),
        reason,
    );
    expectations.equal("it is rolled back", &rollback, &vec![]);
    expectations.equal("nothing is registered", &registered(stage).await?, &vec![]);
    Ok(())
}

/// The targets, by name.
async fn registered(stage: &Stage) -> Result<Vec<String>, StageError> {
    let listed = stage.greenlight_json(&["targets", "list"]).await?;
    let targets = listed["targets"].as_array().into_iter().flatten();
    Ok(targets
        .map(|target: &Value| text(&target["target"]))
        .collect())
}

fn file() -> Result<String, StageError> {
    std::fs::read_to_string(workspace().join(FILE)).map_err(machine("cannot read the stack's file"))
}

fn choices(stage: &Stage, tag: &str) -> Choices {
    let parameters = [
        ("ApiTargetName", TARGET),
        ("WorkerTargetName", WORKER_TARGET),
        ("Tag", tag),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Choices {
        parameters: BTreeMap::from(parameters),
        ..Choices::of(stage.sample.account.settings())
    }
}

fn typed(command: &str, tag: &str) -> String {
    format!(
        "aws cloudformation {command} --stack-name {STACK} --template-body file://{FILE} --parameters \
         ParameterKey=Tag,ParameterValue={tag} …"
    )
}
