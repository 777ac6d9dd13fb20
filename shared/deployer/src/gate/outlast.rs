//! What a gate needs besides its measurements, found out in spite of a call that fails now and then.
//!
//! A measurement that could not be made has a budget. Which deployment it is about, and which tasks are green, is asked
//! in every invocation: a gate of hours asks that thousands of times, and is not to fail for one throttled call.

use jiff::SignedDuration;

use super::ValidateError;
use crate::Deployer;

/// The pauses before each further attempt, in seconds.
const PAUSES: [i64; 4] = [2, 5, 10, 20];

impl Deployer {
    /// What an attempt gives. One that failed for what may pass is repeated a few times.
    pub(super) async fn outlast<T, F>(
        &self,
        mut attempt: impl FnMut() -> F + Send,
    ) -> Result<T, ValidateError>
    where
        F: Future<Output = Result<T, ValidateError>> + Send,
    {
        for pause in PAUSES {
            match attempt().await {
                Err(error) if error.may_pass() => {
                    tracing::warn!(
                        "tried again in {pause} s: {}",
                        greenlight_aws::chain(&error)
                    );
                    self.clock.sleep(SignedDuration::from_secs(pause)).await;
                }
                ended => return ended,
            }
        }
        attempt().await
    }
}

impl ValidateError {
    /// Whether another attempt may succeed.
    fn may_pass(&self) -> bool {
        match self {
            Self::Look { source, .. } | Self::Keep { source, .. } | Self::Target { source, .. } => {
                source.is_retryable()
            }
            Self::Document { .. }
            | Self::Ended { .. }
            | Self::NoEvent { .. }
            | Self::NoGreen { .. }
            | Self::NoRevision { .. } => false,
        }
    }
}
