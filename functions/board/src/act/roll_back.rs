//! Going back to an image that was proved.

use greenlight_aws::table::StoredTarget;
use greenlight_core::deployment::BackTo;
use greenlight_deployer::Deployer;

use super::Outcome;
use crate::form::{Form, REASON, ROLL_BACK_TO};

pub(super) async fn roll_back(
    deployer: &Deployer,
    stored: StoredTarget,
    form: &Form,
    by: &str,
) -> Outcome {
    let to = match form.get(ROLL_BACK_TO).map(str::parse::<BackTo>).transpose() {
        Ok(to) => to,
        Err(error) => return Outcome::failed(&error),
    };
    let target = stored.target.name.clone();
    match Box::pin(deployer.roll_back(stored, to.as_ref(), by, form.get(REASON))).await {
        Ok(back) => {
            let passed_over = match &back.passed_over[..] {
                [] => String::new(),
                some => format!(" Passed over: {}.", some.join("; ")),
            };
            let (image, id) = (back.candidate.describe(), back.deployment);
            Outcome::done(format!(
                "`{target}` goes back to {image}, as deployment {id}: {}.{passed_over}",
                back.explanation.text
            ))
        }
        Err(error) => Outcome::failed(&error),
    }
}
