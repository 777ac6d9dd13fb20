//! Whether a time is open, and when it will be.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use jiff::Timestamp;

use super::{Side, Times, Window, Windows};
use crate::deployment::{Closure, Rule};

/// So far an opening is looked for.
const HORIZON_DAYS: i64 = 400;

/// From a time to just before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
}

/// The windows with their occurrences in a certain time.
struct Calendar<'a>(Vec<(&'a Window, Vec<Span>)>);

/// What closes a time.
enum Closed<'a> {
    /// This denies it.
    By(&'a Window),
    /// Nothing allows it.
    NotAllowed,
}

impl Windows {
    /// What keeps automatic deployments from starting at this time, and until when.
    pub fn closure(&self, at: Timestamp) -> Option<Closure> {
        let closed = |reason: String| {
            let rule = Rule::WindowClosed;
            Some(Closure { rule, reason })
        };
        if self.is_empty() {
            return None;
        }
        let now = DateTime::from_timestamp(at.as_second(), 0);
        let horizon = now.and_then(|now| now.checked_add_signed(TimeDelta::days(HORIZON_DAYS)));
        let Some((now, horizon)) = now.zip(horizon) else {
            return closed(format!("no window is known to be open at {at}"));
        };
        let by = Calendar::new(self, now, now).closed_by(now)?;
        let calendar = Calendar::new(self, now, horizon);
        let opening = calendar.opening(now);
        let opens = opening.map(|at| at.format("%Y-%m-%dT%H:%M:%SZ"));
        closed(match (by, opens) {
            (Closed::By(window), Some(at)) => {
                format!("window deny {} closes it until {at}", window.describe())
            }
            (Closed::By(window), None) => format!(
                "window deny {} closes it, and it does not open within {HORIZON_DAYS} days",
                window.describe()
            ),
            (Closed::NotAllowed, Some(at)) => {
                let allows = opening.and_then(|opening| calendar.allowing(opening));
                let allows = allows.map(Window::describe).unwrap_or_default();
                format!("window {allows} opens at {at}")
            }
            (Closed::NotAllowed, None) => {
                let allows = calendar.allowed().map(Window::describe);
                let allows: Vec<String> = allows.collect();
                format!(
                    "window {} does not open within {HORIZON_DAYS} days",
                    allows.join(", ")
                )
            }
        })
    }
}

impl<'a> Calendar<'a> {
    fn new(windows: &'a Windows, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        let windows = windows.0.iter().map(|window| {
            let spans = match &window.times {
                Times::Weekly(_) => Vec::new(),
                Times::Recurring(recurring) => recurring.spans(window.zone, from, to),
                Times::Once(once) => vec![once.span(window.zone)],
            };
            (window, spans)
        });
        Self(windows.collect())
    }

    fn closed_by(&self, at: DateTime<Utc>) -> Option<Closed<'a>> {
        if let Some(window) = self.covering(Side::Deny, at) {
            return Some(Closed::By(window));
        }
        let is_open = self.allowed().next().is_none() || self.allowing(at).is_some();
        (!is_open).then_some(Closed::NotAllowed)
    }

    fn allowed(&self) -> impl Iterator<Item = &'a Window> {
        let windows = self.0.iter().map(|(window, _)| *window);
        windows.filter(|window| window.side == Side::Allow)
    }

    fn allowing(&self, at: DateTime<Utc>) -> Option<&'a Window> {
        self.covering(Side::Allow, at)
    }

    fn covering(&self, side: Side, at: DateTime<Utc>) -> Option<&'a Window> {
        let covers = |window: &Window, spans: &[Span]| match &window.times {
            Times::Weekly(weekly) => weekly.covers(window.zone.local(at)),
            Times::Recurring(_) | Times::Once(_) => {
                spans.iter().any(|span| span.from <= at && at < span.to)
            }
        };
        let mut windows = self.0.iter().filter(|(window, _)| window.side == side);
        let found = windows.find(|(window, spans)| covers(window, spans));
        found.map(|(window, _)| *window)
    }

    /// The first time after `at` at which nothing closes, within the horizon. What is open changes at
    /// edges only, so these are tried, day by day.
    fn opening(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        (0..HORIZON_DAYS).find_map(|day| {
            let from = at.checked_add_signed(TimeDelta::days(day))?;
            let to = from.checked_add_signed(TimeDelta::days(1))?;
            let mut edges = self.edges(from, to);
            edges.retain(|edge| from < *edge && *edge <= to);
            edges.sort_unstable();
            edges.dedup();
            edges
                .into_iter()
                .find(|edge| self.closed_by(*edge).is_none())
        })
    }

    /// When something may open or close on the days that touch the time between two.
    fn edges(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let mut edges = Vec::new();
        for (window, spans) in &self.0 {
            edges.extend(spans.iter().flat_map(|span| [span.from, span.to]));
            let Times::Weekly(weekly) = &window.times else {
                continue;
            };
            // Where the clocks are changed, the time that they show jumps.
            edges.extend(window.zone.change(from, to));
            let first = window.zone.local(from).date();
            let last = window.zone.local(to).date();
            for date in first.iter_days().take_while(|date| *date <= last) {
                for minute in weekly.edges() {
                    let midnight = date.and_time(NaiveTime::MIN);
                    let shown = midnight + TimeDelta::minutes(i64::from(minute));
                    edges.extend(window.zone.instants(shown));
                }
            }
        }
        edges
    }
}
