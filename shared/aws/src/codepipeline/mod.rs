//! AWS CodePipeline: starting a pipeline with an image's digest, and what became of the execution
//! (AWS-FACTS 4.4, 4.5).
//!
//! The jobs by which a pipeline asks something of Greenlight are in [`jobs`].

mod event;
pub mod jobs;
mod pipeline;

use aws_sdk_codepipeline::types::{
    self, ActionExecutionFilter, ActionExecutionStatus, PipelineVariable, SourceRevisionOverride,
    SourceRevisionType,
};
use aws_smithy_types::error::operation::BuildError;
use greenlight_core::image::Digest;
use jiff::Timestamp;

use crate::{AwsError, Clients, Kind, error::failed};

pub use event::{BadJob, is_job_event, job_id_of_event, job_of_event};
pub use pipeline::{Action, Pipeline, Stage, pipeline};

/// Of an execution, so many pages of 100 actions are read at the most, …
const PAGES_LIMIT: usize = 5;
/// … and so many failed ones are told.
const FAILED_LIMIT: usize = 20;
/// So many executions are looked through for one of ours.
const EXECUTIONS_LIMIT: usize = 20;
/// `StopPipelineExecution` takes a reason of so many characters.
const REASON_LIMIT: usize = 200;

/// A pipeline execution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Execution {
    /// `pipelineExecutionId`
    pub id: String,
    /// `InProgress | Stopping | Cancelled | Stopped | Succeeded | Superseded | Failed`
    pub status: String,
    /// `statusSummary`
    pub status_summary: Option<String>,
    /// `executionType` is `ROLLBACK`: a stage goes back to what it ran before.
    pub is_rollback: bool,
    /// What the source actions have really picked.
    pub revisions: Vec<SourceRevision>,
    /// The pipeline's variables, as they were resolved.
    pub variables: Vec<(String, String)>,
}

impl Execution {
    /// Whether nothing of it goes on any more.
    pub fn has_ended(&self) -> bool {
        matches!(
            self.status.as_str(),
            "Cancelled" | "Stopped" | "Succeeded" | "Superseded" | "Failed"
        )
    }

    /// Whether every stage has succeeded. One that a newer execution overtook has not.
    pub fn has_succeeded(&self) -> bool {
        self.status == "Succeeded"
    }
}

/// What a source action has picked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceRevision {
    /// The output artifact's name.
    pub artifact: String,
    /// `revisionId`: for an ECR source, the image's digest.
    pub id: String,
}

/// An action of an execution that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailedAction {
    /// The stage's name.
    pub stage: String,
    /// The action's name.
    pub action: String,
    /// `externalExecutionSummary`
    pub summary: Option<String>,
    /// `errorDetails.code`
    pub error_code: Option<String>,
    /// `errorDetails.message`
    pub error_message: Option<String>,
    /// `externalExecutionId`: a CodeDeploy deployment, a build, …
    pub external_id: Option<String>,
    /// `externalExecutionUrl`
    pub url: Option<String>,
}

/// Starts a pipeline and gives the id of the execution. `token` makes a second call give the first
/// one's execution. `revision` is a source action's name and the image that it is to pick.
pub async fn start_execution(
    clients: &Clients,
    pipeline: &str,
    token: &str,
    revision: Option<(&str, &Digest)>,
    variables: &[(String, String)],
) -> Result<String, AwsError> {
    const ACTION: &str = "codepipeline:StartPipelineExecution";
    let incomplete = |error: BuildError| {
        let message = error.to_string();
        AwsError::unusable(ACTION, resource(pipeline), Kind::Invalid, None, message)
    };
    let revisions = revision
        .map(|(action, digest)| {
            SourceRevisionOverride::builder()
                .action_name(action)
                .revision_type(SourceRevisionType::ImageDigest)
                .revision_value(digest.as_str())
                .build()
        })
        .transpose()
        .map_err(incomplete)?
        .map(|revision| vec![revision]);
    let variables = variables
        .iter()
        .map(|(name, value)| PipelineVariable::builder().name(name).value(value).build())
        .collect::<Result<Vec<_>, _>>()
        .map_err(incomplete)?;
    let answer = clients
        .codepipeline
        .start_pipeline_execution()
        .name(pipeline)
        .client_request_token(token)
        .set_source_revisions(revisions)
        // An empty list is refused (AWS-FACTS 4.5).
        .set_variables(Some(variables).filter(|variables| !variables.is_empty()))
        .send()
        .await
        .map_err(failed(ACTION, resource(pipeline)))?;
    answer.pipeline_execution_id.ok_or_else(|| {
        let message = "the answer holds no execution id";
        AwsError::unusable(ACTION, resource(pipeline), Kind::Unavailable, None, message)
    })
}

