//! Running the checks: measure, judge, wait, until there is a verdict.
//!
//! They run in the order of the document, and the first that does not pass ends the gate. A run is broken off where
//! its time in this invocation is over, or where there is nothing to do for a while, and carried on by a later one.

use greenlight_core::{
    gate::{CheckReport, Measurement, Progress, Unfinished, Verdict},
    target::{
        Check,
        check::{CheckKind, Load},
    },
};
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// However little time there is, one measurement has so much.
const ONE_MEASUREMENT: SignedDuration = SignedDuration::from_secs(12);

/// How much time there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    /// From when on nothing more is measured in this invocation.
    pub(super) call: Timestamp,
    /// When a measurement that goes on is cut off, since the invocation ends.
    pub(super) end: Timestamp,
    /// When there has to be a verdict, whatever is not measured by then.
    pub(super) gate: Timestamp,
    /// Whose time that is, for the report: "`CodeDeploy` waits for an hour".
    pub(super) whose: &'static str,
    /// If another invocation can carry it on, the longest pause that is waited for in this one.
    pub(super) goes_on: Option<SignedDuration>,
}

/// What came of a run.
#[derive(Debug)]
pub(super) enum Ran {
    /// There is a verdict.
    Over(Vec<CheckReport>),
    /// There is none yet.
    BrokenOff {
        unfinished: Box<Unfinished>,
        /// What is waited for.
        summary: String,
    },
}

/// What a check is measured with.
pub(super) trait Measure: Send {
    fn measure(
        &mut self,
        check: &Check,
        progress: &Progress,
    ) -> impl Future<Output = Measurement> + Send;
}

/// What came of one check.
enum Checked {
    Over(CheckReport),
    BrokenOff {
        progress: Progress,
        waits_for: String,
    },
}

/// Runs the checks of a gate, those that `earlier` has left to do.
pub(super) async fn run(
    clock: &Clock,
    checks: &[Check],
    time: Time,
    earlier: Option<Unfinished>,
    instruments: &mut impl Measure,
) -> Ran {
    let now = clock.now();
    let mut unfinished = earlier
        .filter(|earlier| earlier.is_of(checks))
        .unwrap_or_else(|| Unfinished::begin(checks, now));
    // However little time there is, something is measured in each call.
    let mut is_first = true;
    for check in checks.iter().skip(unfinished.reports.len()) {
        let progress = unfinished
            .running
            .take()
            .unwrap_or_else(|| Progress::begin(check, clock.now(), time.gate));
        let checked = run_check(clock, check, progress, time, is_first, instruments).await;
        is_first = false;
        match checked {
            Checked::Over(report) => {
                tracing::info!(
                    check = report.check,
                    verdict = report.verdict.as_str(),
                    measurements = report.counts.all(),
                    "{}",
                    report.summary
                );
                let goes_on = report.verdict == Verdict::Passed || report.dry_run;
                unfinished.reports.push(report);
                if !goes_on {
                    break;
                }
            }
            Checked::BrokenOff {
                progress,
                waits_for,
            } => {
                unfinished.running = Some(progress);
                return Ran::BrokenOff {
                    summary: format!("check `{}` goes on: {waits_for}", check.title()),
                    unfinished: Box::new(unfinished),
                };
            }
        }
    }
    Ran::Over(unfinished.reports)
}

async fn run_check(
    clock: &Clock,
    check: &Check,
    mut progress: Progress,
    time: Time,
    mut is_first: bool,
    instruments: &mut impl Measure,
) -> Checked {
    let mut waits_for = "its turn has come".to_owned();
    loop {
        let now = clock.now();
        if now >= time.gate {
            let why = format!("there is no time left: {}", time.whose);
            return Checked::Over(progress.given_up(check, &why, now));
        }
        let pause = now
            .duration_until(progress.next_at())
            .max(SignedDuration::ZERO);
        let resumes_at = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
        let ends_at = resumes_at
            .saturating_add(lasts(check))
            .unwrap_or(Timestamp::MAX);
        let is_late = !is_first && (resumes_at >= time.call || ends_at > time.end);
        if time
            .goes_on
            .is_some_and(|longest| is_late || pause > longest)
        {
            return Checked::BrokenOff {
                progress,
                waits_for,
            };
        }
        clock.sleep(pause).await;
        is_first = false;
        let measurement = measure(clock, check, &progress, time, instruments).await;
        waits_for.clone_from(&measurement.summary);
        if let Some(report) = progress.after(check, measurement, clock.now()) {
            return Checked::Over(report);
        }
    }
}

/// How long one measurement takes at the most, as far as that can be said.
fn lasts(check: &Check) -> SignedDuration {
    let load = match &check.kind {
        CheckKind::Http(http) => http.load.as_ref().map(Load::lasts),
        _ => None,
    };
    let load = SignedDuration::try_from(load.unwrap_or_default()).unwrap_or(SignedDuration::MAX);
    ONE_MEASUREMENT.saturating_add(load)
}

/// One measurement, which takes no longer than the check and the invocation have time.
async fn measure(
    clock: &Clock,
    check: &Check,
    progress: &Progress,
    time: Time,
    instruments: &mut impl Measure,
) -> Measurement {
    let now = clock.now();
    let until = progress.deadline().min(time.gate).min(time.end);
    let left = now.duration_until(until).max(ONE_MEASUREMENT);
    tokio::select! {
        biased;
        measured = instruments.measure(check, progress) => measured,
        () = clock.sleep(left) => Measurement::error(format!(
            "it was not measured within {} s",
            left.as_secs()
        )),
    }
}

#[cfg(test)]
mod tests;
