//! Alarms: what they watch, and the state that they are in.

use std::time::Duration;

use jiff::Timestamp;

use super::{MetricId, Statistic};

/// An alarm to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// What somebody wrote about it.
    pub description: Option<String>,
    /// What puts it into ALARM.
    pub watched: Watched,
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Watched {
    /// A metric alarm.
    Metric(MetricAlarm),
    /// A composite alarm that is in ALARM if one of these is.
    AnyOf(Vec<String>),
    /// A composite alarm that is in ALARM if all of these are.
    AllOf(Vec<String>),
}

/// A threshold on a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricAlarm {
    pub(super) metric: MetricId,
    /// What is compared.
    pub statistic: Statistic,
    /// How long a data point is; the alarm is evaluated at the end of each.
    pub period: Duration,
    /// How many periods are looked at.
    pub evaluation_periods: u32,
    /// How many of their data points must be beyond the threshold.
    pub datapoints_to_alarm: u32,
    /// Which side of the threshold is beyond it.
    pub comparison: Comparison,
    /// The threshold.
    pub threshold: f64,
    /// What a period without data counts as.
    pub missing: MissingData,
}

/// Which side of a threshold is beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `GreaterThanOrEqualToThreshold`
    GreaterThanOrEqualTo,
    /// `GreaterThanThreshold`
    GreaterThan,
    /// `LessThanThreshold`
    LessThan,
    /// `LessThanOrEqualToThreshold`
    LessThanOrEqualTo,
}

/// What a period without data counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingData {
    /// As one beyond the threshold.
    Breaching,
    /// As one within it.
    NotBreaching,
    /// As nothing; without any data the state stays as it is.
    Ignore,
    /// As nothing; without any data there is insufficient data.
    Missing,
}

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// `OK`
    Ok,
    /// `ALARM`
    Alarm,
    /// `INSUFFICIENT_DATA`
    InsufficientData,
}

/// An alarm and its state.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) alarm: Alarm,
    pub(super) configured_at: Timestamp,
    pub(super) state: AlarmState,
    pub(super) reason: String,
    pub(super) updated_at: Timestamp,
    pub(super) transitioned_at: Timestamp,
    /// Somebody has set the state, and it is not evaluated any more.
    pub(super) is_fixed: bool,
    /// The end of the last period that was evaluated, in seconds since the epoch.
    pub(super) evaluated: i64,
}

impl Alarm {
    /// An alarm on one data point of a minute above a threshold; no data is no trouble.
    pub fn above(
        name: &str,
        (namespace, metric): (&str, &str),
        dimensions: &[(&str, &str)],
        statistic: Statistic,
        threshold: f64,
    ) -> Self {
        Self {
            name: name.to_owned(),
            description: None,
            watched: Watched::Metric(MetricAlarm {
                metric: MetricId::new(namespace, metric, dimensions),
                statistic,
                period: Duration::from_mins(1),
                evaluation_periods: 1,
                datapoints_to_alarm: 1,
                comparison: Comparison::GreaterThan,
                threshold,
                missing: MissingData::NotBreaching,
            }),
        }
    }

    /// A composite alarm that is in ALARM if one of these is.
    pub fn any_of(name: &str, alarms: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            description: None,
            watched: Watched::AnyOf(alarms.iter().map(|&it| it.to_owned()).collect()),
        }
    }

    /// The same metric alarm with another threshold, period or treatment of missing data; a composite one as
    /// it is.
    #[must_use]
    pub fn watching(mut self, change: impl FnOnce(&mut MetricAlarm)) -> Self {
        if let Watched::Metric(metric) = &mut self.watched {
            change(metric);
        }
        self
    }
}

impl MetricAlarm {
    /// In seconds.
    pub(super) fn period_seconds(&self) -> i64 {
        i64::try_from(self.period.as_secs())
            .unwrap_or(i64::MAX)
            .max(1)
    }
}

impl Comparison {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::GreaterThanOrEqualTo => "GreaterThanOrEqualToThreshold",
            Self::GreaterThan => "GreaterThanThreshold",
            Self::LessThan => "LessThanThreshold",
            Self::LessThanOrEqualTo => "LessThanOrEqualToThreshold",
        }
    }

    /// As it is said in the reason of a state.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::GreaterThanOrEqualTo => "greater than or equal to",
            Self::GreaterThan => "greater than",
            Self::LessThan => "less than",
            Self::LessThanOrEqualTo => "less than or equal to",
        }
    }

    pub(super) fn is_beyond(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThanOrEqualTo => value >= threshold,
            Self::GreaterThan => value > threshold,
            Self::LessThan => value < threshold,
            Self::LessThanOrEqualTo => value <= threshold,
        }
    }
}

impl MissingData {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
            Self::Ignore => "ignore",
            Self::Missing => "missing",
        }
    }
}

impl AlarmState {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

impl Record {
    pub(super) fn new(alarm: Alarm, now: Timestamp) -> Self {
        Self {
            alarm,
            configured_at: now,
            state: AlarmState::InsufficientData,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            updated_at: now,
            transitioned_at: now,
            is_fixed: false,
            evaluated: now.as_second(),
        }
    }

    /// Puts the alarm into a state, from a moment on.
    pub(super) fn set(&mut self, state: AlarmState, reason: String, at: Timestamp) {
        if self.state != state {
            self.transitioned_at = at;
        }
        self.state = state;
        self.reason = reason;
        self.updated_at = at;
    }
}
