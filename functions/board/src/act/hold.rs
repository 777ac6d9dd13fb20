//! Holding automatic deployments to a target, and releasing them.

use greenlight_aws::table::StoredTarget;
use greenlight_core::duration;
use greenlight_deployer::Deployer;

use super::Outcome;
use crate::{
    form::{Form, HOLD_FOR, REASON},
    limits,
};

pub(super) async fn hold(
    deployer: &Deployer,
    stored: StoredTarget,
    form: &Form,
    by: &str,
) -> Outcome {
    let until = match form.get(HOLD_FOR).map(duration::parse).transpose() {
        Ok(length) => length.and_then(|length| deployer.clock.now().checked_add(length).ok()),
        Err(error) => return Outcome::failed(&error),
    };
    match Box::pin(deployer.hold(stored, by, form.get(REASON), until)).await {
        Ok(explanation) => Outcome::done(limits::capitalised(&explanation.text)),
        Err(error) => Outcome::failed(&error),
    }
}

pub(super) async fn release(
    deployer: &Deployer,
    stored: StoredTarget,
    form: &Form,
    by: &str,
) -> Outcome {
    match Box::pin(deployer.release(stored, by, form.get(REASON))).await {
        Ok(explanation) => Outcome::done(limits::capitalised(&explanation.text)),
        Err(error) => Outcome::failed(&error),
    }
}
