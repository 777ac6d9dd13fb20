//! A good image, for two platforms, is pushed: it proves itself and takes over.

use serde_json::Value;

use super::expectations::Expectations;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.push(&ImageSpec::healthy("v2").multi_platform())?;
    stage.until_quiet().await?;

    let statuses: Vec<String> = stage
        .sample
        .deployments()
        .iter()
        .map(|id| text(&stage.sample.deployment(id)["status"]))
        .collect();
    expectations.equal(
        "CodeDeploy ran one deployment, and it succeeded",
        &statuses,
        &vec!["Succeeded".to_owned()],
    );
    expectations.equal("v2 is live", &stage.sample.live_digest(), &Some(v2.clone()));
    expectations.equal(
        "the record says that v2 is live",
        &stage.current().await?,
        &Some(v2.clone()),
    );
    expectations.equal(
        "the tag still names v2",
        &stage.sample.tagged(),
        &Some(v2.clone()),
    );
    let history = stage.history_of(&v2).await?;
    let statuses: Vec<String> = history
        .iter()
        .map(|record| text(&record["status"]))
        .collect();
    expectations.equal(
        "the history has it once, as succeeded",
        &statuses,
        &vec!["succeeded".to_owned()],
    );
    let gate = history
        .first()
        .map(|record| &record["gates"]["before_traffic"]);
    let verdict = gate.map(|gate| text(&gate["verdict"]));
    expectations.equal(
        "its record has the gate's verdict",
        &verdict,
        &Some("passed".to_owned()),
    );
    Ok(())
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
