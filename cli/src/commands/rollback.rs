//! `greenlight rollback`: goes back to an image that was proved, and tells how it goes until it is live.

use greenlight_deployer::Deployer;

use super::deploy::{Waiting, follow};
use super::{Outcome, registered};
use crate::arguments::Rollback;
use crate::failure::Failure;

/// Goes back. What was passed over is said before what is done.
pub(super) async fn rollback(
    mut deployer: Deployer,
    what: Rollback,
    json: bool,
) -> Result<Outcome, Failure> {
    if what.hook.is_some() {
        deployer.hook_function.clone_from(&what.hook);
    }
    let stored = registered(&deployer, &what.target).await?;
    let by = deployer.person().await?;
    let back = deployer
        .roll_back(stored, what.to.as_ref(), &by, what.reason.as_deref())
        .await?;
    let passed_over = back.passed_over.iter();
    let passed_over = passed_over.map(|image| format!("not gone back to {image}"));
    let first = passed_over.chain([back.explanation.text.clone()]);
    let waiting = Waiting {
        target: &what.target,
        deployment: back.deployment,
        limit: (!what.no_wait).then_some(what.timeout),
        json,
    };
    follow(&deployer, waiting, first, &back.explanation).await
}
