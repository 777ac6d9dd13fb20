//! Services: what they declare, what they run, and giving them another task definition
//! (AWS-FACTS 5.11, 6.1, 6.2, 7.1, 7.2).

use aws_sdk_ecs::types;
use jiff::Timestamp;

use super::{
    CapacityProvider, Network, TaskSet, count,
    placement::{capacity_providers, network},
    task_set,
};
use crate::{AwsError, Clients, Kind, error::failed, timestamp};

/// A service, as far as deployments need it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// `serviceArn`
    pub arn: String,
    /// `ACTIVE | DRAINING | INACTIVE`
    pub status: String,
    /// `ECS | CODE_DEPLOY | EXTERNAL`
    pub controller: String,
    /// `REPLICA | DAEMON`
    pub scheduling: String,
    /// `desiredCount`
    pub desired: u32,
    /// `taskDefinition`; under `CODE_DEPLOY` and `EXTERNAL` the task sets have their own.
    pub task_definition: Option<String>,
    /// `ROLLING | BLUE_GREEN | LINEAR | CANARY`
    pub strategy: String,
    /// `deploymentConfiguration.deploymentCircuitBreaker`
    pub circuit_breaker: Option<CircuitBreaker>,
    /// `deploymentConfiguration.minimumHealthyPercent`
    pub minimum_healthy_percent: Option<u32>,
    /// `deploymentConfiguration.maximumPercent`
    pub maximum_percent: Option<u32>,
    /// The names of `deploymentConfiguration.alarms`, which fail a deployment; none, if they are not listened to.
    pub alarms: Vec<String>,
    /// Under `ECS`, one for each revision that is there. Under `CODE_DEPLOY` they mean nothing
    /// (AWS-FACTS 11.8).
    pub deployments: Vec<RollingDeployment>,
    /// `deploymentConfiguration.lifecycleHooks`
    pub hooks: Vec<LifecycleHook>,
    /// `loadBalancers`
    pub load_balancers: Vec<ServiceLoadBalancer>,
    /// The ARN of the service deployment that goes on, or was the last.
    pub current_deployment: Option<String>,
    /// The ARNs of the service revisions that have tasks.
    pub current_revisions: Vec<String>,
    /// `networkConfiguration`, for tasks with an address of their own.
    pub network: Option<Network>,
    /// `launchType`, where there is no capacity provider strategy.
    pub launch_type: Option<String>,
    /// `capacityProviderStrategy`
    pub capacity_providers: Vec<CapacityProvider>,
    /// `platformVersion`, on Fargate.
    pub platform_version: Option<String>,
    /// Under `CODE_DEPLOY`, one for each revision that is there.
    pub task_sets: Vec<TaskSet>,
}

impl Service {
    /// The task set that carries the production traffic.
    pub fn primary(&self) -> Option<&TaskSet> {
        self.task_sets.iter().find(|set| set.status == "PRIMARY")
    }

    /// The task set that a CodeDeploy deployment has created (AWS-FACTS 5.11).
    pub fn created_by(&self, codedeploy_deployment: &str) -> Option<&TaskSet> {
        self.task_sets
            .iter()
            .find(|set| set.external_id.as_deref() == Some(codedeploy_deployment))
    }

    /// The deployment that the service strives for. After a rollback it runs the old task definition.
    pub fn primary_deployment(&self) -> Option<&RollingDeployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.status == "PRIMARY")
    }

    /// A deployment that goes on.
    pub fn in_progress(&self) -> Option<&RollingDeployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.rollout_state.as_deref() == Some("IN_PROGRESS"))
    }
}

/// What stops a rolling deployment whose tasks do not start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// It fails the deployment.
    pub enabled: bool,
    /// And goes back to the last one that completed.
    pub rollback: bool,
}

