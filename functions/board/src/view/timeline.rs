//! The deployments of a target on a line of time, as SVG. The table beside it says the same in words.

use greenlight_core::record::DeploymentRecord;
use jiff::Timestamp;
use maud::{Markup, html};

use super::Page;
use crate::{
    limits,
    standing::Tone,
    time::length,
    timeline::{Place, places},
};

const HEIGHT: u32 = 78;
/// Where the bars stand.
const FLOOR: f64 = 56.0;
/// The page has so much at its sides.
const MARGIN: u32 = 24;

impl Page<'_> {
    /// The drawing of records that come newest first.
    pub(super) fn timeline(&self, records: &[DeploymentRecord]) -> Markup {
        let oldest_first: Vec<&DeploymentRecord> = records.iter().rev().collect();
        let Some(first) = oldest_first.first() else {
            return html! {};
        };
        let now = self.times.now;
        let spans: Vec<_> = oldest_first.iter().map(|it| span(it, now)).collect();
        let width = self.screen.width.saturating_sub(MARGIN);
        let places = places(&spans, now, f64::from(width));
        let label = format!(
            "{} deployments from {} until now, the newest at the right; the table below has them all",
            records.len(),
            self.times.local(first.requested_at)
        );
        html! {
            svg role="img" aria-label=(label) width=(width) height=(HEIGHT)
                viewBox={ "0 0 " (width) " " (HEIGHT) } {
                line class="gl-axis" x1="0" x2=(width) y1=(FLOOR) y2=(FLOOR) {}
                @for (record, place) in oldest_first.iter().zip(&places) { (bar(record, place, now)) }
                text x="0" y="72" { (self.times.relative(first.requested_at)) }
                text x=(width) y="72" text-anchor="end" { "now" }
            }
        }
    }
}

/// From when until when it lasted, or lasts.
fn span(record: &DeploymentRecord, now: Timestamp) -> (Timestamp, Timestamp) {
    let begun = record.started_at.unwrap_or(record.requested_at);
    let ended = record.concluded_at;
    (
        begun,
        ended.unwrap_or(if record.status.is_final() { begun } else { now }),
    )
}

/// What failed stands lower than what succeeded, and has its sign above it: colour does not say it alone.
fn bar(record: &DeploymentRecord, place: &Place, now: Timestamp) -> Markup {
    let tone = Tone::of_status(record.status);
    let height = match tone {
        Tone::Good => 36.0,
        Tone::Bad => 24.0,
        Tone::Busy | Tone::Warning => 18.0,
        Tone::Plain => 8.0,
    };
    let (begun, ended) = span(record, now);
    let title = format!(
        "{}: {}, {}",
        limits::sentence(&record.candidate.describe()),
        record.status.as_str().replace('_', " "),
        length(ended.duration_since(begun).abs())
    );
    let top = FLOOR - height;
    html! {
        g {
            title { (title) }
            rect class=(tone.class()) x=(tenths(place.from)) y=(tenths(top)) width=(tenths(place.width))
                height=(tenths(height)) rx="1" {}
            text x=(tenths(place.from + place.width / 2.0)) y=(tenths(top - 4.0)) text-anchor="middle" { (tone.sign()) }
        }
    }
}

fn tenths(number: f64) -> String {
    format!("{number:.1}")
}
