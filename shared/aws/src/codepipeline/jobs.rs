//! The jobs of CodePipeline's actions: taking them and answering them (AWS-FACTS 2.3, 3.2).
//!
//! How a job arrives as an event is in [`super::event`]; what it asks for in `greenlight_core::job`.

use std::{collections::BTreeMap, fmt};

use aws_sdk_codepipeline::types::{
    self, ActionCategory, ActionOwner, ActionTypeId, ExecutionDetails, FailureDetails, JobStatus,
};
use aws_smithy_types::error::operation::BuildError;
use greenlight_core::job::{
    JobId,
    answer::{JobFailure, JobSuccess, external_id, summary_of},
};

use super::{said, text};
use crate::{AwsError, Clients, Kind, error::failed};

/// The keys to a job's artifacts. They end with the job.
#[derive(Clone, PartialEq, Eq)]
pub struct JobCredentials {
    /// `accessKeyId`
    pub access_key_id: String,
    /// `secretAccessKey`
    pub secret_access_key: String,
    /// `sessionToken`
    pub session_token: String,
}

impl fmt::Debug for JobCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobCredentials(…)")
    }
}

/// Where an input artifact is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArtifactLocation {
    /// Its name in the pipeline.
    pub name: String,
    /// `location.s3Location.bucketName`
    pub bucket: String,
    /// `location.s3Location.objectKey`
    pub key: String,
}

/// Where in which pipeline a job is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PipelineContext {
    /// `pipelineName`
    pub pipeline: Option<String>,
    /// `stage.name`
    pub stage: Option<String>,
    /// `action.name`
    pub action: Option<String>,
    /// `pipelineExecutionId`
    pub execution: Option<String>,
    /// `action.actionExecutionId`
    pub action_execution: Option<String>,
}

/// What a job brings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobData {
    /// `actionConfiguration.configuration`
    pub configuration: BTreeMap<String, String>,
    /// `inputArtifacts`
    pub input_artifacts: Vec<ArtifactLocation>,
    /// `artifactCredentials`
    pub credentials: Option<JobCredentials>,
    /// `continuationToken`: of a job that continues another one, that one's.
    pub continuation_token: Option<String>,
    /// `pipelineContext`: an event does not have it.
    pub pipeline: Option<PipelineContext>,
}

/// A job that nobody has claimed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolledJob {
    /// Its id.
    pub id: JobId,
    /// Whoever gives it back first gets the job.
    pub nonce: String,
    /// What it brings.
    pub data: JobData,
}

/// Whose a polled job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledged {
    /// Whoever has asked is to do it.
    Ours,
    /// Somebody else has it, or it is over.
    Elsewhere,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// CodePipeline has taken it.
    Taken,
    /// The job was over: answered before, cancelled, or out of time.
    AlreadyDecided,
}

/// Jobs of a custom deploy action that wait for a worker, `max` at the most.
pub async fn poll(
    clients: &Clients,
    provider: &str,
    version: &str,
    max: u32,
) -> Result<Vec<PolledJob>, AwsError> {
    const ACTION: &str = "codepipeline:PollForJobs";
    let resource = || format!("custom action type `Deploy/{provider}/{version}`");
    let action_type = ActionTypeId::builder()
        .category(ActionCategory::Deploy)
        .owner(ActionOwner::Custom)
        .provider(provider)
        .version(version)
        .build()
        .map_err(not_built(ACTION, resource()))?;
    let answer = clients
        .codepipeline
        .poll_for_jobs()
        .action_type_id(action_type)
        .max_batch_size(i32::try_from(max.max(1)).unwrap_or(i32::MAX))
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
    let jobs = answer.jobs().iter().filter_map(|job| {
        Some(PolledJob {
            // Without an id and a nonce it cannot be claimed.
            id: job.id()?.parse().ok()?,
            nonce: job.nonce()?.to_owned(),
            data: job.data().map(job_data).unwrap_or_default(),
        })
    });
    Ok(jobs.collect())
}

/// Claims a polled job.
pub async fn acknowledge(
    clients: &Clients,
    id: &JobId,
    nonce: &str,
) -> Result<Acknowledged, AwsError> {
    let result = clients
        .codepipeline
        .acknowledge_job()
        .job_id(id.as_str())
        .nonce(nonce)
        .send()
        .await
        .map_err(failed("codepipeline:AcknowledgeJob", resource(id)));
    match result {
        Ok(answer) if answer.status() == Some(&JobStatus::InProgress) => Ok(Acknowledged::Ours),
        Ok(_) => Ok(Acknowledged::Elsewhere),
        Err(error) if error.is("InvalidNonceException") || error.is("JobNotFoundException") => {
            Ok(Acknowledged::Elsewhere)
        }
        Err(error) => Err(error),
    }
}

