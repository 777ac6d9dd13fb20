//! A canary of ECS's own waits for a person before each step: the first is allowed, and when 10 % of
//! production have seen the new image, the deployment is aborted.

use super::expectations::Expectations;
use super::native_blue_green::{answers, position};
use super::sample::TARGET;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.sample.v1.clone();
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    stage.until_awaiting(&[]).await;
    pauses(stage, expectations, "before the first step").await?;
    let first = stage.sample.awaiting();
    stage.typed(&["continue", TARGET]).await?;
    stage.until_awaiting(&first).await;
    pauses(stage, expectations, "before the rest").await?;
    expectations.expect(
        "10 % of production have gone to v2",
        position(&stage.happened("ecs"), "production traffic: 10 %").is_some(),
        "no such step",
    );
    stage.typed(&["abort", TARGET]).await?;
    stage.until_quiet().await?;

    expectations.equal(
        "ECS rolled the deployment back",
        &stage.statuses(),
        &vec!["ROLLBACK_SUCCESSFUL".to_owned()],
    );
    let happened = stage.happened("ecs");
    let back = position(&happened, "ROLLBACK_IN_PROGRESS").unwrap_or(happened.len());
    expectations.equal(
        "on the way back the gate answers SUCCEEDED",
        &answers(happened.get(back..).unwrap_or_default()),
        &vec!["PRODUCTION_TRAFFIC_SHIFT: SUCCEEDED".to_owned()],
    );
    expectations.still_live(stage, "v1", &v1).await?;
    expectations.tagged(stage, "v1 again", &v1);
    let record = expectations.recorded(stage, "v2", &v2, "failed").await?;
    expectations.explained(&record, "the answer", &["answered with ROLLBACK"]);
    expectations.gate(&record, "before_traffic", "passed");
    Ok(())
}

/// Shows the status, which has to say that somebody is waited for, and how to answer.
async fn pauses(
    stage: &Stage,
    expectations: &mut Expectations,
    when: &str,
) -> Result<(), StageError> {
    let status = stage.typed(&["status", TARGET]).await?;
    let commands = [
        format!("greenlight continue {TARGET}"),
        format!("greenlight abort {TARGET}"),
    ];
    expectations.expect(
        &format!("`greenlight status` shows the pause {when}, and how to answer it"),
        commands.iter().all(|command| status.contains(command)),
        &status,
    );
    let document = stage.greenlight_json(&["status", TARGET]).await?;
    let awaiting = &document["active"]["progress"]["awaiting"];
    expectations.expect(
        &format!("`greenlight status --json` has it {when}"),
        !text(&awaiting["remedy"]).is_empty(),
        awaiting,
    );
    Ok(())
}
