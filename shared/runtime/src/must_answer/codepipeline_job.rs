//! A job of CodePipeline, of a Lambda invoke action or of the custom action type.
//!
//! Source: AWS-FACTS 2.3, 2.4. What the function returns is not read, and an error of the function is not told to the
//! pipeline: without a result the action hangs for 20 minutes, or a day. A job that waits for a deployment is answered
//! later, by whoever finds its end.

use super::{Contract, Fault, NoAddress, NotTaken, Verdict};
use greenlight_aws::AwsError;
use greenlight_aws::codepipeline::{job_id_of_event, jobs::Told};
use greenlight_core::job::JobId;
use greenlight_core::job::answer::{FailureType, JobFailure};
use greenlight_deployer::{Deployer, job::JobOutcome};
use serde_json::Value;

/// Answers by `PutJobSuccessResult` and `PutJobFailureResult`.
#[derive(Debug)]
pub struct CodePipelineJob<'a>(pub &'a Deployer);

impl Contract for CodePipelineJob<'_> {
    type Address = JobId;
    type Verdict = JobOutcome;
    /// None where it is answered later.
    type Answer = Option<Told>;
    type Error = AwsError;

    fn address(payload: &Value) -> Result<JobId, NoAddress> {
        job_id_of_event(payload).map_err(|error| NoAddress {
            missing: error.to_string(),
        })
    }

    async fn answer(
        &self,
        job: &JobId,
        outcome: &JobOutcome,
    ) -> Result<Option<Told>, NotTaken<AwsError>> {
        self.0.tell(job, outcome).await.map_err(|error| {
            if error.is_retryable() {
                NotTaken::TryAgain(error)
            } else {
                NotTaken::Refused(error)
            }
        })
    }
}

impl Verdict for JobOutcome {
    fn of_fault(fault: &Fault) -> Self {
        let what = match fault {
            Fault::Panicked(said) => format!("A fault in Greenlight stopped the job: {said}"),
            Fault::TimedOut(given) => {
                format!("The job was not done within {} s", given.as_secs())
            }
        };
        let remedy = "see what `greenlight status` and the log of the function pipeline-action say, and release \
                      the change again";
        Self::Failed {
            failure: JobFailure::new::<&str>(
                FailureType::SystemUnavailable,
                &what,
                &[],
                Some(remedy),
            ),
            deployment: None,
        }
    }

    fn log(&self) {
        match self {
            Self::Succeeded(success) => {
                tracing::info!(verdict = "succeeded", "{}", success.summary());
            }
            Self::Failed { failure, .. } => {
                let kind = failure.kind().as_str();
                tracing::warn!(verdict = "failed", kind, "{}", failure.message());
            }
            Self::Later { summary } => tracing::info!(verdict = "later", "{summary}"),
            Self::Again { reason } => tracing::warn!(verdict = "again", "{reason}"),
        }
    }
}
