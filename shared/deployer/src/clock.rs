//! The time, as a value that is handed around.
//!
//! It is the system's clock in a function, and tokio's clock in a test, so that a deployment that takes an hour
//! is rehearsed in milliseconds. In a rehearsal with real processes it is a clock that runs faster than the machine's,
//! so whoever waits for a length of the clock's time waits by the clock. What is real, such as an answer from AWS, is
//! waited for by `tokio::time`.

use std::str::FromStr;

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
    /// A time that runs faster than the machine's, for rehearsals.
    Fast {
        /// When both showed the same.
        since: Timestamp,
        /// How many times as fast.
        speed: f64,
    },
}

/// A text is no clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a speed, `@` and a time, such as `20@2026-11-25T10:00:00Z`, found `{0}`")]
pub struct NoClock(String);

impl FromStr for Clock {
    type Err = NoClock;

    fn from_str(text: &str) -> Result<Self, NoClock> {
        let parse = || {
            let (speed, since) = text.split_once('@')?;
            let speed = speed.parse::<f64>().ok()?;
            let since = since.parse().ok()?;
            let is_speed = (1.0..=10_000.0).contains(&speed);
            is_speed.then_some(Self::Fast { since, speed })
        };
        parse().ok_or_else(|| NoClock(text.chars().take(60).collect()))
    }
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
            Self::Fast { since, .. } => {
                let passed = Duration::try_from(since.duration_until(Timestamp::now()));
                self.after(*since, passed.unwrap_or_default())
            }
        }
    }
}

impl Clock {
    /// Waits for so long.
    pub async fn sleep(&self, pause: SignedDuration) {
        let pause = Duration::try_from(pause).unwrap_or(Duration::ZERO);
        tokio::time::sleep(match self {
            Self::System | Self::Virtual { .. } => pause,
            Self::Fast { speed, .. } => pause.div_f64(*speed),
        })
        .await;
    }

    /// What time it will be when so much of the machine's time has passed.
    pub fn when_passed(&self, real: Duration) -> Timestamp {
        self.after(self.now(), real)
    }

    fn after(&self, at: Timestamp, real: Duration) -> Timestamp {
        let passed = match self {
            Self::System | Self::Virtual { .. } => real,
            Self::Fast { speed, .. } => real.mul_f64(*speed),
        };
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        at.saturating_add(passed).unwrap_or(Timestamp::MAX)
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

    #[tokio::test(start_paused = true)]
    async fn a_fast_clock_runs_and_waits_at_its_speed() {
        let since = Timestamp::now();
        let clock: Clock = format!("60@{since}").parse().unwrap();
        let ahead = |clock: &Clock| clock.now().duration_since(since).as_secs_f64();
        let real = Timestamp::now().duration_since(since).as_secs_f64();
        assert!(ahead(&clock) >= real * 60.0, "{clock:?}");
        let before = Instant::now();
        clock.sleep(SignedDuration::from_mins(2)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(2));
        let minute = clock.when_passed(Duration::from_secs(1));
        let minute = minute.duration_since(clock.now()).as_secs_f64();
        assert!((50.0..=60.0).contains(&minute), "{minute}");
    }

    #[test]
    fn what_is_no_clock_says_what_is_expected() {
        for text in [
            "",
            "20",
            "20@noon",
            "0@2026-11-25T10:00:00Z",
            "NaN@2026-11-25T10:00:00Z",
        ] {
            let error = text.parse::<Clock>().unwrap_err().to_string();
            assert!(error.starts_with("expected a speed"), "{error}");
        }
    }

    #[test]
    fn the_system_clock_tells_the_systems_time() {
        let before = Timestamp::now();
        let now = Clock::System.now();
        assert!(before <= now && now <= Timestamp::now());
    }
}
