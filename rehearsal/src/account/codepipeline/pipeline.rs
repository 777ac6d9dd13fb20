//! A pipeline: stages, actions, and what those do.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
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
    /// Where the artifacts of its executions are; made if there is none.
    pub artifact_bucket: String,
    /// One after the other; the first has the sources.
    pub stages: Vec<Stage>,
}

/// What executions do that meet (AWS-FACTS 4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A newer one overtakes those that wait for a stage.
    Superseded,
    /// They wait in line.
    Queued,
    /// They do not mind each other.
    Parallel,
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
    /// By which its output variables are referred to.
    pub namespace: Option<String>,
    /// The input artifacts: outputs of actions that ran earlier.
    pub inputs: Vec<String>,
    /// The output artifacts. A source has one.
    pub outputs: Vec<String>,
}

/// What an action does.
#[derive(Debug, Clone)]
pub enum Does {
    /// Picks the image under a tag, or the one that the start names: an ECR source. Its artifact has
    /// `imageDetail.json` (AWS-FACTS 4.3).
    Source {
        /// Its repository's name, or URI.
        repository: String,
        /// The tag.
        tag: String,
    },
    /// Picks the last commit of a branch, or the one that the start names: `CodeStarSourceConnection`. Its
    /// artifact has the files that were put there by [`push_files`](super::push_files).
    Files {
        /// `owner/name`
        repository: String,
        /// The branch.
        branch: String,
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
    /// Deploys the picked image as the action `CodeDeployToECS` does, from the files of its input artifacts.
    CodeDeployFiles {
        /// The CodeDeploy application.
        application: String,
        /// And its deployment group.
        group: String,
        /// Where its files are.
        files: DeployFiles,
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
    /// Invokes a Lambda function with a job, and waits for its result (AWS-FACTS 2).
    Invoke {
        /// The function's name.
        function: String,
        /// `UserParameters`, with references to variables.
        user_parameters: Option<String>,
    },
    /// Waits for a worker that takes the job: a custom action of category Deploy (AWS-FACTS 3).
    Custom {
        /// The action type's provider, see [`create_custom_action_type`](super::create_custom_action_type).
        provider: String,
        /// The action type's version.
        version: String,
        /// Its configuration, with references to variables.
        configuration: Vec<(String, String)>,
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
    /// Source artifact → its files, by path.
    pub files: BTreeMap<String, BTreeMap<String, String>>,
}

/// What the action `CodeDeployToECS` takes from its input artifacts (AWS-FACTS 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployFiles {
    /// Artifact and path of the task definition.
    pub task_definition: (String, String),
    /// Artifact and path of the AppSpec.
    pub app_spec: (String, String),
    /// Artifact of an ECR source, and the placeholder that its image is put in the place of.
    pub image: (String, String),
}

/// How an action ended well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// `externalExecutionSummary`
    pub summary: String,
    /// `externalExecutionId`, such as a CodeDeploy deployment.
    pub external_id: Option<String>,
    /// The output variables.
    pub variables: BTreeMap<String, String>,
    /// Output artifact → its files, by path. A declared artifact that is not here is an empty zip.
    pub files: BTreeMap<String, BTreeMap<String, String>>,
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

impl Action {
    /// An action of run order 1 without namespace and artifacts.
    pub fn new(name: &str, takes: Duration, does: Does) -> Self {
        Self {
            name: name.to_owned(),
            run_order: 1,
            takes,
            does,
            namespace: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
        }
    }
}

impl Mode {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Superseded => "SUPERSEDED",
            Self::Queued => "QUEUED",
            Self::Parallel => "PARALLEL",
        }
    }
}

/// What kind of action it is: `actionTypeId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind<'a> {
    pub(super) owner: &'static str,
    pub(super) category: &'a str,
    pub(super) provider: &'a str,
    pub(super) version: &'a str,
}

impl Does {
    pub(super) const fn is_source(&self) -> bool {
        matches!(self, Self::Source { .. } | Self::Files { .. })
    }

