//! Clusters and services.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::TaskSet;

/// How many of its events a service remembers, as AWS's does.
const EVENTS: usize = 100;

/// A cluster and its services.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) services: BTreeMap<String, Service>,
}

/// A service under the `CODE_DEPLOY` controller.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) desired_count: u32,
    pub(super) health_check_grace: Duration,
    /// In ECS's shape: `{"awsvpcConfiguration": …}`.
    pub(super) network_configuration: Value,
    pub(super) created_at: Timestamp,
    pub(super) task_sets: Vec<TaskSet>,
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

    /// Adds to the events that the console shows: `(service api) …`.
    pub(super) fn tell(&mut self, id: String, at: Timestamp, what: &str) {
        self.events
            .push_front((id, at, format!("(service {}) {what}", self.name)));
        self.events.truncate(EVENTS);
    }
}
