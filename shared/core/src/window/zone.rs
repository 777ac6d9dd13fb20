//! Time zones, and what their clocks show.

use std::{fmt, str::FromStr};

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use crate::text::{excerpt, nearest};

/// The longest time that a clock was ever put forward by, in minutes: where a day was left out.
const LONGEST_GAP: i64 = 24 * 60;

/// A time zone of the IANA database; UTC if nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

/// Why a text is no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no time zone of the IANA database, such as `Europe/London`{hint}")]
pub struct InvalidZone {
    text: String,
    hint: String,
}

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for Zone {
    type Err = InvalidZone;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| {
            let known: Vec<&str> = TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
            let nearest = nearest(&excerpt(text, 40), &known).map(str::to_owned);
            InvalidZone {
                text: excerpt(text, 40),
                hint: nearest.map_or_else(String::new, |it| format!("; did you mean `{it}`?")),
            }
        })
    }
}

impl Zone {
    /// What the clocks show.
    pub(super) fn local(self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.0).naive_local()
    }

    /// When the clocks show this: never where they are put forward over it, twice where they are put
    /// back.
    pub(super) fn instants(self, local: NaiveDateTime) -> Vec<DateTime<Utc>> {
        match self.0.from_local_datetime(&local) {
            LocalResult::None => Vec::new(),
            LocalResult::Single(at) => vec![at.to_utc()],
            LocalResult::Ambiguous(first, second) => vec![first.to_utc(), second.to_utc()],
        }
    }

    /// When the clocks show this for the first time, or, where they are put forward over it, when that
    /// is done.
    pub(super) fn first_instant(self, local: NaiveDateTime) -> DateTime<Utc> {
        (0..=LONGEST_GAP)
            .filter_map(|minutes| local.checked_add_signed(TimeDelta::minutes(minutes)))
            .find_map(|local| self.instants(local).into_iter().min())
            .unwrap_or_else(|| local.and_utc())
    }

    /// When the clocks are put forward or back between two times that are near each other.
    pub(super) fn change(self, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let offset = |at: DateTime<Utc>| self.local(at) - at.naive_utc();
        let (mut before, mut after) = (from, to);
        if offset(before) == offset(after) {
            return None;
        }
        while after - before > TimeDelta::seconds(1) {
            let middle = before + (after - before) / 2;
            if offset(middle) == offset(before) {
                before = middle;
            } else {
                after = middle;
            }
        }
        Some(after)
    }
}
