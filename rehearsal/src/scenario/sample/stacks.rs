//! The account of a scenario: what the stacks of `examples/` create in it, and what a team pushes before.
//!
//! Services, load balancers, deployment groups, roles, alarms and pipelines are those of the examples, created by the
//! simulated CloudFormation when the account opens; only their parameters are given here, as a team would.

use std::collections::BTreeMap;

use super::infrastructure_files::{self, CONNECTION};
use super::{
    APPLICATION, CLUSTER, GATE, INFRASTRUCTURE, INFRASTRUCTURE_BRANCH, PIPELINE, PRODUCTION,
    REPOSITORY, SERVICE, SIDECAR_REPOSITORY, STAGING, Sample, SampleError, Stand, TAG, TARGET, WEB,
    WEB_REPOSITORY, WORKER, WORKER_REPOSITORY, WORKER_TARGET, Web, failed,
};
use crate::account::containers::ImageSpec;
use crate::account::template::{Choices, Template};
use crate::account::{Account, Settings, ecr};
use crate::build::workspace;

/// The function of template.yaml that does the work of the pipelines' actions.
pub(in super::super) const PIPELINE_ACTION: &str = "PipelineAction";

const VPC: &str = "vpc-0123456789abcdef0";
const SUBNETS: &str = "subnet-0123456789abcdef0,subnet-0fedcba9876543210";
/// So many minutes the old tasks stay, and a canary has its share.
const BAKE_MINUTES: &str = "2";
/// Where the sample targets have gates.
const STAGES: &str = "POST_SCALE_UP,POST_TEST_TRAFFIC_SHIFT,PRE_PRODUCTION_TRAFFIC_SHIFT";
/// And where ECS asks on the way back, too.
const STAGES_AND_SHIFT: &str = "POST_SCALE_UP,POST_TEST_TRAFFIC_SHIFT,PRE_PRODUCTION_TRAFFIC_SHIFT,\
                                PRODUCTION_TRAFFIC_SHIFT";

type Parameters<'a> = Vec<(&'a str, &'a str)>;

/// The account, with the first images live and nothing of Greenlight deployed yet.
pub(super) async fn open(
    settings: Settings,
    stand: Stand,
    template: Template,
) -> Result<Sample, SampleError> {
    let name_of = |id: &str| {
        let function = template.function(id);
        let function = function.map(|it| it.name.clone());
        function.ok_or_else(|| failed(format!("template.yaml has no function {id}")))
    };
    let (gate, action) = (name_of(GATE)?, name_of(PIPELINE_ACTION)?);
    let account = Account::new(settings);
    let gate = account.functions().arn(&gate);
    let v1 = first(&account, REPOSITORY, "v1")?;
    infrastructure_files::push(&account, &infrastructure_files::infrastructure()?);
    account.add_action_types(&template).map_err(failed)?;
    let greenlight = read("template.yaml")?;
    let choices = Choices::of(account.settings());
    let exported = account.stacks().exports_of(&greenlight, &choices);
    exported.map_err(failed)?;

    let (mut worker_v1, mut web) = (None, None);
    match stand {
        Stand::CodeDeploy | Stand::Templates => create_api(&account).await?,
        Stand::Pipeline => {
            create_api(&account).await?;
            let image = [("PipelineName", PIPELINE), ("ImageTag", TAG)];
            let image = with_pipeline(&image);
            create(&account, PIPELINE, "image-pipeline", &image).await?;
        }
        Stand::Releases => {
            worker_v1 = Some(first(&account, WORKER_REPOSITORY, "worker-v1")?);
            create_api(&account).await?;
            create_worker(&account, WORKER, WORKER_REPOSITORY, WORKER_TARGET, &action).await?;
            let both = [
                ("PipelineName", "both"),
                ("WorkerTargetName", WORKER_TARGET),
                ("ApiTargetName", TARGET),
                ("PipelineActionFunction", &action),
            ];
            create(&account, "both", "both", &with_pipeline(&both)).await?;
        }
        Stand::Gated => {
            let v1 = first(&account, WEB_REPOSITORY, "web-v1")?;
            create_api(&account).await?;
            let native = [
                ("ClusterExists", "true"),
                ("DeploymentStrategy", "BLUE_GREEN"),
                ("GateFunctionArn", &gate),
            ];
            create_web(&account, WEB, WEB_REPOSITORY, &native).await?;
            let (production_listener, test_listener) = listeners(&account, WEB);
            web = Some(Web {
                v1,
                production_listener,
                test_listener,
            });
        }
        Stand::Rolling | Stand::Migration | Stand::Task => {
            let rolling = [("DeploymentStrategy", "ROLLING")];
            create_web(&account, SERVICE, REPOSITORY, &rolling).await?;
        }
        Stand::Sidecars => {
            first(&account, SIDECAR_REPOSITORY, "sidecar-v1")?;
            let rolling = [
                ("DeploymentStrategy", "ROLLING"),
                ("SidecarRepositoryName", SIDECAR_REPOSITORY),
            ];
            create_web(&account, SERVICE, REPOSITORY, &rolling).await?;
        }
        Stand::BlueGreen | Stand::Canary | Stand::PausedCanary => {
            let (stages, pauses) = match stand {
                Stand::PausedCanary => (STAGES_AND_SHIFT, "true"),
                _ => (STAGES, "false"),
            };
            let strategy = match stand {
                Stand::BlueGreen => "BLUE_GREEN",
                _ => "CANARY",
            };
            let native = [
                ("DeploymentStrategy", strategy),
                ("GateFunctionArn", &gate),
                ("GateStages", stages),
                ("PauseBeforeProduction", pauses),
            ];
            create_web(&account, SERVICE, REPOSITORY, &native).await?;
        }
    }
    let (production_listener, test_listener) = listeners(&account, SERVICE);
    Ok(Sample {
        account,
        stand,
        template,
        v1,
        worker_v1,
        web,
        production_listener,
        test_listener,
    })
}

