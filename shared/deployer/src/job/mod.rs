//! Jobs of CodePipeline: what an action of a pipeline asks of Greenlight.
//!
//! A job that deploys is not answered when its deployment is started but when that has ended, by whichever
//! function finds it so ([`answer`]). Until then it waits in the table, and the state of the target knows it.
//! CodePipeline gives up on a job of a Lambda action after 20 minutes, so one that waits longer is handed on
//! by a continuation token ([`waiting`], [`continued`]): a net that also catches what a lost event or a crash
//! has left behind. AWS-FACTS 2 and 3.

mod answer;
mod artifacts;
mod continued;
mod deploy;
mod failure;
mod poll;
mod promote;
mod verify;
mod wait;
mod waiting;

use std::collections::BTreeMap;

use futures_util::join;
use greenlight_aws::{
    codepipeline::jobs::JobData,
    table::{StoredTarget, WaitingJob},
};
use greenlight_core::{
    deployment::{DeploymentId, TargetState},
    job::{
        JobId,
        answer::{FailureType, JobFailure, JobSuccess},
        artifact::Artifact,
        request::{JobAction, JobRequest},
    },
};
use jiff::{SignedDuration, Timestamp};

pub use poll::PollError;
pub use waiting::LookAfterError;

use crate::Deployer;
use failure::{Trouble, registered};

/// What may pass by itself is waited for so long before the job is failed.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);

/// A job to be worked on.
#[derive(Debug, Clone)]
pub struct Job {
    /// CodePipeline's id.
    pub id: JobId,
    /// Which kind of action it is of.
    pub kind: ActionKind,
    /// What CodePipeline says of it.
    pub data: JobData,
    /// What the table knows of it, if that was read.
    pub known: Option<WaitingJob>,
}

/// Which kind of action a job is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// A Lambda invoke action: what it asks is in `UserParameters`.
    Invoke,
    /// Our custom action type: what it asks is in the configuration.
    Custom,
}

/// What came of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOutcome {
    /// It is done.
    Succeeded(JobSuccess),
    /// It cannot be done, or has failed.
    Failed {
        /// Why.
        failure: JobFailure,
        /// The deployment that failed.
        deployment: Option<DeploymentId>,
    },
    /// It is answered by whoever finds the end of what it waits for.
    Later {
        /// What it waits for, for people.
        summary: String,
    },
    /// Nothing is known of it yet but its event, which has to come again.
    Again {
        /// What was in the way, for people.
        reason: String,
    },
}

impl JobOutcome {
    fn failed(failure: JobFailure) -> Self {
        Self::Failed {
            failure,
            deployment: None,
        }
    }
}

/// What a job is about, once it is understood.
struct Asked<'a> {
    job: &'a Job,
    known: WaitingJob,
    request: JobRequest,
    stored: StoredTarget,
    artifacts: Vec<Artifact>,
    lease_until: Timestamp,
}

impl Deployer {
    /// Does what a job asks. Working on the same job again goes on where an earlier call was broken off.
    ///
    /// `lease_until` is when this invocation is over, whatever happens.
    pub async fn work(&self, job: &Job, lease_until: Timestamp) -> JobOutcome {
        // Boxed: each is larger than a thread's stack likes to hold several times over.
        let done = match &job.data.continuation_token {
            Some(token) => Box::pin(self.continued(job, token, lease_until)).await,
            None => Box::pin(self.asked(job, lease_until)).await,
        };
        match done {
            Ok(outcome) => outcome,
            Err(trouble) => self.trouble(job, trouble),
        }
    }

    async fn asked(&self, job: &Job, lease_until: Timestamp) -> Result<JobOutcome, Trouble> {
        let configuration = &job.data.configuration;
        let request = match job.kind {
            ActionKind::Invoke => JobRequest::of_user_parameters(
                configuration.get("UserParameters").map(String::as_str),
            ),
            ActionKind::Custom => JobRequest::of_configuration(configuration),
        };
        let request =
            request.map_err(|error| Trouble::of(FailureType::ConfigurationError, &error))?;
        let (known, stored, artifacts) = join!(
            self.known(job),
            self.table.target(&request.target),
            self.artifacts(&job.data, &request),
        );
        let known = known?;
        if known.is_answered {
            return Ok(JobOutcome::Later {
                summary: format!("job {} was answered before", job.id),
            });
        }
        let stored = registered(stored, &request)?;
        // A job goes with its image into another deployment, which the state says first.
        let deployment = waited_for(&stored.state, &job.id).or(known.deployment);
        if let Some(deployment) = deployment {
            return Box::pin(self.resumed(stored, deployment, lease_until)).await;
        }
        let asked = Asked {
            job,
            known,
            stored,
            artifacts: artifacts?,
            request,
            lease_until,
        };
        match asked.request.action.clone() {
            JobAction::Deploy => Box::pin(self.deploy_for(asked)).await,
            JobAction::Promote { to } => Box::pin(self.promote_for(asked, &to)).await,
            JobAction::Verify { gate } => Box::pin(self.verify_for(asked, gate)).await,
            JobAction::Wait => Box::pin(self.wait_for(asked)).await,
        }
    }

    /// What the table knows of a job: it is noted there before anything is done for it.
    async fn known(&self, job: &Job) -> Result<WaitingJob, Trouble> {
        if let Some(known) = &job.known {
            return Ok(known.clone());
        }
        let is_custom = job.kind == ActionKind::Custom;
        let known = self.table.receive_job(&job.id, is_custom, self.clock.now());
        Ok(known.await?)
    }
}

/// The deployment that a job waits for.
fn waited_for(state: &TargetState, job: &JobId) -> Option<DeploymentId> {
    let active = state.active.iter().map(|it| (it.deployment, &it.jobs));
    let queued = state.queued.iter().map(|it| (it.deployment, &it.jobs));
    let mut all = active.chain(queued);
    all.find(|(_, jobs)| jobs.contains(job))
        .map(|(deployment, _)| deployment)
}

/// The reports of the gates of a deployment, by their point.
type Gates = BTreeMap<greenlight_core::target::GatePoint, greenlight_core::gate::GateReport>;
