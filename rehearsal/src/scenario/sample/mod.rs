//! The sample account: a service behind a load balancer, already live, and Greenlight's stack beside it.
//!
//! Rehearsals and the tests of the whole workspace begin here, each with the [`Stand`] that its story needs. The account
//! of a rehearsal is what the stacks of `examples/` create ([`sample_account_for`]); tests, whose services differ from
//! story to story, have the same by hand ([`sample_account_with`]). Everything exists then, except what runs when a
//! function is invoked: that is given to [`Account::deploy`](crate::account::Account::deploy) afterwards, with
//! [`Sample::template`].

mod chain;
mod deployments;
mod executions;
mod gated;
mod infrastructure;
mod infrastructure_files;
mod live;
mod others;
mod quiet;
mod roles;
mod service;
mod stacks;
mod stand;
#[cfg(test)]
mod tests;

use crate::account::containers::ImageSpec;
use crate::account::ecs::{self, ServiceSpec};
use crate::account::template::{Choices, Template};
use crate::account::{Account, Settings, ecr, s3};
use crate::build::workspace;
pub use chain::{CHAIN, CHAIN_FILE, PRODUCTION, STAGING};
pub use gated::Web;
pub use infrastructure_files::infrastructure;
pub(super) use stacks::PIPELINE_ACTION;
pub use stand::Stand;

/// The repository that the sample service's image comes from.
pub const REPOSITORY: &str = "mco/api";
/// The repository of the second container at [`Stand::Sidecars`].
pub const SIDECAR_REPOSITORY: &str = "mco/sidecar";
/// The tag that the sample target watches, in both repositories.
pub const TAG: &str = "test";
/// Name of the ECS cluster, and of the load balancer.
pub const CLUSTER: &str = "mco";
/// Name of the ECS service.
pub const SERVICE: &str = "api";
/// Name of the container of the service that runs the image.
pub const CONTAINER: &str = "api";
/// Name of the secret of which the container gets the value.
pub const SECRET: &str = "mco/api";
/// Name of the parameter of which it does.
pub const PARAMETER: &str = "/mco/api/database-url";
/// Name of the second container at [`Stand::Sidecars`].
pub const SIDECAR: &str = "sidecar";
/// Name of the CodeDeploy application, and of its deployment group.
pub const APPLICATION: &str = "API";
/// Name of the pipeline at [`Stand::Pipeline`].
pub const PIPELINE: &str = "api-test";
/// The bucket of the artifacts of pipelines.
pub const ARTIFACT_BUCKET: &str = "codepipeline-eu-west-1-123456789012";
/// The bucket of the templates at [`Stand::Templates`].
pub const BUCKET: &str = "mco-deployments";
/// Name of the second service at [`Stand::Releases`], of its container and of its family.
pub const WORKER: &str = "worker";
/// The repository of its image.
pub const WORKER_REPOSITORY: &str = "mco/worker";
/// Name of its target.
pub const WORKER_TARGET: &str = "worker-test";
/// The repository of infrastructure files at [`Stand::Releases`].
pub const INFRASTRUCTURE: &str = "mco/infrastructure";
/// Its branch.
pub const INFRASTRUCTURE_BRANCH: &str = "main";
/// Name of the second service at [`Stand::Gated`], of its container and of its load balancer.
pub const WEB: &str = "web";
/// The repository of its image.
pub const WEB_REPOSITORY: &str = "mco/web";
/// Name of its target.
pub const WEB_TARGET: &str = "web-test";
/// Name of the alarm on errors of the sample service at [`Stand::Gated`].
pub const ALARM: &str = "api-errors";
/// Name of that on errors of the second service.
pub const WEB_ALARM: &str = "web-errors";
/// The roles that targets may name as `role_arn`: one of another account, and one of the account's own.
pub const TARGET_ROLES: [&str; 2] = [
    "arn:aws:iam::210987654321:role/greenlight-deploys",
    "arn:aws:iam::123456789012:role/greenlight-deploys",
];
/// The repositories of another account's registry, in another region.
const OTHER_REPOSITORIES: &str = "arn:aws:ecr:us-east-1:210987654321:repository/*";
/// Name of the sample target.
pub const TARGET: &str = "api-test";
/// The sample target's document at [`Stand::CodeDeploy`].
pub const TARGETS: &str = Stand::CodeDeploy.targets();

/// The function of template.yaml that native deployments ask at their lifecycle hooks.
const GATE: &str = "ValidateGreen";

/// The sample account, ready to be used.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The account.
    pub account: Account,
    /// What it is set up for.
    pub stand: Stand,
    /// template.yaml, read, and not deployed yet.
    pub template: Template,
    /// The digest of `v1`, which is live and has the tag.
    pub v1: String,
    /// The digest of the worker's first image, at [`Stand::Releases`].
    pub worker_v1: Option<String>,
    /// The second service, at [`Stand::Gated`].
    pub web: Option<Web>,
    /// The ARN of the production listener.
    pub production_listener: String,
    /// The ARN of the test listener.
    pub test_listener: String,
}

