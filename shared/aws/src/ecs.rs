//! Amazon ECS: services, task sets, tasks, and task definitions as whole documents
//! (AWS-FACTS 5.11, 5.12, 6.7).

use aws_sdk_ecs::{
    operation::list_tasks::builders::ListTasksFluentBuilder,
    types::{self, DesiredStatus, TaskDefinitionField},
};
use serde_json::Value;

use crate::{
    AwsError, Clients, Kind,
    error::failed,
    raw_document::{ReadBody, SendBody},
};

/// `DescribeTasks` takes so many.
const TASKS_PER_CALL: usize = 100;
/// Of one task set, so many tasks are looked at.
const TASKS_LIMIT: usize = 500;

/// A service, as far as deployments need it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// `ACTIVE | DRAINING | INACTIVE`
    pub status: String,
    /// `ECS | CODE_DEPLOY | EXTERNAL`
    pub controller: String,
    /// `desiredCount`
    pub desired: u32,
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
}

/// A task set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskSet {
    /// `ecs-svc/…`, which its tasks carry in `startedBy`.
    pub id: String,
    /// The CodeDeploy deployment that created it.
    pub external_id: Option<String>,
    /// `PRIMARY | ACTIVE | DRAINING`
    pub status: String,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// `computedDesiredCount`
    pub desired: u32,
    /// `runningCount`
    pub running: u32,
    /// `pendingCount`
    pub pending: u32,
    /// `stabilityStatus` is `STEADY_STATE`.
    pub is_steady: bool,
    /// Where its tasks are registered.
    pub load_balancers: Vec<LoadBalancer>,
    /// `platformVersion`, on Fargate.
    pub platform_version: Option<String>,
    /// `capacityProviderStrategy`
    pub capacity_providers: Vec<CapacityProvider>,
}

/// One item of a capacity provider strategy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CapacityProvider {
    /// The provider's name, such as `FARGATE_SPOT`.
    pub name: String,
    /// How many tasks it runs at least.
    pub base: u32,
    /// Its share of the rest.
    pub weight: u32,
}

/// A target group and the container port behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadBalancer {
    /// The target group's ARN.
    pub target_group: String,
    /// The container's name.
    pub container: String,
    /// The container's port.
    pub port: u16,
}

/// A task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Task {
    /// The last part of its ARN.
    pub id: String,
    /// `startedBy`: the id of its task set.
    pub started_by: String,
    /// `lastStatus`
    pub last_status: String,
    /// `healthStatus`
    pub health: String,
    /// `stoppedReason`
    pub stopped_reason: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// A container of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    /// Its name in the task definition.
    pub name: String,
    /// `imageDigest`
    pub digest: Option<String>,
    /// `exitCode`, if it ran and has ended.
    pub exit_code: Option<i32>,
    /// `reason`
    pub reason: Option<String>,
}

/// The service `name` of `cluster`.
pub async fn service(clients: &Clients, cluster: &str, name: &str) -> Result<Service, AwsError> {
    const ACTION: &str = "ecs:DescribeServices";
    let resource = || format!("ECS service `{name}` in cluster `{cluster}`");
    let answer = clients
        .ecs
        .describe_services()
        .cluster(cluster)
        .services(name)
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
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
            resource(),
            Kind::NotFound,
            Some(reason.to_owned()),
            format!("ECS answers {reason}"),
        ));
    };
    Ok(Service {
        status: service.status().unwrap_or_default().to_owned(),
        controller: service
            .deployment_controller()
            .map_or("ECS", |controller| controller.r#type().as_str())
            .to_owned(),
        desired: count(service.desired_count()),
        task_sets: service.task_sets().iter().map(task_set).collect(),
    })
}

fn task_set(set: &types::TaskSet) -> TaskSet {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    TaskSet {
        id: text(set.id()),
        external_id: set.external_id().map(str::to_owned),
        status: text(set.status()),
        task_definition: text(set.task_definition()),
        desired: count(set.computed_desired_count()),
        running: count(set.running_count()),
        pending: count(set.pending_count()),
        is_steady: set
            .stability_status()
            .is_some_and(|status| status.as_str() == "STEADY_STATE"),
        load_balancers: set
            .load_balancers()
            .iter()
            .filter_map(load_balancer)
            .collect(),
        platform_version: set.platform_version().map(str::to_owned),
        capacity_providers: set
            .capacity_provider_strategy()
            .iter()
            .map(|item| CapacityProvider {
                name: item.capacity_provider().to_owned(),
                base: count(item.base()),
                weight: count(item.weight()),
            })
            .collect(),
    }
}

fn load_balancer(load_balancer: &types::LoadBalancer) -> Option<LoadBalancer> {
    Some(LoadBalancer {
        target_group: load_balancer.target_group_arn()?.to_owned(),
        container: load_balancer.container_name()?.to_owned(),
        port: u16::try_from(load_balancer.container_port()?).ok()?,
    })
}

/// A task definition as ECS holds it, with its tags beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDefinitionDocument {
    /// The member `taskDefinition` of the answer, whole.
    pub document: Value,
    /// The member `tags`.
    pub tags: Vec<Value>,
}

