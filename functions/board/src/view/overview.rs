//! All targets: what runs at each, and how things are.

use futures_util::future::{try_join, try_join_all};
use greenlight_aws::table::{BadTarget, StoredTarget};
use greenlight_core::{
    deployment::{Candidate, Current},
    gate::Approval,
    promotion,
    record::DeploymentRecord,
};
use greenlight_deployer::Deployer;
use maud::{Markup, html};
use serde_json::json;

use super::{Button, Page, gates, mark, standing};
use crate::{
    Error, limits,
    standing::{Tone, closures, has_run, newest_first, standing as standing_of},
};

/// So many of the newest records say how things are: those that gave way to newer images say nothing.
const RECORDS: u32 = 5;

/// What the overview knows of a target.
struct Row {
    stored: StoredTarget,
    records: Vec<DeploymentRecord>,
    asked: Vec<Approval>,
}

impl Page<'_> {
    /// The targets of one page of the overview.
    pub(crate) async fn overview(
        &self,
        deployer: &Deployer,
        number: usize,
    ) -> Result<Markup, Error> {
        let targets = deployer.targets().await?;
        let all = targets.len();
        let pages = all.div_ceil(limits::TARGETS).max(1);
        let number = number.min(pages - 1);
        let shown = targets
            .into_iter()
            .skip(number * limits::TARGETS)
            .take(limits::TARGETS);
        let rows = try_join_all(shown.map(|target| row(deployer, target))).await?;
        let content = html! {
            @if all == 0 {
                p { "No target is registered. Register one with " code { "greenlight targets apply" } "." }
            } @else {
                (self.table(&rows, all))
                @if pages > 1 { (self.turn(number, pages, all)) }
            }
            p { (self.button(&Button::view("Refresh", json!({"page": number})))) }
        };
        Ok(self.framed(&content))
    }

    fn table(&self, rows: &[Result<Row, BadTarget>], all: usize) -> Markup {
        let narrow = self.screen.is_narrow();
        html! {
            table {
                caption class="gl-muted" {
                    "What runs where: " (all) " target" @if all != 1 { "s" } ", " (self.times.local(self.times.now))
                }
                thead {
                    tr {
                        th scope="col" { "Target" }
                        @if narrow {
                            th scope="col" { "How things are" }
                        } @else {
                            th scope="col" { "Image" }
                            th scope="col" { "State" }
                            th scope="col" { "Gates" }
                            th scope="col" { "Hold" }
                            th scope="col" { "Drift" }
                            th scope="col" { "Next" }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        @match row {
                            Ok(row) => { (self.row(row, narrow)) },
                            Err(bad) => { (unreadable(bad, narrow)) },
                        }
                    }
                }
            }
        }
    }

    fn row(&self, row: &Row, narrow: bool) -> Markup {
        let stored = &row.stored;
        let name = &stored.target.name;
        let now = self.times.now;
        let open = self.button(&Button::view(name.as_str(), json!({"target": name})));
        let state = standing(&standing_of(stored, &row.records, &row.asked, now));
        let tested = row.records.iter().find(|record| has_run(record));
        let gates = gates::verdicts(tested);
        let held = held(stored, now);
        let drift = drift(stored);
        let next = self.next(stored);
        html! {
            tr {
                @if narrow {
                    th scope="row" { (open) (self.live(stored)) }
                    td {
                        (state)
                        @for part in [gates, held, drift, next].into_iter().flatten() { div { (part) } }
                    }
                } @else {
                    th scope="row" { (open) }
                    td { (self.live(stored)) }
                    td { (state) }
                    @for part in [gates, held, drift, next] { td { (part.unwrap_or_else(nothing)) } }
                }
            }
        }
    }

    /// What comes next by itself: what waits, or else the promotion of what is live.
    fn next(&self, stored: &StoredTarget) -> Option<Markup> {
        let state = &stored.state;
        if let Some(waits) = state.rollback.as_ref().or(state.queued.as_ref()) {
            return Some(html! {
                (images(&waits.candidate))
                div class="gl-why" { (limits::sentence(&waits.reason)) }
            });
        }
        let promote = stored.target.promote.as_ref()?;
        let due = match promotion::next(promote, state, stored.line.as_ref(), self.times.now) {
            promotion::Next::Soaking { due } => html! { "if it stays live, " (self.when(due)) },
            promotion::Next::Due { .. } => html! { "within a minute" },
            promotion::Next::Not { .. } | promotion::Next::Done => return None,
        };
        Some(html! {
            "promoted to " (promote.tag.as_str())
            div class="gl-why" { (due) }
        })
    }

    /// What is live, and since when.
    pub(super) fn live(&self, stored: &StoredTarget) -> Markup {
        let Some(current) = &stored.state.current else {
            return nothing();
        };
        html! {
            (images(&current.candidate))
            div class="gl-why" { "since " (self.when(current.since)) (proof(current)) }
        }
    }

    /// To the other pages.
    fn turn(&self, number: usize, pages: usize, all: usize) -> Markup {
        let from = number * limits::TARGETS + 1;
        let until = (from + limits::TARGETS - 1).min(all);
        html! {
            p { "Targets " (from) " to " (until) " of " (all) " are shown." }
            p {
                @if number > 0 {
                    (self.button(&Button::view("Earlier targets", json!({"page": number - 1}))))
                    " "
                }
                @if number + 1 < pages {
                    (self.button(&Button::view("More targets", json!({"page": number + 1}))))
                }
            }
        }
    }
}

