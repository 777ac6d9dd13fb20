//! A target: one place that images are deployed to, with what has to hold before they are.
//!
//! The types here mean something by construction; the document that people write becomes these
//! types in [`parse`], with every problem at once, and these types become a document again in
//! [`Target::to_value`]. What the document may say is described beside its readers, and
//! [`schema()`] and [`reference`] are made from that; the guide is `docs/targets.md`.

pub mod check;
mod description;
mod gates;
mod name;
mod node;
mod parameter;
mod parse;
pub mod reference;
mod role;
mod schema;
pub mod variable;
mod write;

use std::time::Duration;

use crate::appspec::CapacityProvider;
use crate::image::{Registry, RepositoryRef, RepositoryUri, Tag};
use crate::policy::{self, Glob, Rank, TagPolicy, Verdict};
use crate::window::Windows;

pub use check::Check;
pub use gates::{GatePoint, Gates};
pub use name::{InvalidTargetName, TargetName};
pub use parameter::{InvalidParameterName, ParameterName};
pub use parse::{parse, parse_properties};
pub use role::{InvalidRoleArn, RoleArn};
pub use schema::schema;

/// One place that images are deployed to.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub name: TargetName,
    /// At least one; the images of one repository have the same tags.
    pub images: Vec<ImageSource>,
    /// The ECS service that runs the images. Only a one-shot task and a pipeline can do without.
    pub service: Option<Service>,
    pub deploy: Strategy,
    /// What the new task definition is made from.
    pub task_definition: TaskDefinitionSource,
    /// What the AppSpec of a CodeDeploy deployment is made from.
    pub appspec: AppSpecSource,
    /// The role that is assumed for the calls to ECS, CodeDeploy, Elastic Load Balancing,
    /// CodePipeline and S3; those of the function itself if there is none.
    pub role_arn: Option<RoleArn>,
    /// Tasks that have to succeed, one after the other, before the service is touched.
    pub before: Vec<OneShotTask>,
    pub gates: Gates,
    pub on_failure: OnFailure,
    /// How long a deployment may take; as long as its strategy gives if nothing is said.
    pub timeout: Option<Duration>,
    /// When automatic deployments may start.
    pub windows: Windows,
    pub on_success: OnSuccess,
    /// To which tag an image is promoted by itself that is live and proved here.
    pub promote: Option<Promote>,
}

impl Target {
    /// How long a deployment may take before it counts as stuck. CodeDeploy itself may wait for two days
    /// before the traffic shifts and for two more before it ends the old tasks (AWS-FACTS 5.8).
    pub fn time_limit(&self) -> Duration {
        let days = match self.deploy {
            Strategy::CodeDeploy(_) => 5,
            Strategy::Rolling | Strategy::Native | Strategy::Task(_) | Strategy::Pipeline(_) => 1,
        };
        self.timeout.unwrap_or(Duration::from_hours(24 * days))
    }

    /// The repositories whose pushes this target takes, each once, for somebody whose own registry is
    /// `home`; under their standard host names, which are keys.
    pub fn repositories(&self, home: &Registry) -> Vec<RepositoryUri> {
        let mut found: Vec<RepositoryUri> = Vec::new();
        for image in &self.images {
            let repository = image.repository.resolve(home).canonical();
            if !found.contains(&repository) {
                found.push(repository);
            }
        }
        found
    }

    /// The parameters that say what is live, each with whose image it says: one alone where all
    /// containers take images of one repository, and otherwise one below it for each container.
    pub fn parameters(&self) -> Vec<(ParameterName, &ImageSource)> {
        let (Some(name), Some(first)) = (&self.on_success.parameter, self.images.first()) else {
            return Vec::new();
        };
        if self
            .images
            .iter()
            .all(|it| it.repository == first.repository)
        {
            return vec![(name.clone(), first)];
        }
        let below = |image: &ImageSource| name.below(&image.container);
        let named = self
            .images
            .iter()
            .map(|image| Some((below(image).ok()?, image)));
        named.flatten().collect()
    }
}

/// Which images a container of the task takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSource {
    /// The container's name in the task definition.
    pub container: String,
    pub repository: RepositoryRef,
    /// At least one, and all order in one way.
    pub tags: Vec<TagPolicy>,
    /// Tags that are not taken, whatever takes them.
    pub ignore: Vec<Glob>,
    /// What stands for the image in templates, without the angle brackets: `IMAGE1_NAME`.
    pub placeholder: Option<String>,
}

impl ImageSource {
    /// Whether a push of this tag is taken, and by which rule.
    pub fn decide(&self, tag: &Tag) -> policy::Decision {
        policy::decide(&self.tags, &self.ignore, tag)
    }

