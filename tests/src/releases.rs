//! Releases by the pipelines of [`Stand::Releases`](rehearsal::scenario::sample::Stand), and others that a test
//! sets up beside them.

use std::collections::BTreeMap;

use greenlight_core::record::DeploymentRecord;
use rehearsal::account::{
    codepipeline::{self, Action, Does, Mode, Pipeline, Stage},
    journal::Tone,
};
use rehearsal::scenario::sample::{REPOSITORY, TAG, WORKER_TARGET};
use tokio::time::Duration;

use crate::world::{PIPELINE_ACTION, World};

/// How an execution of a pipeline, and one of its actions, has ended.
#[derive(Debug, Clone)]
pub struct Release {
    /// The execution's id.
    pub execution: String,
    /// `Succeeded`, `Failed`, …
    pub status: String,
    /// The action's output variables.
    pub variables: BTreeMap<String, String>,
    /// `errorDetails`: the code and the message.
    pub error: Option<(String, String)>,
    /// `externalExecutionSummary`
    pub summary: String,
}

impl Release {
    /// Looks at an execution and at one of its actions.
    pub fn of(world: &World, pipeline: &str, action: &str, execution: &str) -> Self {
        let sample = &world.sample;
        let run = sample.action_execution(pipeline, execution, action);
        let result = run.unwrap_or_default()["output"]["executionResult"].clone();
        let summary = result["externalExecutionSummary"].as_str();
        Self {
            execution: execution.to_owned(),
            status: sample
                .execution_status(pipeline, execution)
                .unwrap_or_default(),
            variables: sample.output_variables(pipeline, execution, action),
            error: sample.action_error(pipeline, execution, action),
            summary: summary.unwrap_or_default().to_owned(),
        }
    }
}

/// Starts a pipeline, waits until all is quiet, and looks.
pub async fn released(
    world: &World,
    pipeline: &str,
    action: &str,
    variables: &[(&str, &str)],
) -> Release {
    let started = world.sample.start_pipeline(pipeline, variables);
    let execution = started.expect("the pipeline can be started");
    world.quiet().await;
    Release::of(world, pipeline, action, &execution)
}

/// The newest record of an image at the worker's target.
pub async fn worker_record(world: &World, digest: &str) -> DeploymentRecord {
    let target = WORKER_TARGET.parse().expect("it is a name");
    let history = world.operator.history(&target, 100).await;
    let mut history = history.expect("the history can be read");
    history.retain(|record| record.candidate.digest.as_str() == digest);
    history.swap_remove(0)
}

/// A pipeline `asks` with one action `Ask` behind an ECR source, whose artifact is `Image`. `UserParameters` are
/// the value of the pipeline's variable `asked`.
pub fn asks(world: &World) {
    asks_with(world, &[]);
}

/// The same with input artifacts.
pub fn asks_with(world: &World, inputs: &[&str]) {
    let function = world.sample.template.function(PIPELINE_ACTION);
    let function = function.expect("template.yaml has it").name.clone();
    let does = Does::Invoke {
        function,
        user_parameters: Some("#{variables.asked}".to_owned()),
    };
    let source = Does::Source {
        repository: REPOSITORY.to_owned(),
        tag: TAG.to_owned(),
    };
    let source = Action {
        outputs: vec!["Image".to_owned()],
        ..Action::new("Source", Duration::from_secs(1), source)
    };
    let ask = Action {
        inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
        namespace: Some("Ask".to_owned()),
        ..Action::new("Ask", Duration::ZERO, does)
    };
    let stage = |name: &str, action| Stage {
        name: name.to_owned(),
        actions: vec![action],
    };
    let pipeline = Pipeline {
        name: "asks".to_owned(),
        mode: Mode::Parallel,
        variables: vec![("asked".to_owned(), Some("{}".to_owned()))],
        artifact_bucket: "mco-asks-artifacts".to_owned(),
        stages: vec![stage("Source", source), stage("Ask", ask)],
    };
    codepipeline::create_pipeline(&world.sample.account, pipeline).expect("it can be created");
}

/// The invocations of functions that failed.
pub fn failures(world: &World) -> Vec<String> {
    let happenings = world.sample.account.journal().happenings().into_iter();
    happenings
        .filter(|it| it.service == "lambda" && it.tone == Tone::Bad)
        .map(|it| it.text)
        .collect()
}
