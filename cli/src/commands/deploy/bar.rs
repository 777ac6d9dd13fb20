//! What is drawn while a deployment is waited for on a terminal: a bar of the traffic that the new tasks have, and
//! behind it where it is just now.
//!
//! It is drawn on stderr, below the lines, which are the same as without it. Where stderr is no terminal, or a CI's,
//! nothing is drawn.

use std::io::IsTerminal as _;
use std::time::Duration;

use greenlight_core::excerpt;
use greenlight_deployer::progress::meter::Meter;
use indicatif::{ProgressBar, ProgressStyle};

/// How often it moves, so that one sees that it lives.
const TICK: Duration = Duration::from_millis(120);
/// `[####----] PostScaleUp, …  1m 5s`
const LAYOUT: &str = "{spinner} [{bar:20}] {msg} ({elapsed})";
/// A stage is as long as AWS likes.
const MAX_STAGE: usize = 48;

/// The bar, if there is one.
#[derive(Debug)]
pub(super) struct Bar(Option<ProgressBar>);

/// What is shown.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    /// In percent.
    filled: u64,
    text: String,
}

impl Bar {
    /// A bar, where one can be drawn and `is_wanted`.
    pub(super) fn open(is_wanted: bool) -> Self {
        let can_be_drawn = is_drawn(std::io::stderr().is_terminal(), |name| {
            std::env::var(name).ok()
        });
        Self((is_wanted && can_be_drawn).then(bar))
    }

    /// Prints a line above it.
    pub(super) fn above(&self, print: impl FnOnce()) {
        match &self.0 {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// How far it is now.
    pub(super) fn show(&self, meter: &Meter) {
        let Some(bar) = &self.0 else {
            return;
        };
        let Shown { filled, text } = shown(meter);
        bar.set_position(filled);
        bar.set_message(text);
    }
}

/// It leaves nothing behind: the lines have said it all.
impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(100);
    // The layout is a constant, which a test reads.
    if let Ok(style) = ProgressStyle::with_template(LAYOUT) {
        bar.set_style(style.progress_chars("#>-"));
    }
    bar.enable_steady_tick(TICK);
    bar
}

/// Whether anybody sees it: nobody does in a log, and `TERM=dumb` cannot move the cursor.
fn is_drawn(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    is_terminal && !is_set("CI") && variable("TERM").as_deref() != Some("dumb")
}

/// The bar is the traffic; where none is shifted by steps, the tasks.
fn shown(meter: &Meter) -> Shown {
    let of_tasks = meter.tasks.filter(|(_, desired)| *desired > 0);
    let of_tasks = of_tasks.map(|(running, desired)| running.saturating_mul(100) / desired);
    let stage = meter.stage.as_deref().unwrap_or("waiting for AWS");
    let mut parts = vec![excerpt(stage, MAX_STAGE)];
    parts.extend(
        meter
            .traffic
            .map(|percent| format!("{percent} % of the traffic")),
    );
    let tasks = meter
        .tasks
        .map(|(running, desired)| format!("{running} of {desired} tasks"));
    parts.extend(tasks);
    parts.extend(meter.gate.map(|gate| format!("gate {gate}")));
    Shown {
        filled: meter.traffic.or(of_tasks).unwrap_or_default().min(100),
        text: parts.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use greenlight_core::target::GatePoint;

    use super::*;

    fn text(meter: &Meter) -> (u64, String) {
        let Shown { filled, text } = shown(meter);
        (filled, text)
    }

    #[test]
    fn the_bar_is_the_traffic_and_behind_it_is_the_rest() {
        let meter = Meter {
            stage: Some("BeforeAllowTraffic".to_owned()),
            traffic: Some(10),
            tasks: Some((1, 2)),
            gate: Some(GatePoint::BeforeTraffic),
        };
        let expected = "BeforeAllowTraffic, 10 % of the traffic, 1 of 2 tasks, gate before_traffic";
        assert_eq!(text(&meter), (10, expected.to_owned()));
    }

    #[test]
    fn where_no_traffic_is_shifted_it_is_the_tasks() {
        let mut meter = Meter {
            stage: Some("IN_PROGRESS".to_owned()),
            tasks: Some((3, 4)),
            ..Meter::default()
        };
        assert_eq!(text(&meter), (75, "IN_PROGRESS, 3 of 4 tasks".to_owned()));
        meter.tasks = Some((0, 0));
        assert_eq!(text(&meter), (0, "IN_PROGRESS, 0 of 0 tasks".to_owned()));
    }

    #[test]
    fn nothing_that_aws_says_is_too_much() {
        assert_eq!(text(&Meter::default()), (0, "waiting for AWS".to_owned()));
        let meter = Meter {
            stage: Some("\u{1b}[2J".repeat(40)),
            traffic: Some(u64::MAX),
            tasks: Some((u64::MAX, 1)),
            gate: None,
        };
        let (filled, text) = text(&meter);
        assert_eq!(filled, 100);
        assert!(
            !text.contains('\u{1b}') && text.chars().count() < 120,
            "{text}"
        );
    }

    #[test]
    fn it_is_drawn_only_where_somebody_looks() {
        let with = |name: &'static str, value: &'static str| {
            move |asked: &str| (asked == name).then(|| value.to_owned())
        };
        assert!(is_drawn(true, with("TERM", "xterm")));
        assert!(is_drawn(true, with("CI", "")));
        assert!(!is_drawn(false, with("TERM", "xterm")));
        assert!(!is_drawn(true, with("TERM", "dumb")));
        assert!(!is_drawn(true, with("CI", "true")));
    }

    #[test]
    fn the_layout_can_be_read() {
        assert!(ProgressStyle::with_template(LAYOUT).is_ok());
    }
}