    /// Of an image's tags that are taken, the one that comes last in the order, with its rank.
    pub fn best<'t>(&self, tags: impl IntoIterator<Item = &'t Tag>) -> Option<(Tag, Option<Rank>)> {
        let mut best: Option<(Tag, Option<Rank>)> = None;
        for tag in tags {
            let Verdict::Taken { rank } = self.decide(tag).verdict else {
                continue;
            };
            let is_better = match (&rank, &best) {
                (_, None) => true,
                (Some(rank), Some((_, Some(known)))) => rank.compare(known).is_gt(),
                (_, Some(_)) => false,
            };
            if is_better {
                best = Some((tag.clone(), rank));
            }
        }
        best
    }
}

/// An ECS service, by names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    pub cluster: String,
    pub name: String,
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.cluster, self.name)
    }
}

/// How a deployment is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// Blue/green by AWS CodeDeploy.
    CodeDeploy(CodeDeploy),
    /// `UpdateService` of a service whose deployment strategy is `ROLLING`.
    Rolling,
    /// `UpdateService` of a service that declares `BLUE_GREEN`, `LINEAR` or `CANARY`.
    Native,
    /// One `RunTask`, which has to end well.
    Task(OneShotTask),
    /// `StartPipelineExecution` of a pipeline that deploys the image.
    Pipeline(Pipeline),
}

impl Strategy {
    /// The key in the document.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CodeDeploy(_) => "codedeploy",
            Self::Rolling => "rolling",
            Self::Native => "native",
            Self::Task(_) => "task",
            Self::Pipeline(_) => "pipeline",
        }
    }
}

/// The CodeDeploy deployment group that owns the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeDeploy {
    pub application: String,
    pub group: String,
    /// The deployment configuration; the group's own if none is named.
    pub config: Option<String>,
}

/// A task that runs once and has to end with exit code 0 of every essential container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OneShotTask {
    /// The cluster that it runs in; the service's if none is named.
    pub cluster: Option<String>,
    /// What it is made from; as the target's own if nothing is said. Only a task before a deployment
    /// has one of its own.
    pub task_definition: Option<TaskDefinitionSource>,
    /// How it is launched; as the service is if nothing is said.
    pub launch: Option<Launch>,
    /// Where it is attached; as the service is if nothing is said.
    pub network: Option<Network>,
    /// The container whose command is replaced, and that takes the image where the task definition
    /// is a family of its own; the target's first container if none is named.
    pub container: Option<String>,
    /// The command in the place of the container's own.
    pub command: Vec<String>,
}

/// How a task is launched (`RunTask`; AWS-FACTS 6.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launch {
    /// `FARGATE`, `EC2` or `EXTERNAL`.
    Type {
        launch_type: String,
        platform_version: Option<String>,
    },
    /// A capacity provider strategy.
    CapacityProviders {
        providers: Vec<CapacityProvider>,
        platform_version: Option<String>,
    },
}

/// Where a task is attached (`awsvpcConfiguration`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    pub subnets: Vec<String>,
    pub security_groups: Vec<String>,
    pub assign_public_ip: bool,
}

/// The pipeline that deploys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    pub name: String,
    /// The ECR source action that gets the digest as its revision. Without one, a variable has to
    /// name the image.
    pub action: Option<String>,
    /// Pipeline variables and their values, in the order of their names. In the values `{image}`,
    /// `{repository}`, `{digest}`, `{tag}`, `{target}` and `{deployment}` stand for what they say:
    /// see [`variable`].
    pub variables: Vec<(String, String)>,
}

/// What a new task definition is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TaskDefinitionSource {
    /// The one that the service runs.
    #[default]
    Service,
    /// The newest active revision of a family.
    Family(String),
    /// A template.
    S3(S3Object),
}

/// What an AppSpec is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AppSpecSource {
    /// What the service is.
    #[default]
    Service,
    /// A template.
    S3(S3Object),
}

/// An object in S3, written `s3://bucket/key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Object {
    pub bucket: String,
    pub key: String,
}

impl std::fmt::Display for S3Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// What is done when a deployment failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnFailure {
    /// Give the tag back to the image that had it before.
    pub restore_tag: bool,
}

/// How what is deployed is told outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnSuccess {
    /// The tag that the images which are live are given.
    pub tag: Option<Tag>,
    /// The parameter that says which image is live, by its digest.
    pub parameter: Option<ParameterName>,
}

impl OnSuccess {
    /// Whether anything is told.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// How an image is promoted by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promote {
    /// The tag that it is given, and that another target watches.
    pub tag: Tag,
    /// How long it has to be live before.
    pub after: Duration,
}

#[cfg(test)]
mod tests;
