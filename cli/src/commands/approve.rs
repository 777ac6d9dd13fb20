//! `greenlight approve` and `greenlight reject`: a person's yes or no to what waits for one.

use greenlight_core::gate::Standing;
use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use greenlight_deployer::approve::{Answer, Given};
use serde_json::json;

use super::{Output, registered, time};
use crate::columns::printable;
use crate::failure::Failure;

/// Gives the answer to whatever waits for one.
pub(super) async fn answer(
    deployer: &Deployer,
    name: &TargetName,
    answer: &Answer,
) -> Result<Output, Failure> {
    let stored = registered(deployer, name).await?;
    let given = deployer.approve(&stored, answer).await?;
    Ok(told(name, answer.approved, &given))
}

fn told(name: &TargetName, approved: bool, given: &Given) -> Output {
    let decided = if approved { "approved" } else { "rejected" };
    let (result, gate, who, deployment, missing) = match given {
        Given::Gate {
            who,
            approval,
            missing,
        } => {
            let point = approval.id.point;
            let images = &approval.images;
            let follows = match approval.standing(approval.asked_at) {
                Standing::Open { .. } | Standing::Expired { .. } => format!(
                    "{missing} of {} approvals are still needed, until {}",
                    approval.needed,
                    time(approval.until)
                ),
                Standing::Approved => "no more approvals are needed".to_owned(),
                Standing::Rejected(_) => "the gate fails".to_owned(),
            };
            (
                format!("gate {point} {decided} for {images}: {follows}"),
                Some(approval),
                who,
                approval.deployment,
                *missing,
            )
        }
        Given::Aws { who, answered } => (
            format!("{decided}: {}", answered.text),
            None,
            who,
            Some(answered.deployment),
            0,
        ),
    };
    let result_line = printable(&format!("{result} (by {who})"));
    Output {
        text: format!("{name}  {result_line}\n"),
        json: json!({
            "target": name,
            "approved": approved,
            "who": who,
            "deployment": deployment,
            "result": result,
            "missing": missing,
            "gate": gate,
        }),
    }
}

#[cfg(test)]
mod tests;
