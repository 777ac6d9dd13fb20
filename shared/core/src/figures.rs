//! Figures of deployments, for CloudWatch: how many, how long, how soon mended.
//!
//! A step of the state machine is a line in CloudWatch's embedded metric format: a log line that CloudWatch
//! makes metrics of, so that nothing has to be called. Every figure is there for each target and for all of
//! them together. What the figures mean is in `docs/logging.md`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    deployment::{Active, Aftermath, Effect, Input, Outcome, TargetState, Transition},
    gate::GateReport,
    record::{DetailType, Origin, Status},
    target::{GatePoint, TargetName},
};

/// CloudWatch's namespace of the figures.
pub const NAMESPACE: &str = "Greenlight";

/// The target of the log events whose field `line` is such a line, to be written as it is.
pub const LOG_TARGET: &str = "greenlight::figures";

/// The one dimension: whose figure it is.
const TARGET: &str = "Target";

/// What a figure counts in, in CloudWatch's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Count,
    Seconds,
}

/// The figures of one step; every name once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures(Vec<(&'static str, Unit, f64)>);

/// A step that was stored.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// The state before it.
    pub before: &'a TargetState,
    /// What it was about.
    pub input: &'a Input,
    /// What followed.
    pub transition: &'a Transition,
    /// What the gates of the deployment have found that it is about, if it has ended.
    pub gates: &'a BTreeMap<GatePoint, GateReport>,
    /// When it was taken.
    pub at: Timestamp,
}

impl Figures {
    /// What a step adds.
    pub fn of(stored: &Stored<'_>) -> Self {
        let mut figures = Self::default();
        figures.count(stored.transition);
        if let Input::Concluded {
            deployment,
            outcome,
            ..
        } = stored.input
        {
            let active = stored.before.active.as_ref();
            let active = active.filter(|active| active.deployment == *deployment);
            if let Some(active) = active {
                figures.end(stored, active, outcome);
            }
        }
        figures
    }

    /// Whether there is nothing to be told.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The line in the embedded metric format.
    pub fn to_line(&self, target: &TargetName, at: Timestamp) -> Value {
        let metrics = self.0.iter().map(|(name, unit, _)| {
            let unit = match unit {
                Unit::Count => "Count",
                Unit::Seconds => "Seconds",
            };
            json!({"Name": name, "Unit": unit})
        });
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": at.as_millisecond(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [[TARGET], []],
                    "Metrics": metrics.collect::<Vec<_>>(),
                }],
            }),
        );
        line.insert(TARGET.to_owned(), json!(target));
        for (name, _, value) in &self.0 {
            line.insert((*name).to_owned(), json!(value));
        }
        Value::Object(line)
    }

    fn count(&mut self, transition: &Transition) {
        for effect in &transition.effects {
            match effect {
                Effect::Create(record) if record.status == Status::Superseded => {
                    self.add("Superseded", Unit::Count, 1.0);
                }
                Effect::Update { change, .. } => match change.status {
                    Some(Status::Started) => self.add("Started", Unit::Count, 1.0),
                    Some(Status::Succeeded) => self.add("Succeeded", Unit::Count, 1.0),
                    Some(Status::Failed | Status::StartFailed) => {
                        self.add("Failed", Unit::Count, 1.0);
                    }
                    Some(Status::Superseded) => self.add("Superseded", Unit::Count, 1.0),
                    Some(Status::Queued | Status::Requested) | None => {}
                },
                Effect::Announce(announcement)
                    if announcement.detail_type == DetailType::Blocked =>
                {
                    self.add("Blocked", Unit::Count, 1.0);
                }
                _ => {}
            }
        }
    }

    fn end(&mut self, stored: &Stored<'_>, active: &Active, outcome: &Outcome) {
        for (point, report) in stored.gates {
            let took = seconds_between(report.started_at, report.ended_at);
            self.add(duration_of(*point), Unit::Seconds, took);
        }
        let goes_back = matches!(active.origin, Origin::Rollback { .. });
        match outcome {
            Outcome::Succeeded { .. } => {
                if goes_back {
                    self.add("RolledBack", Unit::Count, 1.0);
                } else {
                    let pushed = active.candidate.images().map(|image| image.ordered_at);
                    let pushed = pushed.min().unwrap_or(stored.at);
                    let took = seconds_between(pushed, stored.at);
                    self.add("LeadTime", Unit::Seconds, took);
                }
                let is_mended = stored.transition.state.troubled_since.is_none();
                if let Some(since) = stored.before.troubled_since.filter(|_| is_mended) {
                    let took = seconds_between(since, stored.at);
                    self.add("TimeToRestore", Unit::Seconds, took);
                }
            }
            // Where a person goes back, the deployment that brings the image back counts.
            Outcome::Failed {
                aftermath: Aftermath::RollingBack,
                ..
            } if active.stop.is_none() => self.add("RolledBack", Unit::Count, 1.0),
            Outcome::Failed { .. } => {}
        }
    }

    /// Counts of one name are one figure.
    fn add(&mut self, name: &'static str, unit: Unit, value: f64) {
        match self.0.iter_mut().find(|(known, ..)| *known == name) {
            Some((.., sum)) => *sum += value,
            None => self.0.push((name, unit, value)),
        }
    }
}

/// The name of a gate's duration.
fn duration_of(point: GatePoint) -> &'static str {
    match point {
        GatePoint::BeforeInstall => "GateDurationBeforeInstall",
        GatePoint::AfterInstall => "GateDurationAfterInstall",
        GatePoint::TestTraffic => "GateDurationTestTraffic",
        GatePoint::BeforeTraffic => "GateDurationBeforeTraffic",
        GatePoint::AfterTraffic => "GateDurationAfterTraffic",
    }
}

/// Clocks differ: what comes out as before its cause took no time.
fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

#[cfg(test)]
mod tests;