/// Why there is no sample account.
#[derive(Debug, thiserror::Error)]
#[error("the sample account cannot be set up: {0}")]
pub struct SampleError(String);

/// Sets up the sample account for CodeDeploy: `v1` of `mco/api` is pushed, tagged, running, and serves
/// production.
pub fn sample_account(settings: Settings) -> Result<Sample, SampleError> {
    let template = template(&settings)?;
    open(settings, Stand::CodeDeploy, template, |_| {})
}

/// The same at any stand, as the stacks of `examples/` create it.
pub async fn sample_account_for(settings: Settings, stand: Stand) -> Result<Sample, SampleError> {
    let template = template(&settings)?;
    let sample = Box::pin(stacks::open(settings, stand, template)).await?;
    if stand == Stand::Templates {
        others::templates(&sample.account).await?;
    }
    Ok(sample)
}

/// The same by hand, with another service; at [`Stand::Releases`] it is that of the examples, as they are.
pub async fn sample_account_with(
    settings: Settings,
    stand: Stand,
    change: impl FnOnce(&mut ServiceSpec),
) -> Result<Sample, SampleError> {
    let template = template(&settings)?;
    if stand == Stand::Releases {
        return Box::pin(stacks::open(settings, stand, template)).await;
    }
    let sample = open(settings, stand, template, change)?;
    if stand == Stand::Templates {
        others::templates(&sample.account).await?;
    }
    Ok(sample)
}

/// template.yaml, as it is set up in the sample account: the roles and the registry of another account that a target may
/// name are known to it, and all else is as it is by default.
pub fn template(settings: &Settings) -> Result<Template, SampleError> {
    template_with(settings, &[])
}

/// The same with other parameters.
pub fn template_with(
    settings: &Settings,
    parameters: &[(&str, &str)],
) -> Result<Template, SampleError> {
    let path = workspace().join("template.yaml");
    let mut choices = Choices::of(settings);
    let roles = TARGET_ROLES.join(",");
    let all = [
        ("TargetRoleArns", roles.as_str()),
        ("OtherRepositoryArns", OTHER_REPOSITORIES),
    ]
    .into_iter();
    let all = all.chain(parameters.iter().copied());
    choices.parameters = all
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Template::read(&path, &choices).map_err(failed)
}

fn open(
    settings: Settings,
    stand: Stand,
    template: Template,
    change: impl FnOnce(&mut ServiceSpec),
) -> Result<Sample, SampleError> {
    let gate = template.function(GATE);
    let gate = gate.ok_or_else(|| failed(format!("template.yaml has no function {GATE}")))?;
    let account = Account::new(settings);
    roles::add(&account)?;
    let hook = account.functions().arn(&gate.name);
    let (v1, ground) = service::prepare(&account, stand)?;
    let mut spec = service::spec(stand, &ground, &hook);
    change(&mut spec);
    ecs::create_service(&account, spec).map_err(failed)?;
    if stand.is_codedeploy() {
        others::codedeploy(&account, &ground);
    }
    if stand == Stand::Pipeline {
        others::pipeline(&account)?;
    }
    let mut web = None;
    if stand == Stand::Gated {
        web = Some(gated::web(&account, &hook)?);
        gated::alarms(&account);
    }
    Ok(Sample {
        account,
        stand,
        template,
        v1,
        worker_v1: None,
        web,
        production_listener: ground.production_listener,
        test_listener: ground.test_listener,
    })
}

impl SampleError {
    /// Something in the account is not as it should be.
    pub(super) fn of(error: impl std::fmt::Display) -> Self {
        failed(error)
    }
}

fn failed(error: impl std::fmt::Display) -> SampleError {
    SampleError(error.to_string())
}

impl Sample {
    /// Pushes an image to the repository, tagged as the target watches. Returns its digest.
    pub fn push(&self, image: &ImageSpec) -> Result<String, SampleError> {
        self.push_as(TAG, image)
    }

    /// Pushes an image to the repository with another tag. Returns its digest.
    pub fn push_as(&self, tag: &str, image: &ImageSpec) -> Result<String, SampleError> {
        self.push_to(REPOSITORY, tag, image)
    }

    /// Pushes an image to any repository. Returns its digest.
    pub fn push_to(
        &self,
        repository: &str,
        tag: &str,
        image: &ImageSpec,
    ) -> Result<String, SampleError> {
        ecr::push_image(&self.account, repository, &[tag], image).map_err(failed)
    }

    /// Puts a template into the bucket of [`Stand::Templates`].
    pub async fn put_template(&self, key: &str, text: &str) -> Result<(), SampleError> {
        s3::put_object(&self.account, BUCKET, key, text)
            .await
            .map_err(failed)
    }

    /// Gives the watched tag to an image that is in the repository already.
    pub fn tag(&self, digest: &str) -> Result<(), SampleError> {
        ecr::retag(&self.account, REPOSITORY, digest, TAG).map_err(failed)
    }

    /// The digest that the watched tag names.
    pub fn tagged(&self) -> Option<String> {
        ecr::tagged(&self.account, REPOSITORY, TAG)
    }
}
