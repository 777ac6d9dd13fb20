//! The `approval:` check.

use crate::problems::Problems;
use crate::target::check::{ApprovalCheck, CheckKind};
use crate::target::keys::Keys;
use crate::target::node::{Fields, or_default};

pub(super) const APPROVAL: Keys = keys_of_a_check!("approvals", "question");

#[cfg(test)]
pub(super) const KEYS: [Keys; 1] = [APPROVAL];

pub(super) fn read(fields: &Fields<'_>, out: &mut Problems) -> Option<CheckKind> {
    let approvals = or_default(fields.optional("approvals"), 1, |node| {
        node.number(1..=ApprovalCheck::MAX_APPROVALS, out)
    });
    let question = or_default(fields.optional("question"), None, |node| {
        node.text("a question", 1..=ApprovalCheck::MAX_QUESTION, out)
            .map(|text| Some(text.to_owned()))
    });
    Some(CheckKind::Approval(ApprovalCheck {
        approvals: approvals?,
        question: question?,
    }))
}
