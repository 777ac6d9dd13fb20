//! A deployment that has taken longer than its target allows: it is stopped, and what waits has its turn.

use greenlight_aws::{chain, table::StoredTarget};
use greenlight_core::{
    deployment::{Aftermath, Input, Outcome, Phase},
    duration,
    target::Strategy,
};
use jiff::{SignedDuration, Timestamp};

use super::{RepairError, ended::known_to_aws};
use crate::{Deployer, control::ControlError};

impl Deployer {
    /// Stops the active deployment, if it is stuck, and concludes it.
    pub(super) async fn give_up_stuck(
        &self,
        stored: &StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Option<String>, RepairError> {
        let Some((active, aws_id)) = known_to_aws(stored) else {
            return Ok(None);
        };
        let limit = stored.target.time_limit();
        let taken = self.clock.now().duration_since(active.since());
        if taken < SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX) {
            return Ok(None);
        }
        let why = format!(
            "the deployment had not ended after {}, which is the target's `timeout`",
            duration::write(limit)
        );
        let (done, aftermath) = match Box::pin(self.abort(stored, &why)).await {
            Ok(answered) => (answered.text, after_stop(stored, &active.phase)),
            Err(ControlError::Aws { source, .. }) if source.is_retryable() => {
                return Err(source.into());
            }
            Err(error) => (chain(&error), Aftermath::Unproved),
        };
        let record = self.record_of(stored, active.deployment, aws_id).await?;
        let input = Input::Concluded {
            deployment: active.deployment,
            aws_id: aws_id.to_owned(),
            outcome: Outcome::Failed {
                reason: why,
                evidence: vec![done],
                aftermath,
            },
        };
        let explanation =
            Box::pin(self.conclude_with(stored, aws_id, record, input, lease_until)).await?;
        Ok(explanation.map(|explanation| explanation.text))
    }
}

/// What AWS does with what it stops. Of a pipeline that waits for something nothing is known against the
/// image.
fn after_stop(stored: &StoredTarget, phase: &Phase) -> Aftermath {
    if let Phase::Before { .. } = phase {
        return Aftermath::Over;
    }
    match stored.target.deploy {
        Strategy::CodeDeploy(_) | Strategy::Rolling | Strategy::Native => Aftermath::RollingBack,
        Strategy::Task(_) => Aftermath::Over,
        Strategy::Pipeline(_) => Aftermath::Unproved,
    }
}
