//! Durations as people write them: `500ms`, `10s`, `5m`, `1h`.
//!
//! One number and one unit; a length of time only, never a point in time.

use std::time::Duration;

use crate::text::excerpt;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a duration (a whole number and a unit, such as `500ms`, `10s`, `5m` or `1h`)"
)]
pub struct InvalidDuration {
    text: String,
}

const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// Reads a duration.
pub fn parse(text: &str) -> Result<Duration, InvalidDuration> {
    let invalid = || InvalidDuration {
        text: excerpt(text, 40),
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, milliseconds) = UNITS
        .into_iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(invalid)?;
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(milliseconds))
        .map(Duration::from_millis)
        .ok_or_else(invalid)
}

/// Writes a duration with the largest unit that leaves a whole number. Parts of a millisecond
/// are dropped.
pub fn write(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let (unit, size) = UNITS
        .into_iter()
        .rev()
        .find(|(_, size)| milliseconds.is_multiple_of(u128::from(*size)) && milliseconds > 0)
        .unwrap_or(("s", 1_000));
    format!("{}{unit}", milliseconds / u128::from(size))
}
