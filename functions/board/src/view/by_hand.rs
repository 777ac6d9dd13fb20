//! What a person can do at a target: the fields that go with every button, and the buttons.

use greenlight_aws::table::StoredTarget;
use greenlight_core::{
    deployment::Candidate,
    gate::Approval,
    record::{DeploymentRecord, Status},
};
use greenlight_deployer::progress::Progress;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Button, Page};
use crate::{
    act::Deed,
    form::{BY, HOLD_FOR, PROMOTE_TO, REASON, ROLL_BACK_TO},
    limits,
};

impl Page<'_> {
    pub(super) fn by_hand(
        &self,
        stored: &StoredTarget,
        records: &[DeploymentRecord],
        progress: Option<&Progress>,
    ) -> Markup {
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
                (self.rest(stored, records))
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

    /// What can be done at any time.
    fn rest(&self, stored: &StoredTarget, records: &[DeploymentRecord]) -> Markup {
        let name = &stored.target.name;
        let lengths = [
            ("", "until it is released"),
            ("1h", "1 hour"),
            ("8h", "8 hours"),
            ("24h", "1 day"),
            ("168h", "7 days"),
        ];
        let lengths: Vec<_> = lengths
            .map(|(value, label)| (value.to_owned(), label.to_owned()))
            .into();
        let deed =
            |deed, label, asked| self.button(&Button::deed(label, parameters(stored, deed), asked));
        html! {
            div class="gl-fields gl-choices" {
                (self.choice("Hold for", HOLD_FOR, &lengths))
                (self.choice("Roll back to", ROLL_BACK_TO, &self.ways_back(stored, records)))
                (self.text("Promote to the tag", PROMOTE_TO, "off"))
            }
            div class="gl-buttons" {
                (deed(Deed::Hold, "Hold", format!("Hold automatic deployments to {name}?")))
                @if stored.state.hold.is_some() {
                    (deed(Deed::Release, "Release", format!("Release {name}? What waits is then deployed.")))
                }
                (deed(
                    Deed::RollBack,
                    "Roll back",
                    format!("Roll {name} back? What is under way is stopped, and what is live is not deployed again by itself."),
                ))
                (deed(
                    Deed::Promote,
                    "Promote",
                    format!("Promote what is live at {name}? Targets that watch the tag then deploy it."),
                ))
            }
        }
    }

    /// What succeeded before, each image once. Which of them is proved, and there still, is looked at when it is asked for.
    fn ways_back(
        &self,
        stored: &StoredTarget,
        records: &[DeploymentRecord],
    ) -> Vec<(String, String)> {
        let mut known: Vec<&Candidate> = Vec::new();
        known.extend(
            stored
                .state
                .current
                .as_ref()
                .map(|current| &current.candidate),
        );
        let mut ways = vec![(String::new(), "the last proved image".to_owned())];
        for record in records
            .iter()
            .filter(|record| record.status == Status::Succeeded)
        {
            if known.iter().any(|it| record.candidate.is_within(it)) {
                continue;
            }
            known.push(&record.candidate);
            let image = limits::name(&record.candidate.describe());
            let label = format!("{image}, {}", self.times.relative(record.requested_at));
            ways.push((record.id.to_string(), label));
        }
        ways
    }

    /// A field for one of several values, with the one chosen that was chosen before.
    fn choice(&self, label: &str, name: &str, choices: &[(String, String)]) -> Markup {
        let chosen = self.form.get(name).unwrap_or_default();
        html! {
            label {
                (label)
                select name=(name) {
                    @for (value, text) in choices {
                        option value=(value) selected[value == chosen] { (text) }
                    }
                }
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
