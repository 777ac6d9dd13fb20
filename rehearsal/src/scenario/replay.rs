//! `deploy-on-push` may not read the table, and gives a push up after five tries. A person mends that, looks into the
//! dead-letter queue and replays it. Schedules are paused: `reconcile` would find the image by itself.

use std::time::Duration;

use super::expectations::Expectations;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

/// The function of template.yaml, and what it is not allowed.
const FUNCTION: &str = "DeployOnPush";
const ACTION: &str = "dynamodb:Query";
/// Five tries, with six minutes between any two.
const GIVEN_UP: Duration = Duration::from_mins(40);

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let account = &stage.sample.account;
    account.events().pause_schedules();
    account.deny(FUNCTION, ACTION);
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    stage.pass(GIVEN_UP).await;
    let lies = || {
        let queue = account.queue("PushDeadLetterQueue");
        queue.map_or(0, |queue| queue.bodies().len())
    };
    expectations.equal("the push lies in its dead-letter queue", &lies(), &1);

    account.allow(FUNCTION, ACTION);
    stage.typed(&["replay", "--dry-run"]).await?;
    let seen = stage.greenlight_json(&["replay", "--dry-run"]).await?;
    let seen = &seen["messages"][0];
    expectations.expect(
        "a look says what it is",
        seen["result"] == "would_be_sent" && seen["subject"] == "mco/api:test",
        seen,
    );
    expectations.equal("and leaves it there", &lies(), &1);

    stage.typed(&["replay", "--queue", "push"]).await?;
    expectations.equal("what was sent is deleted", &lies(), &0);
    stage.until_quiet().await?;
    expectations.live(stage, "v2", &v2).await?;
    let deployments = stage.sample.deployments().len();
    expectations.equal("it was deployed once", &deployments, &1);
    Ok(())
}