async fn row(
    deployer: &Deployer,
    target: Result<StoredTarget, BadTarget>,
) -> Result<Result<Row, BadTarget>, Error> {
    let stored = match target {
        Ok(stored) => stored,
        Err(bad) => return Ok(Err(bad)),
    };
    let asked = async {
        Ok(match stored.state.active {
            Some(_) => deployer.asked_by_gates(&stored).await,
            None => Vec::new(),
        })
    };
    let records = deployer.history(&stored.target.name, RECORDS);
    let (records, asked) = try_join(records, asked).await?;
    Ok(Ok(Row {
        stored,
        records: newest_first(records),
        asked,
    }))
}

fn unreadable(bad: &BadTarget, narrow: bool) -> Markup {
    let columns = if narrow { "1" } else { "6" };
    html! {
        tr {
            th scope="row" { (limits::name(&bad.name)) }
            td colspan=(columns) {
                (mark(Tone::Bad, "unreadable"))
                div class="gl-why" {
                    "Its document cannot be understood; register the target again. "
                    (limits::sentence(&bad.problems.to_string()))
                }
            }
        }
    }
}

fn nothing() -> Markup {
    html! { span class="gl-muted" { span aria-hidden="true" { "–" } } }
}

/// Whether Greenlight has proved what is live.
fn proof(current: &Current) -> &'static str {
    if current.is_proved {
        ""
    } else {
        ", not proved by Greenlight"
    }
}

/// Each image, by repository and tag, with the digest.
pub(super) fn images(candidate: &Candidate) -> Markup {
    html! {
        @for image in candidate.images() {
            div class="gl-image" {
                (limits::name(image.repository.name.as_str()))
                @if let Some(tag) = &image.tag { ":" (limits::name(tag.as_str())) }
                " " small { code title=(image.digest) { (image.digest.short()) } }
            }
        }
    }
}

fn held(stored: &StoredTarget, now: jiff::Timestamp) -> Option<Markup> {
    let closures = closures(stored, now);
    (!closures.is_empty()).then(|| html! { @for closed in &closures { (closure(closed)) } })
}

/// What keeps automatic deployments from starting.
pub(super) fn closure((word, text): &(&'static str, String)) -> Markup {
    html! {
        (mark(Tone::Warning, word))
        div class="gl-why" { (limits::sentence(text)) }
    }
}

fn drift(stored: &StoredTarget) -> Option<Markup> {
    let drift = stored.state.current.as_ref()?.drift.as_ref()?;
    let cause = drift.cause.as_deref().unwrap_or("its cause is not known");
    Some(html! {
        (mark(Tone::Warning, "drift"))
        div class="gl-why" {
            (limits::sentence(&format!("{} runs, not {}: {cause}", drift.runs, drift.expected)))
        }
    })
}
