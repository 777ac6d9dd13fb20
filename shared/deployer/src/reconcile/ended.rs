//! A deployment that has ended in AWS although no event has told so, and one that AWS has forgotten.

use greenlight_aws::{AwsError, Kind, table::StoredTarget};
use greenlight_core::{
    deployment::{Active, Aftermath, Decision, Input, Outcome, Phase},
    target::{GatePoint, Strategy},
    turn,
};
use jiff::{SignedDuration, Timestamp};

use super::RepairError;
use crate::{
    Deployer,
    conclude::{ConcludeError, Concluded},
};

/// A deployment is left alone for so long from its turn on: it has only begun, and AWS may not list it
/// everywhere yet.
const LEFT_ALONE_FOR: SignedDuration = SignedDuration::from_mins(3);
/// The gate behind a rolling deployment is run by whoever takes up its end, which may take as long as a
/// function may run. So long it is left to whoever got the event.
const GATE_LEFT_ALONE_FOR: SignedDuration = SignedDuration::from_mins(16);

impl Deployer {
    /// Concludes the active deployment if it has ended, as its event would have it.
    pub(super) async fn conclude_ended(
        &self,
        stored: &StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Option<String>, RepairError> {
        let Some((active, aws_id)) = known_to_aws(stored) else {
            return Ok(None);
        };
        let now = self.clock.now();
        if now.duration_since(active.since()) < LEFT_ALONE_FOR {
            return Ok(None);
        }
        let found = Box::pin(self.conclude_if_ended(stored, active, lease_until)).await;
        match found {
            Err(RepairError::Look(error)) if error.kind == Kind::NotFound => {}
            Err(RepairError::Conclude(ConcludeError::Look { source, .. }))
                if source.kind == Kind::NotFound => {}
            found => return found,
        }
        self.conclude_forgotten(stored, active, aws_id, lease_until)
            .await
    }

    async fn conclude_if_ended(
        &self,
        stored: &StoredTarget,
        active: &Active,
        lease_until: Timestamp,
    ) -> Result<Option<String>, RepairError> {
        if is_gated_behind(stored) && !self.may_run_gate(stored, active).await? {
            return Ok(None);
        }
        let Some(change) = self.end_of_active(stored).await? else {
            return Ok(None);
        };
        let concluded = Box::pin(self.concluded(&change, lease_until)).await?;
        let Concluded::At(targets) = concluded else {
            return Ok(None);
        };
        // Where nothing has ended, nothing was done.
        let own = targets
            .into_iter()
            .find(|(name, _)| *name == stored.target.name);
        Ok(own
            .and_then(|(_, explanation)| explanation)
            .filter(|explanation| explanation.decision != Decision::Skip)
            .map(|explanation| explanation.text))
    }

    /// Whether the end of a rolling deployment may be taken up here although a success runs its gate: long
    /// enough after it, and once in a while.
    async fn may_run_gate(&self, stored: &StoredTarget, active: &Active) -> Result<bool, AwsError> {
        let now = self.clock.now();
        let found = self.service_deployment(stored, active).await?;
        let Some((deployment, _)) = found.filter(|(deployment, _)| deployment.has_succeeded())
        else {
            return Ok(true);
        };
        let ended = deployment.finished_at.or(deployment.created_at);
        let is_old = |at: Timestamp| now.duration_since(at) >= GATE_LEFT_ALONE_FOR;
        Ok(ended.is_none_or(is_old) && turn::is_due(&stored.target.name, now))
    }

    /// Concludes a deployment of which AWS knows nothing any more: nothing is known against its image.
    async fn conclude_forgotten(
        &self,
        stored: &StoredTarget,
        active: &Active,
        aws_id: &str,
        lease_until: Timestamp,
    ) -> Result<Option<String>, RepairError> {
        let reason = format!("AWS does not know {aws_id} any more, so its end is unknown");
        let record = self.record_of(stored, active.deployment, aws_id).await?;
        let input = Input::Concluded {
            deployment: active.deployment,
            aws_id: aws_id.to_owned(),
            outcome: Outcome::Failed {
                evidence: vec![reason.clone()],
                reason,
                aftermath: Aftermath::Unproved,
            },
        };
        let explanation =
            Box::pin(self.conclude_with(stored, aws_id, record, input, lease_until)).await?;
        Ok(explanation.map(|explanation| explanation.text))
    }
}

/// The active deployment and AWS's id of what runs for it, if something does.
pub(super) fn known_to_aws(stored: &StoredTarget) -> Option<(&Active, &str)> {
    let active = stored.state.active.as_ref()?;
    match &active.phase {
        Phase::Requested { .. } => None,
        Phase::Before { aws_id, .. } | Phase::Started { aws_id, .. } => Some((active, aws_id)),
    }
}

fn is_gated_behind(stored: &StoredTarget) -> bool {
    let checks = stored.target.gates.get(GatePoint::AfterTraffic);
    stored.target.deploy == Strategy::Rolling && checks.is_some_and(|checks| !checks.is_empty())
}
