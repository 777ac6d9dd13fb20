//! The `approval:` check.

use super::RULES;
use crate::problems::Problems;
use crate::target::check::{ApprovalCheck, CheckKind};
use crate::target::description::{Form, Key, Mapping};
use crate::target::node::{Fields, or_default};

pub(super) const APPROVAL: &Mapping = &Mapping {
    name: "check_approval",
    says: "People have approved, and nobody has rejected.",
    keys: &[
        Key::optional(
            "approvals",
            Form::Whole(1, ApprovalCheck::MAX_APPROVALS),
            "`1`",
            "So many different people have to approve.",
        ),
        Key::optional(
            "question",
            Form::Text(1, ApprovalCheck::MAX_QUESTION),
            "none",
            "What they are asked.",
        )
        .such_as("Is the new checkout ready for customers?"),
    ],
    shared: &[RULES],
    demands: &[],
};

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
