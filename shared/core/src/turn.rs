//! Whose turn it is: a schedule that has more to look at than it may, or should, each minute.
//!
//! Pure functions of the time, so that no round has to remember what the one before it came to.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::target::TargetName;

/// A target's service is looked at once in so many minutes.
pub const LOOK_EVERY_MINUTES: u64 = 15;

/// The golden ratio's fractional part, of 2⁶⁴.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Whether this is the minute in which the target's service is looked at. Which one it is of
/// [`LOOK_EVERY_MINUTES`], its name decides, so that the looks at many targets do not come at once.
pub fn is_due(target: &TargetName, at: Timestamp) -> bool {
    let hash = Sha256::digest(target.as_str().as_bytes());
    let own = hash
        .iter()
        .take(8)
        .fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    minute(at) % LOOK_EVERY_MINUTES == own % LOOK_EVERY_MINUTES
}

/// Where among `count` the round of this minute begins. The beginnings of successive rounds are spread
/// evenly, so that, if a round never comes further than a part, all have their turn within some rounds.
pub fn begins_at(count: usize, at: Timestamp) -> usize {
    let place = u128::from(minute(at).wrapping_mul(GOLDEN));
    let count_wide = count as u128;
    usize::try_from((place * count_wide) >> 64).unwrap_or(0)
}

fn minute(at: Timestamp) -> u64 {
    u64::try_from(at.as_second().div_euclid(60)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::SignedDuration;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000).unwrap() + SignedDuration::from_mins(minute)
    }

    fn name(number: usize) -> TargetName {
        format!("target-{number}").parse().unwrap()
    }

    #[test]
    fn each_target_is_looked_at_once_in_a_quarter_of_an_hour() {
        for number in 0..50 {
            let due: Vec<i64> = (0..60).filter(|m| is_due(&name(number), at(*m))).collect();
            assert_eq!(due.len(), 4, "{number}");
            assert!(due.windows(2).all(|pair| pair[1] - pair[0] == 15));
        }
    }

    #[test]
    fn the_looks_at_many_targets_do_not_come_at_once() {
        for minute in 0..15 {
            let due = (0..300).filter(|number| is_due(&name(*number), at(minute)));
            // 20 would be just even.
            assert!((8..=36).contains(&due.count()), "{minute}");
        }
    }

    #[test]
    fn all_have_their_turn_although_no_round_comes_to_its_end() {
        for count in [1, 2, 7, 100, 1000] {
            // A round comes through a tenth of them.
            let reach = count / 10 + 1;
            let mut had = BTreeSet::new();
            for minute in 0..40 {
                let begin = begins_at(count, at(minute));
                assert!(begin < count);
                had.extend((begin..begin + reach).map(|place| place % count));
            }
            assert_eq!(had.len(), count, "{count}");
        }
        assert_eq!(begins_at(0, at(0)), 0);
    }
}
