//! A job that makes sure that a target runs an image, and changes nothing.

use greenlight_aws::table::StoredTarget;
use greenlight_core::{
    deployment::{Candidate, Current, Ending, Outcome},
    job::{
        answer::{FailureType, JobFailure},
        request::JobRequest,
    },
};

use super::{Asked, JobOutcome, answer, deploy::named, failure::Trouble};
use crate::{Deployer, plan::Wish};

impl Deployer {
    pub(super) async fn verify_for(&self, asked: Asked<'_>) -> Result<JobOutcome, Trouble> {
        let stored = &asked.stored;
        let current = self.current_of(stored, &asked.request).await?;
        let is_proved = self.prove_live(stored, &current.candidate).await?;
        if let Outcome::Failed {
            reason, evidence, ..
        } = is_proved
        {
            let what = format!(
                "Target `{}` does not run {}: {reason}",
                stored.target.name,
                current.candidate.describe()
            );
            let failure = JobFailure::new(FailureType::JobFailed, &what, &evidence, None);
            return Ok(JobOutcome::failed(failure));
        }
        self.brought(stored, &current).await
    }

    /// What is live by the record, if it has the image that the job names.
    pub(super) async fn current_of(
        &self,
        stored: &StoredTarget,
        request: &JobRequest,
    ) -> Result<Current, Trouble> {
        let name = &stored.target.name;
        let refuse = |what: String| Trouble::lasting(FailureType::JobFailed, what);
        let wanted = self.wanted(stored, request).await?;
        let Some(current) = &stored.state.current else {
            return Err(refuse(format!(
                "nothing is known to be live at target `{name}`; deploy an image first"
            )));
        };
        match wanted {
            Some(wanted) if !wanted.is_within(&current.candidate) => Err(refuse(format!(
                "target `{name}` runs {}, not {}",
                current.candidate.describe(),
                wanted.describe()
            ))),
            Some(_) | None => Ok(current.clone()),
        }
    }

    /// The image that a job names, if it names one.
    pub(super) async fn wanted(
        &self,
        stored: &StoredTarget,
        request: &JobRequest,
    ) -> Result<Option<Candidate>, Trouble> {
        let Some(image) = &request.image else {
            return Ok(None);
        };
        let wish = Wish::Named(named(image));
        let resolved = self.resolve(stored, &wish, self.clock.now()).await?;
        Ok(Some(resolved.candidate))
    }

    /// The success of the deployment that brought what is live.
    pub(super) async fn brought(
        &self,
        stored: &StoredTarget,
        current: &Current,
    ) -> Result<JobOutcome, Trouble> {
        let record = self.table.record(&stored.target.name, current.deployment);
        let record = record.await?;
        let ending = Ending::Succeeded {
            candidate: current.candidate.clone(),
            aws_id: record
                .as_ref()
                .and_then(|record| record.aws_id.clone())
                .unwrap_or_default(),
            task_definition: current.task_definition.clone(),
            previous: record.and_then(|record| record.previous),
        };
        Ok(answer::outcome(stored, current.deployment, &ending))
    }
}
