//! The executions of the sample account's pipelines: started, and looked at.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Sample, SampleError, failed};
use crate::account::codepipeline;

impl Sample {
    /// Starts a pipeline with values for its variables. Returns the execution's id.
    pub fn start_pipeline(
        &self,
        pipeline: &str,
        variables: &[(&str, &str)],
    ) -> Result<String, SampleError> {
        let mut input = json!({"name": pipeline});
        if !variables.is_empty() {
            let variables = variables.iter();
            let variables = variables.map(|(name, value)| json!({"name": name, "value": value}));
            input["variables"] = variables.collect();
        }
        let output = codepipeline::handle(&self.account, "StartPipelineExecution", &input);
        let output = output.map_err(failed)?;
        let id = output["pipelineExecutionId"].as_str().unwrap_or_default();
        Ok(id.to_owned())
    }

    /// The status of an execution: `InProgress`, `Succeeded`, …; `None` if there is no such execution.
    pub fn execution_status(&self, pipeline: &str, execution: &str) -> Option<String> {
        let input = json!({"pipelineName": pipeline, "pipelineExecutionId": execution});
        let output = codepipeline::handle(&self.account, "GetPipelineExecution", &input).ok()?;
        let status = output["pipelineExecution"]["status"].as_str()?;
        Some(status.to_owned())
    }

    /// The runs of an execution's actions as `ListActionExecutions` has them, oldest first.
    pub fn action_executions(&self, pipeline: &str, execution: &str) -> Vec<Value> {
        let input = json!({
            "pipelineName": pipeline,
            "filter": {"pipelineExecutionId": execution},
        });
        let output = codepipeline::handle(&self.account, "ListActionExecutions", &input);
        let mut output = output.unwrap_or_default();
        let mut runs = match output["actionExecutionDetails"].take() {
            Value::Array(runs) => runs,
            _ => Vec::new(),
        };
        runs.reverse();
        runs
    }

    /// The last run of one of its actions.
    pub fn action_execution(&self, pipeline: &str, execution: &str, action: &str) -> Option<Value> {
        let runs = self.action_executions(pipeline, execution);
        runs.into_iter()
            .rev()
            .find(|run| run["actionName"] == action)
    }

    /// The output variables of an action that has succeeded.
    pub fn output_variables(
        &self,
        pipeline: &str,
        execution: &str,
        action: &str,
    ) -> BTreeMap<String, String> {
        let run = self.action_execution(pipeline, execution, action);
        let run = run.unwrap_or_default();
        let variables = run["output"]["outputVariables"].as_object().into_iter();
        variables
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect()
    }

    /// Why an action has failed: `JobFailed` and the like, and the message.
    pub fn action_error(
        &self,
        pipeline: &str,
        execution: &str,
        action: &str,
    ) -> Option<(String, String)> {
        let run = self.action_execution(pipeline, execution, action)?;
        let error = &run["output"]["executionResult"]["errorDetails"];
        let (code, message) = (error["code"].as_str()?, error["message"].as_str()?);
        Some((code.to_owned(), message.to_owned()))
    }
}
