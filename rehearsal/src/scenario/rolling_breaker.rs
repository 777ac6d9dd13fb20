//! An image whose process dies is rolled out: ECS's circuit breaker rolls it back, and the image after it
//! goes through.

use super::expectations::Expectations;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

const EXIT_CODE: i32 = 42;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.sample.v1.clone();
    let v2 = stage.push(&ImageSpec::crashes("v2", EXIT_CODE))?;
    stage.until_quiet().await?;
    expectations.equal(
        "ECS rolled the deployment back",
        &stage.statuses(),
        &vec!["ROLLBACK_SUCCESSFUL".to_owned()],
    );
    expectations.still_live(stage, "v1", &v1).await?;
    expectations.tagged(stage, "v1 again", &v1);
    let record = expectations.recorded(stage, "v2", &v2, "failed").await?;
    expectations.explained(&record, "the circuit breaker", &["circuit breaker"]);
    let exit_code = format!("exit code {EXIT_CODE}");
    expectations.explained(&record, "the exit code", &[&exit_code]);

    let v3 = stage.push(&ImageSpec::healthy("v3"))?;
    stage.until_quiet().await?;
    expectations.live(stage, "v3", &v3).await?;
    expectations.tagged(stage, "v3", &v3);
    let record = expectations.recorded(stage, "v3", &v3, "succeeded").await?;
    expectations.gate(&record, "after_traffic", "passed");
    Ok(())
}
