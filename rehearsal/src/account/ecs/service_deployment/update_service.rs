//! `UpdateService` (AWS-FACTS 6.1): a new task definition, or a deployment of the same one again.

use serde_json::{Value, json};

use super::begin::{Start, begin};
use super::configuration::{Controller, Scheduling};
use crate::account::ecs::task_set::refresh;
use crate::account::ecs::{Account, Members, Service, ServiceError, State, describe_services};

/// What can be asked for here. Everything else would be ignored, which nobody would notice.
const KNOWN: [&str; 6] = [
    "cluster",
    "service",
    "desiredCount",
    "taskDefinition",
    "forceNewDeployment",
    "healthCheckGracePeriodSeconds",
];

/// What is to be changed.
struct Update {
    desired: Option<u32>,
    grace: Option<u64>,
    /// The ARN.
    task_definition: Option<String>,
    forced: bool,
}

pub(in crate::account::ecs) fn update_service(
    account: &Account,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    if let Some(name) = input
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .find(|name| !KNOWN.contains(&name.as_str()))
    {
        return Err(invalid(format!(
            "The simulated account cannot update {name}."
        )));
    }
    let name = members.string("service")?;
    let (cluster, name, deploys) = {
        let mut state = account.state();
        let cluster = state.ecs.cluster(members.optional_string("cluster")?)?;
        let unknown = || ServiceError::new("ServiceNotFoundException", "Service not found.");
        let service = cluster.service(name).ok_or_else(unknown)?;
        let update = Update::read(&state.ecs, service, members)?;
        let deploys = update.deploys(service);
        if deploys.is_some() {
            service.check_room()?;
        }
        let (cluster, name) = (cluster.name.clone(), service.name.clone());
        if let Some(service) = state.ecs.service_mut(&cluster, &name) {
            update.apply(service);
        }
        (cluster, name, deploys)
    };
    if let Some(task_definition) = deploys {
        begin(account, &cluster, &name, &task_definition, Start::ToRun)?;
    }
    let now = account.clock().now();
    let mut state = account.state();
    refresh(&mut state, now);
    let cluster = state.ecs.cluster(Some(&cluster))?;
    let service = cluster
        .service(&name)
        .ok_or_else(|| ServiceError::new("ServiceNotFoundException", "Service not found."))?;
    let described = describe_services::describe_service(account, &state, cluster, service);
    Ok(json!({"service": described}))
}

impl Update {
    fn read(state: &State, service: &Service, input: Members<'_>) -> Result<Self, ServiceError> {
        let count = |name: &str, most: i64| {
            let value = input.optional_integer(name)?;
            match value {
                Some(value) if !(0..=most).contains(&value) => {
                    Err(invalid(format!("Invalid {name}: {value}")))
                }
                value => Ok(value.and_then(|value| u64::try_from(value).ok())),
            }
        };
        let desired = count("desiredCount", 10_000)?.and_then(|it| u32::try_from(it).ok());
        let grace = count("healthCheckGracePeriodSeconds", i64::from(i32::MAX))?;
        let forced = input.optional_bool("forceNewDeployment")?.unwrap_or(false);
        let named = input.optional_string("taskDefinition")?;
        let controller = match &service.controller {
            Controller::Ecs(controller) => controller,
            other => {
                refuse(other.name(), named.is_some(), forced)?;
                return Ok(Self {
                    desired,
                    grace,
                    task_definition: None,
                    forced: false,
                });
            }
        };
        if desired.is_some() && controller.scheduling == Scheduling::Daemon {
            return Err(invalid(
                "The daemon scheduling strategy does not support a desired count for services. Remove the \
                 desired count value and try again."
                    .to_owned(),
            ));
        }
        let task_definition = match named {
            Some(named) => {
                let client = |message: &str| ServiceError::new("ClientException", message);
                let definition = state
                    .task_definition(named)
                    .ok_or_else(|| client("TaskDefinition not found."))?;
                if definition.document["status"] != "ACTIVE" {
                    return Err(client("TaskDefinition is inactive"));
                }
                if let Some(balancer) = &controller.load_balancer {
                    definition
                        .check_container(&balancer.container_name, balancer.container_port)
                        .map_err(invalid)?;
                }
                Some(definition.arn.clone())
            }
            None => None,
        };
        Ok(Self {
            desired,
            grace,
            task_definition,
            forced,
        })
    }

    /// The task definition that is to be deployed: another one than now, or the same by force.
    fn deploys(&self, service: &Service) -> Option<String> {
        let current = service.primary().map(|set| &set.task_definition);
        match &self.task_definition {
            Some(wanted) if self.forced || current != Some(wanted) => Some(wanted.clone()),
            None if self.forced => current.cloned(),
            _ => None,
        }
    }

    fn apply(&self, service: &mut Service) {
        if let Some(desired) = self.desired {
            service.desired_count = desired;
            service
                .task_sets
                .iter()
                .for_each(|set| set.wake.notify_one());
        }
        if let Some(grace) = self.grace {
            service.health_check_grace = std::time::Duration::from_secs(grace);
        }
    }
}

/// Services under other controllers are not deployed by `UpdateService` (AWS-FACTS 5.11).
fn refuse(controller: &str, task_definition: bool, forced: bool) -> Result<(), ServiceError> {
    let remedy = match controller {
        "CODE_DEPLOY" => "Use AWS CodeDeploy to trigger a new deployment.",
        _ => "Use task sets to deploy.",
    };
    if task_definition {
        return Err(invalid(format!(
            "Unable to update task definition on services with a {controller} deployment controller. {remedy}"
        )));
    }
    if forced {
        return Err(invalid(format!(
            "Cannot force a new deployment on services with a {controller} deployment controller. {remedy}"
        )));
    }
    Ok(())
}

fn invalid(message: String) -> ServiceError {
    ServiceError::new("InvalidParameterException", message)
}