    pub(super) fn kind(&self) -> Kind<'_> {
        let (category, provider) = match self {
            Self::Source { .. } => ("Source", "ECR"),
            Self::Files { .. } => ("Source", "CodeStarSourceConnection"),
            Self::CodeDeployToEcs { .. } | Self::CodeDeployFiles { .. } => {
                ("Deploy", "CodeDeployToECS")
            }
            Self::Ecs { .. } => ("Deploy", "ECS"),
            Self::Invoke { .. } => ("Invoke", "Lambda"),
            Self::Succeed | Self::Fail(_) | Self::Run(_) => ("Build", "CodeBuild"),
            Self::Custom {
                provider, version, ..
            } => {
                return Kind {
                    owner: "Custom",
                    category: "Deploy",
                    provider,
                    version,
                };
            }
        };
        Kind {
            owner: "AWS",
            category,
            provider,
            version: "1",
        }
    }

    /// The action's configuration as the pipeline has it, with references to variables.
    pub(super) fn configuration(&self) -> Vec<(String, String)> {
        let pairs: Vec<(&str, &String)> = match self {
            Self::Source { repository, tag } => {
                vec![("RepositoryName", repository), ("ImageTag", tag)]
            }
            Self::Files { repository, branch } => {
                vec![("FullRepositoryId", repository), ("BranchName", branch)]
            }
            Self::CodeDeployToEcs {
                application, group, ..
            } => vec![
                ("ApplicationName", application),
                ("DeploymentGroupName", group),
            ],
            Self::CodeDeployFiles {
                application,
                group,
                files,
            } => vec![
                ("ApplicationName", application),
                ("DeploymentGroupName", group),
                ("TaskDefinitionTemplateArtifact", &files.task_definition.0),
                ("TaskDefinitionTemplatePath", &files.task_definition.1),
                ("AppSpecTemplateArtifact", &files.app_spec.0),
                ("AppSpecTemplatePath", &files.app_spec.1),
                ("Image1ArtifactName", &files.image.0),
                ("Image1ContainerName", &files.image.1),
            ],
            Self::Ecs {
                cluster, service, ..
            } => vec![("ClusterName", cluster), ("ServiceName", service)],
            Self::Invoke {
                function,
                user_parameters,
            } => {
                let parameters = user_parameters.iter();
                let parameters = parameters.map(|it| ("UserParameters", it));
                std::iter::once(("FunctionName", function))
                    .chain(parameters)
                    .collect()
            }
            Self::Custom { configuration, .. } => return configuration.clone(),
            Self::Succeed | Self::Fail(_) | Self::Run(_) => Vec::new(),
        };
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }
}

impl Does {
    /// The same with values in the place of references. Those that do jobs take the values from the configuration
    /// itself.
    pub(super) fn resolved(&self, configuration: &[(String, String)]) -> Self {
        let mut resolved = self.clone();
        let fields = match &mut resolved {
            Self::CodeDeployToEcs {
                application, group, ..
            }
            | Self::CodeDeployFiles {
                application, group, ..
            } => [
                ("ApplicationName", application),
                ("DeploymentGroupName", group),
            ],
            Self::Ecs {
                cluster, service, ..
            } => [("ClusterName", cluster), ("ServiceName", service)],
            _ => return resolved,
        };
        for (name, field) in fields {
            if let Some((_, value)) = configuration.iter().find(|(key, _)| key == name) {
                field.clone_from(value);
            }
        }
        resolved
    }
}

impl Kind<'_> {
    /// As the APIs have it.
    pub(super) fn to_json(self) -> Value {
        json!({
            "category": self.category,
            "owner": self.owner,
            "provider": self.provider,
            "version": self.version,
        })
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

    /// What is wrong with the action itself.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self {
            code: "ConfigurationError".to_owned(),
            ..Self::job_failed(message)
        }
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Program").finish_non_exhaustive()
    }
}
