//! What a job is told when its deployment has ended.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use greenlight_aws::{
    AwsError, chain,
    codepipeline::jobs::{self, Told},
    table::StoredTarget,
};
use greenlight_core::{
    console,
    deployment::{Candidate, DeploymentId, Effect, Ending, Obstacle, Transition},
    job::{
        JobId,
        answer::{FailureType, JobFailure, JobSuccess},
    },
    target::Strategy,
};

use super::{Job, JobOutcome};
use crate::Deployer;

impl Deployer {
    /// Answers the jobs whose deployments a step has ended. What fails is left to the schedule: a
    /// deployment must not hang on it.
    pub(crate) async fn answer_jobs(&self, stored: &StoredTarget, transition: &Transition) {
        for effect in &transition.effects {
            let Effect::Answer {
                jobs,
                deployment,
                ending,
            } = effect
            else {
                continue;
            };
            let outcome = outcome(stored, *deployment, ending);
            join_all(
                jobs.iter()
                    .map(|job| self.answer_one(stored, job, &outcome)),
            )
            .await;
        }
    }

    async fn answer_one(&self, stored: &StoredTarget, job: &JobId, outcome: &JobOutcome) {
        let name = &stored.target.name;
        let answered = async {
            let told = self.tell(job, outcome).await?;
            self.table.job_answered(job).await?;
            Ok::<_, AwsError>(told)
        };
        match answered.await {
            Ok(Some(Told::AlreadyDecided)) => {
                tracing::info!(target = %name, %job, "CodePipeline waits for the job no more");
            }
            Ok(_) => tracing::info!(target = %name, %job, "the job is answered"),
            Err(error) => tracing::error!(
                target = %name,
                %job,
                "the job is not answered yet: {}; {}",
                chain(&error),
                error.hint().unwrap_or_default()
            ),
        }
    }

    /// Notes that a job is answered. If that fails the schedule finds out.
    pub async fn answered(&self, job: &Job) {
        if let Err(error) = self.table.job_answered(&job.id).await {
            tracing::warn!(job = %job.id, "the answer was not noted: {}", chain(&error));
        }
    }

    /// Tells CodePipeline what came of a job; nothing where that is known later.
    pub async fn tell(&self, job: &JobId, outcome: &JobOutcome) -> Result<Option<Told>, AwsError> {
        Ok(match outcome {
            JobOutcome::Succeeded(success) => {
                Some(jobs::succeed(&self.clients, job, success).await?)
            }
            JobOutcome::Failed {
                failure,
                deployment,
            } => {
                let external = deployment.map(|id| id.to_string());
                Some(jobs::fail(&self.clients, job, failure, external.as_deref()).await?)
            }
            JobOutcome::Later { .. } | JobOutcome::Again { .. } => None,
        })
    }
}

/// What a job is told that waited for a deployment.
pub(super) fn outcome(
    stored: &StoredTarget,
    deployment: DeploymentId,
    ending: &Ending,
) -> JobOutcome {
    let target = &stored.target.name;
    let failed = |kind, what: &str, evidence: &[String], remedy: &str| JobOutcome::Failed {
        failure: JobFailure::new(kind, what, evidence, Some(remedy)),
        deployment: Some(deployment),
    };
    match ending {
        Ending::Succeeded {
            candidate,
            aws_id,
            task_definition,
            previous,
        } => {
            let image = candidate.describe();
            let summary = match page(stored, aws_id) {
                Some(page) => format!("{image} is live at `{target}`: {page}"),
                None => format!("{image} is live at `{target}`"),
            };
            let mut variables = variables(candidate, deployment);
            let more = [
                ("AwsDeploymentId", Some(aws_id.clone())),
                ("TaskDefinitionArn", task_definition.clone()),
                ("PreviousDigest", previous.as_ref().map(ToString::to_string)),
            ];
            variables.extend(more.map(|(name, value)| (name, value.unwrap_or_default())));
            JobOutcome::Succeeded(JobSuccess::new(
                &summary,
                Some(&deployment.to_string()),
                variables,
            ))
        }
        Ending::Failed {
            reason,
            evidence,
            aws_id,
        } => {
            let mut evidence = evidence.clone();
            evidence.extend(page(stored, aws_id));
            let what = format!("The deployment to `{target}` failed: {reason}");
            let remedy = format!(
                "mend what the evidence shows and release a new image; `greenlight history {target}` shows \
                 the whole record of deployment {deployment}"
            );
            failed(FailureType::JobFailed, &what, &evidence, &remedy)
        }
        Ending::NotStarted { obstacle, reason } => {
            let kind = match obstacle {
                Obstacle::Configuration => FailureType::ConfigurationError,
                Obstacle::Permission => FailureType::PermissionError,
                Obstacle::Image => FailureType::RevisionUnavailable,
                Obstacle::Person => FailureType::JobFailed,
            };
            let what = format!("The deployment to `{target}` was not started: {reason}");
            failed(kind, &what, &[], "mend this and release the change again")
        }
        Ending::Superseded { reason } => {
            let what = format!("Nothing was deployed to `{target}` for this execution: {reason}");
            let remedy = "release the change again if this image is still the one that you want";
            failed(FailureType::RevisionOutOfSync, &what, &[], remedy)
        }
        Ending::Crowded => {
            let what = format!(
                "So many jobs wait for deployment {deployment} to `{target}` that no more can"
            );
            failed(
                FailureType::SystemUnavailable,
                &what,
                &[],
                "wait until it has ended, and release the change again",
            )
        }
    }
}

/// What is known of every deployment.
pub(super) fn variables(
    candidate: &Candidate,
    deployment: DeploymentId,
) -> BTreeMap<&'static str, String> {
    let tag = candidate.tag.as_ref().map(ToString::to_string);
    [
        ("Image", candidate.pinned()),
        ("Digest", candidate.digest.to_string()),
        ("Tag", tag.unwrap_or_default()),
        ("DeploymentId", deployment.to_string()),
    ]
    .into()
}

/// Where a person looks at the AWS deployment.
fn page(stored: &StoredTarget, aws_id: &str) -> Option<String> {
    let region = stored.home.region();
    match &stored.target.deploy {
        Strategy::Pipeline(pipeline) => console::execution_page(region, &pipeline.name, aws_id),
        _ => console::deployment_page(region, aws_id),
    }
}

#[cfg(test)]
mod tests;
