//! CodePipeline: pipelines that are started, and executions that go through their stages (AWS-FACTS 2, 3, 4).
//!
//! Pipelines are seeds ([`create_pipeline`]); what an action does is its [`Does`]. Each execution is one
//! tokio task, the `runner`, that waits for its turn in every stage as the pipeline's [`Mode`] says. What
//! functions and workers do for an action are `job`s. Not simulated: approvals, conditions, rollbacks,
//! triggers, and keys of one's own for artifacts.

mod artifact;
mod create;
mod custom;
mod deploy;
mod events;
mod execution;
mod get_pipeline;
mod job;
mod perform;
mod pipeline;
mod read;
mod repository;
mod runner;
mod source;
mod start;
mod stop;
#[cfg(test)]
mod tests;
mod variables;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Account, Members, ServiceError, epoch};
pub use create::create_pipeline;
pub use custom::{CustomActionType, Property, create_custom_action_type};
use execution::{ActionExecution, Execution};
use pipeline::Kind;
pub use pipeline::{
    Action, DeployFiles, Does, Failure, Mode, Outcome, Performance, Picked, Pipeline, Program,
    Stage,
};
pub use repository::push_files;

/// How many executions of a pipeline are remembered. The oldest that are over are forgotten first.
const REMEMBERED: usize = 1000;

/// What stands for a secret in the answers of read operations (AWS-FACTS 3.1).
const HIDDEN: &str = "*****";

/// What CodePipeline remembers.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// By name.
    pipelines: BTreeMap<String, pipeline::Running>,
    types: Vec<CustomActionType>,
    jobs: job::Jobs,
    repositories: repository::Repositories,
}

/// Answers a call.
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    match operation {
        "AcknowledgeJob" => job::acknowledge_job(account, members),
        "GetJobDetails" => job::get_job_details(account, members),
        "GetPipeline" => get_pipeline::get_pipeline(account, members),
        "GetPipelineExecution" => read::get_pipeline_execution(account, members),
        "GetPipelineState" => read::get_pipeline_state(account, members),
        "ListActionExecutions" => read::list_action_executions(account, members),
        "PollForJobs" => job::poll_for_jobs(account, members),
        "PutJobFailureResult" => job::put_job_failure_result(account, members),
        "PutJobSuccessResult" => job::put_job_success_result(account, members),
        "StartPipelineExecution" => start::start_pipeline_execution(account, input),
        "StopPipelineExecution" => stop::stop_pipeline_execution(account, members),
        _ => Err(ServiceError::unknown_operation("codepipeline", operation)),
    }
}

/// How many executions are not over; one whose job waits for its result is among them.
pub fn running(account: &Account) -> usize {
    let state = account.state();
    let pipelines = state.codepipeline.pipelines.values();
    pipelines
        .flat_map(|pipeline| &pipeline.executions)
        .filter(|execution| !execution.status.is_over())
        .count()
}

impl State {
    /// A configuration as everybody may see it: without what its action type calls secret.
    fn shown(&self, kind: &Kind<'_>, configuration: &[(String, String)]) -> Value {
        let of_type = self.custom_type(kind);
        let pairs = configuration.iter().map(|(name, value)| {
            let hidden = of_type.is_some_and(|it| it.hides(name));
            let value = if hidden { HIDDEN } else { value.as_str() };
            (name.clone(), Value::from(value))
        });
        Value::Object(pairs.collect())
    }

    /// `externalExecutionUrl`: where to see what an action does.
    fn execution_url(&self, kind: &Kind<'_>, run: &ActionExecution) -> Option<String> {
        self.custom_type(kind)?
            .execution_url(&run.configuration, run.external_id())
    }

    fn custom_type(&self, kind: &Kind<'_>) -> Option<&CustomActionType> {
        self.types.iter().find(|known| known.is(kind))
    }

    fn pipeline(&self, name: &str) -> Result<&pipeline::Running, ServiceError> {
        self.pipelines.get(name).ok_or_else(|| not_found(name))
    }

    fn pipeline_mut(&mut self, name: &str) -> Result<&mut pipeline::Running, ServiceError> {
        self.pipelines.get_mut(name).ok_or_else(|| not_found(name))
    }
}

impl pipeline::Running {
    fn execution(&self, id: &str) -> Result<&Execution, ServiceError> {
        let known = self.executions.iter().find(|execution| execution.id == id);
        known.ok_or_else(|| {
            ServiceError::new(
                "PipelineExecutionNotFoundException",
                format!("Execution with id '{id}' does not exist in the pipeline"),
            )
        })
    }

    fn execution_mut(&mut self, id: &str) -> Option<&mut Execution> {
        self.executions
            .iter_mut()
            .find(|execution| execution.id == id)
    }
}

fn not_found(name: &str) -> ServiceError {
    ServiceError::new(
        "PipelineNotFoundException",
        format!("Account does not have a pipeline with name '{name}'"),
    )
}
