//! What [`Stand::Releases`](super::Stand::Releases) has besides the sample service: a worker, the repository of
//! infrastructure files, and the pipelines that release both, as `examples/` has them.
//!
//! Pipelines and files are those of the examples, read when the account opens; only their parameters are given
//! here, as a team would.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::service::LOG_DAYS;
use super::{
    APPLICATION, CLUSTER, INFRASTRUCTURE, INFRASTRUCTURE_BRANCH, REPOSITORY, SERVICE, Sample,
    SampleError, TAG, TARGET, WORKER, WORKER_REPOSITORY, WORKER_TARGET, failed,
};
use crate::account::codepipeline;
use crate::account::containers::ImageSpec;
use crate::account::ecs::{self, CircuitBreaker, Controller, EcsController, ServiceSpec, Strategy};
use crate::account::template::{Choices, Template, read_pipelines};
use crate::account::{Account, ecr};
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

/// The worker, live with its first image. Returns that one's digest.
pub(super) fn worker(account: &Account) -> Result<String, SampleError> {
    let uri = ecr::create_repository(account, WORKER_REPOSITORY);
    let first = ImageSpec::healthy("worker-v1");
    let v1 = ecr::push_image(account, WORKER_REPOSITORY, &[TAG], &first).map_err(failed)?;
    let document = task_definition(&format!("{uri}:{TAG}"));
    account.create_log_group("/ecs/worker", Some(LOG_DAYS));
    let task_definition = ecs::register_task_definition(account, document).map_err(failed)?;
    let mut rolling = EcsController::rolling(None);
    rolling.configuration.strategy = Strategy::Rolling {
        circuit_breaker: Some(CircuitBreaker::with_rollback()),
    };
    let spec = ServiceSpec {
        cluster: CLUSTER.to_owned(),
        name: WORKER.to_owned(),
        desired_count: 1,
        task_definition,
        controller: Controller::Ecs(rolling),
        health_check_grace: Duration::ZERO,
    };
    ecs::create_service(account, spec).map_err(failed)?;
    Ok(v1)
}

/// As worker.yaml has it.
fn task_definition(image: &str) -> Value {
    let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    json!({
        "family": WORKER,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "cpu": "256",
        "memory": "512",
        "taskRoleArn": role("worker-task"),
        "executionRoleArn": role("worker-execution"),
        "containerDefinitions": [{
            "name": WORKER,
            "image": image,
            "essential": true,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/ecs/worker",
                    "awslogs-region": "eu-west-1",
                    "awslogs-stream-prefix": WORKER,
                },
            },
        }],
    })
}

/// The files in their repository, and the pipelines `worker`, `api` and `both`.
pub(super) fn pipelines(account: &Account, template: &Template) -> Result<(), SampleError> {
    push(account, &infrastructure()?);
    account.add_action_types(template).map_err(failed)?;
    let function = template.function(PIPELINE_ACTION);
    let function = function
        .ok_or_else(|| failed(format!("template.yaml has no function {PIPELINE_ACTION}")))?;
    let network = [
        ("VpcId", "vpc-0123456789abcdef0"),
        (
            "SubnetIds",
            "subnet-0123456789abcdef0,subnet-0fedcba9876543210",
        ),
        ("FirstTag", TAG),
        ("ClusterName", CLUSTER),
        ("ClusterExists", "true"),
    ];
    let worker = [
        ("ServiceName", WORKER),
        ("RepositoryName", WORKER_REPOSITORY),
        ("TargetName", WORKER_TARGET),
        ("PipelineActionFunction", &function.name),
    ];
    let api = [
        ("ServiceName", SERVICE),
        ("RepositoryName", REPOSITORY),
        ("ApplicationName", APPLICATION),
        (
            "LoadBalancerSubnetIds",
            "subnet-0123456789abcdef0,subnet-0fedcba9876543210",
        ),
        ("TargetName", TARGET),
    ];
    let both = [
        ("WorkerTargetName", WORKER_TARGET),
        ("ApiTargetName", TARGET),
        ("PipelineActionFunction", &function.name),
    ];
    create(account, "worker", &[&network[..], &worker].concat())?;
    create(account, "api", &[&network[..], &api].concat())?;
    create(account, "both", &both)
}

/// The pipeline of an example, which is called as the example is.
fn create(account: &Account, name: &str, given: &[(&str, &str)]) -> Result<(), SampleError> {
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
    let path = workspace().join(format!("examples/{name}.yaml"));
    for pipeline in read_pipelines(&path, &choices).map_err(failed)? {
        codepipeline::create_pipeline(account, pipeline).map_err(failed)?;
    }
    Ok(())
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
