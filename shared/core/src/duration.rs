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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, milliseconds: Option<u64>) {
        assert_eq!(
            parse(text).ok(),
            milliseconds.map(Duration::from_millis),
            "{text}"
        );
    }

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        check("500ms", Some(500));
        check("0s", Some(0));
        check("10s", Some(10_000));
        check("5m", Some(300_000));
        check("1h", Some(3_600_000));
        for text in [
            "",
            "10",
            "s",
            "-1s",
            "1.5s",
            "1 s",
            "1d",
            "1S",
            "1h30m",
            "+1s",
            "99999999999999999999s",
        ] {
            check(text, None);
        }
        check("18446744073709551615h", None);
    }

    #[test]
    fn the_largest_unit_that_fits_is_written() {
        for (milliseconds, text) in [
            (0, "0s"),
            (1, "1ms"),
            (1_500, "1500ms"),
            (60_000, "1m"),
            (90_000, "90s"),
            (7_200_000, "2h"),
        ] {
            assert_eq!(write(Duration::from_millis(milliseconds)), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(milliseconds in 0..u64::MAX / 4) {
            let duration = Duration::from_millis(milliseconds);
            prop_assert_eq!(parse(&write(duration)), Ok(duration));
        }

        #[test]
        fn nothing_makes_it_panic(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
