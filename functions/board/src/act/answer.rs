//! A yes or no to what waits for one.

use greenlight_aws::table::StoredTarget;
use greenlight_deployer::{
    Deployer,
    approve::{Answer, Given},
};

use super::{Outcome, Wish};
use crate::form::{Form, REASON};

pub(super) async fn give(
    deployer: &Deployer,
    stored: &StoredTarget,
    wish: &Wish,
    form: &Form,
    by: &str,
    approved: bool,
) -> Outcome {
    if approved && let Some(refused) = needs_several(deployer, stored, wish).await {
        return refused;
    }
    let answer = Answer {
        approved,
        reason: form.get(REASON).map(str::to_owned),
        point: wish.gate,
        deployment: wish.deployment.clone(),
    };
    let said = if approved { "Approved" } else { "Rejected" };
    match deployer.approve_as(stored, &answer, by).await {
        Ok(Given::Gate { approval, .. }) => {
            Outcome::done(format!("{said} at gate {}, by {by}.", approval.id.point))
        }
        Ok(Given::Aws { answered, .. }) => {
            Outcome::done(format!("{said}, by {by}: {}.", answered.text))
        }
        Err(error) => Outcome::failed(&error),
    }
}

/// That several different people have approved, names that anybody can type do not prove.
async fn needs_several(deployer: &Deployer, stored: &StoredTarget, wish: &Wish) -> Option<Outcome> {
    let asked = match deployer.open_approvals(stored).await {
        Ok(asked) => asked,
        Err(error) => return Some(Outcome::failed(&error)),
    };
    let mut asked = asked.iter();
    let several =
        asked.find(|it| it.needed > 1 && wish.gate.is_none_or(|gate| it.id.point == gate))?;
    Some(Outcome::refused(format!(
        "Gate {} asks {} different people, and the board does not learn who presses a button. Nothing was done: approve by \
         `greenlight approve {}`, which AWS knows each of you by.",
        several.id.point, several.needed, stored.target.name
    )))
}
