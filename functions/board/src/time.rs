//! Times for people: how long ago, and what the clock on their dashboard said.

use jiff::{SignedDuration, Timestamp, tz::Offset};

use crate::screen::Screen;

/// The time now, and the zone in which times are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) now: Timestamp,
    offset: Offset,
}

impl Times {
    pub(crate) fn at(now: Timestamp, screen: &Screen) -> Self {
        Self {
            now,
            offset: screen.offset,
        }
    }

    /// `3 min ago`, `in 2 h`
    pub(crate) fn relative(self, at: Timestamp) -> String {
        let passed = self.now.duration_since(at);
        if passed.as_secs() == 0 {
            return "just now".to_owned();
        }
        let text = length(passed.abs());
        if passed.is_negative() {
            format!("in {text}")
        } else {
            format!("{text} ago")
        }
    }

    /// `2026-11-29 20:15 +01:00`
    pub(crate) fn local(self, at: Timestamp) -> String {
        let there = self.offset.to_datetime(at);
        format!("{} {}", there.strftime("%Y-%m-%d %H:%M"), zone(self.offset))
    }
}

/// `42 s`, `5 min`, `3 h`, `12 d`: of how long something is, only the largest part counts.
pub(crate) fn length(time: SignedDuration) -> String {
    let seconds = time.as_secs();
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn zone(offset: Offset) -> String {
    if offset == Offset::UTC {
        return "UTC".to_owned();
    }
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn times(offset: &str) -> Times {
        let screen = Screen::read(&json!({"timezone": {"offsetISO": offset}}));
        Times::at("2026-11-29T12:00:00Z".parse().unwrap(), &screen)
    }

    #[test]
    fn times_are_told_from_now_and_by_the_clock_of_the_dashboard() {
        let at = "2026-11-29T10:30:00Z".parse().unwrap();
        assert_eq!(times("+00:00").relative(at), "1 h ago");
        assert_eq!(times("+00:00").local(at), "2026-11-29 10:30 UTC");
        assert_eq!(times("-03:30").local(at), "2026-11-29 07:00 -03:30");
        let later = "2026-11-29T12:00:42Z".parse().unwrap();
        assert_eq!(times("+00:00").relative(later), "in 42 s");
        assert_eq!(times("+00:00").relative(times("+00:00").now), "just now");
        let before = "2026-11-01T12:00:00Z".parse().unwrap();
        assert_eq!(times("+00:00").relative(before), "28 d ago");
    }
}