/// One of `deployments[]` of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollingDeployment {
    /// `ecs-svc/…`, which its tasks carry in `startedBy`.
    pub id: String,
    /// `PRIMARY | ACTIVE | INACTIVE`
    pub status: String,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// `IN_PROGRESS | COMPLETED | FAILED`; absent for services without a rolling update.
    pub rollout_state: Option<String>,
    /// `rolloutStateReason`
    pub rollout_reason: Option<String>,
    /// `desiredCount`
    pub desired: u32,
    /// `runningCount`
    pub running: u32,
    /// `pendingCount`
    pub pending: u32,
    /// `failedTasks`
    pub failed: u32,
    /// `createdAt`
    pub created_at: Option<Timestamp>,
    /// `platformVersion`, on Fargate.
    pub platform_version: Option<String>,
    /// `capacityProviderStrategy`
    pub capacity_providers: Vec<CapacityProvider>,
}

/// A hook that a service declares for its own deployments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LifecycleHook {
    /// `AWS_LAMBDA | PAUSE`
    pub target_type: String,
    /// The function's ARN.
    pub target_arn: Option<String>,
    /// The role with which ECS calls it.
    pub role: Option<String>,
    /// The stages at which it is called, as they are written.
    pub stages: Vec<String>,
    /// `timeoutConfiguration.timeoutInMinutes`: so long a stage waits for it (AWS-FACTS 7.2).
    pub timeout_in_minutes: Option<u32>,
}

/// A load balancer of a service. Which of the two target groups is green alternates with every
/// deployment (AWS-FACTS 7.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceLoadBalancer {
    /// `targetGroupArn`; absent for a Classic Load Balancer.
    pub target_group: Option<String>,
    /// `advancedConfiguration.alternateTargetGroupArn`
    pub alternate_target_group: Option<String>,
    /// The container's name.
    pub container: Option<String>,
    /// The container's port.
    pub port: Option<u16>,
    /// The listener rule that carries production; for a Network Load Balancer, the listener.
    pub production_listener_rule: Option<String>,
    /// The listener rule that carries tests; for a Network Load Balancer, the listener.
    pub test_listener_rule: Option<String>,
    /// `advancedConfiguration.roleArn`: the role with which ECS shifts the traffic.
    pub role: Option<String>,
}

/// The service `name` of `cluster`.
pub async fn service(clients: &Clients, cluster: &str, name: &str) -> Result<Service, AwsError> {
    const ACTION: &str = "ecs:DescribeServices";
    let answer = clients
        .ecs
        .describe_services()
        .cluster(cluster)
        .services(name)
        .send()
        .await
        .map_err(failed(ACTION, resource(cluster, name)))?;
    let found = answer.services().first();
    let service = found.filter(|service| service.status() != Some("INACTIVE"));
    let Some(service) = service else {
        let reason = answer
            .failures()
            .first()
            .and_then(types::Failure::reason)
            .or(found.and_then(types::Service::status))
            .unwrap_or("MISSING");
        return Err(AwsError::unusable(
            ACTION,
            resource(cluster, name),
            Kind::NotFound,
            Some(reason.to_owned()),
            format!("ECS answers {reason}"),
        ));
    };
    Ok(describe(service))
}

/// Gives the service another task definition. There is no client token: to give the one that it has
/// starts no deployment (AWS-FACTS 6.1).
pub async fn update_service(
    clients: &Clients,
    cluster: &str,
    name: &str,
    task_definition: &str,
) -> Result<Service, AwsError> {
    const ACTION: &str = "ecs:UpdateService";
    let answer = clients
        .ecs
        .update_service()
        .cluster(cluster)
        .service(name)
        .task_definition(task_definition)
        .send()
        .await
        .map_err(failed(ACTION, resource(cluster, name)))?;
    answer.service().map(describe).ok_or_else(|| {
        let message = "the answer holds no service";
        let resource = resource(cluster, name);
        AwsError::unusable(ACTION, resource, Kind::Unavailable, None, message)
    })
}

fn resource(cluster: &str, name: &str) -> String {
    format!("ECS service `{name}` in cluster `{cluster}`")
}

