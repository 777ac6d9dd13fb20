//! A job that gives an image which a target runs, and has proved, the tag that another target watches.

use greenlight_aws::chain;
use greenlight_core::{
    deployment::Candidate,
    image::Tag,
    job::answer::{FailureType, JobSuccess},
    promotion::Promoter,
};

use super::{
    Asked, JobOutcome, answer,
    failure::{Trouble, failure, of_aws},
};
use crate::{Deployer, promote::PromoteError, retag::RetagError};

impl Deployer {
    pub(super) async fn promote_for(
        &self,
        asked: Asked<'_>,
        to: &Tag,
    ) -> Result<JobOutcome, Trouble> {
        let stored = &asked.stored;
        // That what is live has the image which the job names.
        self.current_of(stored, &asked.request).await?;
        let named = asked.request.image.as_ref();
        let repository = named.and_then(|image| image.repository.as_ref());
        let context = asked.job.data.pipeline.as_ref();
        let by = Promoter::Pipeline {
            name: context.and_then(|context| context.pipeline.clone()),
        };
        let promoted = Box::pin(self.promote(stored, repository, to, by)).await?;
        let deployment = promoted.deployment;
        let Some(done) = promoted.images.into_iter().next() else {
            return Err(Trouble::Passing("nothing was promoted".to_owned()));
        };
        let mut variables = answer::variables(&Candidate::of(done.image), deployment);
        let previous = done.previous.map(|digest| digest.to_string());
        variables.insert("PreviousDigest", previous.unwrap_or_default());
        let id = deployment.to_string();
        let success = JobSuccess::new(&done.text, Some(&id), variables);
        Ok(JobOutcome::Succeeded(success))
    }
}

impl From<PromoteError> for Trouble {
    fn from(error: PromoteError) -> Self {
        let what = chain(&error);
        let kind = match &error {
            PromoteError::NothingLive { .. }
            | PromoteError::NotProved { .. }
            | PromoteError::NotLive { .. } => FailureType::JobFailed,
            PromoteError::Several { .. } | PromoteError::OtherRepository { .. } => {
                FailureType::ConfigurationError
            }
            PromoteError::Retag { source, .. } => match &**source {
                RetagError::Gone { .. } => FailureType::RevisionUnavailable,
                RetagError::Immutable { .. } => FailureType::ConfigurationError,
                RetagError::Ecr { source, .. } => return of_aws(source, what),
            },
            PromoteError::Caller { source, .. }
            | PromoteError::Look { source, .. }
            | PromoteError::Announce { source, .. } => {
                return of_aws(source, what);
            }
            PromoteError::Note { .. } => return Self::Passing(what),
        };
        Self::Lasting(failure(kind, &what, error.hint().as_deref()))
    }
}
