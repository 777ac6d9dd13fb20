//! Every third event of ECR, CodeDeploy and ECS is dropped, while images are pushed that work and that do not. Each
//! minute `reconcile` looks after what they would have told.

use serde_json::{Value, json};

use super::expectations::Expectations;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;
use crate::account::events::{Disturbance, Pattern};

/// The function of template.yaml.
const RECONCILE: &str = "Reconcile";
/// The states in which an event tells that a deployment has ended.
const ENDS: [&str; 3] = ["SUCCESS", "FAILURE", "STOP"];

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let events = stage.sample.account.events();
    for pattern in [
        json!({"source": ["aws.ecr"]}),
        json!({"source": ["aws.codedeploy"], "detail": {"state": ENDS}}),
        json!({"source": ["aws.codedeploy", "aws.ecs"]}),
    ] {
        if let Ok(pattern) = Pattern::parse(&pattern) {
            events.disturb(pattern, Disturbance::DropEvery(3));
        }
    }
    let mut good = vec![stage.push(&ImageSpec::healthy("v2"))?];
    until_live(stage, &good[0]).await?;
    let bad = stage.push(&ImageSpec::answers_500("v3"))?;
    stage.until_deploying().await;
    for version in ["v4", "v5", "v6"] {
        let digest = stage.push(&ImageSpec::healthy(version))?;
        until_live(stage, &digest).await?;
        good.push(digest);
    }
    stage.until_settled().await?;

    let ended = events.history().into_iter().filter(|event| {
        let became = event["detail"]["state"].as_str();
        event["source"] == "aws.codedeploy" && became.is_some_and(|state| ENDS.contains(&state))
    });
    let lost = ended.count() / 3;
    expectations.expect(
        "two ends, at least, were told by no event",
        lost >= 2,
        format!("{lost} were lost"),
    );
    let calls = stage.sample.account.journal().calls();
    let mut moved = calls.iter().filter(|call| {
        call.caller == RECONCILE && call.operation == "TransactWriteItems" && call.status == 200
    });
    expectations.expect(
        "reconcile has recorded what they would have told",
        moved.next().is_some(),
        "no record is of its making",
    );
    let newest = good.last().cloned();
    expectations.equal("v6 is live", &stage.sample.live_digest(), &newest);
    expectations.equal("the record says so", &stage.current().await?, &newest);
    let history = stage.history().await?;
    let waits: Vec<String> = history
        .iter()
        .map(|record| text(&record["status"]))
        .filter(|status| ["queued", "requested", "started"].contains(&status.as_str()))
        .collect();
    expectations.expect("nothing waits", waits.is_empty(), format!("{waits:?}"));
    let of = |digest: &String, status: &str| {
        let mut records = history.iter();
        let is_its = |record: &&Value| record["candidate"]["digest"] == digest.as_str();
        records.any(|record| is_its(&record) && record["status"] == status)
    };
    expectations.expect(
        "every good image has succeeded, and the bad one has failed",
        good.iter().all(|digest| of(digest, "succeeded")) && of(&bad, "failed"),
        format!("{history:?}"),
    );
    Ok(())
}

/// Waits until the record says that an image is live.
async fn until_live(stage: &Stage, digest: &str) -> Result<(), StageError> {
    let is_live = |status: &Value| status["current"]["digest"] == digest;
    stage.until_status(is_live).await.map(drop)
}
