//! The time, as a value that is handed around.
//!
//! It is the system's clock in a function, and tokio's clock in a test, so that a deployment that takes an hour
//! is rehearsed in milliseconds. Waiting is not here: whoever waits uses `tokio::time`, which both clocks follow.

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, Instant};

/// Tells the time.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The time of the machine.
    System,
    /// A chosen time that goes on as tokio's clock does, and stands still where that is paused.
    Virtual {
        /// The time it was at `origin`.
        base: Timestamp,
        /// When the clock was started.
        origin: Instant,
    },
}

impl Clock {
    /// A clock that shows `base` now and goes on with tokio's clock.
    pub fn starting_at(base: Timestamp) -> Self {
        Self::Virtual {
            base,
            origin: Instant::now(),
        }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Virtual { base, origin } => {
                let passed =
                    SignedDuration::try_from(origin.elapsed()).unwrap_or(SignedDuration::MAX);
                base.saturating_add(passed).unwrap_or(Timestamp::MAX)
            }
        }
    }
}

impl Clock {
    /// Waits for so long.
    pub async fn sleep(&self, pause: SignedDuration) {
        let pause = Duration::try_from(pause).unwrap_or(Duration::ZERO);
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_virtual_clock_goes_on_only_with_tokios_time() {
        let base: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(base);
        assert_eq!(clock.now(), base);
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert_eq!(clock.now(), "2026-11-22T11:00:00Z".parse().unwrap());
    }

    #[test]
    fn the_system_clock_tells_the_systems_time() {
        let before = Timestamp::now();
        let now = Clock::System.now();
        assert!(before <= now && now <= Timestamp::now());
    }
}
