//! An image whose `/health` answers 500: it never gets production traffic.

use super::expectations::Expectations;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.sample.v1.clone();
    let v2 = stage.push(&ImageSpec::answers_500("v2"))?;
    stage.until_quiet().await?;

    let first = stage.sample.deployments().pop().unwrap_or_default();
    let status = text(&stage.sample.deployment(&first)["status"]);
    expectations.equal("the deployment failed", &status, &"Failed".to_owned());
    expectations.equal(
        "v1 is still live",
        &stage.sample.live_digest(),
        &Some(v1.clone()),
    );
    expectations.equal("the tag names v1 again", &stage.sample.tagged(), &Some(v1));
    let record = failed_record(stage, &v2).await?;
    expectations.expect(
        "the record shows the answer that failed it",
        record.contains("status 500"),
        record,
    );
    Ok(())
}

/// What the failed deployment of an image left in the history, but for its times.
pub(super) async fn failed_record(stage: &Stage, digest: &str) -> Result<String, StageError> {
    let history = stage.history_of(digest).await?;
    let failed = history
        .into_iter()
        .find(|record| record["status"] == "failed");
    Ok(failed.map_or_else(
        || "no failed deployment of it in the history".to_owned(),
        |record| {
            format!(
                "{} {} {}",
                text(&record["reason"]),
                record["evidence"],
                record["gates"]
            )
        },
    ))
}
