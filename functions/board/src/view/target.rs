//! One target: what runs, what is going on, what was deployed, and what a person can do.

use futures_util::join;
use greenlight_aws::table::{BadTarget, StoredTarget};
use greenlight_core::{
    record::{Deed, DeploymentRecord, Intervention, Origin},
    target::TargetName,
};
use greenlight_deployer::{Deployer, progress::Progress};
use maud::{Markup, html};
use serde_json::json;

use super::{
    Button, Page, gates, mark, notice,
    overview::{closure, images},
    standing,
};
use crate::{
    Error,
    act::Outcome,
    limits,
    standing::{Tone, closures, newest_first, standing as standing_of},
};

impl Page<'_> {
    /// A target, after what somebody has done to it.
    pub(crate) async fn target(
        &self,
        deployer: &Deployer,
        name: &TargetName,
        outcome: Option<&Outcome>,
    ) -> Result<Markup, Error> {
        let said = outcome.map(notice);
        let stored = match deployer.target(name).await? {
            Some(Ok(stored)) => stored,
            Some(Err(bad)) => return Ok(self.without(said.as_ref(), &unreadable(&bad))),
            None => {
                let text = format!("No target is called `{name}` any more.");
                let missing = notice(&Outcome::refused(&text));
                return Ok(self.without(said.as_ref(), &missing));
            }
        };
        let (records, hands, progress) = join!(
            deployer.history(name, limits::RECORDS),
            deployer.interventions(name, limits::HANDS),
            deployer.progress(&stored),
        );
        let (records, hands) = (newest_first(records?), hands?);
        let content = html! {
            (self.button(&Button::view("All targets", json!({}))))
            " "
            (self.button(&Button::view("Refresh", json!({"target": name}))))
            h2 { (name) }
            @if let Some(said) = &said { (said) }
            (self.now(&stored, &records, progress.as_ref()))
            (self.by_hand(&stored, &records, progress.as_ref()))
            (self.history(&records))
            (self.hands(&hands))
        };
        Ok(self.framed(&content))
    }

    fn without(&self, said: Option<&Markup>, instead: &Markup) -> Markup {
        let content = html! {
            @if let Some(said) = said { (said) }
            (instead)
        };
        self.framed(&self.with_way_back(&content))
    }

    fn now(
        &self,
        stored: &StoredTarget,
        records: &[DeploymentRecord],
        progress: Option<&Progress>,
    ) -> Markup {
        let asked = progress.map_or(&[][..], |progress| &progress.asked);
        let state = standing_of(stored, records, asked, self.times.now);
        html! {
            table {
                caption class="gl-muted" {
                    "Deployed by " (stored.target.deploy.name())
                    @if stored.target.service.is_some() { " to " (limits::name(&stored.service_name())) }
                }
                tbody {
                    tr { th scope="row" { "State" } td { (standing(&state)) } }
                    tr { th scope="row" { "Live" } td { (self.live(stored)) } }
                    @if let Some(progress) = progress {
                        tr {
                            th scope="row" { "Under way" }
                            td { (limits::sentence(&progress.headline)) (lines(&progress.facts)) }
                        }
                    }
                    @if let Some(waits) = stored.state.rollback.as_ref().or(stored.state.queued.as_ref()) {
                        tr {
                            th scope="row" { "Next" }
                            td { (images(&waits.candidate)) div class="gl-why" { (limits::sentence(&waits.reason)) } }
                        }
                    }
                    @for closed in &closures(stored, self.times.now) {
                        tr { th scope="row" { "Hold" } td { (closure(closed)) } }
                    }
                }
            }
        }
    }

    fn history(&self, records: &[DeploymentRecord]) -> Markup {
        html! {
            h3 { "Deployments" }
            @if records.is_empty() {
                p class="gl-muted" { "Nothing was deployed here since the target was registered." }
            } @else {
                (self.timeline(records))
                table {
                    caption class="gl-muted" { "The newest " (records.len()) ", newest first" }
                    thead {
                        tr {
                            th scope="col" { "When" }
                            th scope="col" { "Image" }
                            th scope="col" { "How it ended" }
                        }
                    }
                    tbody {
                        @for (number, record) in records.iter().enumerate() {
                            (self.record(record, number < limits::DETAILED))
                        }
                    }
                }
            }
        }
    }

    /// What people have done beside asking for deployments.
    fn hands(&self, hands: &[Intervention]) -> Markup {
        html! {
            @if !hands.is_empty() {
                h3 { "What people did" }
                table {
                    caption class="gl-muted" { "The newest " (hands.len()) ", newest first" }
                    thead {
                        tr { th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "What, and why" } }
                    }
                    tbody {
                        @for hand in hands {
                            tr {
                                th scope="row" {
                                    (self.when(hand.at))
                                    div class="gl-why" { (self.times.local(hand.at)) }
                                }
                                td { (limits::name(&hand.by)) }
                                td {
                                    (limits::sentence(&self.deed(&hand.deed)))
                                    @if let Some(reason) = &hand.reason { div class="gl-why" { (limits::sentence(reason)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn deed(&self, deed: &Deed) -> String {
        match deed {
            Deed::Held { until: Some(until) } => {
                format!("held it until {}", self.times.local(*until))
            }
            Deed::Held { until: None } => "held it".to_owned(),
            Deed::Released => "released it".to_owned(),
            Deed::RolledBack { from, to, .. } => format!("went back from {from} to {to}"),
        }
    }

    fn record(&self, record: &DeploymentRecord, in_detail: bool) -> Markup {
        let word = record.status.as_str().replace('_', " ");
        let has_more = !record.gates.is_empty() || !record.evidence.is_empty();
        html! {
            tr {
                th scope="row" {
                    (self.when(record.requested_at))
                    div class="gl-why" { (self.times.local(record.requested_at)) }
                }
                td { (images(&record.candidate)) div class="gl-why" { (origin(&record.origin)) } }
                td {
                    (mark(Tone::of_status(record.status), &word))
                    @if let Some(reason) = &record.reason { div class="gl-why" { (limits::sentence(reason)) } }
                    @for decision in record.decisions.iter().take(limits::LINES) {
                        div class="gl-why" { (limits::sentence(&decision.in_words())) }
                    }
                    @if in_detail && has_more {
                        details {
                            summary { "Gates and evidence" }
                            @for report in record.gates.values() { (gates::report(report)) }
                            (lines(&record.evidence))
                        }
                    }
                }
            }
        }
    }
}

fn lines(lines: &[String]) -> Markup {
    html! {
        @if !lines.is_empty() {
            ul { @for line in lines.iter().take(limits::LINES) { li { (limits::sentence(line)) } } }
        }
    }
}

fn unreadable(bad: &BadTarget) -> Markup {
    let text = format!(
        "The document of target `{}` cannot be understood; register it again: {}",
        bad.name, bad.problems
    );
    notice(&Outcome::refused(&text))
}

/// Why it was deployed at all.
fn origin(origin: &Origin) -> String {
    let text = match origin {
        Origin::Push => "pushed".to_owned(),
        Origin::Person { by, overrides } => match overrides {
            Some(overridden) => format!("asked for by {by}, who overrode: {overridden}"),
            None => format!("asked for by {by}"),
        },
        Origin::Pipeline { pipeline, .. } => match pipeline {
            Some(pipeline) => format!("released by pipeline {pipeline}"),
            None => "released by a pipeline".to_owned(),
        },
        Origin::Adopted => "live when the target was registered".to_owned(),
        Origin::Rollback { of, by } => match by {
            Some(by) => format!("{by} went back from {of}"),
            None => format!("brought back after {of} had failed"),
        },
        Origin::Elsewhere { creator } => format!("deployed elsewhere, by {creator}"),
    };
    limits::sentence(&text)
}
