//! Services as seeds: already in service, under any controller, or about to be deployed for the first time.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::json;

use super::keeper::{self, Place};
use super::seams::{add_task_set, check_target_group};
use super::service_deployment::begin::{Start, begin};
use super::service_deployment::{Controller, EcsController, Strategy};
use super::task::Health;
use super::{Account, NewTaskSet, Service, life};
use crate::account::elb;

/// A service, as a seed.
#[derive(Debug, Clone)]
pub struct ServiceSpec {
    /// Its cluster, by name.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// How many tasks are wanted; with `DAEMON` scheduling the number of container instances.
    pub desired_count: u32,
    /// Family, `family:revision` or ARN.
    pub task_definition: String,
    /// Who deploys it, and how.
    pub controller: Controller,
    /// How long a task may fail its target group's health checks before it is replaced.
    pub health_check_grace: Duration,
}

/// A service with its first task set or revision, which is primary, steady and in service at once. Returns
/// its ARN; the error is a sentence.
#[expect(clippy::needless_pass_by_value, reason = "a seed is used up")]
pub fn create_service(account: &Account, spec: ServiceSpec) -> Result<String, String> {
    let arn = insert(account, &spec)?;
    let begun = match &spec.controller {
        Controller::Ecs(_) => deploy(account, &spec, Start::Done),
        Controller::CodeDeploy { load_balancer } => {
            let load_balancer = Some(load_balancer.clone());
            add_task_set(
                account,
                &spec.cluster,
                &spec.name,
                NewTaskSet {
                    task_definition: spec.task_definition.clone(),
                    external_id: None,
                    started_by: "CODE_DEPLOY".to_owned(),
                    load_balancer,
                    scale_percent: 100.0,
                    network_configuration: None,
                },
                true,
            )
        }
        Controller::External => add_task_set(
            account,
            &spec.cluster,
            &spec.name,
            NewTaskSet {
                task_definition: spec.task_definition.clone(),
                external_id: None,
                started_by: "somebody-else".to_owned(),
                load_balancer: None,
                scale_percent: 100.0,
                network_configuration: None,
            },
            true,
        ),
    };
    let begun = begun.and_then(|place| put_in_service(account, spec.desired_count, &place));
    undo_unless(account, &spec, begun)?;
    Ok(arn)
}

/// A service under the `ECS` controller as `CreateService` makes it: its first deployment has to run, with
/// all its hooks, and has nothing to go back to. Returns its ARN; the error is a sentence.
#[expect(clippy::needless_pass_by_value, reason = "a seed is used up")]
pub fn create_new_service(account: &Account, spec: ServiceSpec) -> Result<String, String> {
    let arn = insert(account, &spec)?;
    let begun = deploy(account, &spec, Start::ToRun);
    undo_unless(account, &spec, begun)?;
    Ok(arn)
}

fn insert(account: &Account, spec: &ServiceSpec) -> Result<String, String> {
    if let Controller::Ecs(controller) = &spec.controller {
        check(account, controller)?;
    }
    let arn = account.arn("ecs", &format!("service/{}/{}", spec.cluster, spec.name));
    let service = Service {
        name: spec.name.clone(),
        arn: arn.clone(),
        controller: spec.controller.clone(),
        desired_count: spec.desired_count,
        health_check_grace: spec.health_check_grace,
        network_configuration: json!({"awsvpcConfiguration": {
            "subnets": ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"],
            "securityGroups": ["sg-0123456789abcdef0"],
            "assignPublicIp": "DISABLED",
        }}),
        created_at: account.clock().now(),
        task_sets: Vec::new(),
        revisions: Vec::new(),
        deployments: Vec::new(),
        completed: None,
        events: VecDeque::new(),
    };
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
    Ok(arn)
}

fn check(account: &Account, controller: &EcsController) -> Result<(), String> {
    check_target_group(account, controller.load_balancer.as_ref())?;
    controller.configuration.check()?;
    let Some(routing) = controller.configuration.routing() else {
        let native = matches!(controller.configuration.strategy, Strategy::Native(_));
        if native && controller.load_balancer.is_some() {
            return Err("The load balancer needs an advanced configuration.".to_owned());
        }
        return Ok(());
    };
    let Some(balancer) = &controller.load_balancer else {
        return Err("The advanced configuration needs a load balancer.".to_owned());
    };
    let mut alternate = balancer.clone();
    alternate
        .target_group_arn
        .clone_from(&routing.alternate_target_group_arn);
    check_target_group(account, Some(&alternate))?;
    let rules = [
        Some(&routing.production_listener_rule),
        routing.test_listener_rule.as_ref(),
    ];
    match rules
        .into_iter()
        .flatten()
        .find(|rule| elb::rule_weights(account, rule).is_none())
    {
        Some(rule) => Err(format!(
            "The specified listener rule does not exist: {rule}"
        )),
        None => Ok(()),
    }
}

fn deploy(account: &Account, spec: &ServiceSpec, start: Start) -> Result<Place, String> {
    let definition = {
        let state = account.state();
        let definition = state
            .ecs
            .task_definition(&spec.task_definition)
            .ok_or("TaskDefinition not found.")?;
        if let Controller::Ecs(EcsController {
            load_balancer: Some(balancer),
            ..
        }) = &spec.controller
        {
            definition.check_container(&balancer.container_name, balancer.container_port)?;
        }
        definition.arn.clone()
    };
    begin(account, &spec.cluster, &spec.name, &definition, start).map_err(|error| error.message)
}

fn undo_unless<T>(
    account: &Account,
    spec: &ServiceSpec,
    begun: Result<T, String>,
) -> Result<(), String> {
    if begun.is_err()
        && let Some(cluster) = account.state().ecs.clusters.get_mut(&spec.cluster)
    {
        cluster.services.remove(&spec.name);
    }
    begun.map(drop)
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
