//! Each image brings a migration, which has to succeed before the service is touched: one does, the next
//! does not.

use super::expectations::Expectations;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;
use crate::account::journal::Call;

const EXIT_CODE: i32 = 7;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.push(&ImageSpec::migration("v2", 0))?;
    stage.until_quiet().await?;
    expectations.equal(
        "the migration runs first, and then the service is updated",
        &order(stage),
        &vec!["RunTask", "UpdateService"],
    );
    let migrations = migrations(stage, &v2);
    expectations.equal("the migration ran from v2's digest", &migrations, &1);
    expectations.live(stage, "v2", &v2).await?;
    expectations.tagged(stage, "v2", &v2);
    let record = expectations.recorded(stage, "v2", &v2, "succeeded").await?;
    expectations.gate(&record, "after_traffic", "passed");

    let v3 = stage.push(&ImageSpec::migration("v3", EXIT_CODE))?;
    stage.until_quiet().await?;
    expectations.equal(
        "v3's migration runs, and the service is not touched",
        &order(stage),
        &vec!["RunTask", "UpdateService", "RunTask"],
    );
    expectations.still_live(stage, "v2", &v2).await?;
    expectations.tagged(stage, "v2 again", &v2);
    let record = expectations.recorded(stage, "v3", &v3, "failed").await?;
    let exit_code = format!("exit code {EXIT_CODE}");
    expectations.explained(&record, "the migration's exit code", &[&exit_code]);
    Ok(())
}

/// What the functions did to run something, in order.
fn order(stage: &Stage) -> Vec<&'static str> {
    let calls = stage.sample.account.journal().calls();
    let known = |call: &Call| {
        ["RunTask", "UpdateService"]
            .into_iter()
            .find(|it| *it == call.operation && call.caller != "operator")
    };
    calls.iter().filter_map(known).collect()
}

/// How many tasks ran from a task definition with this digest.
fn migrations(stage: &Stage, digest: &str) -> usize {
    let calls = stage.sample.account.journal().calls();
    let runs = calls.iter().filter(|call| call.operation == "RunTask");
    let of_digest = |call: &&Call| {
        let definition = call.request["taskDefinition"].as_str().unwrap_or_default();
        let image = stage.sample.image_in(definition, super::sample::CONTAINER);
        image.is_some_and(|image| image.ends_with(digest))
    };
    runs.filter(of_digest).count()
}
