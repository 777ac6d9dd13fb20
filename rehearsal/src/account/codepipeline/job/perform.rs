//! An action that is done by jobs: makes them one after the other, and waits for their results (AWS-FACTS
//! 2.4, 3.3, 3.4).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout_at;

use super::super::execution::Progress;
use super::super::pipeline::{Failure, Outcome};
use super::{Account, Job, Reply, Status, Task, Worker, data};
use crate::account::functions::uuid;
use crate::account::journal::Tone;

/// How long the jobs of an action may take together.
const LONGEST: Duration = Duration::from_hours(24);
/// How long a function may say nothing; each continuation restarts it.
const LONGEST_SILENCE: Duration = Duration::from_mins(20);

/// Does the task by jobs. What a job that goes on says of itself is given to `progress`.
pub(in super::super) async fn perform(
    account: &Account,
    task: &Task,
    progress: impl Fn(Progress),
) -> Result<Outcome, Failure> {
    let clock = account.clock();
    let end = clock.deadline(LONGEST);
    let mut until = end;
    let mut token = None;
    loop {
        if let Worker::Function(function) = &task.worker {
            until = end.min(clock.deadline(LONGEST_SILENCE));
            if token.is_some() {
                let again = clock.deadline(account.settings().continuation_delay);
                tokio::time::sleep_until(again.min(until)).await;
            }
            if !account.functions().exists(function) {
                return Err(Failure::configuration(format!(
                    "The AWS Lambda function {function} cannot be found. Make sure that it exists in the Region of the \
                     pipeline"
                )));
            }
        }
        let open = Open::new(account, task, token.take());
        let Ok(reply) = timeout_at(until, open.reply()).await else {
            open.end(Status::TimedOut);
            let failure = Failure::job_failed(silence(&task.worker));
            note_failure(account, task, &open.id, &failure);
            return Err(failure);
        };
        let short = short(&open.id);
        match reply {
            Reply::Succeeded(outcome) => {
                let line = first_line(&outcome.summary);
                let colon = if line.is_empty() { "" } else { ": " };
                let text = format!(": job {short} succeeded{colon}{line}");
                note(account, task, Tone::Good, &text);
                return Ok(outcome);
            }
            Reply::Failed(failure) => {
                note_failure(account, task, &open.id, &failure);
                return Err(failure);
            }
            Reply::Continues(next, said) => {
                let text = format!(": job {short} is to be continued");
                note(account, task, Tone::Neutral, &text);
                progress(said);
                token = Some(next);
            }
        }
    }
}

/// A job that is open. It ends with the action: whoever does it learns that when the result is not taken.
struct Open {
    account: Account,
    id: String,
    replied: Arc<Notify>,
}

impl Open {
    /// Makes the job, and invokes the function.
    fn new(account: &Account, task: &Task, continuation: Option<String>) -> Self {
        let now = account.clock().now();
        let delay = account.settings().poll_delay;
        let id = uuid(&account.unique());
        let replied = Arc::<Notify>::default();
        let status = match task.worker {
            Worker::Function(_) => Status::InProgress,
            Worker::Polls { .. } => Status::Queued,
        };
        let job = Job {
            id: id.clone(),
            task: task.clone(),
            status,
            continuation,
            available: now.saturating_add(delay).unwrap_or(now),
            offered: None,
            reply: None,
            replied: replied.clone(),
        };
        account.state().codepipeline.jobs.add(job.clone());
        let short = short(&id);
        if let Worker::Function(function) = &task.worker {
            let text = format!(": job {short} goes to {function}");
            note(account, task, Tone::Neutral, &text);
            let event = data::event(account, &job);
            account.functions().invoke_async(function, event);
        } else {
            let text = format!(" waits for a worker to take job {short}");
            note(account, task, Tone::Neutral, &text);
        }
        Self {
            account: account.clone(),
            id,
            replied,
        }
    }

    /// The job's result, when there is one.
    async fn reply(&self) -> Reply {
        loop {
            let reply = {
                let mut state = self.account.state();
                let job = state.codepipeline.jobs.job_mut(&self.id);
                job.and_then(|job| job.reply.take())
            };
            if let Some(reply) = reply {
                return reply;
            }
            // A result that came meanwhile is remembered by the notification.
            self.replied.notified().await;
        }
    }

    /// Ends the job without a result.
    fn end(&self, status: Status) {
        let mut state = self.account.state();
        let job = state.codepipeline.jobs.job_mut(&self.id);
        if let Some(job) = job.filter(|job| !job.status.is_over()) {
            job.status = status;
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.end(Status::Failed);
    }
}

/// Why an action failed whose job had no result.
fn silence(worker: &Worker) -> String {
    match worker {
        Worker::Function(function) => format!(
            "The AWS Lambda function {function} failed to return a result. Check the function to verify that it has \
             permission to call the PutJobSuccessResult action and that it made a call to PutJobSuccessResult."
        ),
        Worker::Polls { provider, .. } => format!(
            "The action has timed out: no worker of the provider {provider} has returned a result within 24 hours"
        ),
    }
}

fn note_failure(account: &Account, task: &Task, id: &str, failure: &Failure) {
    let text = format!(
        ": job {} failed: {}: {}",
        short(id),
        failure.code,
        first_line(&failure.message)
    );
    note(account, task, Tone::Bad, &text);
}

fn note(account: &Account, task: &Task, tone: Tone, what: &str) {
    let Task {
        pipeline,
        stage,
        action,
        ..
    } = task;
    let text = format!("{pipeline}: {stage}/{action}{what}");
    account.journal().note("codepipeline", tone, text);
}

fn short(id: &str) -> &str {
    id.split('-').next().unwrap_or(id)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
