//! A person goes back while the next image is being rolled out, and then further back; what was gone back from does not
//! come back by itself, and a hold keeps what is newer waiting until it is released.

use super::expectations::Expectations;
use super::sample::TARGET;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

const WHY: &str = "customers see errors";

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.sample.v1.clone();
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    stage.until_quiet().await?;
    expectations.live(stage, "v2", &v2).await?;

    let v3 = stage.push(&ImageSpec::healthy("v3"))?;
    stage.until_deploying().await;
    stage.typed(&["rollback", TARGET, "--reason", WHY]).await?;
    stage.until_quiet().await?;
    expectations.still_live(stage, "v2", &v2).await?;
    let record = expectations.recorded(stage, "v3", &v3, "failed").await?;
    let reason = text(&record["reason"]);
    expectations.expect(
        "the record of v3 says who went back and why",
        reason.contains(WHY) && reason.contains("operator"),
        reason,
    );

    stage.sample.tag(&v3)?;
    stage.until_quiet().await?;
    expectations.still_live(stage, "v2", &v2).await?;
    let runs = stage.history_of(&v3).await?.len();
    expectations.equal("v3 is not deployed again by a push", &runs, &1);

    stage.typed(&["rollback", TARGET, "--to", &v1]).await?;
    stage.until_quiet().await?;
    expectations.live(stage, "v1", &v1).await?;
    let history = stage.typed(&["history", TARGET]).await?;
    expectations.expect(
        "`greenlight history` shows both, with why",
        history.matches(" rollback ").count() == 2 && history.contains(WHY),
        &history,
    );

    stage
        .typed(&["hold", TARGET, "--reason", "a look first"])
        .await?;
    let v4 = stage.push(&ImageSpec::healthy("v4"))?;
    stage.until_quiet().await?;
    expectations.still_live(stage, "v1", &v1).await?;
    expectations.recorded(stage, "v4", &v4, "queued").await?;
    stage.typed(&["release", TARGET]).await?;
    stage.until_quiet().await?;
    expectations.live(stage, "v4", &v4).await?;
    expectations.recorded(stage, "v4", &v4, "succeeded").await?;
    Ok(())
}
