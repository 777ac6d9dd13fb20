//! A target that is a task: each image runs once, and its exit code is the outcome.

use std::time::Duration;

use super::expectations::Expectations;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

const RUNS: Duration = Duration::from_secs(30);
const EXIT_CODE: i32 = 3;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.push(&ImageSpec::one_shot("v2", RUNS, 0))?;
    stage.until_quiet().await?;
    expectations.equal("one task ran", &stage.sample.deployments().len(), &1);
    expectations.recorded(stage, "v2", &v2, "succeeded").await?;
    expectations.equal(
        "the record says that v2 was the last to end well",
        &stage.current().await?,
        &Some(v2.clone()),
    );

    let v3 = stage.push(&ImageSpec::one_shot("v3", RUNS, EXIT_CODE))?;
    stage.until_quiet().await?;
    expectations.equal("a second task ran", &stage.sample.deployments().len(), &2);
    let record = expectations.recorded(stage, "v3", &v3, "failed").await?;
    let exit_code = format!("exit code {EXIT_CODE}");
    expectations.explained(&record, "the exit code", &[&exit_code]);
    expectations.equal(
        "the record still says v2",
        &stage.current().await?,
        &Some(v2.clone()),
    );
    expectations.tagged(stage, "v2 again", &v2);
    let live = stage.sample.live_digest();
    let v1 = Some(stage.sample.v1.clone());
    expectations.equal("the service beside it still runs v1", &live, &v1);
    Ok(())
}
