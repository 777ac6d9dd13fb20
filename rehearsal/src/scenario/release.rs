//! Releases: executions of the pipelines of `examples/`, as a person starts them, and how they end.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::expectations::{Expectations, Seen};
use super::sample::{Sample, WORKER_REPOSITORY, WORKER_TARGET};
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::codepipeline;

/// How an execution of a pipeline has ended, and one of its actions.
#[derive(Debug)]
pub(super) struct Release {
    /// The execution's id.
    pub(super) execution: String,
    /// `Succeeded`, `Failed`, ….
    pub(super) status: String,
    /// The action.
    pub(super) action: Ended,
}

/// How an action of a pipeline has ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// `Succeeded` or `Failed`.
    pub(super) status: String,
    /// Its output variables.
    pub(super) variables: BTreeMap<String, String>,
    /// `errorDetails`: the code and the message.
    pub(super) error: Option<(String, String)>,
    /// `executionResult`
    pub(super) result: Value,
    /// When it began and ended, in seconds since 1970.
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Ended {
    pub(super) fn of(sample: &Sample, pipeline: &str, execution: &str, action: &str) -> Self {
        let run = sample.action_execution(pipeline, execution, action);
        let run = run.unwrap_or_default();
        let seconds = |member: &str| run[member].as_f64().unwrap_or_default();
        Self {
            status: text(&run["status"]),
            variables: sample.output_variables(pipeline, execution, action),
            error: sample.action_error(pipeline, execution, action),
            result: run["output"]["executionResult"].clone(),
            from: seconds("startTime"),
            to: seconds("lastUpdateTime"),
        }
    }

    /// An output variable.
    pub(super) fn variable(&self, name: &str) -> String {
        self.variables.get(name).cloned().unwrap_or_default()
    }

    /// How it ended, for people.
    pub(super) fn words(&self) -> String {
        match &self.error {
            Some((code, message)) => format!("{}: {code}: {message}", self.status),
            None => self.status.clone(),
        }
    }
}

impl Stage {
    /// Starts a pipeline with values for its variables, as a person would, and waits until all is quiet.
    pub(super) async fn release(
        &self,
        pipeline: &str,
        action: &str,
        variables: &[(&str, &str)],
    ) -> Result<Release, StageError> {
        let given = variables.iter();
        let given = given.map(|(name, value)| format!(" name={name},value={value}"));
        self.timeline.typed(&format!(
            "aws codepipeline start-pipeline-execution --name {pipeline} --variables{}",
            given.collect::<String>()
        ));
        let execution = self.sample.start_pipeline(pipeline, variables)?;
        self.until_quiet().await?;
        let status = self.sample.execution_status(pipeline, &execution);
        Ok(Release {
            status: status.unwrap_or_default(),
            action: Ended::of(&self.sample, pipeline, &execution, action),
            execution,
        })
    }

    /// An action as `GetPipelineState` shows it.
    pub(super) fn action_state(&self, pipeline: &str, action: &str) -> Value {
        let input = json!({"name": pipeline});
        let state = codepipeline::handle(&self.sample.account, "GetPipelineState", &input);
        let state = state.unwrap_or_default();
        let stages = state["stageStates"].as_array().into_iter().flatten();
        let actions = stages.filter_map(|stage| stage["actionStates"].as_array());
        let found = actions.flatten().find(|it| it["actionName"] == action);
        found.cloned().unwrap_or_default()
    }

    /// How often somebody has called an operation with success, or anybody has.
    pub(super) fn calls(&self, caller: Option<&str>, operation: &str) -> usize {
        let calls = self.sample.account.journal().calls();
        let fitting = calls.iter().filter(|call| {
            call.operation == operation
                && call.status == 200
                && caller.is_none_or(|caller| call.caller == caller)
        });
        fitting.count()
    }
}

impl Expectations {
    /// Notes that an execution and its action have succeeded.
    pub(super) fn released(&mut self, what: &str, release: &Release) {
        let Release { status, action, .. } = release;
        self.expect(
            &format!("the release of {what} succeeds"),
            status == "Succeeded" && action.status == "Succeeded",
            format!("execution {status}, action {}", action.words()),
        );
    }

    /// Notes that an image is what the worker runs, and what the record of its target says.
    pub(super) async fn worker_live(
        &mut self,
        stage: &Stage,
        name: &str,
        digest: &str,
    ) -> Result<(), StageError> {
        self.worker_runs(stage, name, digest, "").await
    }

    /// The same after something that should not have changed it.
    pub(super) async fn worker_still_live(
        &mut self,
        stage: &Stage,
        name: &str,
        digest: &str,
    ) -> Result<(), StageError> {
        self.worker_runs(stage, name, digest, "still ").await
    }

    async fn worker_runs(
        &mut self,
        stage: &Stage,
        name: &str,
        digest: &str,
        still: &str,
    ) -> Result<(), StageError> {
        let seen = Seen {
            live: stage.sample.live_worker_digest(),
            current: stage.current_at(WORKER_TARGET, WORKER_REPOSITORY).await?,
        };
        self.runs(&seen, &format!("the worker's {name}"), digest, still);
        Ok(())
    }
}
