//! The deploy actions: the picked image in a task definition, and then a deployment (AWS-FACTS 4.1, 4.2).
//!
//! The action `CodeDeployToECS` reads the files of its input artifacts if its pipeline says which; otherwise, and for the
//! action `ECS`, they are made from the live service here.

use std::time::Duration;

use serde_json::{Value, json};

use super::pipeline::{Failure, Outcome, Picked};
use super::{Account, DeployFiles, Does};
use crate::account::{ServiceError, codedeploy, ecs};

/// How often an action looks at its deployment.
const LOOKS_EVERY: Duration = Duration::from_secs(5);
/// How often it looks before it times out: after an hour.
const LOOKS: u32 = 720;

/// The file of an ECR source's artifact (AWS-FACTS 4.3).
const IMAGE_DETAIL: &str = "imageDetail.json";

/// What a copy of a task definition must not have (AWS-FACTS 6.7).
const RESPONSE_ONLY: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// Deploys what the first source picked.
pub(super) async fn deploy(
    account: &Account,
    does: &Does,
    picked: &Picked,
) -> Result<Outcome, Failure> {
    let image = picked
        .images
        .values()
        .next()
        .ok_or_else(|| Failure::job_failed("No source has picked an image"))?;
    match does {
        Does::CodeDeployToEcs {
            application,
            group,
            cluster,
            service,
            container,
        } => {
            let definition = register(account, cluster, service, container, image)?;
            let spec = app_spec(account, &definition, cluster, service)?;
            let id = create_deployment(account, application, group, &spec)?;
            until_deployed(account, &id).await
        }
        Does::CodeDeployFiles {
            application,
            group,
            files,
        } => {
            let spec = filled(account, files, picked)?;
            let id = create_deployment(account, application, group, &spec)?;
            until_deployed(account, &id).await
        }
        Does::Ecs {
            cluster,
            service,
            container,
        } => {
            let definition = register(account, cluster, service, container, image)?;
            let update =
                json!({"cluster": cluster, "service": service, "taskDefinition": definition});
            ecs::handle(account, "UpdateService", update).map_err(refused)?;
            until_stable(account, cluster, service, &definition).await
        }
        _ => Ok(Outcome::default()),
    }
}

/// Registers the service's task definition with the image. Returns its ARN.
fn register(
    account: &Account,
    cluster: &str,
    service: &str,
    container: &str,
    image: &str,
) -> Result<String, Failure> {
    let described = describe(account, cluster, service)?;
    let sets = described["taskSets"].as_array().map(Vec::as_slice);
    let primary = sets
        .unwrap_or_default()
        .iter()
        .find(|set| set["status"] == "PRIMARY");
    let live = primary.unwrap_or(&described)["taskDefinition"].clone();
    let input = json!({"taskDefinition": live, "include": ["TAGS"]});
    let output = ecs::handle(account, "DescribeTaskDefinition", input).map_err(refused)?;
    let mut document = output["taskDefinition"].clone();
    if let Some(members) = document.as_object_mut() {
        members.retain(|name, _| !RESPONSE_ONLY.contains(&name.as_str()));
    }
    let containers = document["containerDefinitions"].as_array_mut();
    let mut containers = containers.into_iter().flatten();
    let Some(definition) = containers.find(|definition| definition["name"] == container) else {
        let message =
            format!("The task definition of service {service} has no container {container}");
        return Err(Failure::job_failed(message));
    };
    definition["image"] = image.into();
    if !output["tags"].is_null() {
        document["tags"] = output["tags"].clone();
    }
    ecs::register_task_definition(account, document).map_err(refused)
}

/// Registers the task definition of the files with the image, and gives their AppSpec with its ARN.
fn filled(account: &Account, files: &DeployFiles, picked: &Picked) -> Result<String, Failure> {
    let text = |artifact: &str, path: &str| {
        let found = picked.files.get(artifact).and_then(|it| it.get(path));
        found.ok_or_else(|| {
            Failure::job_failed(format!(
                "Unable to find the file {path} in the input artifact {artifact}"
            ))
        })
    };
    let not_json = |path: &str, error| {
        Failure::job_failed(format!("The file {path} is not valid JSON: {error}"))
    };
    let (artifact, placeholder) = &files.image;
    let detail = text(artifact, IMAGE_DETAIL)?;
    let detail: Value =
        serde_json::from_str(detail).map_err(|error| not_json(IMAGE_DETAIL, error))?;
    let image = detail["ImageURI"].as_str().unwrap_or_default();
    let (artifact, path) = &files.task_definition;
    let definition = text(artifact, path)?.replace(&format!("<{placeholder}>"), image);
    let definition = serde_json::from_str(&definition).map_err(|error| not_json(path, error))?;
    let arn = ecs::register_task_definition(account, definition).map_err(refused)?;
    let (artifact, path) = &files.app_spec;
    Ok(text(artifact, path)?.replace("<TASK_DEFINITION>", &arn))
}

