//! Five pushes while one image is being deployed.

use std::time::Duration;

use super::expectations::Expectations;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    stage.until_deploying().await;
    let mut pushed = Vec::new();
    for version in 3..=7 {
        stage.pass(Duration::from_secs(3)).await;
        pushed.push(stage.push(&ImageSpec::healthy(&format!("v{version}")))?);
    }
    let v7 = pushed.pop();
    stage.until_quiet().await?;

    expectations.equal(
        "CodeDeploy ran two deployments",
        &stage.sample.deployments().len(),
        &2,
    );
    expectations.equal("v7 is live", &stage.sample.live_digest(), &v7);
    expectations.equal(
        "the record says that v7 is live",
        &stage.current().await?,
        &v7,
    );
    let history = stage.history().await?;
    let digests_with = |status: &str| {
        // v1, which Greenlight found, is in the history too.
        let records = history
            .iter()
            .filter(|record| record["status"] == status && record["origin"]["kind"] == "push");
        let mut digests: Vec<String> = records
            .filter_map(|record| record["candidate"]["digest"].as_str())
            .map(str::to_owned)
            .collect();
        digests.sort();
        digests
    };
    let mut succeeded: Vec<String> = v7.into_iter().chain([v2]).collect();
    succeeded.sort();
    pushed.sort();
    expectations.equal(
        "v2 and v7 succeeded",
        &digests_with("succeeded"),
        &succeeded,
    );
    expectations.equal(
        "v3 to v6 are superseded",
        &digests_with("superseded"),
        &pushed,
    );
    Ok(())
}
