//! A time in the past, as people type it: how long ago, a day, or a point in time.

use greenlight_core::duration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The longest that records are kept, and so all that can be asked for.
const LONGEST: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// So long ago.
    Ago(SignedDuration),
    /// Then.
    At(Timestamp),
}

impl Since {
    /// The point in time, seen from `now`.
    pub(crate) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(ago) => now.saturating_sub(ago).unwrap_or(Timestamp::MIN),
            Self::At(at) => at,
        }
    }
}

/// Reads `7d`, `12h`, `2026-11-22` (its beginning in UTC), or `2026-11-22T10:00:00Z`.
pub(crate) fn parse(text: &str) -> Result<Since, String> {
    if let Ok(date) = text.parse::<Date>()
        && let Ok(midnight) = date.to_zoned(TimeZone::UTC)
        && text.len() == "2026-11-22".len()
    {
        return Ok(Since::At(midnight.timestamp()));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Since::At(at));
    }
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    if let Some(days) = days {
        let ago = SignedDuration::from_hours(24_i64.saturating_mul(days));
        return Ok(Since::Ago(ago.clamp(SignedDuration::ZERO, LONGEST)));
    }
    let ago = duration::parse(text).map_err(|error| {
        format!("{error}; a time is written `7d`, `12h`, `2026-11-22` or `2026-11-22T10:00:00Z`")
    })?;
    Ok(Since::Ago(SignedDuration::try_from(ago).unwrap_or(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_so_long_ago_or_a_day_or_a_point_in_time() {
        let now: Timestamp = "2026-11-29T20:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("7d", "2026-11-22T20:00:00Z"),
            ("12h", "2026-11-29T08:00:00Z"),
            ("30m", "2026-11-29T19:30:00Z"),
            ("2026-11-22", "2026-11-22T00:00:00Z"),
            ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
            ("2026-11-22 10:00:00Z", "2026-11-22T10:00:00Z"),
        ] {
            let since = parse(text).unwrap().from(now);
            assert_eq!(since.to_string(), expected, "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
