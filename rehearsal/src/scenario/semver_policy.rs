//! A target that takes versions within a range: what is lower than what it has taken, beyond the range, a
//! pre-release or a signature is not deployed, and `greenlight explain` says why. A person may go back.

use serde_json::Value;

use super::expectations::Expectations;
use super::sample::{REPOSITORY, TARGET};
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1_2 = push(stage, "1.2.0").await?;
    expectations.live(stage, "1.2.0", &v1_2).await?;
    let v1_10 = push(stage, "1.10.0").await?;
    expectations.live(stage, "1.10.0", &v1_10).await?;

    let v1_9 = push(stage, "1.9.9").await?;
    push(stage, "2.0.0").await?;
    push(stage, "1.11.0-rc.1").await?;
    let signature = format!("{}.sig", v1_10.replace(':', "-"));
    push(stage, &signature).await?;
    expectations.live(stage, "1.10.0", &v1_10).await?;
    let ran = |stage: &Stage| stage.sample.deployments().len();
    expectations.equal("ECS ran two deployments", &ran(stage), &2);
    expectations
        .recorded(stage, "1.9.9", &v1_9, "superseded")
        .await?;

    for (tag, verdict, rule, why) in [
        ("1.10.0", "taken", "already_live", "is already live"),
        ("1.9.9", "taken", "newer_accepted", "is older than 1.10.0"),
        ("2.0.0", "not_taken", "", "2.0.0 is not within `>=1.2, <2`"),
        ("1.11.0-rc.1", "not_taken", "", "it is a pre-release"),
        (&signature, "ignored", "", "the target ignores `*.sig`"),
    ] {
        explained(stage, expectations, tag, [verdict, rule, why]).await?;
    }

    stage.typed(&["deploy", TARGET, "1.9.9"]).await?;
    stage.until_quiet().await?;
    expectations.live(stage, "1.9.9", &v1_9).await?;
    // What a person deploys is not forgotten to be older.
    explained(
        stage,
        expectations,
        "1.2.0",
        ["taken", "newer_accepted", "is older than 1.10.0"],
    )
    .await?;
    let v1_11 = push(stage, "1.11.0").await?;
    expectations.live(stage, "1.11.0", &v1_11).await?;
    expectations.equal("ECS ran four deployments", &ran(stage), &4);
    Ok(())
}

async fn push(stage: &Stage, tag: &str) -> Result<String, StageError> {
    let digest = stage.sample.push_as(tag, &ImageSpec::healthy(tag))?;
    stage.until_quiet().await?;
    Ok(digest)
}

/// What `greenlight explain` says of a tag: the verdict, the rule if one decided, and a part of the sentence.
async fn explained(
    stage: &Stage,
    expectations: &mut Expectations,
    tag: &str,
    [verdict, rule, why]: [&str; 3],
) -> Result<(), StageError> {
    let image = format!("{REPOSITORY}:{tag}");
    stage.typed(&["explain", &image]).await?;
    let told: Value = stage.greenlight_json(&["explain", &image]).await?;
    let told = &told["targets"][0];
    let sentence = text(&told["text"]);
    let is_so = told["verdict"] == verdict
        && told["rule"].as_str().unwrap_or_default() == rule
        && sentence.contains(why);
    expectations.expect(
        &format!("`greenlight explain` says of {tag}: {why}"),
        is_so,
        format!("{}, {}: {sentence}", told["verdict"], told["rule"]),
    );
    Ok(())
}