/// An AppSpec for the live service.
fn app_spec(
    account: &Account,
    definition: &str,
    cluster: &str,
    service: &str,
) -> Result<String, Failure> {
    let view = ecs::service(account, cluster, service);
    let balancer = view
        .iter()
        .flat_map(|view| &view.task_sets)
        .find_map(|set| set.load_balancer.as_ref())
        .ok_or_else(|| Failure::job_failed(format!("Service {service} has no load balancer")))?;
    let spec = json!({
        "version": 0.0,
        "Resources": [{"TargetService": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "TaskDefinition": definition,
                "LoadBalancerInfo": {
                    "ContainerName": balancer.container_name,
                    "ContainerPort": balancer.container_port,
                },
            },
        }}],
    });
    Ok(spec.to_string())
}

fn create_deployment(
    account: &Account,
    application: &str,
    group: &str,
    app_spec: &str,
) -> Result<String, Failure> {
    let input = json!({
        "applicationName": application,
        "deploymentGroupName": group,
        "revision": {
            "revisionType": "AppSpecContent",
            "appSpecContent": {"content": app_spec},
        },
    });
    let output = codedeploy::handle(account, "CreateDeployment", input).map_err(refused)?;
    Ok(output["deploymentId"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

async fn until_deployed(account: &Account, id: &str) -> Result<Outcome, Failure> {
    for _ in 0..LOOKS {
        account.clock().sleep(LOOKS_EVERY).await;
        let input = json!({"deploymentId": id});
        let output = codedeploy::handle(account, "GetDeployment", input).map_err(refused)?;
        let info = &output["deploymentInfo"];
        let why = info["errorInformation"]["message"].as_str();
        match info["status"].as_str() {
            Some("Succeeded") => {
                return Ok(Outcome {
                    summary: "Deployment Succeeded".to_owned(),
                    external_id: Some(id.to_owned()),
                    ..Outcome::default()
                });
            }
            Some(status @ ("Failed" | "Stopped")) => {
                let why = why.unwrap_or(status);
                return Err(Failure {
                    external_id: Some(id.to_owned()),
                    ..Failure::job_failed(format!("Deployment {id} failed: {why}"))
                });
            }
            _ => {}
        }
    }
    Err(timed_out())
}

/// As the real action does: it waits for its task definition to be the service's, and complete.
async fn until_stable(
    account: &Account,
    cluster: &str,
    service: &str,
    definition: &str,
) -> Result<Outcome, Failure> {
    for _ in 0..LOOKS {
        account.clock().sleep(LOOKS_EVERY).await;
        let described = describe(account, cluster, service)?;
        let deployments = described["deployments"].as_array().map(Vec::as_slice);
        let deployments = deployments.unwrap_or_default();
        let own = deployments
            .iter()
            .find(|deployment| deployment["taskDefinition"] == definition);
        let is_primary = own.is_some_and(|own| own["status"] == "PRIMARY");
        let state = own.and_then(|own| own["rolloutState"].as_str());
        let external_id = own.and_then(|own| own["id"].as_str()).map(str::to_owned);
        match state {
            Some("COMPLETED") if is_primary => {
                return Ok(Outcome {
                    summary: "Deployment completed".to_owned(),
                    external_id,
                    ..Outcome::default()
                });
            }
            Some("IN_PROGRESS") if is_primary => {}
            _ => {
                let why = own.and_then(|own| own["rolloutStateReason"].as_str());
                let why = why.unwrap_or("another deployment has taken its place");
                return Err(Failure {
                    external_id,
                    ..Failure::job_failed(format!("The deployment of {service} failed: {why}"))
                });
            }
        }
    }
    Err(timed_out())
}

fn describe(account: &Account, cluster: &str, service: &str) -> Result<Value, Failure> {
    let input = json!({"cluster": cluster, "services": [service]});
    let output = ecs::handle(account, "DescribeServices", input).map_err(refused)?;
    let described = &output["services"][0];
    if described.is_null() {
        return Err(Failure::job_failed(format!(
            "Service {service} was not found"
        )));
    }
    Ok(described.clone())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn refused(error: ServiceError) -> Failure {
    Failure::job_failed(error.to_string())
}

fn timed_out() -> Failure {
    Failure::job_failed("The action timed out after 60 minutes")
}