/// What a job brings, with credentials that are new. `None` if there is no such job.
pub async fn details(clients: &Clients, id: &JobId) -> Result<Option<JobData>, AwsError> {
    let result = clients
        .codepipeline
        .get_job_details()
        .job_id(id.as_str())
        .send()
        .await
        .map_err(failed("codepipeline:GetJobDetails", resource(id)));
    match result {
        Ok(answer) => Ok(answer
            .job_details()
            .map(|details| details.data().map(job_data).unwrap_or_default())),
        Err(error) if error.is("JobNotFoundException") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Answers that a job has succeeded.
pub async fn succeed(
    clients: &Clients,
    id: &JobId,
    success: &JobSuccess,
) -> Result<Told, AwsError> {
    let details = ExecutionDetails::builder()
        .summary(success.summary())
        .set_external_execution_id(success.external_execution_id().map(str::to_owned))
        .build();
    let variables = success.variables();
    let variables = variables
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let result = clients
        .codepipeline
        .put_job_success_result()
        .job_id(id.as_str())
        .execution_details(details)
        .set_output_variables(
            Some(variables).filter(|it: &std::collections::HashMap<_, _>| !it.is_empty()),
        )
        .send()
        .await
        .map_err(failed(SUCCEED, resource(id)));
    told(result)
}

/// Answers that a job goes on: this one ends, and CodePipeline makes another one with the token.
pub async fn go_on(
    clients: &Clients,
    id: &JobId,
    token: &str,
    summary: &str,
) -> Result<Told, AwsError> {
    let details = ExecutionDetails::builder()
        .summary(summary_of(summary))
        .build();
    let result = clients
        .codepipeline
        .put_job_success_result()
        .job_id(id.as_str())
        .continuation_token(token)
        .execution_details(details)
        .send()
        .await
        .map_err(failed(SUCCEED, resource(id)));
    told(result)
}

/// Answers that a job has failed. `external` is the id that the execution URL leads to.
pub async fn fail(
    clients: &Clients,
    id: &JobId,
    failure: &JobFailure,
    external: Option<&str>,
) -> Result<Told, AwsError> {
    const ACTION: &str = "codepipeline:PutJobFailureResult";
    let external = external.map(external_id).filter(|id| !id.is_empty());
    let details = FailureDetails::builder()
        .r#type(types::FailureType::from(failure.kind().as_str()))
        .message(failure.message())
        .set_external_execution_id(external)
        .build()
        .map_err(not_built(ACTION, resource(id)))?;
    let result = clients
        .codepipeline
        .put_job_failure_result()
        .job_id(id.as_str())
        .failure_details(details)
        .send()
        .await
        .map_err(failed(ACTION, resource(id)));
    told(result)
}

const SUCCEED: &str = "codepipeline:PutJobSuccessResult";

/// Which of the two errors a job that is over gives is not told. AWS-FACTS 2.3.
fn told<T>(result: Result<T, AwsError>) -> Result<Told, AwsError> {
    match result {
        Ok(_) => Ok(Told::Taken),
        Err(error) if error.is("InvalidJobStateException") || error.is("JobNotFoundException") => {
            Ok(Told::AlreadyDecided)
        }
        Err(error) => Err(error),
    }
}

fn resource(id: &JobId) -> String {
    format!("job `{id}`")
}

fn not_built(action: &'static str, resource: String) -> impl FnOnce(BuildError) -> AwsError {
    move |error| AwsError::unusable(action, resource, Kind::Invalid, None, error.to_string())
}

fn job_data(data: &types::JobData) -> JobData {
    let configuration = data
        .action_configuration()
        .and_then(types::ActionConfiguration::configuration)
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.clone()));
    let credentials = data.artifact_credentials().map(|keys| JobCredentials {
        access_key_id: keys.access_key_id().to_owned(),
        secret_access_key: keys.secret_access_key().to_owned(),
        session_token: keys.session_token().to_owned(),
    });
    JobData {
        configuration: configuration.collect(),
        input_artifacts: data.input_artifacts().iter().filter_map(location).collect(),
        credentials,
        continuation_token: said(data.continuation_token()),
        pipeline: data.pipeline_context().map(|context| PipelineContext {
            pipeline: said(context.pipeline_name()),
            stage: said(context.stage().and_then(types::StageContext::name)),
            action: said(context.action().and_then(types::ActionContext::name)),
            execution: said(context.pipeline_execution_id()),
            action_execution: said(
                context
                    .action()
                    .and_then(types::ActionContext::action_execution_id),
            ),
        }),
    }
}

fn location(artifact: &types::Artifact) -> Option<ArtifactLocation> {
    let location = artifact.location()?.s3_location()?;
    Some(ArtifactLocation {
        name: text(artifact.name()),
        bucket: location.bucket_name().to_owned(),
        key: location.object_key().to_owned(),
    })
}

#[cfg(test)]
mod tests;
