//! What CloudWatch says of where the widget is shown (`widgetContext`). All of it may be missing or odd.

use jiff::tz::Offset;
use serde_json::Value;

/// A widget without a width, and the least and the most that is believed.
const WIDTH: u32 = 900;
const LEAST: u32 = 240;
const MOST: u32 = 4000;
/// What is narrower than this is shown with fewer columns.
const NARROW: u32 = 700;

/// Where the widget is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) theme: Theme,
    /// In pixels.
    pub(crate) width: u32,
    /// The time zone of the dashboard, as far as CloudWatch tells.
    pub(crate) offset: Offset,
}

/// The console's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Screen {
    pub(crate) fn read(context: &Value) -> Self {
        let theme = match context["theme"].as_str() {
            Some("dark") => Theme::Dark,
            _ => Theme::Light,
        };
        // It is a fraction when the browser zooms.
        let width = context["width"].as_f64().filter(|width| width.is_finite());
        let width = width.map_or(WIDTH, |width| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is within the bounds by then"
            )]
            let pixels = width.clamp(f64::from(LEAST), f64::from(MOST)) as u32;
            pixels
        });
        let offset = context["timezone"]["offsetISO"].as_str();
        Self {
            theme,
            width,
            offset: offset.and_then(offset_of).unwrap_or(Offset::UTC),
        }
    }

    pub(crate) fn is_narrow(self) -> bool {
        self.width < NARROW
    }
}

/// `+05:30`. The sign of `offsetInMinutes` is nowhere documented, so that is not read.
fn offset_of(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let is_number = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_or_odd_is_as_if_it_were_not_there() {
        let usual = Screen {
            theme: Theme::Light,
            width: WIDTH,
            offset: Offset::UTC,
        };
        for context in [
            json!(null),
            json!("dark"),
            json!({"theme": 7, "width": "wide", "timezone": "UTC"}),
            json!({"timezone": {"offsetISO": "+99:99"}}),
            json!({"timezone": {"offsetISO": "+ä:00"}}),
        ] {
            assert_eq!(Screen::read(&context), usual, "{context}");
        }
    }

    #[test]
    fn the_width_has_bounds_and_the_zone_a_sign() {
        let screen = Screen::read(&json!({
            "theme": "dark", "width": 1e9, "timezone": {"offsetISO": "-03:30", "offsetInMinutes": 210}
        }));
        assert_eq!(screen.theme, Theme::Dark);
        assert_eq!(screen.width, MOST);
        assert_eq!(screen.offset.seconds(), -(3 * 3600 + 30 * 60));
        assert_eq!(Screen::read(&json!({"width": -1})).width, LEAST);
    }
}
