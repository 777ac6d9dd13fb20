//! An action of a pipeline: it deploys the image that a pipeline variable names, or promotes, verifies or waits.
//!
//! Triggered by CodePipeline with the job of a Lambda invoke action; and, for actions of the custom type `Greenlight`,
//! by the event that one has begun and by a schedule, upon which it asks for jobs. A job that deploys stays open and is
//! answered when the deployment has ended, by whichever function finds it so. The schedule also looks after the jobs
//! that wait: see `greenlight_deployer::job`.
//!
//! **Retry contract.** `Err` only where a job could not be answered, or CodePipeline or the table could not be asked:
//! Lambda sends the event again, and working on the same job again goes on where the last attempt ended. An event that
//! asks for nothing or cannot be read is logged and dropped. No event is ever logged: a job's holds live credentials.

mod event;

use futures_util::{future::join_all, join};
use greenlight_aws::{AwsError, codepipeline::job_of_event};
use greenlight_core::job::{
    JobId,
    answer::{FailureType, JobFailure},
};
use greenlight_deployer::{
    Deployer,
    job::{ActionKind, Job, JobOutcome, LookAfterError, PollError},
};
use greenlight_runtime::{
    function::{Failure, Invocation},
    logging::chain,
    must_answer::{CodePipelineJob, Contract, Unanswered, must_answer_to},
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};
use tracing::Instrument as _;

use event::Parsed;

/// The event that an action has begun may come before its job can be had (AWS-FACTS 3.5): so long after
/// one another it is asked for again. After that the schedule finds it.
const ASKED_AGAIN_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// What the function is made of.
#[derive(Debug)]
pub struct Context {
    /// The use cases.
    pub deployer: Deployer,
}

