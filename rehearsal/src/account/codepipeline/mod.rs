//! CodePipeline: pipelines that are started, and executions that go through their stages (AWS-FACTS 4.5,
//! 4.6).
//!
//! Pipelines are seeds ([`create_pipeline`]); what an action does is its [`Does`]. Each execution is one
//! tokio task, the `runner`, that waits for its turn in every stage as the pipeline's [`Mode`] says.
//! Not simulated: jobs, approvals, conditions, rollbacks, and artifacts as files.

mod deploy;
mod events;
mod execution;
mod pipeline;
mod read;
mod runner;
mod source;
mod start;
mod stop;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Account, Members, ServiceError, epoch};
use execution::Execution;
pub use pipeline::{
    Action, Does, Failure, Mode, Outcome, Performance, Picked, Pipeline, Program, Stage,
    create_pipeline,
};

/// How many executions of a pipeline are remembered. The oldest that are over are forgotten first.
const REMEMBERED: usize = 1000;

/// What CodePipeline remembers: pipelines by name.
#[derive(Debug, Default)]
pub(crate) struct State {
    pipelines: BTreeMap<String, pipeline::Running>,
}

/// Answers a call.
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    match operation {
        "GetPipelineExecution" => read::get_pipeline_execution(account, members),
        "GetPipelineState" => read::get_pipeline_state(account, members),
        "ListActionExecutions" => read::list_action_executions(account, members),
        "StartPipelineExecution" => start::start_pipeline_execution(account, input),
        "StopPipelineExecution" => stop::stop_pipeline_execution(account, members),
        _ => Err(ServiceError::unknown_operation("codepipeline", operation)),
    }
}

/// How many executions are not over.
pub fn running(account: &Account) -> usize {
    let state = account.state();
    let pipelines = state.codepipeline.pipelines.values();
    pipelines
        .flat_map(|pipeline| &pipeline.executions)
        .filter(|execution| !execution.status.is_over())
        .count()
}

impl State {
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
