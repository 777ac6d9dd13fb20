//! Infrastructure code deploys another image, and the event of it is lost: that is found, told, and shown with who did
//! it, until the next push.

use serde_json::{Value, json};

use super::expectations::Expectations;
use super::sample::TARGET;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;
use crate::account::events::{Disturbance, Pattern};

/// Who registers the task definition.
const WHO: &str = "assumed-role/Terraform/run-7";

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    stage.until_quiet().await?;
    expectations.equal("v2 is recorded", &stage.current().await?, &Some(v2));

    let events = stage.sample.account.events();
    if let Ok(pattern) = Pattern::parse(&json!({"source": ["aws.ecs"]})) {
        events.disturb(pattern, Disturbance::Drop);
    }
    let v9 = stage.sample.push_as("v9", &ImageSpec::healthy("v9"))?;
    stage.sample.infrastructure_deploys(&v9, WHO)?;
    stage.until_quiet().await?;
    events.calm();
    expectations.equal("v9 runs", &stage.sample.live_digest(), &Some(v9.clone()));

    let has_drift = |status: &Value| !status["current"]["drift"].is_null();
    let status = stage.until_status(has_drift).await?;
    let drift = &status["current"]["drift"];
    expectations.equal(
        "the record says that v9 is live",
        &text(&status["current"]["digest"]),
        &v9,
    );
    let cause = text(&drift["cause"]);
    expectations.expect(
        "the drift's cause names who has registered the task definition",
        cause.contains("role Terraform (run-7)"),
        cause,
    );
    let shown = stage.typed(&["status", TARGET]).await?;
    let expected = text(&drift["expected"]);
    expectations.expect(
        "`greenlight status` shows what was expected",
        shown.contains("(drift)") && shown.contains(&expected),
        shown,
    );
    let told = || {
        let events = events.history().into_iter();
        events
            .filter(|event| event["detail-type"] == "Drift Detected")
            .count()
    };
    expectations.equal("it was told once", &told(), &1);

    let v3 = stage.push(&ImageSpec::healthy("v3"))?;
    stage.until_quiet().await?;
    expectations.equal("v3 is live", &stage.sample.live_digest(), &Some(v3.clone()));
    let status = stage.greenlight_json(&["status", TARGET]).await?;
    expectations.equal(
        "the record says so",
        &text(&status["current"]["digest"]),
        &v3,
    );
    expectations.expect(
        "no drift is shown any more",
        !has_drift(&status) && told() == 1,
        &status,
    );
    Ok(())
}