/// Why an invocation has not done what it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A job has no answer.
    #[error(transparent)]
    Unanswered(#[from] Unanswered<AwsError>),
    /// A job could not be dealt with: its event has to come again.
    #[error("job `{job}` could not be dealt with yet: {reason}")]
    Again {
        /// Which job.
        job: JobId,
        /// What was in the way.
        reason: String,
    },
    /// No jobs could be asked for.
    #[error(transparent)]
    Poll(#[from] PollError),
    /// The jobs that wait could not be looked after.
    #[error(transparent)]
    LookAfter(#[from] LookAfterError),
}

impl Failure for Error {
    fn error_type(&self) -> &'static str {
        match self {
            Self::Unanswered(Unanswered::NoAddress(_)) => "PipelineAction.NoAddress",
            Self::Unanswered(Unanswered::Refused(_)) => "PipelineAction.Refused",
            Self::Unanswered(Unanswered::Failed { .. }) => "PipelineAction.Failed",
            Self::Unanswered(Unanswered::TimedOut { .. }) => "PipelineAction.TimedOut",
            Self::Again { .. } => "PipelineAction.Again",
            Self::Poll(_) => "PipelineAction.Poll",
            Self::LookAfter(_) => "PipelineAction.LookAfter",
        }
    }
}

/// Works on jobs.
///
/// Gives `{"jobs": [{"job", "outcome": "succeeded" | "failed" | "later", "reason"}]}`, `{"ignored": reason}` or
/// `{"dropped": reason}`. CodePipeline does not read it.
pub async fn handle(context: &Context, invocation: Invocation) -> Result<Value, Error> {
    let deployer = &context.deployer;
    let jobs = match event::parse(&invocation.payload) {
        Parsed::Job => return invoked(deployer, &invocation).await,
        Parsed::Begun => begun(deployer).await?,
        Parsed::Tick => return ticked(deployer, &invocation).await,
        Parsed::Ignored { reason } => {
            tracing::info!("ignored: {reason}");
            return Ok(json!({ "ignored": reason }));
        }
        Parsed::Unreadable { reason } => {
            tracing::error!("dropped an event that cannot be read: {reason}");
            return Ok(json!({ "dropped": reason }));
        }
    };
    all_worked(deployer, &jobs, &invocation).await
}

/// A minute has passed. What goes wrong with either half keeps the other from nothing.
async fn ticked(deployer: &Deployer, invocation: &Invocation) -> Result<Value, Error> {
    let lease_until = invocation.deadline_at(&deployer.clock);
    let (polled, forgotten) = join!(deployer.poll_jobs(), deployer.look_after_jobs(lease_until),);
    let (mut jobs, poll_failed) = or_none(polled);
    let (taken_up, look_failed) = or_none(forgotten);
    jobs.extend(taken_up);
    let worked = all_worked(deployer, &jobs, invocation).await?;
    if let Some(error) = poll_failed {
        return Err(error.into());
    }
    match look_failed {
        Some(error) => Err(error.into()),
        None => Ok(worked),
    }
}

fn or_none<E>(jobs: Result<Vec<Job>, E>) -> (Vec<Job>, Option<E>) {
    match jobs {
        Ok(jobs) => (jobs, None),
        Err(error) => (Vec::new(), Some(error)),
    }
}

/// Works on jobs, all at once.
async fn all_worked(
    deployer: &Deployer,
    jobs: &[Job],
    invocation: &Invocation,
) -> Result<Value, Error> {
    let worked = join_all(jobs.iter().map(|job| worked(deployer, job, invocation))).await;
    let worked: Vec<Value> = worked.into_iter().collect::<Result<_, _>>()?;
    Ok(json!({ "jobs": worked }))
}

/// The job of a Lambda invoke action.
async fn invoked(deployer: &Deployer, invocation: &Invocation) -> Result<Value, Error> {
    let id = match CodePipelineJob::address(&invocation.payload) {
        Ok(id) => id,
        Err(error) => {
            let reason = chain(&error);
            tracing::error!("dropped an event that nobody can be answered for: {reason}");
            return Ok(json!({ "dropped": reason }));
        }
    };
    let worked = match job_of_event(&invocation.payload) {
        Ok((id, data)) => {
            let job = Job {
                id,
                kind: ActionKind::Invoke,
                data,
                known: None,
            };
            worked(deployer, &job, invocation).await?
        }
        Err(error) => {
            let what = format!("The job's event is not as expected: {}", chain(&error));
            let refused = JobOutcome::Failed {
                failure: JobFailure::new::<&str>(FailureType::ConfigurationError, &what, &[], None),
                deployment: None,
            };
            let contract = CodePipelineJob(deployer);
            let answered =
                must_answer_to(&contract, &id, invocation.deadline, |_| async { refused });
            said_of(&id, &answered.await?.verdict)
        }
    };
    Ok(json!({ "jobs": [worked] }))
}

/// The jobs of an action that has just begun.
async fn begun(deployer: &Deployer) -> Result<Vec<Job>, Error> {
    let mut jobs = deployer.poll_jobs().await?;
    for pause in ASKED_AGAIN_AFTER {
        if !jobs.is_empty() {
            break;
        }
        sleep(pause).await;
        jobs = deployer.poll_jobs().await?;
    }
    Ok(jobs)
}

/// Works on a job and answers it, now or when its deployment has ended.
async fn worked(deployer: &Deployer, job: &Job, invocation: &Invocation) -> Result<Value, Error> {
    let lease_until = invocation.deadline_at(&deployer.clock);
    let contract = CodePipelineJob(deployer);
    let span = tracing::error_span!("job", job = %job.id);
    let answered = must_answer_to(&contract, &job.id, invocation.deadline, |_| {
        deployer.work(job, lease_until)
    })
    .instrument(span)
    .await?;
    if let JobOutcome::Again { reason } = answered.verdict {
        return Err(Error::Again {
            job: job.id.clone(),
            reason,
        });
    }
    if answered.answer.is_some() {
        deployer.answered(job).await;
    }
    Ok(said_of(&job.id, &answered.verdict))
}

fn said_of(job: &JobId, outcome: &JobOutcome) -> Value {
    let (outcome, reason) = match outcome {
        JobOutcome::Succeeded(success) => ("succeeded", success.summary()),
        JobOutcome::Failed { failure, .. } => ("failed", failure.message()),
        JobOutcome::Later { summary } => ("later", summary.as_str()),
        JobOutcome::Again { reason } => ("again", reason.as_str()),
    };
    json!({ "job": job, "outcome": outcome, "reason": reason })
}
