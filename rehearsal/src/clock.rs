//! The account's time: a base instant and a speed, on top of `tokio::time`.
//!
//! The same code therefore runs on sockets at sixty times real speed, and in tests on tokio's paused
//! clock, where hours pass at once. Nothing in the account may read another clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Simulated time. Cheap to clone; all clones agree.
#[derive(Debug, Clone)]
pub struct Clock {
    base: Timestamp,
    origin: Instant,
    speed: f64,
}

impl Clock {
    /// A clock that shows `base` now and runs `speed` times as fast as tokio's.
    ///
    /// A speed that is not a positive number counts as 1, so that nothing ever waits for ever.
    pub fn scaled(base: Timestamp, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 {
            speed
        } else {
            1.0
        };
        Self {
            base,
            origin: Instant::now(),
            speed,
        }
    }

    /// The simulated time of day.
    pub fn now(&self) -> Timestamp {
        let elapsed = self.origin.elapsed().mul_f64(self.speed);
        SignedDuration::try_from(elapsed)
            .ok()
            .and_then(|elapsed| self.base.checked_add(elapsed).ok())
            .unwrap_or(Timestamp::MAX)
    }

    /// Waits for a simulated length of time.
    pub async fn sleep(&self, simulated: Duration) {
        tokio::time::sleep(self.real(simulated)).await;
    }

    /// How long a simulated length of time takes on tokio's clock.
    pub fn real(&self, simulated: Duration) -> Duration {
        Duration::try_from_secs_f64(simulated.as_secs_f64() / self.speed).unwrap_or(Duration::MAX)
    }

    /// The instant of tokio's clock at which `simulated` from now will have passed.
    pub fn deadline(&self, simulated: Duration) -> Instant {
        let far = Duration::from_hours(30 * 365 * 24);
        Instant::now() + self.real(simulated).min(far)
    }

    /// How many simulated seconds pass in one second.
    pub fn speed(&self) -> f64 {
        self.speed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_minute_of_simulated_time_takes_a_second_at_speed_sixty() {
        let clock = Clock::scaled(Timestamp::UNIX_EPOCH, 60.0);
        let before = Instant::now();
        clock.sleep(Duration::from_mins(1)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(1));
        assert_eq!(clock.now().as_second(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_senseless_speed_counts_as_real_time() {
        for speed in [0.0, -3.0, f64::NAN, f64::INFINITY] {
            assert!(
                (Clock::scaled(Timestamp::UNIX_EPOCH, speed).speed() - 1.0).abs() < f64::EPSILON
            );
        }
    }
}
