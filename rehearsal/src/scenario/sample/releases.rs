//! [`Stand::Releases`]: the sample service, a worker, the repository of infrastructure files, and the pipelines that
//! release both, as `examples/` has them.
//!
//! Services, load balancer, deployment group, pipelines and files are those of the examples, created by the simulated
//! CloudFormation when the account opens; only their parameters are given here, as a team would.

use std::collections::BTreeMap;

use super::{
    APPLICATION, CLUSTER, INFRASTRUCTURE, INFRASTRUCTURE_BRANCH, REPOSITORY, SERVICE, Sample,
    SampleError, Stand, TAG, TARGET, WORKER, WORKER_REPOSITORY, WORKER_TARGET, failed,
};
use crate::account::codepipeline;
use crate::account::containers::ImageSpec;
use crate::account::template::{Choices, Template};
use crate::account::{Account, Settings, ecr};
use crate::build::workspace;

/// The function of template.yaml that does the work of the pipelines' actions.
pub(in super::super) const PIPELINE_ACTION: &str = "PipelineAction";

/// The files that the examples' pipelines take.
const FILES: [&str; 3] = [
    "worker/taskdef.json",
    "api/taskdef.json",
    "api/appspec.yaml",
];

/// The connection by which the pipelines read them.
const CONNECTION: &str = "arn:aws:codeconnections:eu-west-1:123456789012:connection/7d8a2d5e-2f43-4d2c-9f6b-0b6a3f3f1c55";

/// The stand: two services that are live with their first images, and the pipelines that release both. All of it is what
/// the stacks `api`, `worker` and `both` of the examples create.
pub(super) async fn open(settings: Settings, template: Template) -> Result<Sample, SampleError> {
    let account = Account::new(settings);
    let first = |repository: &str, version: &str| {
        ecr::create_repository(&account, repository);
        let image = ImageSpec::healthy(version);
        ecr::push_image(&account, repository, &[TAG], &image).map_err(failed)
    };
    let (v1, worker_v1) = (
        first(REPOSITORY, "v1")?,
        first(WORKER_REPOSITORY, "worker-v1")?,
    );
    push(&account, &infrastructure()?);
    account.add_action_types(&template).map_err(failed)?;
    let greenlight = read("template.yaml")?;
    let choices = Choices::of(account.settings());
    let exported = account.stacks().exports_of(&greenlight, &choices);
    exported.map_err(failed)?;
    let function = template.function(PIPELINE_ACTION);
    let function = function
        .ok_or_else(|| failed(format!("template.yaml has no function {PIPELINE_ACTION}")))?;
    let subnets = "subnet-0123456789abcdef0,subnet-0fedcba9876543210";
    let network = [
        ("VpcId", "vpc-0123456789abcdef0"),
        ("SubnetIds", subnets),
        ("FirstTag", TAG),
        ("ClusterName", CLUSTER),
    ];
    let api = [
        ("ServiceName", SERVICE),
        ("RepositoryName", REPOSITORY),
        ("ApplicationName", APPLICATION),
        ("LoadBalancerSubnetIds", subnets),
        ("TargetName", TARGET),
        ("TerminationWaitMinutes", "1"),
        // So that an image that is no good has to be found out by the gate.
        ("HealthCheckPath", "/ping"),
    ];
    let worker = [
        ("ClusterExists", "true"),
        ("ServiceName", WORKER),
        ("RepositoryName", WORKER_REPOSITORY),
        ("TargetName", WORKER_TARGET),
        ("PipelineActionFunction", &function.name),
    ];
    let both = [
        ("WorkerTargetName", WORKER_TARGET),
        ("ApiTargetName", TARGET),
        ("PipelineActionFunction", &function.name),
    ];
    create(&account, "api", &[&network[..], &api].concat()).await?;
    create(&account, "worker", &[&network[..], &worker].concat()).await?;
    create(&account, "both", &both).await?;
    let listener = |id: &str| account.stacks().physical_id("api", id).unwrap_or_default();
    Ok(Sample {
        stand: Stand::Releases,
        template,
        v1,
        worker_v1: Some(worker_v1),
        web: None,
        production_listener: listener("ProductionListener"),
        test_listener: listener("TestListener"),
        account: account.clone(),
    })
}

/// The stack of an example, whose pipeline is called as the example is.
async fn create(account: &Account, name: &str, given: &[(&str, &str)]) -> Result<(), SampleError> {
    let of_every_example = [
        ("PipelineName", name),
        ("ConnectionArn", CONNECTION),
        ("InfrastructureRepository", INFRASTRUCTURE),
        ("InfrastructureBranch", INFRASTRUCTURE_BRANCH),
    ];
    let parameters = of_every_example.iter().chain(given);
    let parameters = parameters.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let choices = Choices {
        parameters: parameters.collect(),
        names: BTreeMap::from([("ArtifactBucket".to_owned(), format!("mco-{name}-artifacts"))]),
        ..Choices::of(account.settings())
    };
    let text = read(&format!("examples/{name}.yaml"))?;
    let created = account.stacks().create(name, &text, &choices).await;
    created.map_err(|failure| failed(format!("examples/{name}.yaml: {failure}")))
}

/// A file of the workspace.
fn read(path: &str) -> Result<String, SampleError> {
    let text = std::fs::read_to_string(workspace().join(path));
    text.map_err(|error| failed(format!("{path}: {error}")))
}

/// The files that the repository of infrastructure files begins with, by path: those of
/// `examples/infrastructure`.
pub fn infrastructure() -> Result<BTreeMap<String, String>, SampleError> {
    let folder = workspace().join("examples/infrastructure");
    let files = FILES.into_iter().map(|path| {
        let text = std::fs::read_to_string(folder.join(path))
            .map_err(|error| failed(format!("examples/infrastructure/{path}: {error}")))?;
        Ok((path.to_owned(), text))
    });
    files.collect()
}

fn push(account: &Account, files: &BTreeMap<String, String>) -> String {
    let files = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let files: Vec<_> = files.collect();
    codepipeline::push_files(account, INFRASTRUCTURE, INFRASTRUCTURE_BRANCH, &files)
}

impl Sample {
    /// Commits these files to the repository of infrastructure files, in the place of all that it has. Returns
    /// the commit's id.
    pub fn push_infrastructure(&self, files: &BTreeMap<String, String>) -> String {
        push(&self.account, files)
    }
}

#[cfg(test)]
#[path = "releases_tests.rs"]
mod tests;
