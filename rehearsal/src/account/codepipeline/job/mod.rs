//! Jobs: what an action asks a Lambda function or a custom action's worker to do (AWS-FACTS 2, 3).
//!
//! [`perform`] makes them and waits for their results, [`poll`] hands them to workers, [`result`] takes the
//! results. An action that is continued has several jobs, one after the other; each has one result.

mod data;
mod perform;
mod poll;
mod result;

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::artifact::Artifact;
use super::execution::Progress;
use super::pipeline::{Failure, Outcome};
use super::{Account, Members, ServiceError};
use crate::account::LateResult;
pub(super) use perform::perform;
pub(super) use poll::{acknowledge_job, get_job_details, poll_for_jobs};
pub(super) use result::{put_job_failure_result, put_job_success_result};

/// How many jobs are remembered. The oldest that are over are forgotten first.
const REMEMBERED: usize = 1000;

/// All jobs, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    jobs: VecDeque<Job>,
}

/// A job.
#[derive(Debug, Clone)]
struct Job {
    /// A UUID.
    id: String,
    task: Task,
    status: Status,
    /// The token of the job before it.
    continuation: Option<String>,
    /// When it can be polled.
    available: Timestamp,
    /// When it was offered last, and with which nonce.
    offered: Option<(Timestamp, String)>,
    reply: Option<Reply>,
    /// There is a reply.
    replied: Arc<Notify>,
}

/// What is to be done, the same for all jobs of an action.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) pipeline: String,
    pub(super) execution: String,
    pub(super) stage: String,
    pub(super) action: String,
    pub(super) action_execution: String,
    pub(super) worker: Worker,
    /// With values in the place of references.
    pub(super) configuration: Vec<(String, String)>,
    pub(super) inputs: Vec<Artifact>,
    pub(super) outputs: Vec<Artifact>,
    pub(super) bucket: String,
}

/// Who does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Worker {
    /// A Lambda function.
    Function(String),
    /// Whoever polls for jobs of this custom action type.
    Polls { provider: String, version: String },
}

/// Where a job is (AWS-FACTS 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Queued,
    Dispatched,
    InProgress,
    TimedOut,
    Succeeded,
    Failed,
}

/// A job's result.
#[derive(Debug, Clone)]
enum Reply {
    Succeeded(Outcome),
    /// It is to go on, with this token.
    Continues(String, Progress),
    Failed(Failure),
}

impl Status {
    const fn is_over(self) -> bool {
        matches!(self, Self::TimedOut | Self::Succeeded | Self::Failed)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Dispatched => "Dispatched",
            Self::InProgress => "InProgress",
            Self::TimedOut => "TimedOut",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

impl Jobs {
    fn add(&mut self, job: Job) {
        if self.jobs.len() >= REMEMBERED {
            let oldest = self.jobs.iter().position(|job| job.status.is_over());
            oldest.and_then(|oldest| self.jobs.remove(oldest));
        }
        self.jobs.push_back(job);
    }

    fn job_mut(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    /// A job that somebody asks for by its id.
    fn asked(&mut self, id: &str) -> Result<&mut Job, ServiceError> {
        self.job_mut(id).ok_or_else(|| not_found(id))
    }
}

impl Job {
    /// Takes the result of a job that is being done; any other is told so.
    fn end(&mut self, status: Status, reply: Reply, late: LateResult) -> Result<(), ServiceError> {
        if self.status != Status::InProgress {
            return Err(match late {
                LateResult::JobNotFound if self.status.is_over() => not_found(&self.id),
                _ => ServiceError::new(
                    "InvalidJobStateException",
                    format!(
                        "The job {} is {}, not InProgress",
                        self.id,
                        self.status.name()
                    ),
                ),
            });
        }
        self.status = status;
        self.reply = Some(reply);
        self.replied.notify_one();
        Ok(())
    }
}

fn not_found(id: &str) -> ServiceError {
    ServiceError::new(
        "JobNotFoundException",
        format!("There is no job with the id {id}"),
    )
}

/// The id that a request names: a UUID in lower case.
fn id(input: Members<'_>) -> Result<&str, ServiceError> {
    let id = input.string("jobId")?;
    let lengths = id.split('-').map(str::len);
    let digits = |c: char| c == '-' || c.is_ascii_digit() || matches!(c, 'a'..='f');
    if lengths.eq([8, 4, 4, 4, 12]) && id.chars().all(digits) {
        return Ok(id);
    }
    Err(super::start::invalid(
        "jobId",
        "Member must satisfy regular expression pattern: \
         [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ))
}
