//! Times that are the same in every week: `Mon-Fri 09:00-17:00, Sat 10:00-12:00`.

use std::str::FromStr;

use chrono::{Datelike as _, NaiveDateTime, Timelike as _};

use crate::text::excerpt;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MINUTES_OF_A_DAY: u32 = 24 * 60;
const MAX_RANGES: usize = 20;
const MAX_LENGTH: usize = 400;

/// Ranges of the times that a clock on the wall shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weekly {
    text: String,
    ranges: Vec<Range>,
}

/// From a minute of certain days to another, which is on the next day where it is not later.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Range {
    /// From Monday.
    days: [bool; 7],
    from: u32,
    to: u32,
}

/// Why a text is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not understood: {why}; write days and times, such as `Mon-Fri 09:00-17:00, Sat 22:00-04:00`"
)]
pub struct InvalidWeekly {
    text: String,
    why: String,
}

impl Weekly {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a clock that shows this shows one of the times.
    pub(super) fn covers(&self, local: NaiveDateTime) -> bool {
        let minute = local.hour() * 60 + local.minute();
        let today = local.weekday().num_days_from_monday() as usize;
        let yesterday = (today + 6) % 7;
        self.ranges.iter().any(|range| {
            let begins = range.days[today] && minute >= range.from;
            if range.from < range.to {
                return begins && minute < range.to;
            }
            begins || (range.days[yesterday] && minute < range.to)
        })
    }

    /// The minutes of a day, counted from midnight, at which something may begin or end.
    pub(super) fn edges(&self) -> impl Iterator<Item = u32> {
        let edges = self.ranges.iter().flat_map(|range| [range.from, range.to]);
        edges.map(|minute| minute % MINUTES_OF_A_DAY)
    }
}

impl FromStr for Weekly {
    type Err = InvalidWeekly;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |why: String| InvalidWeekly {
            text: excerpt(text, 80),
            why,
        };
        let items: Vec<&str> = text.split(',').map(str::trim).collect();
        if text.len() > MAX_LENGTH || items.len() > MAX_RANGES {
            return Err(refuse(format!("there are more than {MAX_RANGES} ranges")));
        }
        let mut ranges = Vec::new();
        let (mut names_days, mut leaves_days) = (false, false);
        // Days without times share those that follow: `Mon,Wed 09:00-17:00`.
        let mut pending: Option<[bool; 7]> = None;
        for item in items {
            let mut words = item.split_whitespace();
            let (first, second) = (words.next(), words.next());
            let (days, times) = match (first, second, words.next()) {
                (Some(days), Some(times), None) => (Some(days), Some(times)),
                (Some(only), None, None) if only.contains(':') => (None, Some(only)),
                (Some(only), None, None) => (Some(only), None),
                _ => return Err(refuse(format!("`{}` is no range", excerpt(item, 40)))),
            };
            let mut marked = pending.take().unwrap_or_default();
            match days {
                Some(days) => {
                    names_days = true;
                    mark(days, &mut marked).map_err(refuse)?;
                }
                None if marked == [false; 7] => {
                    leaves_days = true;
                    marked = [true; 7];
                }
                None => {
                    let why = format!("`{}` follows days without times", excerpt(item, 40));
                    return Err(refuse(why));
                }
            }
            match times {
                Some(times) => ranges.push(range(marked, times).map_err(refuse)?),
                None => pending = Some(marked),
            }
        }
        if pending.is_some() {
            return Err(refuse("the last days have no times".to_owned()));
        }
        if names_days && leaves_days {
            let why = "one range names its days and another does not".to_owned();
            return Err(refuse(why));
        }
        Ok(Self {
            text: text.trim().to_owned(),
            ranges,
        })
    }
}

/// Marks the days of `Mon` or `Fri-Mon`.
fn mark(text: &str, days: &mut [bool; 7]) -> Result<(), String> {
    let day = |name: &str| {
        let place = DAYS.iter().position(|day| day.eq_ignore_ascii_case(name));
        place.ok_or_else(|| {
            let name = excerpt(name, 40);
            format!("`{name}` is none of {}", DAYS.join(", "))
        })
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (day(first)?, day(last)?);
    let count = (last + 7 - first) % 7;
    for offset in 0..=count {
        days[(first + offset) % 7] = true;
    }
    Ok(())
}

fn range(days: [bool; 7], text: &str) -> Result<Range, String> {
    let wrong = || format!("`{}` is not as `09:00-17:00`", excerpt(text, 40));
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let (from, to) = minute(from).zip(minute(to)).ok_or_else(wrong)?;
    if from == to || from == MINUTES_OF_A_DAY || to == 0 {
        return Err(format!(
            "`{text}` has no end; a whole day is `00:00-24:00`, and what ends at midnight ends at `24:00`"
        ));
    }
    Ok(Range { days, from, to })
}

/// `09:00`, and `24:00`.
fn minute(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |digits: &str| {
        let is_two = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        is_two.then(|| digits.parse::<u32>().ok())?
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= MINUTES_OF_A_DAY).then_some(all)
}
