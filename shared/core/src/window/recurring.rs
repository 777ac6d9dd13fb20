//! Times that recur by a rule of iCalendar (RFC 5545, 3.3.10).
//!
//! The occurrences are computed by the clock on the wall, and then found in the zone, so that a rule's
//! days are the zone's days on whatever day the clocks are changed.

use std::{fmt, time::Duration};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use rrule::{Frequency, RRule, RRuleSet, Tz, Unvalidated};
use serde_json::{Value, json};

use super::Zone;
use super::closure::Span;
use super::once::moment;
use crate::duration;
use crate::text::excerpt;

const MAX_LENGTH: usize = 300;
/// So many occurrences are looked at, at the most: more than there are days in the years that are
/// understood.
const MAX_OCCURRENCES: u16 = 50_000;
/// The longest that an occurrence lasts.
pub(crate) const MAX_DURATION: Duration = Duration::from_hours(31 * 24);
/// No clock is further from UTC, nor put forward or back by more.
const SLACK: TimeDelta = TimeDelta::days(2);

/// Occurrences of a rule, each of which lasts so long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurring {
    rule: String,
    start: String,
    duration: Duration,
    /// Of the times that the clock shows, as if they were UTC.
    set: RRuleSet,
}

/// Why a rule is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecurrence {
    /// It is no rule.
    #[error("`{rule}` is no RRULE of iCalendar: {why}")]
    NoRule {
        /// The text.
        rule: String,
        /// What is wrong with it.
        why: String,
    },
    /// It may occur several times a day.
    #[error("a window may begin once a day at the most, at the time of `start`; found `{0}`")]
    TooOften(String),
    /// `UNTIL` depends on whose time it is.
    #[error("`UNTIL` has to be in UTC, such as `UNTIL=20261231T235959Z`")]
    UntilWithoutZone,
    /// It never occurs.
    #[error("`{0}` never occurs after `start`")]
    Never(String),
}

impl Recurring {
    /// The occurrences of `rule` from `start` on, a time of the zone.
    pub fn new(
        rule: &str,
        start: &str,
        duration: Duration,
        zone: Zone,
    ) -> Result<Self, InvalidRecurrence> {
        let no_rule = |why: String| InvalidRecurrence::NoRule {
            rule: excerpt(rule, 80),
            why,
        };
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"=;,+-".contains(&b);
        if rule.len() > MAX_LENGTH || !rule.bytes().all(is_plain) {
            return Err(no_rule(format!(
                "write at most {MAX_LENGTH} characters, such as `FREQ=MONTHLY;BYDAY=-1FR`"
            )));
        }
        let (begins, _) = moment(start).map_err(|error| no_rule(error.to_string()))?;
        let begins = begins.and_utc().with_timezone(&Tz::UTC);
        let mut parsed: RRule<Unvalidated> = rule
            .parse()
            .map_err(|error: rrule::RRuleError| no_rule(error.to_string()))?;
        if parsed.get_freq() >= Frequency::Hourly {
            let frequency = format!("FREQ={}", parsed.get_freq());
            return Err(InvalidRecurrence::TooOften(frequency));
        }
        let times = [
            ("BYHOUR", parsed.get_by_hour()),
            ("BYMINUTE", parsed.get_by_minute()),
            ("BYSECOND", parsed.get_by_second()),
        ];
        if let Some((name, _)) = times.iter().find(|(_, values)| !values.is_empty()) {
            return Err(InvalidRecurrence::TooOften((*name).to_owned()));
        }
        if let Some(until) = parsed.get_until().copied() {
            if until.timezone() != Tz::UTC {
                return Err(InvalidRecurrence::UntilWithoutZone);
            }
            let local = zone.local(until.to_utc()).and_utc();
            parsed = parsed.until(local.with_timezone(&Tz::UTC));
        }
        let set = parsed
            .build(begins)
            .map_err(|error| no_rule(error.to_string()))?
            .limit();
        if set.clone().all(1).dates.is_empty() {
            return Err(InvalidRecurrence::Never(excerpt(rule, 80)));
        }
        Ok(Self {
            rule: rule.to_owned(),
            start: start.to_owned(),
            duration,
            set,
        })
    }

    /// The occurrences that touch the time between two.
    pub(super) fn spans(&self, zone: Zone, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Span> {
        let lasts = TimeDelta::from_std(self.duration).unwrap_or(TimeDelta::MAX);
        let local = |at: DateTime<Utc>| at.with_timezone(&Tz::UTC);
        let after = from.checked_sub_signed(lasts + SLACK).unwrap_or(from);
        let before = to.checked_add_signed(SLACK).unwrap_or(to);
        let set = self.set.clone().after(local(after)).before(local(before));
        let occurrences = set.all(MAX_OCCURRENCES).dates.into_iter();
        let spans = occurrences.map(|occurrence| {
            let shown: NaiveDateTime = occurrence.naive_utc();
            let from = zone.first_instant(shown);
            Span {
                from,
                to: from.checked_add_signed(lasts).unwrap_or(from),
            }
        });
        spans
            .filter(|span| span.to > from && span.from <= to)
            .collect()
    }

    pub(super) fn to_value(&self) -> Value {
        json!({
            "rrule": self.rule,
            "start": self.start,
            "duration": duration::write(self.duration),
        })
    }
}

impl fmt::Display for Recurring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lasts = duration::write(self.duration);
        write!(f, "{}, {lasts} from {}", self.rule, self.start)
    }
}
