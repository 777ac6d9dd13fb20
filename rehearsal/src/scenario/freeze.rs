//! A window is closed and the line is stopped: what is pushed waits, a person deploys all the same, and when the
//! window has opened by itself and the line is released, the newest goes.

use std::time::Duration;

use super::expectations::Expectations;
use super::sample::{Stand, TARGET};
use super::ship::text;
use super::stage::{Stage, StageError, machine};
use crate::account::containers::ImageSpec;

/// How long the window stays closed.
const CLOSED: Duration = Duration::from_mins(30);
/// Windows have whole minutes, so it is closed for up to one more.
const MINUTE: Duration = Duration::from_mins(1);

const FREEZE: &str = "stocktaking";
const STOPPED: &str = "the database is being moved";

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    close(stage).await?;
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    stage.until_quiet().await?;
    expectations
        .still_live(stage, "v1", &stage.sample.v1)
        .await?;
    expectations.recorded(stage, "v2", &v2, "queued").await?;
    expectations.blocked(stage, "v2", &v2, FREEZE);
    let status = stage.typed(&["status", TARGET]).await?;
    expectations.expect(
        "`greenlight status` shows the window, and until when it is closed",
        status.contains(FREEZE) && status.contains("closes it until"),
        &status,
    );

    let refused = stage.typed(&["deploy", TARGET, &v2]).await;
    let refused = refused.map_err(|error| error.to_string());
    expectations.expect(
        "`greenlight deploy` is refused, and says why and what to do",
        matches!(&refused, Err(why) if why.contains(FREEZE) && why.contains("--override")),
        format!("{refused:?}"),
    );
    stage.typed(&["deploy", TARGET, &v2, "--override"]).await?;
    stage.until_quiet().await?;
    expectations.live(stage, "v2", &v2).await?;
    let newest = stage.history_of(&v2).await?.into_iter().next();
    let overrides = text(&newest.unwrap_or_default()["origin"]["overrides"]);
    expectations.expect(
        "the record says what was overridden",
        overrides.contains(FREEZE),
        overrides,
    );

    stage.typed(&["hold", "--all", "--reason", STOPPED]).await?;
    let v3 = stage.push(&ImageSpec::healthy("v3"))?;
    stage.until_quiet().await?;
    let v4 = stage.push(&ImageSpec::healthy("v4"))?;
    stage.until_quiet().await?;
    expectations.still_live(stage, "v2", &v2).await?;
    expectations
        .recorded(stage, "v3", &v3, "superseded")
        .await?;
    expectations.recorded(stage, "v4", &v4, "queued").await?;
    expectations.blocked(stage, "v4", &v4, STOPPED);
    let status = stage.typed(&["status", TARGET]).await?;
    expectations.expect(
        "`greenlight status` shows the stopped line beside the window",
        status.contains(STOPPED) && status.contains(FREEZE),
        &status,
    );

    stage.pass(CLOSED + MINUTE).await;
    let status = stage.typed(&["status", TARGET]).await?;
    expectations.expect(
        "the window has opened by itself, and the line is still stopped",
        status.contains(STOPPED) && !status.contains(FREEZE),
        &status,
    );
    stage.typed(&["release", "--all"]).await?;
    stage.until_quiet().await?;
    expectations.live(stage, "v4", &v4).await?;
    expectations.recorded(stage, "v4", &v4, "succeeded").await?;
    expectations.equal(
        "two deployments were run, and both succeeded",
        &stage.statuses(),
        &vec!["SUCCESSFUL".to_owned(); 2],
    );
    let told: Vec<String> = stage
        .emitted()
        .into_iter()
        .map(|event| text(&event["detail-type"]))
        .filter(|kind| kind.starts_with("Target "))
        .collect();
    expectations.equal(
        "everybody was told that the line was stopped, and released",
        &told,
        &vec!["Target Held".to_owned(), "Target Released".to_owned()],
    );
    Ok(())
}

/// Registers the target with a window that is closed now, and opens by itself.
async fn close(stage: &Stage) -> Result<(), StageError> {
    let opens = stage.sample.account.clock().now() + CLOSED;
    let opens = opens.strftime("%Y-%m-%dT%H:%M");
    let targets = Stand::Rolling.targets();
    let document = format!(
        "{targets}    windows: [{{deny: {{from: \"2026-01-01\", to: \"{opens}\"}}, reason: {FREEZE}}}]\n"
    );
    let place = tempfile::tempdir().map_err(machine("cannot make a directory"))?;
    let file = place.path().join("targets.yaml");
    std::fs::write(&file, document).map_err(machine("cannot write a file"))?;
    stage.register(&file.to_string_lossy()).await
}

impl Expectations {
    /// Notes that everybody was told that an image waits, and why.
    fn blocked(&mut self, stage: &Stage, name: &str, digest: &str, why: &str) {
        let blocked = stage.emitted().into_iter().rfind(|event| {
            event["detail-type"] == "Deployment Blocked" && event["detail"]["digest"] == digest
        });
        let reason = blocked.map_or_else(String::new, |event| text(&event["detail"]["reason"]));
        self.expect(
            &format!("everybody is told that {name} waits, and why"),
            reason.contains(why),
            reason,
        );
    }
}
