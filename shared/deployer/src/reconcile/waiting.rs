//! What waits although nothing is under way: the event that would have started it was lost, or what has
//! kept it (a hold, a window, somebody else's deployment) has come to its end.

use greenlight_aws::{
    AwsError, Kind,
    codedeploy::{self, Group},
    ecs,
    table::StoredTarget,
};
use greenlight_core::{
    deployment::{Circumstances, Effect, Input, step},
    target::Strategy,
};
use jiff::Timestamp;

use super::{RepairError, no_gates};
use crate::Deployer;

impl Deployer {
    /// Starts what waits, if nothing keeps it any more.
    pub(super) async fn start_waiting(
        &self,
        stored: &StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Option<String>, RepairError> {
        let state = &stored.state;
        if state.active.is_some() || (state.queued.is_none() && state.rollback.is_none()) {
            return Ok(None);
        }
        let at = self.clock.now();
        let circumstances = Circumstances {
            target: &stored.target.name,
            at,
            lease_until,
            closure: stored.closure(at),
        };
        let next = step(circumstances, state, Input::Revisited);
        if next.state == *state && next.effects.is_empty() {
            return Ok(None);
        }
        let mut effects = next.effects.iter();
        let starts = effects.any(|effect| matches!(effect, Effect::Start { .. }));
        // It would only be put off again, with an event each minute.
        if starts && self.is_busy(stored).await? {
            return Ok(None);
        }
        let waited = state.rollback.as_ref().or(state.queued.as_ref());
        let image = waited.map(|queued| queued.candidate.describe());
        Box::pin(self.advance(stored.clone(), Input::Revisited, lease_until, &no_gates())).await?;
        Ok(Some(format!(
            "{} does not wait any more",
            image.unwrap_or_default()
        )))
    }

    /// Whether a deployment goes on at the target's service that is not ours to wait for. What is not
    /// there is not busy: the start says what is wrong with it.
    async fn is_busy(&self, stored: &StoredTarget) -> Result<bool, AwsError> {
        let clients = self.clients_of(&stored.target);
        let busy = match &stored.target.deploy {
            Strategy::CodeDeploy(strategy) => {
                let group = Group {
                    application: strategy.application.clone(),
                    name: strategy.group.clone(),
                };
                let going_on = codedeploy::going_on(&clients, &group).await;
                going_on.map(|deployment| deployment.is_some())
            }
            Strategy::Rolling | Strategy::Native => {
                let (cluster, name) = stored.cluster_and_service();
                let service = ecs::service(&clients, cluster, name).await;
                service.map(|service| {
                    let mut deployments = service.deployments.iter();
                    deployments.any(|it| it.rollout_state.as_deref() == Some("IN_PROGRESS"))
                })
            }
            Strategy::Task(_) | Strategy::Pipeline(_) => Ok(false),
        };
        match busy {
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            busy => busy,
        }
    }
}
