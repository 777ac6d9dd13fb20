//! Infrastructure code deploys past Greenlight, which records it as what it is; a push waits for its end, and a person
//! goes back to the last image that was proved.

use super::expectations::Expectations;
use super::sample::TARGET;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

/// Who registers the task definition.
const WHO: &str = "assumed-role/Terraform/run-8";

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    stage.until_quiet().await?;
    expectations.live(stage, "v2", &v2).await?;

    let v9 = stage.sample.push_as("v9", &ImageSpec::healthy("v9"))?;
    stage.sample.infrastructure_deploys(&v9, WHO)?;
    stage.until_quiet().await?;
    expectations.equal(
        "the record says that v9 is live",
        &stage.current().await?,
        &Some(v9.clone()),
    );
    let record = expectations.recorded(stage, "v9", &v9, "succeeded").await?;
    expectations.equal(
        "and that others have deployed it",
        &text(&record["origin"]["kind"]),
        &"elsewhere".to_owned(),
    );
    let status = stage.typed(&["status", TARGET]).await?;
    expectations.expect(
        "`greenlight status` says that nothing has proved it",
        status.contains("not proved"),
        &status,
    );

    stage.typed(&["rollback", TARGET]).await?;
    stage.until_quiet().await?;
    expectations.live(stage, "v2", &v2).await?;

    let v10 = stage.sample.push_as("v10", &ImageSpec::healthy("v10"))?;
    stage.sample.infrastructure_deploys(&v10, WHO)?;
    stage.until_deploying().await;
    let v3 = stage.push(&ImageSpec::healthy("v3"))?;
    stage.until_quiet().await?;
    expectations.live(stage, "v3", &v3).await?;
    expectations.recorded(stage, "v3", &v3, "succeeded").await?;
    expectations.equal(
        "each deployment had its turn, and none was stopped",
        &stage.statuses(),
        &vec!["SUCCESSFUL".to_owned(); 5],
    );
    Ok(())
}
