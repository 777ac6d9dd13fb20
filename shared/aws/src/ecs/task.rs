//! Tasks: those of a task set or service revision, those of a family, and single ones
//! (AWS-FACTS 5.11, 5.12, 6.6).

use aws_sdk_ecs::{
    operation::list_tasks::builders::ListTasksFluentBuilder,
    types::{self, DesiredStatus},
};

use crate::{AwsError, Clients, Kind, error::failed};

/// `DescribeTasks` takes so many.
const TASKS_PER_CALL: usize = 100;
/// Of one task set, so many tasks are looked at.
const TASKS_LIMIT: usize = 500;
/// `StopTask` takes a reason of so many characters.
const REASON_LIMIT: usize = 1024;

/// A task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Task {
    /// The last part of its ARN.
    pub id: String,
    /// `taskArn`
    pub arn: String,
    /// `taskDefinitionArn`
    pub task_definition: String,
    /// `startedBy`: the id of its task set, deployment or revision, or what `RunTask` was given.
    pub started_by: String,
    /// `lastStatus`
    pub last_status: String,
    /// `desiredStatus`: `RUNNING | STOPPED`
    pub desired_status: String,
    /// `healthStatus`
    pub health: String,
    /// `stopCode`: `TaskFailedToStart | EssentialContainerExited | UserInitiated | …`
    pub stop_code: Option<String>,
    /// `stoppedReason`
    pub stopped_reason: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// A container of a task. Whether it is essential, only the task definition says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    /// Its name in the task definition.
    pub name: String,
    /// `lastStatus`
    pub last_status: String,
    /// `imageDigest`
    pub digest: Option<String>,
    /// `exitCode`, if it ran and has ended.
    pub exit_code: Option<i32>,
    /// `reason`
    pub reason: Option<String>,
}

/// The tasks of a task set or service revision that are to run, 500 at the most. `started_by` is the
/// task set's id, or the revision's `tasks_started_by`.
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

/// The tasks of a service that are to run, of all its revisions.
pub async fn tasks_of_service(
    clients: &Clients,
    cluster: &str,
    service: &str,
) -> Result<Vec<Task>, AwsError> {
    let list = clients
        .ecs
        .list_tasks()
        .cluster(cluster)
        .service_name(service);
    let resource = format!("tasks of service `{service}` in cluster `{cluster}`");
    list_and_describe(clients, cluster, list, &resource).await
}

/// The tasks of a task definition's family: those that are to run, or those that have stopped as far
/// as ECS remembers them. 500 at the most.
pub async fn tasks_of_family(
    clients: &Clients,
    cluster: &str,
    family: &str,
    stopped: bool,
) -> Result<Vec<Task>, AwsError> {
    let status = if stopped {
        DesiredStatus::Stopped
    } else {
        DesiredStatus::Running
    };
    let list = clients
        .ecs
        .list_tasks()
        .cluster(cluster)
        .family(family)
        .desired_status(status);
    let resource = format!("tasks of family `{family}` in cluster `{cluster}`");
    list_and_describe(clients, cluster, list, &resource).await
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
        tasks.extend(answer.tasks().iter().map(describe));
    }
    Ok(tasks)
}

/// The task `arn`; `None` if ECS does not remember it.
pub async fn task(clients: &Clients, cluster: &str, arn: &str) -> Result<Option<Task>, AwsError> {
    const ACTION: &str = "ecs:DescribeTasks";
    let answer = clients
        .ecs
        .describe_tasks()
        .cluster(cluster)
        .tasks(arn)
        .send()
        .await
        .map_err(failed(ACTION, resource(cluster, arn)))?;
    if let Some(task) = answer.tasks().first() {
        return Ok(Some(describe(task)));
    }
    let failure = answer.failures().first();
    match failure.and_then(types::Failure::reason) {
        None | Some("MISSING") => Ok(None),
        Some(reason) => Err(AwsError::unusable(
            ACTION,
            resource(cluster, arn),
            Kind::Unavailable,
            Some(reason.to_owned()),
            format!("ECS answers {reason}"),
        )),
    }
}

/// Stops a task. One that has stopped stays as it is.
pub async fn stop_task(
    clients: &Clients,
    cluster: &str,
    arn: &str,
    reason: &str,
) -> Result<(), AwsError> {
    clients
        .ecs
        .stop_task()
        .cluster(cluster)
        .task(arn)
        .reason(reason.chars().take(REASON_LIMIT).collect::<String>())
        .send()
        .await
        .map_err(failed("ecs:StopTask", resource(cluster, arn)))?;
    Ok(())
}

fn resource(cluster: &str, arn: &str) -> String {
    format!("ECS task `{arn}` in cluster `{cluster}`")
}

fn describe(task: &types::Task) -> Task {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let arn = task.task_arn().unwrap_or_default();
    Task {
        id: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        arn: arn.to_owned(),
        task_definition: text(task.task_definition_arn()),
        started_by: text(task.started_by()),
        last_status: text(task.last_status()),
        desired_status: text(task.desired_status()),
        health: task
            .health_status()
            .map_or("UNKNOWN", types::HealthStatus::as_str)
            .to_owned(),
        stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
        stopped_reason: task.stopped_reason().map(str::to_owned),
        containers: task
            .containers()
            .iter()
            .map(|container| Container {
                name: text(container.name()),
                last_status: text(container.last_status()),
                digest: container.image_digest().map(str::to_owned),
                exit_code: container.exit_code(),
                reason: container.reason().map(str::to_owned),
            })
            .collect(),
    }
}
