//! A start that was broken off: by a crash, by a time-out, or because AWS could not be asked.

use greenlight_aws::{chain, table::StoredTarget};
use greenlight_core::deployment::{Active, Input, Obstacle, Phase};
use jiff::{SignedDuration, Timestamp};

use super::{RepairError, no_gates};
use crate::{AdvanceError, Deployer};

/// What could not be started for so long is given up: what has kept it does not pass by itself.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(1);

impl Deployer {
    /// Takes up the start of the active deployment, if nobody can be at it any more.
    pub(super) async fn take_up_broken_off(
        &self,
        stored: &StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Option<String>, RepairError> {
        let now = self.clock.now();
        let is_broken_off = |active: &&Active| matches!(active.phase, Phase::Requested { lease_until, .. } if lease_until <= now);
        let Some(active) = stored.state.active.as_ref().filter(is_broken_off) else {
            return Ok(None);
        };
        let tried =
            Box::pin(self.advance(stored.clone(), Input::Revisited, lease_until, &no_gates()))
                .await;
        let error = match tried {
            Ok(explanation) => return Ok(explanation.map(|explanation| explanation.text)),
            Err(error) => error,
        };
        let is_start = matches!(
            error,
            AdvanceError::Start { .. } | AdvanceError::StartLate { .. }
        );
        let tried_for = self.clock.now().duration_since(active.since());
        let (true, Some(stored)) = (
            is_start && tried_for >= GIVEN_UP_AFTER,
            self.now(stored).await?,
        ) else {
            return Err(error.into());
        };
        let input = Input::StartFailed {
            deployment: active.deployment,
            obstacle: Obstacle::Configuration,
            reason: format!(
                "it could not be started for {GIVEN_UP_AFTER:#}; the last time: {}",
                chain(&error)
            ),
        };
        let explanation = Box::pin(self.advance(stored, input, lease_until, &no_gates())).await?;
        Ok(explanation.map(|explanation| explanation.text))
    }
}
