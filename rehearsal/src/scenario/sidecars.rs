//! A service whose two containers take their images from two repositories: both are pushed while a
//! deployment runs, and go together in the one that follows.

use super::expectations::Expectations;
use super::sample::{SIDECAR, SIDECAR_REPOSITORY, TAG};
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    stage.until_deploying().await;
    let sidecar = ImageSpec::healthy("sidecar-v2");
    let sidecar = stage.sample.push_to(SIDECAR_REPOSITORY, TAG, &sidecar)?;
    let v3 = stage.push(&ImageSpec::healthy("v3"))?;
    stage.until_quiet().await?;

    expectations.equal(
        "ECS ran two deployments, and both succeeded",
        &stage.statuses(),
        &vec!["SUCCESSFUL".to_owned(); 2],
    );
    expectations.live(stage, "v3", &v3).await?;
    let definition = stage.sample.live_task_definition().unwrap_or_default();
    let definition = definition["taskDefinitionArn"].as_str().unwrap_or_default();
    let image = stage.sample.image_in(definition, SIDECAR);
    let image = image.unwrap_or_default();
    expectations.expect(
        "the new sidecar runs beside it",
        image.ends_with(&format!("{SIDECAR_REPOSITORY}@{sidecar}")),
        &image,
    );
    expectations.recorded(stage, "v2", &v2, "succeeded").await?;
    let history = stage.history().await?;
    let newest = history.first().cloned().unwrap_or_default();
    let candidate = newest["candidate"].to_string();
    expectations.expect(
        "one deployment has both images",
        newest["status"] == "succeeded" && candidate.contains(&v3) && candidate.contains(&sidecar),
        candidate,
    );
    Ok(())
}
