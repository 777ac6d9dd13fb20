//! `RunTask`: a deployment that is one task, and the tasks that have to succeed before a deployment.
//!
//! The client token makes a second call give the first one's task; the mark is in `startedBy`, by
//! which the task's events are known as ours (AWS-FACTS 6.6).

use greenlight_aws::{
    AwsError, Clients,
    ecs::{self, ContainerOverride, Network, RunTask, Service},
};
use greenlight_core::target::{self, Launch, OneShotTask};

use super::{Start, Started, Stop};
use crate::Deployer;

impl Deployer {
    pub(super) async fn start_task(
        &self,
        start: &Start<'_>,
        task: &OneShotTask,
    ) -> Result<Started, Stop> {
        let (aws_id, task_definition) = self.run(start, task, None).await?;
        Ok(Started::As {
            aws_id,
            task_definition: Some(task_definition),
        })
    }

    pub(super) async fn run_before(
        &self,
        start: &Start<'_>,
        step: u32,
        task: &OneShotTask,
    ) -> Result<Started, Stop> {
        let (aws_id, task_definition) = self.run(start, task, Some(step)).await?;
        let is_ours = task.task_definition.is_none();
        Ok(Started::Before {
            step,
            aws_id,
            // What was registered for the deployment is not registered again; a family of its own
            // is nothing that the service could run.
            task_definition: is_ours
                .then_some(task_definition)
                .or_else(|| start.order.prepared.task_definition.clone()),
        })
    }

    async fn run(
        &self,
        start: &Start<'_>,
        task: &OneShotTask,
        before: Option<u32>,
    ) -> Result<(String, String), Stop> {
        let service = start.gathered.service.as_ref();
        let cluster = task.cluster.as_deref().or_else(|| {
            let service = start.stored.target.service.as_ref()?;
            Some(service.cluster.as_str())
        });
        let Some(cluster) = cluster else {
            return Err(Stop::Reason(format!(
                "it is not known in which cluster the task of target `{}` is to run; give it `cluster`",
                start.stored.target.name
            )));
        };
        let task_definition = self.definition(start).await?;
        let deployment = start.order.deployment;
        let token = match before {
            Some(step) => format!("{deployment}-{step}"),
            None => deployment.to_string(),
        };
        let container = task
            .container
            .as_ref()
            .or_else(|| start.stored.target.images.first().map(|it| &it.container));
        let mut request = RunTask {
            cluster: cluster.to_owned(),
            task_definition: task_definition.clone(),
            network: network(task, service),
            overrides: overrides(task, container),
            started_by: start.marker.started_by(before),
            client_token: token,
            ..RunTask::default()
        };
        launch(&mut request, task, service);
        let ran = run_once(start.clients, &request).await?;
        Ok((ran, task_definition))
    }
}

/// Runs one task, or finds the one that was run for the same token. Used with other parameters it is a conflict: an
/// earlier start of ours registered another revision before it was broken off. Its task is the one.
pub(crate) async fn run_once(clients: &Clients, request: &RunTask) -> Result<String, AwsError> {
    let conflict = match ecs::run_task(clients, request).await {
        Ok(ran) => return Ok(ran.task_arn),
        Err(error) if error.is("ConflictException") => error,
        Err(error) => return Err(error),
    };
    let (cluster, started_by) = (&request.cluster, &request.started_by);
    let running = ecs::running_tasks(clients, cluster, started_by).await?;
    if let Some(task) = running.into_iter().next() {
        return Ok(task.arn);
    }
    let family = family_of(&request.task_definition);
    let stopped = ecs::tasks_of_family(clients, cluster, family, true).await?;
    stopped
        .into_iter()
        .find(|task| task.started_by == *started_by)
        .map(|task| task.arn)
        .ok_or(conflict)
}

/// The family of a task definition's ARN.
pub(crate) fn family_of(arn: &str) -> &str {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    name.split(':').next().unwrap_or(name)
}

/// What the container does other than its task definition says.
pub(crate) fn overrides(task: &OneShotTask, container: Option<&String>) -> Vec<ContainerOverride> {
    match container {
        Some(container) if !task.command.is_empty() => vec![ContainerOverride {
            container: container.clone(),
            command: task.command.clone(),
            environment: Vec::new(),
        }],
        _ => Vec::new(),
    }
}

/// Where the task is attached: as it says, or as the service is.
pub(crate) fn network(task: &OneShotTask, service: Option<&Service>) -> Option<Network> {
    match &task.network {
        Some(target::Network {
            subnets,
            security_groups,
            assign_public_ip,
        }) => Some(Network {
            subnets: subnets.clone(),
            security_groups: security_groups.clone(),
            assign_public_ip: *assign_public_ip,
        }),
        None => service?.network.clone(),
    }
}

/// How the task is launched: as it says, or as the service is.
pub(crate) fn launch(request: &mut RunTask, task: &OneShotTask, service: Option<&Service>) {
    match (&task.launch, service) {
        (
            Some(Launch::Type {
                launch_type,
                platform_version,
            }),
            _,
        ) => {
            request.launch_type = Some(launch_type.clone());
            request.platform_version.clone_from(platform_version);
        }
        (
            Some(Launch::CapacityProviders {
                providers,
                platform_version,
            }),
            _,
        ) => {
            request.capacity_providers = providers
                .iter()
                .map(|provider| ecs::CapacityProvider {
                    name: provider.name.clone(),
                    base: provider.base,
                    weight: provider.weight,
                })
                .collect();
            request.platform_version.clone_from(platform_version);
        }
        (None, Some(service)) => {
            if service.capacity_providers.is_empty() {
                request.launch_type.clone_from(&service.launch_type);
            } else {
                request
                    .capacity_providers
                    .clone_from(&service.capacity_providers);
            }
            // Under CodeDeploy the task sets say how they are launched.
            if let Some(set) = service.primary() {
                request.platform_version.clone_from(&set.platform_version);
                if !set.capacity_providers.is_empty() {
                    request.launch_type = None;
                    request
                        .capacity_providers
                        .clone_from(&set.capacity_providers);
                }
            } else {
                request
                    .platform_version
                    .clone_from(&service.platform_version);
            }
        }
        (None, None) => {}
    }
}
