//! Identifiers of deployments: ULIDs, which sort by the time they were made.
//!
//! Every id is greater than the one before it, even within one millisecond and where the clock was set back, so
//! "the newest" is well defined. Tests seed the source and get the same ids every time.

use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};
use ulid::Ulid;

/// A source of ids.
#[derive(Debug)]
pub struct Ids(Mutex<State>);

#[derive(Debug)]
struct State {
    last: Ulid,
    random: Random,
}

#[derive(Debug)]
enum Random {
    System,
    Seeded(u64),
}

impl Ids {
    /// Ids that nobody can guess.
    pub fn random() -> Self {
        Self::from_source(Random::System)
    }

    /// The same ids every time, for tests.
    pub fn seeded(seed: u64) -> Self {
        Self::from_source(Random::Seeded(seed))
    }

    fn from_source(random: Random) -> Self {
        Self(Mutex::new(State {
            last: Ulid::nil(),
            random,
        }))
    }

    /// The next id, made at `now`.
    pub fn next(&self, now: Timestamp) -> Ulid {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let id = if milliseconds > state.last.timestamp_ms() {
            Ulid::from_parts(milliseconds, state.random.draw())
        } else {
            Ulid(state.last.0.saturating_add(1))
        };
        state.last = id;
        id
    }
}

impl Random {
    fn draw(&mut self) -> u128 {
        match self {
            Self::System => Ulid::generate().random(),
            Self::Seeded(state) => u128::from(splitmix64(state)) << 64 | u128::from(splitmix64(state)),
        }
    }
}

/// Sebastiano Vigna's `SplitMix64`: enough for distinct ids in a test.
fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    #[test]
    fn each_id_is_greater_than_the_last_even_where_time_stands_still_or_goes_back() {
        for ids in [Ids::random(), Ids::seeded(7)] {
            let made: Vec<Ulid> = [5_000, 5_000, 4_000, 5_001].map(|ms| ids.next(at(ms))).to_vec();
            assert!(made.is_sorted_by(|a, b| a < b), "{made:?}");
        }
    }

    #[test]
    fn an_id_carries_the_time_it_was_made() {
        assert_eq!(Ids::seeded(1).next(at(1_795_000_000_123)).timestamp_ms(), 1_795_000_000_123);
    }

    #[test]
    fn the_same_seed_gives_the_same_ids_and_another_seed_others() {
        let first = |seed| Ids::seeded(seed).next(at(1));
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }

    #[test]
    fn two_random_sources_do_not_agree() {
        assert_ne!(Ids::random().next(at(1)), Ids::random().next(at(1)));
    }
}
