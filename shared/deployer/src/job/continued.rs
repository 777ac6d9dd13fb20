//! A job that CodePipeline made because the one before it was handed on with a continuation token.
//!
//! It is found by the token, which names the deployment; the ids of the two jobs differ (AWS-FACTS 3.3).

use futures_util::join;
use greenlight_core::{
    deployment::{Decision, Input},
    job::{JobToken, answer::FailureType},
};
use jiff::Timestamp;

use super::{Gates, Job, JobOutcome, failure::Trouble};
use crate::Deployer;

impl Deployer {
    pub(super) async fn continued(
        &self,
        job: &Job,
        token: &str,
        lease_until: Timestamp,
    ) -> Result<JobOutcome, Trouble> {
        let token: JobToken = token
            .parse()
            .map_err(|error| Trouble::of(FailureType::ConfigurationError, &error))?;
        let (known, stored) = join!(self.known(job), self.table.target(&token.target));
        let known = known?;
        if known.is_answered {
            return Ok(JobOutcome::Later {
                summary: format!("job {} was answered before", job.id),
            });
        }
        let Some(stored) = stored?
            .transpose()
            .map_err(|bad| Trouble::of(FailureType::ConfigurationError, &bad))?
        else {
            return Err(Trouble::lasting(
                FailureType::ConfigurationError,
                format!(
                    "target `{}` was removed while deployment {} was under way",
                    token.target, token.deployment
                ),
            ));
        };
        if known.deployment.is_none() {
            let input = Input::Awaited {
                deployment: token.deployment,
                job: job.id.clone(),
                instead_of: Some(token.job),
            };
            let explanation = self
                .advance(stored.clone(), input, lease_until, &Gates::new())
                .await?;
            if explanation.is_some_and(|it| it.decision == Decision::Record) {
                // The event of its end may have been lost: this is the time to look.
                Box::pin(self.look_again(&token.target, lease_until)).await;
                return Ok(JobOutcome::Later {
                    summary: format!("deployment {} goes on", token.deployment),
                });
            }
        }
        self.resumed(stored, token.deployment, lease_until).await
    }
}
