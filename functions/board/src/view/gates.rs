//! What the gates of a deployment have found.

use greenlight_core::{
    gate::{CheckReport, GateReport, Verdict},
    record::DeploymentRecord,
};
use maud::{Markup, html};

use super::mark;
use crate::{limits, standing::Tone};

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Passed => Tone::Good,
        Verdict::Failed => Tone::Bad,
        Verdict::Error | Verdict::Inconclusive => Tone::Warning,
    }
}

/// A line for each gate that has run; none where none has.
pub(super) fn verdicts(record: Option<&DeploymentRecord>) -> Option<Markup> {
    let gates = record.map(|record| &record.gates)?;
    (!gates.is_empty()).then(|| {
        html! {
            @for (point, report) in gates {
                div {
                    (mark(tone(report.verdict), report.verdict.as_str()))
                    " " small { (point) }
                }
            }
        }
    })
}

/// A gate with each of its checks.
pub(super) fn report(report: &GateReport) -> Markup {
    html! {
        div {
            "Gate " (report.point) ": " (mark(tone(report.verdict), report.verdict.as_str()))
            ul {
                @for check in report.checks.iter().take(limits::LINES) { (line(check)) }
                @if let Some(more) = report.checks.len().checked_sub(limits::LINES).filter(|more| *more > 0) {
                    li class="gl-muted" { (more) " more checks are in " code { "greenlight gates" } }
                }
            }
        }
    }
}

fn line(check: &CheckReport) -> Markup {
    html! {
        li {
            (mark(tone(check.verdict), check.verdict.as_str())) " "
            (limits::name(&check.check))
            @if check.dry_run { " (tried only)" }
            ": " (limits::sentence(&check.summary))
        }
    }
}
