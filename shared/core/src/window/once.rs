//! Times that come once, such as a freeze at the end of the year.

use std::{fmt, ops::RangeInclusive};

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde_json::{Value, json};

use super::Zone;
use super::closure::Span;
use crate::text::excerpt;

/// The years that are understood.
pub(super) const YEARS: RangeInclusive<i32> = 2000..=2100;

/// From a date or time to another. A date alone is its whole day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    from_text: String,
    to_text: String,
    from: NaiveDateTime,
    to: NaiveDateTime,
}

/// Why two texts are no such time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOnce {
    /// One of them is none of a date or a time.
    #[error(
        "`{0}` is no date or time; write `2026-12-20` or `2026-12-20T18:00`, in the zone of the window"
    )]
    NoTime(String),
    /// The end is not later.
    #[error("it ends at `{to}`, before it begins at `{from}`")]
    EndsBefore {
        /// The beginning.
        from: String,
        /// The end.
        to: String,
    },
}

impl Once {
    /// The time from one to the other. An end that is a date alone is the end of that day.
    pub fn new(from: &str, to: &str) -> Result<Self, InvalidOnce> {
        let (first, _) = moment(from)?;
        let (last, is_date) = moment(to)?;
        let last = if is_date {
            last + TimeDelta::days(1)
        } else {
            last
        };
        if first >= last {
            return Err(InvalidOnce::EndsBefore {
                from: excerpt(from, 40),
                to: excerpt(to, 40),
            });
        }
        Ok(Self {
            from_text: from.to_owned(),
            to_text: to.to_owned(),
            from: first,
            to: last,
        })
    }

    pub(super) fn span(&self, zone: Zone) -> Span {
        let (from, to) = (zone.first_instant(self.from), zone.first_instant(self.to));
        Span { from, to }
    }

    pub(super) fn to_value(&self) -> Value {
        json!({"from": self.from_text, "to": self.to_text})
    }
}

impl fmt::Display for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from_text, self.to_text)
    }
}

/// A date, or a date with a time of day; and whether it is the date alone.
pub(super) fn moment(text: &str) -> Result<(NaiveDateTime, bool), InvalidOnce> {
    let invalid = || InvalidOnce::NoTime(excerpt(text, 40));
    let (date, time) = text
        .split_once('T')
        .map_or((text, None), |(date, time)| (date, Some(time)));
    let is_date = time.is_none();
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| invalid())?;
    let time = NaiveTime::parse_from_str(time.unwrap_or("00:00"), "%H:%M");
    let date = date.and_time(time.map_err(|_| invalid())?);
    let is_plain = text.len() == if is_date { 10 } else { 16 };
    if !is_plain || !YEARS.contains(&date.year()) {
        return Err(invalid());
    }
    Ok((date, is_date))
}
