//! Running the checks: measure, judge, wait, until there is a verdict.
//!
//! They run in the order of the document, and the first that does not pass ends the gate. Where somebody calls again,
//! a run is broken off when the time of one call is over, and carried on by the next.

use greenlight_aws::{AwsError, chain};
use greenlight_core::{
    gate::{CheckReport, Measurement, Progress, Unfinished, Verdict},
    target::Check,
};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, sleep};

use super::green::Green;
use crate::{Deployer, clock::Clock, probe::Probe};

/// The pause between two looks at ECS or the load balancer.
const INTERVAL: Duration = Duration::from_secs(3);

/// How much time there is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Time {
    /// Then there has to be a verdict.
    Whole(Timestamp),
    /// Then the run is broken off.
    OneCall(Timestamp),
}

/// What came of a run.
#[derive(Debug)]
pub(super) enum Ran {
    /// There is a verdict.
    Over(Vec<CheckReport>),
    /// There is none yet.
    BrokenOff {
        /// The checks that have passed.
        checks: Vec<CheckReport>,
        /// The check that is being measured.
        running: Box<Progress>,
        /// What is waited for.
        summary: String,
    },
}

/// A check that was broken off.
struct BrokenOff {
    running: Progress,
    waits_for: String,
}

impl Deployer {
    /// Runs the checks of a gate, those that `earlier` has left to do.
    pub(super) async fn run_checks(
        &self,
        green: &Green,
        checks: &[Check],
        time: Time,
        earlier: Option<Unfinished>,
    ) -> Ran {
        let mut instruments = Instruments {
            green,
            probe: &self.probe,
            base_url: None,
        };
        run(&self.clock, checks, time, earlier, &mut instruments).await
    }
}

/// What a check is measured with.
trait Measure: Send {
    fn measure(&mut self, check: &Check) -> impl Future<Output = Measurement> + Send;
}

/// The green tasks, as AWS shows them and as they answer.
struct Instruments<'a> {
    green: &'a Green,
    probe: &'a Probe,
    /// Where the test listener listens, once that is known.
    base_url: Option<String>,
}

impl Measure for Instruments<'_> {
    async fn measure(&mut self, check: &Check) -> Measurement {
        let Self { green, probe, .. } = self;
        let measured = match check {
            Check::Tasks(_) => green.measure_tasks().await,
            Check::Digest(_) => green.measure_digest().await,
            Check::Targets(_) => green.measure_targets().await,
            Check::Http(http) => green.measure_http(http, probe, &mut self.base_url).await,
        };
        measured.unwrap_or_else(|error| {
            if error.is_retryable() {
                Measurement::Unmeasured(chain(&error))
            } else {
                Measurement::Bad(with_hint(&error))
            }
        })
    }
}

async fn run(
    clock: &Clock,
    checks: &[Check],
    time: Time,
    earlier: Option<Unfinished>,
    instruments: &mut impl Measure,
) -> Ran {
    let (mut reports, mut running) = match earlier {
        Some(earlier) => (earlier.checks, Some(earlier.running)),
        None => (Vec::with_capacity(checks.len()), None),
    };
    let mut is_first = true;
    for check in checks.iter().skip(reports.len()) {
        let now = clock.now();
        let mut progress = begun(check, now, time);
        if let Some(earlier) = running.take() {
            progress = progress.carried_on_from(earlier);
        }
        // However little time there is, something is measured in each call.
        let ran = if is_first || !time.is_over_by(now) {
            run_check(clock, check, progress, time, instruments).await
        } else {
            Err(BrokenOff {
                running: progress,
                waits_for: "its turn has come".to_owned(),
            })
        };
        is_first = false;
        let report = match ran {
            Ok(report) => report,
            Err(broken) => {
                return Ran::BrokenOff {
                    checks: reports,
                    summary: format!("check `{}` goes on: {}", check.name(), broken.waits_for),
                    running: Box::new(broken.running),
                };
            }
        };
        tracing::info!(
            check = report.check,
            verdict = report.verdict.as_str(),
            measurements = report.measurements,
            "{}",
            report.summary
        );
        let passed = report.verdict == Verdict::Passed;
        reports.push(report);
        if !passed {
            break;
        }
    }
    Ran::Over(reports)
}

async fn run_check(
    clock: &Clock,
    check: &Check,
    mut progress: Progress,
    time: Time,
    instruments: &mut impl Measure,
) -> Result<CheckReport, BrokenOff> {
    let (_, interval) = rhythm(check);
    loop {
        let measurement = instruments.measure(check).await;
        let waits_for = measurement.summary().to_owned();
        let now = clock.now();
        if let Some(report) = progress.after(measurement, now) {
            return Ok(report);
        }
        let pause = interval.min(left(progress.deadline(), now));
        let next = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
        if time.is_over_by(next) {
            return Err(BrokenOff {
                running: progress,
                waits_for,
            });
        }
        sleep(pause).await;
    }
}

impl Time {
    fn is_over_by(self, at: Timestamp) -> bool {
        match self {
            Self::Whole(_) => false,
            Self::OneCall(until) => at >= until,
        }
    }
}

/// A check that begins now.
fn begun(check: &Check, now: Timestamp, time: Time) -> Progress {
    let timeout = SignedDuration::try_from(check.timeout()).unwrap_or(SignedDuration::MAX);
    let deadline = now.checked_add(timeout).unwrap_or(Timestamp::MAX);
    let deadline = match time {
        Time::Whole(until) => deadline.min(until),
        Time::OneCall(_) => deadline,
    };
    let (needed, _) = rhythm(check);
    Progress::new(check.name(), needed, deadline)
}

/// How many good measurements a check needs in a row, and how long it waits between two.
fn rhythm(check: &Check) -> (u32, Duration) {
    match check {
        Check::Http(http) => (http.consecutive, http.interval),
        Check::Tasks(_) | Check::Digest(_) | Check::Targets(_) => (1, INTERVAL),
    }
}

fn left(deadline: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_until(deadline)).unwrap_or(Duration::ZERO)
}

fn with_hint(error: &AwsError) -> String {
    match error.hint() {
        Some(hint) => format!("{}; {hint}", chain(error)),
        None => chain(error),
    }
}

#[cfg(test)]
mod tests;