/// The execution `id` of a pipeline.
pub async fn execution(clients: &Clients, pipeline: &str, id: &str) -> Result<Execution, AwsError> {
    const ACTION: &str = "codepipeline:GetPipelineExecution";
    let resource = || execution_resource(pipeline, id);
    let answer = clients
        .codepipeline
        .get_pipeline_execution()
        .pipeline_name(pipeline)
        .pipeline_execution_id(id)
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
    let execution = answer.pipeline_execution().ok_or_else(|| {
        let message = "the answer holds no execution";
        AwsError::unusable(ACTION, resource(), Kind::Unavailable, None, message)
    })?;
    Ok(Execution {
        id: text(execution.pipeline_execution_id()),
        status: text(
            execution
                .status()
                .map(types::PipelineExecutionStatus::as_str),
        ),
        status_summary: said(execution.status_summary()),
        is_rollback: execution.execution_type() == Some(&types::ExecutionType::Rollback),
        revisions: execution
            .artifact_revisions()
            .iter()
            .map(|revision| SourceRevision {
                artifact: text(revision.name()),
                id: text(revision.revision_id()),
            })
            .collect(),
        variables: execution
            .variables()
            .iter()
            .map(|variable| (text(variable.name()), text(variable.resolved_value())))
            .collect(),
    })
}

/// The ids of the executions of which an action has begun since then, the newest first; 20 at the most.
pub async fn executions_since(
    clients: &Clients,
    pipeline: &str,
    since: Timestamp,
) -> Result<Vec<String>, AwsError> {
    let mut ids: Vec<String> = Vec::new();
    let mut next_token = None;
    for _ in 0..PAGES_LIMIT {
        let page = clients
            .codepipeline
            .list_action_executions()
            .pipeline_name(pipeline)
            .max_results(100)
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed(
                "codepipeline:ListActionExecutions",
                resource(pipeline),
            ))?;
        let mut is_past = false;
        for action in page.action_execution_details() {
            let began = action
                .start_time()
                .map_or(0, aws_smithy_types::DateTime::secs);
            is_past |= began < since.as_second();
            let id = text(action.pipeline_execution_id());
            if began >= since.as_second() && !ids.contains(&id) {
                ids.push(id);
            }
        }
        next_token = page.next_token().map(str::to_owned);
        if is_past || next_token.is_none() || ids.len() >= EXECUTIONS_LIMIT {
            break;
        }
    }
    ids.truncate(EXECUTIONS_LIMIT);
    Ok(ids)
}

/// The actions of an execution that failed, the last one first; 20 at the most.
pub async fn failed_actions(
    clients: &Clients,
    pipeline: &str,
    id: &str,
) -> Result<Vec<FailedAction>, AwsError> {
    let filter = ActionExecutionFilter::builder()
        .pipeline_execution_id(id)
        .build();
    let mut actions = Vec::new();
    let mut next_token = None;
    for _ in 0..PAGES_LIMIT {
        let page = clients
            .codepipeline
            .list_action_executions()
            .pipeline_name(pipeline)
            .filter(filter.clone())
            .max_results(100)
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed(
                "codepipeline:ListActionExecutions",
                execution_resource(pipeline, id),
            ))?;
        let executions = page.action_execution_details().iter();
        actions.extend(
            executions
                .filter(|action| action.status() == Some(&ActionExecutionStatus::Failed))
                .map(failed_action),
        );
        next_token = page.next_token().map(str::to_owned);
        if next_token.is_none() || actions.len() >= FAILED_LIMIT {
            break;
        }
    }
    actions.truncate(FAILED_LIMIT);
    Ok(actions)
}

/// Stops an execution once the actions that run have ended. That it is being stopped already is a
/// success; that it has ended is a conflict.
pub async fn stop_execution(
    clients: &Clients,
    pipeline: &str,
    id: &str,
    reason: &str,
) -> Result<(), AwsError> {
    let result = clients
        .codepipeline
        .stop_pipeline_execution()
        .pipeline_name(pipeline)
        .pipeline_execution_id(id)
        .abandon(false)
        .reason(reason.chars().take(REASON_LIMIT).collect::<String>())
        .send()
        .await
        .map_err(failed(
            "codepipeline:StopPipelineExecution",
            execution_resource(pipeline, id),
        ));
    match result {
        Err(error) if !error.is("DuplicatedStopRequestException") => Err(error),
        _ => Ok(()),
    }
}

fn resource(pipeline: &str) -> String {
    format!("pipeline `{pipeline}`")
}

fn execution_resource(pipeline: &str, id: &str) -> String {
    format!("execution `{id}` of pipeline `{pipeline}`")
}

