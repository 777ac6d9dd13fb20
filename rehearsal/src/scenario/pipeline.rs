//! A pipeline is started with the digest in the place of its source's tag, and deploys it by CodeDeploy.

use super::expectations::Expectations;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    stage.until_quiet().await?;
    let journal = stage.sample.account.journal();
    let starts = journal.calls_of("DeployOnPush", "codepipeline:StartPipelineExecution");
    let digests: Vec<String> = starts
        .iter()
        .map(|call| text(&call.request["sourceRevisions"][0]["revisionValue"]))
        .collect();
    expectations.equal(
        "the pipeline is started once, with v2's digest",
        &digests,
        &vec![v2.clone()],
    );
    expectations.equal(
        "its execution succeeded",
        &stage.statuses(),
        &vec!["Succeeded".to_owned()],
    );
    expectations.live(stage, "v2", &v2).await?;
    expectations.tagged(stage, "v2", &v2);
    expectations.recorded(stage, "v2", &v2, "succeeded").await?;
    Ok(())
}
