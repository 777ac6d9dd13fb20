//! What people are asked at a gate of the deployment under way.

use greenlight_core::{
    gate::{Approval, Decision, Standing},
    target::TargetName,
};
use jiff::Timestamp;

use super::Awaiting;

/// Who has said what so far, a line each.
pub(super) fn facts(approval: &Approval) -> impl Iterator<Item = String> + '_ {
    approval.decisions.iter().map(Decision::in_words)
}

/// That a gate waits for people.
pub fn awaiting(target: &TargetName, approval: &Approval, now: Timestamp) -> Awaiting {
    let missing = match approval.standing(now) {
        Standing::Open { missing } | Standing::Expired { missing } => missing,
        Standing::Approved | Standing::Rejected(_) => 0,
    };
    let label = approval.id.label.iter().map(|label| format!(" ({label})"));
    let question = approval.question.iter().map(|it| format!(": {it}"));
    Awaiting {
        what: format!(
            "gate {}{} waits for {missing} of {} approvals{}",
            approval.id.point,
            label.collect::<String>(),
            approval.needed,
            question.collect::<String>()
        ),
        until: Some(approval.until),
        otherwise: Some("the gate fails".to_owned()),
        remedy: Approval::remedy(target),
    }
}