impl Sample {
    /// Creates the other two services of [`CHAIN`](super::CHAIN), which run `v1` as the sample service does, a task each.
    pub async fn create_chain(&self) -> Result<(), SampleError> {
        let action = self.template.function(PIPELINE_ACTION);
        let action = action.map_or("", |it| it.name.as_str());
        for name in [STAGING, PRODUCTION] {
            create_worker(&self.account, name, REPOSITORY, name, action).await?;
        }
        Ok(())
    }
}

/// A repository and its first image, with the tag that services start with. Returns its digest.
fn first(account: &Account, repository: &str, version: &str) -> Result<String, SampleError> {
    ecr::create_repository(account, repository);
    let image = ImageSpec::healthy(version);
    ecr::push_image(account, repository, &[TAG], &image).map_err(failed)
}

async fn create_api(account: &Account) -> Result<(), SampleError> {
    let api = [
        ("PipelineName", "api"),
        ("ServiceName", SERVICE),
        ("RepositoryName", REPOSITORY),
        ("ApplicationName", APPLICATION),
        ("LoadBalancerSubnetIds", SUBNETS),
        ("TargetName", TARGET),
        ("TerminationWaitMinutes", "1"),
        // So that an image that is no good has to be found out by the gate.
        ("HealthCheckPath", "/ping"),
    ];
    let api = with_pipeline(&in_network(&api));
    create(account, SERVICE, "api", &api).await
}

/// The worker's pipeline is called as its service is.
async fn create_worker(
    account: &Account,
    name: &str,
    repository: &str,
    target: &str,
    action: &str,
) -> Result<(), SampleError> {
    let worker = [
        ("PipelineName", name),
        ("ClusterExists", "true"),
        ("ServiceName", name),
        ("RepositoryName", repository),
        ("TargetName", target),
        ("PipelineActionFunction", action),
    ];
    let worker = with_pipeline(&in_network(&worker));
    create(account, name, "worker", &worker).await
}

async fn create_web(
    account: &Account,
    name: &str,
    repository: &str,
    given: &[(&str, &str)],
) -> Result<(), SampleError> {
    let web = [
        ("ServiceName", name),
        ("RepositoryName", repository),
        ("LoadBalancerSubnetIds", SUBNETS),
        ("HealthCheckPath", "/ping"),
        ("BakeMinutes", BAKE_MINUTES),
        ("CanaryBakeMinutes", BAKE_MINUTES),
    ];
    let web = in_network(&[&web[..], given].concat());
    create(account, name, "web", &web).await
}

fn in_network<'a>(given: &[(&'a str, &'a str)]) -> Parameters<'a> {
    let network = [
        ("VpcId", VPC),
        ("SubnetIds", SUBNETS),
        ("FirstTag", TAG),
        ("ClusterName", CLUSTER),
    ];
    [&network[..], given].concat()
}

fn with_pipeline<'a>(given: &[(&'a str, &'a str)]) -> Parameters<'a> {
    let files = [
        ("ConnectionArn", CONNECTION),
        ("InfrastructureRepository", INFRASTRUCTURE),
        ("InfrastructureBranch", INFRASTRUCTURE_BRANCH),
    ];
    [&files[..], given].concat()
}

/// A stack of an example.
async fn create(
    account: &Account,
    name: &str,
    example: &str,
    given: &[(&str, &str)],
) -> Result<(), SampleError> {
    let parameters = given.iter();
    let parameters = parameters.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let choices = Choices {
        parameters: parameters.collect(),
        names: BTreeMap::from([("ArtifactBucket".to_owned(), format!("mco-{name}-artifacts"))]),
        ..Choices::of(account.settings())
    };
    let text = read(&format!("examples/{example}.yaml"))?;
    let created = account.stacks().create(name, &text, &choices).await;
    created.map_err(|failure| failed(format!("examples/{example}.yaml: {failure}")))
}

/// The production and the test listener of a service's stack.
fn listeners(account: &Account, stack: &str) -> (String, String) {
    let listener = |id: &str| account.stacks().physical_id(stack, id).unwrap_or_default();
    (listener("ProductionListener"), listener("TestListener"))
}

/// A file of the workspace.
fn read(path: &str) -> Result<String, SampleError> {
    let text = std::fs::read_to_string(workspace().join(path));
    text.map_err(|error| failed(format!("{path}: {error}")))
}

#[cfg(test)]
#[path = "stacks_tests.rs"]
mod tests;