fn describe(service: &types::Service) -> Service {
    let configuration = service.deployment_configuration();
    Service {
        arn: text(service.service_arn()),
        status: text(service.status()),
        controller: service
            .deployment_controller()
            .map_or("ECS", |controller| controller.r#type().as_str())
            .to_owned(),
        scheduling: service
            .scheduling_strategy()
            .map_or("REPLICA", types::SchedulingStrategy::as_str)
            .to_owned(),
        desired: count(service.desired_count()),
        task_definition: service.task_definition().map(str::to_owned),
        strategy: configuration
            .and_then(types::DeploymentConfiguration::strategy)
            .map_or("ROLLING", types::DeploymentStrategy::as_str)
            .to_owned(),
        circuit_breaker: configuration
            .and_then(types::DeploymentConfiguration::deployment_circuit_breaker)
            .map(|breaker| CircuitBreaker {
                enabled: breaker.enable(),
                rollback: breaker.rollback(),
            }),
        minimum_healthy_percent: configuration
            .and_then(types::DeploymentConfiguration::minimum_healthy_percent)
            .map(count),
        maximum_percent: configuration
            .and_then(types::DeploymentConfiguration::maximum_percent)
            .map(count),
        alarms: configuration
            .and_then(types::DeploymentConfiguration::alarms)
            .filter(|alarms| alarms.enable())
            .map(types::DeploymentAlarms::alarm_names)
            .unwrap_or_default()
            .to_vec(),
        deployments: service.deployments().iter().map(deployment).collect(),
        hooks: configuration
            .map(types::DeploymentConfiguration::lifecycle_hooks)
            .unwrap_or_default()
            .iter()
            .map(hook)
            .collect(),
        load_balancers: service.load_balancers().iter().map(load_balancer).collect(),
        current_deployment: service.current_service_deployment().map(str::to_owned),
        current_revisions: service
            .current_service_revisions()
            .iter()
            .filter_map(|revision| revision.arn().map(str::to_owned))
            .collect(),
        network: network(service.network_configuration()),
        launch_type: service.launch_type().map(|kind| kind.as_str().to_owned()),
        capacity_providers: capacity_providers(service.capacity_provider_strategy()),
        platform_version: service.platform_version().map(str::to_owned),
        task_sets: service.task_sets().iter().map(task_set::describe).collect(),
    }
}

fn deployment(deployment: &types::Deployment) -> RollingDeployment {
    RollingDeployment {
        id: text(deployment.id()),
        status: text(deployment.status()),
        task_definition: text(deployment.task_definition()),
        rollout_state: deployment
            .rollout_state()
            .map(|state| state.as_str().to_owned()),
        rollout_reason: deployment.rollout_state_reason().map(str::to_owned),
        desired: count(deployment.desired_count()),
        running: count(deployment.running_count()),
        pending: count(deployment.pending_count()),
        failed: count(deployment.failed_tasks()),
        created_at: deployment.created_at().and_then(timestamp),
        platform_version: deployment.platform_version().map(str::to_owned),
        capacity_providers: capacity_providers(deployment.capacity_provider_strategy()),
    }
}

fn hook(hook: &types::DeploymentLifecycleHook) -> LifecycleHook {
    LifecycleHook {
        target_type: hook
            .target_type()
            .map_or("AWS_LAMBDA", |kind| kind.as_str())
            .to_owned(),
        target_arn: hook.hook_target_arn().map(str::to_owned),
        role: hook.role_arn().map(str::to_owned),
        stages: hook
            .lifecycle_stages()
            .iter()
            .map(|stage| stage.as_str().to_owned())
            .collect(),
        timeout_in_minutes: hook
            .timeout_configuration()
            .and_then(|timeout| u32::try_from(timeout.timeout_in_minutes()?).ok()),
    }
}

fn load_balancer(load_balancer: &types::LoadBalancer) -> ServiceLoadBalancer {
    let advanced = load_balancer.advanced_configuration();
    let rule = |rule: Option<&str>| rule.map(str::to_owned);
    ServiceLoadBalancer {
        target_group: load_balancer.target_group_arn().map(str::to_owned),
        alternate_target_group: advanced
            .and_then(|advanced| rule(advanced.alternate_target_group_arn())),
        container: load_balancer.container_name().map(str::to_owned),
        port: load_balancer
            .container_port()
            .and_then(|port| u16::try_from(port).ok()),
        production_listener_rule: advanced
            .and_then(|advanced| rule(advanced.production_listener_rule())),
        test_listener_rule: advanced.and_then(|advanced| rule(advanced.test_listener_rule())),
        role: advanced.and_then(|advanced| rule(advanced.role_arn())),
    }
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}
