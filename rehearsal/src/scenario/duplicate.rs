//! EventBridge delivers at least once, in any order: one push event comes three times, the last of them
//! after the deployment, behind the event of another tag that was pushed later; and the deployment's own
//! events come twice.

use std::time::Duration;

use serde_json::json;

use super::expectations::Expectations;
use super::sample::REPOSITORY;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;
use crate::account::ecr;
use crate::account::events::{Disturbance, Pattern};

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let bus = stage.sample.account.events();
    let of_source = |source: &str| Pattern::parse(&json!({"source": [source]}));
    if let (Ok(pushes), Ok(ends)) = (of_source("aws.ecr"), of_source("aws.codedeploy")) {
        bus.disturb(pushes, Disturbance::Hold);
        bus.disturb(ends, Disturbance::Duplicate(2));
    }
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    // The same image under a tag that no target watches.
    let _ = ecr::retag(&stage.sample.account, REPOSITORY, &v2, "latest");
    let held = bus.take_held();
    expectations.equal("two events are held back", &held.len(), &2);
    // The later one first, then the first one twice.
    held.iter().rev().for_each(|event| bus.deliver(event));
    held.iter().take(1).for_each(|event| bus.deliver(event));
    stage.pass(Duration::from_secs(1)).await;
    stage.until_quiet().await?;
    held.iter().take(1).for_each(|event| bus.deliver(event));
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
    let statuses: Vec<String> = stage
        .history_of(&v2)
        .await?
        .iter()
        .map(|record| text(&record["status"]))
        .collect();
    expectations.equal(
        "the history has it once, as succeeded",
        &statuses,
        &vec!["succeeded".to_owned()],
    );
    Ok(())
}
