//! `greenlight continue` and `greenlight abort`: a person's word on the deployment that is under way.

use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use greenlight_deployer::control::Answered;
use serde_json::json;

use super::{Output, registered};
use crate::columns::printable;
use crate::failure::Failure;

/// Lets it go on.
pub(super) async fn continue_(deployer: &Deployer, name: &TargetName) -> Result<Output, Failure> {
    let stored = registered(deployer, name).await?;
    Ok(told(name, &deployer.continue_(&stored).await?))
}

/// Stops it, and takes it back.
pub(super) async fn abort(
    deployer: &Deployer,
    name: &TargetName,
    reason: &str,
) -> Result<Output, Failure> {
    let stored = registered(deployer, name).await?;
    Ok(told(name, &deployer.abort(&stored, reason).await?))
}

fn told(name: &TargetName, answered: &Answered) -> Output {
    Output {
        text: format!("{name}  {}\n", printable(&answered.text)),
        json: json!({
            "target": name,
            "deployment": answered.deployment,
            "result": answered.text,
        }),
    }
}

#[cfg(test)]
mod tests;
