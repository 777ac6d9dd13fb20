//! A good image is rolled out behind the load balancer, once `greenlight diff` has shown what that changes;
//! then somebody brings the old one back with `greenlight deploy`.

use serde_json::Value;

use super::expectations::Expectations;
use super::sample::TARGET;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.sample.v1.clone();
    // Under a tag that no target watches, so that it can be looked at first.
    let v2 = stage.sample.push_as("v2", &ImageSpec::healthy("v2"))?;
    stage.until_quiet().await?;
    stage.typed(&["diff", TARGET, "v2"]).await?;
    let plan = stage.greenlight_json(&["diff", TARGET, "v2"]).await?;
    let changed: Vec<String> = changes(&plan)
        .map(|change| format!("{} to {}", text(&change["path"]), text(&change["new"])))
        .collect();
    let image = stage.sample.live_image().unwrap_or_default();
    let repository = image.split_once(':').map_or("", |(name, _)| name);
    expectations.equal(
        "`greenlight diff` shows the image's change, and no other",
        &changed,
        &vec![format!(
            "containerDefinitions[api].image to {repository}@{v2}"
        )],
    );

    stage.sample.tag(&v2)?;
    stage.until_quiet().await?;
    expectations.equal(
        "ECS ran one deployment, and it succeeded",
        &stage.statuses(),
        &vec!["SUCCESSFUL".to_owned()],
    );
    expectations.live(stage, "v2", &v2).await?;
    expectations.tagged(stage, "v2", &v2);
    let record = expectations.recorded(stage, "v2", &v2, "succeeded").await?;
    expectations.gate(&record, "after_traffic", "passed");

    stage.typed(&["deploy", TARGET, &v1]).await?;
    stage.until_quiet().await?;
    let live = stage.sample.live_digest();
    expectations.equal(
        "`greenlight deploy` brings v1 back",
        &live,
        &Some(v1.clone()),
    );
    expectations.live(stage, "v1", &v1).await?;
    let history = stage.history_of(&v1).await?;
    let newest = history.first().cloned().unwrap_or_default();
    expectations.equal(
        "the history says that a person asked for it",
        &text(&newest["origin"]["kind"]),
        &"person".to_owned(),
    );
    expectations.gate(&newest, "after_traffic", "passed");
    Ok(())
}

fn changes(plan: &Value) -> impl Iterator<Item = &Value> {
    plan["difference"].as_array().into_iter().flatten()
}
