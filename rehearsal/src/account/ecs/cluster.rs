//! Clusters and services.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::service_deployment::{Controller, Deployment, EcsController, Revision, Routing};
use super::{LoadBalancer, TaskSet};

/// How many of its events a service remembers, as AWS's does.
const EVENTS: usize = 100;

/// A cluster and its services.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) services: BTreeMap<String, Service>,
}

/// A service, with the task sets that it has; under the `ECS` controller one for each revision with tasks.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) controller: Controller,
    pub(super) desired_count: u32,
    pub(super) health_check_grace: Duration,
    /// In ECS's shape: `{"awsvpcConfiguration": …}`.
    pub(super) network_configuration: Value,
    pub(super) created_at: Timestamp,
    pub(super) task_sets: Vec<TaskSet>,
    /// Under the `ECS` controller, oldest first: those without tasks are remembered, too.
    pub(super) revisions: Vec<Revision>,
    /// Under the `ECS` controller, oldest first.
    pub(super) deployments: Vec<Deployment>,
    /// The revision (`ecs-svc/…`) that was the last to be deployed completely.
    pub(super) completed: Option<String>,
    /// Newest first: id, time and message.
    pub(super) events: VecDeque<(String, Timestamp, String)>,
}

impl Service {
    pub(super) fn task_set(&self, id: &str) -> Option<&TaskSet> {
        self.task_sets.iter().find(|set| set.id == id)
    }

    pub(super) fn task_set_mut(&mut self, id: &str) -> Option<&mut TaskSet> {
        self.task_sets.iter_mut().find(|set| set.id == id)
    }

    pub(super) fn primary(&self) -> Option<&TaskSet> {
        self.task_sets.iter().find(|set| set.primary)
    }

    /// What ECS itself deploys with, if it does.
    pub(super) const fn ecs(&self) -> Option<&EcsController> {
        match &self.controller {
            Controller::Ecs(controller) => Some(controller),
            Controller::CodeDeploy { .. } | Controller::External => None,
        }
    }

    /// The rules that move traffic, if the service has any.
    pub(super) fn routing(&self) -> Option<&Routing> {
        self.ecs()?.configuration.routing()
    }

    /// `loadBalancers`: as configured, or, where they follow it, those of the primary task set.
    pub(super) fn load_balancers_json(&self) -> Value {
        let Some(controller) = self.ecs() else {
            let balancer = self.primary().and_then(|set| set.load_balancer.as_ref());
            return balancer.map(LoadBalancer::to_json).into_iter().collect();
        };
        let Some(balancer) = &controller.load_balancer else {
            return json!([]);
        };
        let mut described = balancer.to_json();
        if let Some(routing) = self.routing() {
            described["advancedConfiguration"] = routing.to_json();
        }
        json!([described])
    }

    /// Who speaks in an event about a task set: a service under the `ECS` controller does so itself.
    pub(super) fn speaker(&self, set: &str) -> String {
        match self.controller {
            Controller::Ecs(_) => String::new(),
            Controller::CodeDeploy { .. } | Controller::External => format!("(taskSet {set}) "),
        }
    }

    /// Adds to the events that the console shows: `(service api) …`.
    pub(super) fn tell(&mut self, id: String, at: Timestamp, what: &str) {
        self.events
            .push_front((id, at, format!("(service {}) {what}", self.name)));
        self.events.truncate(EVENTS);
    }
}
