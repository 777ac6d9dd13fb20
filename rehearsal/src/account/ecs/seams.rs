//! What the rest of the account (CodeDeploy, scenarios) does with ECS, without the wire.
//!
//! `AWSCodeDeployRoleForECS` may do just this: describe services, create and delete task sets, and make
//! one the primary (AWS-FACTS 10.5).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::keeper::{self, Place};
use super::task_set::Scale;
use super::{Account, Cluster, TaskSet};
use crate::account::elb;

/// Where tasks are registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// The target group.
    pub target_group_arn: String,
    /// The container that is registered there.
    pub container_name: String,
    /// And its port.
    pub container_port: u16,
}

impl LoadBalancer {
    /// As one of `loadBalancers`.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "targetGroupArn": self.target_group_arn,
            "containerName": self.container_name,
            "containerPort": self.container_port,
        })
    }
}

/// A task set to be created.
#[derive(Debug, Clone)]
pub struct NewTaskSet {
    /// Family, `family:revision` or ARN.
    pub task_definition: String,
    /// The CodeDeploy deployment id.
    pub external_id: Option<String>,
    /// `CODE_DEPLOY`.
    pub started_by: String,
    /// Where its tasks are registered, if anywhere.
    pub load_balancer: Option<LoadBalancer>,
    /// Of the service's desired count.
    pub scale_percent: f64,
    /// The `NetworkConfiguration` of the service unless given; in ECS's shape (`awsvpcConfiguration`).
    pub network_configuration: Option<Value>,
}

/// A task set as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskSetView {
    /// `ecs-svc/<number>`
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// The CodeDeploy deployment id.
    pub external_id: Option<String>,
    /// `CODE_DEPLOY`.
    pub started_by: String,
    /// `PRIMARY`, `ACTIVE` or `DRAINING`.
    pub status: &'static str,
    /// The ARN with the revision.
    pub task_definition: String,
    /// Where its tasks are registered, if anywhere.
    pub load_balancer: Option<LoadBalancer>,
    /// ceil(desired count × scale).
    pub desired: u32,
    /// Tasks that start.
    pub pending: u32,
    /// Tasks that run.
    pub running: u32,
    /// `STEADY_STATE`
    pub steady: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// The stopped tasks that are still remembered, oldest first.
    pub stopped: Vec<StoppedTask>,
}

/// Why a task stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedTask {
    /// Its ARN.
    pub arn: String,
    /// `EssentialContainerExited`, `TaskFailedToStart`, …
    pub stop_code: String,
    /// ECS's sentence.
    pub stopped_reason: String,
    /// Of the first container that has one.
    pub exit_code: Option<i32>,
}

/// A service as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceView {
    /// Its cluster, by name.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// How many tasks are wanted.
    pub desired_count: u32,
    /// Oldest first.
    pub task_sets: Vec<TaskSetView>,
}

/// An empty cluster; an existing one stays as it is.
pub fn create_cluster(account: &Account, name: &str) {
    let arn = account.arn("ecs", &format!("cluster/{name}"));
    let cluster = Cluster {
        name: name.to_owned(),
        arn,
        services: BTreeMap::new(),
    };
    account
        .state()
        .ecs
        .clusters
        .entry(name.to_owned())
        .or_insert(cluster);
}

/// Starts a task set. Returns its id; the error is ECS's sentence.
pub fn create_task_set(
    account: &Account,
    cluster: &str,
    service: &str,
    new: NewTaskSet,
) -> Result<String, String> {
    let place = add_task_set(account, cluster, service, new, false)?;
    keeper::keep(account, place.clone());
    Ok(place.task_set)
}

/// Whether the target group is there; the error is ECS's sentence.
pub(super) fn check_target_group(
    account: &Account,
    balancer: Option<&LoadBalancer>,
) -> Result<(), String> {
    let missing = balancer
        .map(|balancer| &balancer.target_group_arn)
        .filter(|arn| elb::target_group(account, arn).is_none());
    match missing {
        Some(arn) => Err(format!("The specified target group does not exist: {arn}")),
        None => Ok(()),
    }
}

pub(super) fn add_task_set(
    account: &Account,
    cluster: &str,
    service: &str,
    new: NewTaskSet,
    primary: bool,
) -> Result<Place, String> {
    check_target_group(account, new.load_balancer.as_ref())?;
    let now = account.clock().now();
    let mut state = account.state();
    let definition = state
        .ecs
        .task_definition(&new.task_definition)
        .ok_or("TaskDefinition not found.")?;
    if let Some(balancer) = &new.load_balancer {
        definition.check_container(&balancer.container_name, balancer.container_port)?;
    }
    let task_definition = definition.arn.clone();
    let id = format!("ecs-svc/{}", state.ecs.next_number());
    let service = state
        .ecs
        .service_mut(cluster, service)
        .ok_or("Service not found.")?;
    if service.ecs().is_some() {
        return Err("Services under the ECS deployment controller have no task sets.".to_owned());
    }
    let network_configuration = new
        .network_configuration
        .clone()
        .unwrap_or_else(|| service.network_configuration.clone());
    service.task_sets.push(TaskSet {
        id: id.clone(),
        arn: account.arn("ecs", &format!("task-set/{cluster}/{}/{id}", service.name)),
        task_definition,
        external_id: new.external_id,
        started_by: new.started_by,
        load_balancer: new.load_balancer,
        scale: Scale::Percent(new.scale_percent),
        network_configuration,
        primary,
        draining: false,
        created_at: now,
        updated_at: now,
        steady: false,
        steady_at: now,
        digests: BTreeMap::new(),
        failures: 0,
        failed_tasks: 0,
        not_before: now,
        wake: Arc::default(),
    });
    Ok(Place {
        cluster: cluster.to_owned(),
        service: service.name.clone(),
        task_set: id,
    })
}

/// A task set as it is now, by its id.
pub fn task_set(account: &Account, cluster: &str, service: &str, id: &str) -> Option<TaskSetView> {
    let state = account.state();
    let service = state.ecs.service(cluster, service)?;
    service.task_set(id).map(|set| set.view(&state, service))
}

/// A service as it is now.
pub fn service(account: &Account, cluster: &str, name: &str) -> Option<ServiceView> {
    let state = account.state();
    let service = state.ecs.service(cluster, name)?;
    Some(ServiceView {
        cluster: cluster.to_owned(),
        name: service.name.clone(),
        arn: service.arn.clone(),
        desired_count: service.desired_count,
        task_sets: service
            .task_sets
            .iter()
            .map(|set| set.view(&state, service))
            .collect(),
    })
}

/// Makes a task set the service's primary. False if there is none of that id.
pub fn set_primary_task_set(account: &Account, cluster: &str, service: &str, id: &str) -> bool {
    let now = account.clock().now();
    let mut state = account.state();
    let Some(service) = state.ecs.service_mut(cluster, service) else {
        return false;
    };
    if service.task_set(id).is_none_or(|set| set.draining) {
        return false;
    }
    for set in &mut service.task_sets {
        set.primary = set.id == id;
        set.updated_at = now;
    }
    true
}

/// Drains a task set: its targets are deregistered, and its tasks stopped after the deregistration delay;
/// then it is gone. False if there is none of that id.
pub fn delete_task_set(account: &Account, cluster: &str, service: &str, id: &str) -> bool {
    let now = account.clock().now();
    let mut state = account.state();
    let set = state
        .ecs
        .service_mut(cluster, service)
        .and_then(|service| service.task_set_mut(id));
    let Some(set) = set else { return false };
    set.draining = true;
    set.primary = false;
    set.updated_at = now;
    set.wake.notify_one();
    true
}
