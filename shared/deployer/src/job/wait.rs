//! A job that waits for what others have begun: a push, a person, another pipeline.

use greenlight_core::{
    deployment::{Decision, DeploymentId, Input, Rule},
    job::answer::FailureType,
};

use super::{Asked, Gates, JobOutcome, failure::Trouble};
use crate::Deployer;

impl Deployer {
    pub(super) async fn wait_for(&self, asked: Asked<'_>) -> Result<JobOutcome, Trouble> {
        let stored = &asked.stored;
        let wanted = self.wanted(stored, &asked.request).await?;
        let brings = |candidate| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.is_within(candidate))
        };
        let state = &stored.state;
        let active = state.active.iter().map(|it| (it.deployment, &it.candidate));
        let queued = state.queued.iter().map(|it| (it.deployment, &it.candidate));
        let under_way = active
            .chain(queued)
            .find(|(_, candidate)| brings(candidate));
        if let Some((deployment, _)) = under_way {
            return self.wait_with(asked, deployment).await;
        }
        let name = &stored.target.name;
        match (&state.current, &wanted) {
            (Some(current), _) if brings(&current.candidate) => self.brought(stored, current).await,
            (_, Some(wanted)) => Err(Trouble::lasting(
                FailureType::JobFailed,
                format!(
                    "target `{name}` neither runs {} nor deploys it, so there is nothing to wait for",
                    wanted.describe()
                ),
            )),
            (_, None) => Err(Trouble::lasting(
                FailureType::JobFailed,
                format!("target `{name}` deploys nothing, and nothing is known to be live there"),
            )),
        }
    }

    async fn wait_with(
        &self,
        asked: Asked<'_>,
        deployment: DeploymentId,
    ) -> Result<JobOutcome, Trouble> {
        let input = Input::Awaited {
            deployment,
            job: asked.job.id.clone(),
            instead_of: None,
        };
        let stored = asked.stored.clone();
        let explanation = self
            .advance(stored, input, asked.lease_until, &Gates::new())
            .await?;
        match explanation {
            Some(explanation)
                if explanation.rule == Rule::AlreadyKnown
                    && explanation.decision == Decision::Skip =>
            {
                // It has ended meanwhile.
                self.resumed(asked.stored, deployment, asked.lease_until)
                    .await
            }
            Some(explanation) => Ok(JobOutcome::Later {
                summary: explanation.to_string(),
            }),
            None => Err(Trouble::lasting(
                FailureType::ConfigurationError,
                format!("target `{}` was removed", asked.stored.target.name),
            )),
        }
    }
}