fn failed_action(action: &types::ActionExecutionDetail) -> FailedAction {
    let result = action
        .output()
        .and_then(types::ActionExecutionOutput::execution_result);
    let error = result.and_then(types::ActionExecutionResult::error_details);
    FailedAction {
        stage: text(action.stage_name()),
        action: text(action.action_name()),
        summary: said(result.and_then(|result| result.external_execution_summary())),
        error_code: said(error.and_then(types::ErrorDetails::code)),
        error_message: said(error.and_then(types::ErrorDetails::message)),
        external_id: said(result.and_then(|result| result.external_execution_id())),
        url: said(result.and_then(|result| result.external_execution_url())),
    }
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

/// CodePipeline sends empty text where there is nothing to say.
fn said(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, run};

    #[test]
    fn an_execution_is_started_with_the_digest_that_its_source_is_to_pick() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let aws = Scripted::default();
        aws.answer_json(&json!({ "pipelineExecutionId": "e-1" }));
        let id = run(start_execution(
            &aws.clients(),
            "api-prod",
            "01J",
            Some(("Source", &digest.parse().unwrap())),
            &[("ENV".to_owned(), "prod".to_owned())],
        ));
        assert_eq!(id.unwrap(), "e-1");
        assert_eq!(
            aws.sent()[0].json(),
            json!({
                "name": "api-prod",
                "variables": [{ "name": "ENV", "value": "prod" }],
                "clientRequestToken": "01J",
                "sourceRevisions": [{
                    "actionName": "Source",
                    "revisionType": "IMAGE_DIGEST",
                    "revisionValue": digest,
                }],
            })
        );
    }

    #[test]
    fn an_execution_without_revision_and_variables_is_started_without_empty_lists() {
        let aws = Scripted::default();
        aws.answer_json(&json!({ "pipelineExecutionId": "e-1" }));
        run(start_execution(
            &aws.clients(),
            "api-prod",
            "01J",
            None,
            &[],
        ))
        .unwrap();
        assert_eq!(
            aws.sent()[0].json(),
            json!({ "name": "api-prod", "clientRequestToken": "01J" })
        );
    }

    #[test]
    fn an_execution_tells_what_its_source_has_picked() {
        let aws = Scripted::default();
        aws.answer_json(&json!({ "pipelineExecution": {
            "pipelineName": "api-prod",
            "pipelineExecutionId": "e-1",
            "status": "Failed",
            "statusSummary": "",
            "executionType": "ROLLBACK",
            "artifactRevisions": [{ "name": "Image", "revisionId": "sha256:1" }],
            "variables": [{ "name": "LABEL", "resolvedValue": "test" }],
        }}));
        assert_eq!(
            run(execution(&aws.clients(), "api-prod", "e-1")).unwrap(),
            Execution {
                id: "e-1".to_owned(),
                status: "Failed".to_owned(),
                status_summary: None,
                is_rollback: true,
                revisions: vec![SourceRevision {
                    artifact: "Image".to_owned(),
                    id: "sha256:1".to_owned(),
                }],
                variables: vec![("LABEL".to_owned(), "test".to_owned())],
            }
        );
    }

    #[test]
    fn the_failed_actions_are_found_on_every_page() {
        let aws = Scripted::default();
        aws.answer_json(&json!({
            "actionExecutionDetails": [
                { "stageName": "Deploy", "actionName": "Api", "status": "Failed", "output": {
                    "executionResult": {
                        "externalExecutionId": "d-1",
                        "externalExecutionSummary": "rolled back",
                        "externalExecutionUrl": "https://console.aws.amazon.com/d-1",
                        "errorDetails": { "code": "JobFailed", "message": "the gate said no" },
                    },
                }},
                { "stageName": "Source", "actionName": "Source", "status": "Succeeded" },
            ],
            "nextToken": "more",
        }));
        aws.answer_json(&json!({ "actionExecutionDetails": [
            { "stageName": "Test", "actionName": "Unit", "status": "Failed" },
        ]}));
        let actions = run(failed_actions(&aws.clients(), "api-prod", "e-1")).unwrap();
        assert_eq!(
            actions,
            [
                FailedAction {
                    stage: "Deploy".to_owned(),
                    action: "Api".to_owned(),
                    summary: Some("rolled back".to_owned()),
                    error_code: Some("JobFailed".to_owned()),
                    error_message: Some("the gate said no".to_owned()),
                    external_id: Some("d-1".to_owned()),
                    url: Some("https://console.aws.amazon.com/d-1".to_owned()),
                },
                FailedAction {
                    stage: "Test".to_owned(),
                    action: "Unit".to_owned(),
                    ..FailedAction::default()
                },
            ]
        );
        let asked = aws.sent()[1].json();
        assert_eq!(asked["nextToken"], "more");
        assert_eq!(asked["filter"]["pipelineExecutionId"], "e-1");
    }

    #[test]
    fn an_execution_that_is_being_stopped_already_counts_as_stopped() {
        let aws = Scripted::default();
        aws.refuse("DuplicatedStopRequestException", "again");
        run(stop_execution(&aws.clients(), "api-prod", "e-1", "no")).unwrap();
        aws.refuse("PipelineExecutionNotStoppableException", "it has ended");
        let error = run(stop_execution(&aws.clients(), "api-prod", "e-1", "no")).unwrap_err();
        assert_eq!(error.kind, Kind::Conflict);
    }

    #[test]
    fn an_execution_that_was_overtaken_has_ended_without_success() {
        for (status, ended, succeeded) in [
            ("InProgress", false, false),
            ("Stopping", false, false),
            ("Cancelled", true, false),
            ("Stopped", true, false),
            ("Succeeded", true, true),
            ("Superseded", true, false),
            ("Failed", true, false),
            ("", false, false),
        ] {
            let execution = Execution {
                status: status.to_owned(),
                ..Execution::default()
            };
            assert_eq!(execution.has_ended(), ended, "{status}");
            assert_eq!(execution.has_succeeded(), succeeded, "{status}");
        }
    }
}
