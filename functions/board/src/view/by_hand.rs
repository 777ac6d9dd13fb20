//! What a person can do at a target: the fields that go with every button, and the buttons.

use greenlight_aws::table::StoredTarget;
use greenlight_core::gate::Approval;
use greenlight_deployer::progress::Progress;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Button, Page};
use crate::{
    act::Deed,
    form::{BY, REASON},
    limits,
};

impl Page<'_> {
    pub(super) fn by_hand(&self, stored: &StoredTarget, progress: Option<&Progress>) -> Markup {
        html! {
            h3 { "By hand" }
            form {
                fieldset {
                    legend { "Recorded with what you do" }
                    div class="gl-fields" {
                        (self.text("Your name (needed)", BY, "name"))
                        (self.text("Reason", REASON, "off"))
                    }
                }
                (self.asked(stored, progress))
            }
        }
    }

    /// What waits for an answer: what gates ask, or else AWS itself.
    fn asked(&self, stored: &StoredTarget, progress: Option<&Progress>) -> Markup {
        let Some(progress) = progress else {
            return html! {};
        };
        html! {
            @for approval in progress.asked.iter().take(limits::LINES) {
                p {
                    "Gate " (approval.id.point) " asks: "
                    (limits::sentence(approval.question.as_deref().unwrap_or("may it go on?")))
                    " (" (limits::sentence(&approval.images)) ", until " (self.times.local(approval.until)) ")"
                }
                div class="gl-buttons" { (self.answers(stored, Some(approval))) }
            }
            @if let Some(awaiting) = progress.awaiting.as_ref().filter(|_| progress.asked.is_empty()) {
                p {
                    (limits::sentence(&awaiting.what))
                    @if let Some(until) = awaiting.until { ", until " (self.times.local(until)) }
                }
                div class="gl-buttons" { (self.answers(stored, None)) }
            }
        }
    }

    fn answers(&self, stored: &StoredTarget, approval: Option<&Approval>) -> Markup {
        let name = &stored.target.name;
        let what = approval.map_or_else(
            || format!("the deployment to {name}"),
            |approval| format!("gate {} of {name}", approval.id.point),
        );
        let answer = |deed: Deed, label, asked: String| {
            let mut parameters = parameters(stored, deed);
            if let Some(approval) = approval {
                parameters["gate"] = approval.id.point.name().into();
                parameters["deployment"] = approval.id.aws_id.clone().into();
            }
            self.button(&Button::deed(label, parameters, asked))
        };
        html! {
            (answer(Deed::Approve, "Approve", format!("Approve {what}? It then goes on.")))
            (answer(Deed::Reject, "Reject", format!("Reject {what}? It is then taken back.")))
        }
    }

    /// A field for a line of text, with what was typed into it before.
    fn text(&self, label: &str, name: &str, fills: &str) -> Markup {
        html! {
            label {
                (label)
                input type="text" name=(name) maxlength=(limits::SENTENCE) autocomplete=(fills)
                    value=[self.form.get(name)];
            }
        }
    }
}

/// What a button sends: what is to be done, where, and how the target was when the button was drawn.
fn parameters(stored: &StoredTarget, deed: Deed) -> Value {
    json!({"do": deed.name(), "target": stored.target.name, "version": stored.version})
}
