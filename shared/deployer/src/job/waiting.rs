//! The jobs that wait, once a minute: what a crash or a lost event has left behind is found here.
//!
//! A job whose deployment has ended is answered; one that was received and forgotten is taken up again; one
//! that has waited for long is handed on, since CodePipeline gives up after 20 minutes (AWS-FACTS 2.4).

use futures_util::future::join_all;
use greenlight_aws::{
    AwsError, chain,
    codepipeline::jobs,
    table::{StoredTarget, WaitingJob},
};
use greenlight_core::{
    deployment::{DeploymentId, Phase},
    job::{
        JobId, JobToken,
        answer::{FailureType, JobFailure},
    },
    target::TargetName,
};
use jiff::{SignedDuration, Timestamp};

use super::{
    ActionKind, Job, JobOutcome,
    failure::{Trouble, failure},
    waited_for,
};
use crate::Deployer;

/// A job may wait so long before it is handed on; CodePipeline allows 20 minutes.
const HANDED_ON_AFTER: SignedDuration = SignedDuration::from_mins(14);
/// A job is left alone for so long after it was received: longer than the function's time.
const LEFT_ALONE_FOR: SignedDuration = SignedDuration::from_mins(3);
/// So many jobs are looked after at a time.
const LIMIT: usize = 100;

/// Why the jobs that wait could not be looked after.
#[derive(Debug, thiserror::Error)]
#[error("the jobs that wait could not be read")]
pub struct LookAfterError(#[from] AwsError);

impl Deployer {
    /// Looks after the jobs that wait. Gives those that were received but came to nothing, to be worked on.
    pub async fn look_after_jobs(
        &self,
        lease_until: Timestamp,
    ) -> Result<Vec<Job>, LookAfterError> {
        let waiting = self.table.waiting_jobs(LIMIT).await?;
        let looked = waiting
            .into_iter()
            .map(|waiting| self.look_after(waiting, lease_until));
        Ok(join_all(looked).await.into_iter().flatten().collect())
    }

    async fn look_after(&self, waiting: WaitingJob, lease_until: Timestamp) -> Option<Job> {
        // Until then whoever received it is at work, or the end is told by an event.
        if self.clock.now().duration_since(waiting.received_at) < LEFT_ALONE_FOR {
            return None;
        }
        let id = waiting.id.clone();
        let done = match (&waiting.target, waiting.deployment) {
            (Some(target), Some(deployment)) => {
                let target = target.clone();
                self.look_after_bound(&waiting, &target, deployment, lease_until)
                    .await
                    .map(|()| None)
            }
            _ => self.forgotten(waiting).await,
        };
        match done {
            Ok(job) => job,
            Err(error) => {
                tracing::warn!(job = %id, "the job that waits could not be looked after: {}", chain(&error));
                None
            }
        }
    }

    /// A job that was received and waits for nothing: whoever received it is gone.
    async fn forgotten(&self, waiting: WaitingJob) -> Result<Option<Job>, AwsError> {
        let Some(data) = jobs::details(&self.clients, &waiting.id).await? else {
            let what = "what the job asked for is not known any more";
            let remedy = Some("release the change again");
            let failure = failure(FailureType::SystemUnavailable, what, remedy);
            self.tell(&waiting.id, &JobOutcome::failed(failure)).await?;
            self.table.job_answered(&waiting.id).await?;
            return Ok(None);
        };
        let kind = if waiting.is_custom {
            ActionKind::Custom
        } else {
            ActionKind::Invoke
        };
        Ok(Some(Job {
            id: waiting.id.clone(),
            kind,
            data,
            known: Some(waiting),
        }))
    }

    async fn look_after_bound(
        &self,
        waiting: &WaitingJob,
        target: &TargetName,
        deployment: DeploymentId,
        lease_until: Timestamp,
    ) -> Result<(), AwsError> {
        let mut deployment = deployment;
        let outcome = match self.table.target(target).await? {
            Some(Ok(stored)) if self.goes_on(&stored, &waiting.id, &mut deployment) => {
                JobOutcome::Later {
                    summary: format!("deployment {deployment} to `{target}` goes on"),
                }
            }
            Some(Ok(stored)) => match Box::pin(self.resumed(stored, deployment, lease_until)).await
            {
                Ok(outcome) => outcome,
                Err(Trouble::Lasting(failure)) => JobOutcome::failed(failure),
                Err(Trouble::Passing(summary)) => JobOutcome::Later { summary },
            },
            // Nobody can say what became of it: CodePipeline is told so, and not left to wait for a day.
            Some(Err(_)) | None => JobOutcome::failed(gone(target)),
        };
        if let JobOutcome::Later { summary } = &outcome {
            return self.hand_on(waiting, target, deployment, summary).await;
        }
        self.tell(&waiting.id, &outcome).await?;
        self.table.job_answered(&waiting.id).await
    }

    /// Whether the deployment that a job waits for is under way, and nobody has to take its start up again.
    /// Which deployment that is, the state says better than the index, which is a little late.
    fn goes_on(&self, stored: &StoredTarget, job: &JobId, deployment: &mut DeploymentId) -> bool {
        let Some(now) = waited_for(&stored.state, job) else {
            return false;
        };
        *deployment = now;
        let active = stored.state.active.as_ref();
        active.is_some_and(|active| {
            !matches!(active.phase, Phase::Requested { lease_until, .. }
                if lease_until <= self.clock.now())
        })
    }

    async fn hand_on(
        &self,
        waiting: &WaitingJob,
        target: &TargetName,
        deployment: DeploymentId,
        summary: &str,
    ) -> Result<(), AwsError> {
        if self.clock.now().duration_since(waiting.received_at) < HANDED_ON_AFTER {
            return Ok(());
        }
        let token = JobToken {
            target: target.clone(),
            deployment,
            job: waiting.id.clone(),
        };
        jobs::go_on(&self.clients, &waiting.id, &token.to_string(), summary).await?;
        tracing::info!(target = %target, job = %waiting.id, "the job is handed on: {summary}");
        self.table.job_answered(&waiting.id).await
    }
}

fn gone(target: &TargetName) -> JobFailure {
    failure(
        FailureType::ConfigurationError,
        &format!("target `{target}` is not registered any more, or cannot be understood"),
        Some("register it again, and look at the service to see what it runs"),
    )
}
