//! CodeDeploy from the files of a CodePipeline action, which lie in S3; then the next template has a
//! placeholder that nobody fills, and nothing is registered from it.

use super::expectations::Expectations;
use super::sample::BUCKET;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

const KEY: &str = "api/taskdef.json";

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    stage.until_quiet().await?;
    expectations.equal(
        "CodeDeploy ran one deployment, and it succeeded",
        &stage.statuses(),
        &vec!["Succeeded".to_owned()],
    );
    expectations.live(stage, "v2", &v2).await?;
    let definition = stage.sample.live_task_definition().unwrap_or_default();
    let variables = definition["containerDefinitions"][0]["environment"].as_array();
    let filled = variables
        .into_iter()
        .flatten()
        .find(|it| it["name"] == "IMAGE");
    let filled = filled.map(|it| text(&it["value"])).unwrap_or_default();
    expectations.expect(
        "the placeholder is filled with v2's digest everywhere",
        filled.ends_with(&format!("@{v2}")),
        &filled,
    );
    let record = expectations.recorded(stage, "v2", &v2, "succeeded").await?;
    expectations.gate(&record, "before_traffic", "passed");

    let registered = registrations(stage);
    let (template, line) = with_another_placeholder();
    stage.sample.put_template(KEY, &template).await?;
    let v3 = stage.push(&ImageSpec::healthy("v3"))?;
    stage.until_quiet().await?;
    let record = expectations
        .recorded(stage, "v3", &v3, "start_failed")
        .await?;
    let place = format!("s3://{BUCKET}/{KEY}:{line}: ");
    expectations.explained(
        &record,
        "the placeholder's name, line and file",
        &["`<LOG_LEVEL>`", &place],
    );
    expectations.equal(
        "nothing is registered from it",
        &registrations(stage),
        &registered,
    );
    expectations.equal(
        "CodeDeploy hears nothing of it",
        &stage.sample.deployments().len(),
        &1,
    );
    expectations.still_live(stage, "v2", &v2).await?;
    Ok(())
}

/// How many task definitions the functions have registered.
fn registrations(stage: &Stage) -> usize {
    let journal = stage.sample.account.journal();
    journal
        .calls_of("DeployOnPush", "ecs:RegisterTaskDefinition")
        .len()
}

/// The template of the sample with a placeholder in the place of a value, and that one's line.
fn with_another_placeholder() -> (String, usize) {
    let template = include_str!("../../sample/templates/taskdef.json");
    let template = template.replace("\"test\"", "\"<LOG_LEVEL>\"");
    let line = template.lines().position(|line| line.contains("LOG_LEVEL"));
    (template, line.map_or(0, |index| index + 1))
}
