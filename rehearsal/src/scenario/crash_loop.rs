//! An image whose process dies before it ever listens: its tasks never become healthy.

use super::bad_probe::failed_record;
use super::expectations::Expectations;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

const EXIT_CODE: i32 = 42;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.sample.v1.clone();
    let v2 = stage.push(&ImageSpec::crashes("v2", EXIT_CODE))?;
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
        "the record shows the exit code",
        record.contains(&format!("exit code {EXIT_CODE}")),
        record,
    );
    Ok(())
}