/// The task definition `arn` (or `family:revision`), with every field that ECS answers.
pub async fn task_definition(
    clients: &Clients,
    arn: &str,
) -> Result<TaskDefinitionDocument, AwsError> {
    const ACTION: &str = "ecs:DescribeTaskDefinition";
    let resource = || format!("task definition `{arn}`");
    let body = ReadBody::default();
    clients
        .ecs
        .describe_task_definition()
        .task_definition(arn)
        .include(TaskDefinitionField::Tags)
        .customize()
        .interceptor(body.clone())
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
    let unusable =
        |message: String| AwsError::unusable(ACTION, resource(), Kind::Unavailable, None, message);
    let mut answer: Value = serde_json::from_slice(&body.take())
        .map_err(|error| unusable(format!("the answer is not JSON: {error}")))?;
    let document = answer["taskDefinition"].take();
    if !document.is_object() {
        return Err(unusable("the answer holds no task definition".to_owned()));
    }
    let tags = match answer["tags"].take() {
        Value::Array(tags) => tags,
        _ => Vec::new(),
    };
    Ok(TaskDefinitionDocument { document, tags })
}

/// Registers a new revision from a whole document (the request's body, tags included), and gives its
/// ARN.
pub async fn register_task_definition(
    clients: &Clients,
    family: &str,
    request: &Value,
) -> Result<String, AwsError> {
    const ACTION: &str = "ecs:RegisterTaskDefinition";
    let resource = || format!("task definition family `{family}`");
    let answer = clients
        .ecs
        .register_task_definition()
        .family(family)
        // The SDK insists on some; the body is replaced as a whole.
        .set_container_definitions(Some(Vec::new()))
        .customize()
        .interceptor(SendBody(request.to_string().into_bytes()))
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
    answer
        .task_definition()
        .and_then(|registered| registered.task_definition_arn())
        .map(str::to_owned)
        .ok_or_else(|| {
            let message = "the answer holds no ARN";
            AwsError::unusable(ACTION, resource(), Kind::Unavailable, None, message)
        })
}

/// The tasks of a task set that are to run, 500 at the most. `started_by` is the task set's id.
pub async fn running_tasks(
    clients: &Clients,
    cluster: &str,
    started_by: &str,
) -> Result<Vec<Task>, AwsError> {
    // `startedBy` has to be the only filter (AWS-FACTS 5.11); those that are to run are the default.
    let list = clients
        .ecs
        .list_tasks()
        .cluster(cluster)
        .started_by(started_by);
    let resource = format!("tasks of `{started_by}` in cluster `{cluster}`");
    list_and_describe(clients, cluster, list, &resource).await
}

/// The tasks of a task set that have stopped, as far as ECS remembers them: an hour at least.
pub async fn stopped_tasks(
    clients: &Clients,
    cluster: &str,
    service: &str,
    started_by: &str,
) -> Result<Vec<Task>, AwsError> {
    let list = clients
        .ecs
        .list_tasks()
        .cluster(cluster)
        .service_name(service)
        .desired_status(DesiredStatus::Stopped);
    let resource = format!("tasks of service `{service}` in cluster `{cluster}`");
    let mut tasks = list_and_describe(clients, cluster, list, &resource).await?;
    tasks.retain(|task| task.started_by == started_by);
    Ok(tasks)
}

async fn list_and_describe(
    clients: &Clients,
    cluster: &str,
    list: ListTasksFluentBuilder,
    resource: &str,
) -> Result<Vec<Task>, AwsError> {
    let mut arns: Vec<String> = Vec::new();
    let mut next_token = None;
    loop {
        let page = list
            .clone()
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed("ecs:ListTasks", resource))?;
        arns.extend(page.task_arns().iter().cloned());
        next_token = page.next_token().map(str::to_owned);
        if next_token.is_none() || arns.len() >= TASKS_LIMIT {
            break;
        }
    }
    arns.truncate(TASKS_LIMIT);
    let mut tasks = Vec::with_capacity(arns.len());
    for arns in arns.chunks(TASKS_PER_CALL) {
        let answer = clients
            .ecs
            .describe_tasks()
            .cluster(cluster)
            .set_tasks(Some(arns.to_vec()))
            .send()
            .await
            .map_err(failed("ecs:DescribeTasks", resource))?;
        tasks.extend(answer.tasks().iter().map(task));
    }
    Ok(tasks)
}

fn task(task: &types::Task) -> Task {
    let arn = task.task_arn().unwrap_or_default();
    Task {
        id: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        started_by: task.started_by().unwrap_or_default().to_owned(),
        last_status: task.last_status().unwrap_or_default().to_owned(),
        health: task
            .health_status()
            .map_or("UNKNOWN", types::HealthStatus::as_str)
            .to_owned(),
        stopped_reason: task.stopped_reason().map(str::to_owned),
        containers: task
            .containers()
            .iter()
            .map(|container| Container {
                name: container.name().unwrap_or_default().to_owned(),
                digest: container.image_digest().map(str::to_owned),
                exit_code: container.exit_code(),
                reason: container.reason().map(str::to_owned),
            })
            .collect(),
    }
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
