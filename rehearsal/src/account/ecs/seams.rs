//! What the rest of the account (CodeDeploy, scenarios) does with ECS, without the wire.
//!
//! `AWSCodeDeployRoleForECS` may do just this: describe services, create and delete task sets, and make
//! one the primary (AWS-FACTS 10.5).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::keeper::{self, Place};
use super::task::Health;
use super::task_set::Scale;
use super::{Account, Cluster, Service, TaskSet, life};
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

/// A service under the `CODE_DEPLOY` controller, as a seed.
#[derive(Debug, Clone)]
pub struct ServiceSpec {
    /// Its cluster, by name.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// How many tasks are wanted.
    pub desired_count: u32,
    /// Family, `family:revision` or ARN.
    pub task_definition: String,
    /// Where its tasks are registered.
    pub load_balancer: LoadBalancer,
    /// How long a task may fail its target group's health checks before it is replaced.
    pub health_check_grace: Duration,
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
    /// Where its tasks are registered.
    pub load_balancer: LoadBalancer,
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

/// A service with its first task set, which is primary, steady and in service at once. Returns its ARN;
/// the error is a sentence.
pub fn create_service(account: &Account, spec: ServiceSpec) -> Result<String, String> {
    let arn = account.arn("ecs", &format!("service/{}/{}", spec.cluster, spec.name));
    let service = Service {
        name: spec.name.clone(),
        arn: arn.clone(),
        desired_count: spec.desired_count,
        health_check_grace: spec.health_check_grace,
        network_configuration: json!({"awsvpcConfiguration": {
            "subnets": ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"],
            "securityGroups": ["sg-0123456789abcdef0"],
            "assignPublicIp": "DISABLED",
        }}),
        created_at: account.clock().now(),
        task_sets: Vec::new(),
        events: VecDeque::new(),
    };
    {
        let mut state = account.state();
        let cluster = state
            .ecs
            .clusters
            .get_mut(&spec.cluster)
            .ok_or("Cluster not found.")?;
        if cluster.services.contains_key(&spec.name) {
            return Err("Creation of service was not idempotent.".to_owned());
        }
        cluster.services.insert(spec.name.clone(), service);
    }
    let first = NewTaskSet {
        task_definition: spec.task_definition,
        external_id: None,
        started_by: "CODE_DEPLOY".to_owned(),
        load_balancer: spec.load_balancer,
        scale_percent: 100.0,
        network_configuration: None,
    };
    let begun = add_task_set(account, &spec.cluster, &spec.name, first, true)
        .and_then(|place| put_in_service(account, spec.desired_count, &place));
    if let Err(error) = begun {
        if let Some(cluster) = account.state().ecs.clusters.get_mut(&spec.cluster) {
            cluster.services.remove(&spec.name);
        }
        return Err(error);
    }
    Ok(arn)
}

/// Starts the tasks of a service that was there before the story begins.
fn put_in_service(account: &Account, desired: u32, place: &Place) -> Result<(), String> {
    for _ in 0..desired {
        let (arn, target) = {
            let mut state = account.state();
            let arn = keeper::add_task(account, &mut state, place)
                .ok_or("The task definition is gone.")?;
            if let Err((_, reason)) = life::pull(account, &mut state, &arn) {
                state
                    .ecs
                    .tasks
                    .retain(|_, task| !task.is_of(&place.task_set));
                return Err(reason);
            }
            let service = state.ecs.service(&place.cluster, &place.service);
            let set = service
                .and_then(|service| service.task_set(&place.task_set))
                .ok_or("The task set is gone.")?;
            let task = state.ecs.tasks.get(&arn).ok_or("The task is gone.")?;
            (arn.clone(), set.target(task))
        };
        life::listen_at_once(account, &arn);
        if let Some((group, target)) = target {
            elb::register(account, &group, &target, true);
        }
        life::change_silently(account, &arn, |task, now| {
            life::run(task, now);
            let checked = task
                .containers
                .iter_mut()
                .filter(|container| container.check.is_some());
            checked.for_each(|container| container.health = Health::Healthy);
        });
        life::begin(account, arn, life::Begin::InService);
    }
    keeper::keep(account, place.clone());
    Ok(())
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

fn add_task_set(
    account: &Account,
    cluster: &str,
    service: &str,
    new: NewTaskSet,
    primary: bool,
) -> Result<Place, String> {
    let balancer = &new.load_balancer;
    if elb::target_group(account, &balancer.target_group_arn).is_none() {
        return Err(format!(
            "The specified target group does not exist: {}",
            balancer.target_group_arn
        ));
    }
    let now = account.clock().now();
    let mut state = account.state();
    let definition = state
        .ecs
        .task_definition(&new.task_definition)
        .ok_or("TaskDefinition not found.")?;
    definition.check_container(&balancer.container_name, balancer.container_port)?;
    let task_definition = definition.arn.clone();
    state.ecs.task_sets += 1;
    // Of the order of real ones, which grow smaller with time.
    let id = format!(
        "ecs-svc/{}",
        9_223_370_493_425_779_968 - state.ecs.task_sets * 1_000_003
    );
    let service = state
        .ecs
        .service_mut(cluster, service)
        .ok_or("Service not found.")?;
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
        load_balancer: Some(new.load_balancer),
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
