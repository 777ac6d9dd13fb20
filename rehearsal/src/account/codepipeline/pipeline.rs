//! A pipeline: stages, actions, and what those do.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use super::Account;
use super::execution::Execution;

/// A pipeline, as a seed.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// What executions do that meet.
    pub mode: Mode,
    /// Its variables, with their defaults; one without has to be given at the start.
    pub variables: Vec<(String, Option<String>)>,
    /// One after the other; the first has the sources.
    pub stages: Vec<Stage>,
}

/// What executions do that meet (AWS-FACTS 4.6). `PARALLEL` is not simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A newer one overtakes those that wait for a stage.
    Superseded,
    /// They wait in line.
    Queued,
}

/// A stage of a pipeline.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Those of one `run_order` run side by side.
    pub actions: Vec<Action>,
}

/// An action of a stage.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// Lower ones run first.
    pub run_order: u32,
    /// At the least.
    pub takes: Duration,
    /// What it does then.
    pub does: Does,
}

/// What an action does.
#[derive(Debug, Clone)]
pub enum Does {
    /// Picks the image under a tag, or the one that the start names: an ECR source.
    Source {
        /// Its repository's name, or URI.
        repository: String,
        /// The tag.
        tag: String,
        /// The output artifact's name.
        artifact: String,
    },
    /// Nothing, well.
    Succeed,
    /// Nothing, badly.
    Fail(Failure),
    /// Deploys the picked image to an ECS service as the action `CodeDeployToECS` does.
    CodeDeployToEcs {
        /// The CodeDeploy application.
        application: String,
        /// And its deployment group.
        group: String,
        /// The service's cluster.
        cluster: String,
        /// The service.
        service: String,
        /// The container that gets the image.
        container: String,
    },
    /// Deploys the picked image to an ECS service by `UpdateService`, as the action `ECS` does.
    Ecs {
        /// The service's cluster.
        cluster: String,
        /// The service.
        service: String,
        /// The container that gets the image.
        container: String,
    },
    /// Something of a test's or scenario's own.
    Run(Program),
}

/// Something that an action does, with what the sources picked.
#[derive(Clone)]
pub struct Program(pub Arc<dyn Fn(Account, Picked) -> Performance + Send + Sync>);

/// An action while it is performed.
pub type Performance = BoxFuture<'static, Result<Outcome, Failure>>;

/// What the sources of an execution picked, and its variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picked {
    /// Source action → `repository URI@digest`.
    pub images: BTreeMap<String, String>,
    /// The variables, with their values.
    pub variables: BTreeMap<String, String>,
}

/// How an action ended well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// `externalExecutionSummary`
    pub summary: String,
    /// `externalExecutionId`, such as a CodeDeploy deployment.
    pub external_id: Option<String>,
}

/// Why an action failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `errorDetails.code`, such as `JobFailed`.
    pub code: String,
    /// `errorDetails.message`
    pub message: String,
    /// `externalExecutionId`, if it came so far.
    pub external_id: Option<String>,
}

/// A pipeline and its executions.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) spec: Pipeline,
    pub(super) created: Timestamp,
    /// Oldest first.
    pub(super) executions: VecDeque<Execution>,
    /// By stage.
    pub(super) turns: Vec<Turns>,
    /// Client request tokens: what was asked, and the execution.
    pub(super) tokens: BTreeMap<String, (Value, String)>,
    /// Somebody left a stage, or is to stop.
    pub(super) changed: Arc<Notify>,
}

/// Whose turn it is in a stage; execution ids.
#[derive(Debug, Default)]
pub(super) struct Turns {
    pub(super) inside: Option<String>,
    /// First come, first served.
    pub(super) waiting: VecDeque<String>,
}

/// A pipeline; one of the same name is replaced, with its executions. The error is a sentence.
pub fn create_pipeline(account: &Account, spec: Pipeline) -> Result<(), String> {
    let Some(first) = spec.stages.first().filter(|_| spec.stages.len() >= 2) else {
        return Err(format!("pipeline {}: at least two stages", spec.name));
    };
    if !first.actions.iter().all(|it| it.does.is_source()) || first.actions.is_empty() {
        return Err(format!(
            "pipeline {}: the first stage must have sources, and nothing else",
            spec.name
        ));
    }
    let others = spec.stages.iter().skip(1).flat_map(|stage| &stage.actions);
    if let Some(source) = others.into_iter().find(|action| action.does.is_source()) {
        return Err(format!(
            "pipeline {}: source {} is not in the first stage",
            spec.name, source.name
        ));
    }
    let running = Running {
        created: account.clock().now(),
        executions: VecDeque::new(),
        turns: spec.stages.iter().map(|_| Turns::default()).collect(),
        tokens: BTreeMap::new(),
        changed: Arc::default(),
        spec,
    };
    let pipelines = &mut account.state().codepipeline.pipelines;
    pipelines.insert(running.spec.name.clone(), running);
    Ok(())
}

impl Mode {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Superseded => "SUPERSEDED",
            Self::Queued => "QUEUED",
        }
    }
}

impl Does {
    pub(super) const fn is_source(&self) -> bool {
        matches!(self, Self::Source { .. })
    }

    /// Category and provider; the owner is always `AWS`, the version `1`.
    pub(super) const fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Source { .. } => ("Source", "ECR"),
            Self::CodeDeployToEcs { .. } => ("Deploy", "CodeDeployToECS"),
            Self::Ecs { .. } => ("Deploy", "ECS"),
            Self::Succeed | Self::Fail(_) | Self::Run(_) => ("Build", "CodeBuild"),
        }
    }
}

impl Failure {
    /// What most failures are.
    pub fn job_failed(message: impl Into<String>) -> Self {
        Self {
            code: "JobFailed".to_owned(),
            message: message.into(),
            external_id: None,
        }
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Program").finish_non_exhaustive()
    }
}
