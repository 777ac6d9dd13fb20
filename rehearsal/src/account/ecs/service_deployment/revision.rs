//! A service revision: what a deployment deploys, and what is remembered of it when its tasks are gone
//! (AWS-FACTS 6.2, 6.4, 6.5). While it has tasks, a [`TaskSet`](super::super::TaskSet) of the same id
//! keeps them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::account::ecs::{LoadBalancer, Service, State};
use crate::account::epoch;

/// A service revision.
#[derive(Debug)]
pub(in crate::account::ecs) struct Revision {
    /// `ecs-svc/<number>`: what its tasks are started by, and its entry in `deployments[]` (AWS-FACTS
    /// 7.7). The number is the last part of the ARN.
    pub(in crate::account::ecs) id: String,
    pub(in crate::account::ecs) arn: String,
    /// The ARN with the revision.
    pub(in crate::account::ecs) task_definition: String,
    /// The target group in which its tasks are, if any.
    pub(in crate::account::ecs) load_balancer: Option<LoadBalancer>,
    pub(in crate::account::ecs) created: Timestamp,
    /// What the images stood for, kept from its task set when that goes.
    pub(super) digests: BTreeMap<String, String>,
    pub(super) rollout: Rollout,
}

/// `rolloutState` and `rolloutStateReason`.
#[derive(Debug, Clone)]
pub(super) struct Rollout {
    pub(super) state: RolloutState,
    pub(super) reason: String,
    pub(super) updated: Timestamp,
}

/// `rolloutState`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RolloutState {
    InProgress,
    Completed,
    Failed,
}

impl RolloutState {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

impl Service {
    pub(in crate::account::ecs) fn revision(&self, id: &str) -> Option<&Revision> {
        self.revisions.iter().find(|revision| revision.id == id)
    }

    pub(super) fn revision_mut(&mut self, id: &str) -> Option<&mut Revision> {
        self.revisions.iter_mut().find(|revision| revision.id == id)
    }

    /// Sets `rolloutState` and its reason.
    pub(super) fn roll_out(&mut self, id: &str, state: RolloutState, reason: &str, now: Timestamp) {
        if let Some(revision) = self.revision_mut(id) {
            revision.rollout = Rollout {
                state,
                reason: reason.to_owned(),
                updated: now,
            };
        }
    }

    /// Forgets a revision's task set, whose tasks have all stopped. Its keeper ends by itself.
    pub(super) fn retire(&mut self, id: &str) {
        let Some(index) = self.task_sets.iter().position(|set| set.id == id) else {
            return;
        };
        let set = self.task_sets.remove(index);
        set.wake.notify_one();
        if let Some(revision) = self.revision_mut(id) {
            revision.digests = set.digests;
        }
    }
}

impl Revision {
    /// As one of `serviceRevisions`.
    pub(super) fn to_json(&self, state: &State, service: &Service, cluster_arn: &str) -> Value {
        let set = service.task_set(&self.id);
        let digests = set.map_or(&self.digests, |set| &set.digests);
        let definition = state.task_definition(&self.task_definition);
        let containers = definition
            .and_then(|definition| definition.document["containerDefinitions"].as_array())
            .map(Vec::as_slice)
            .unwrap_or_default();
        let image = |container: &Value| {
            let mut image =
                json!({"containerName": container["name"], "image": container["image"]});
            let digest = container["image"]
                .as_str()
                .and_then(|image| digests.get(image));
            if let Some(digest) = digest {
                image["imageDigest"] = digest.as_str().into();
            }
            image
        };
        let mut described = json!({
            "serviceRevisionArn": self.arn,
            "serviceArn": service.arn,
            "clusterArn": cluster_arn,
            "taskDefinition": self.task_definition,
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "loadBalancers": service.load_balancers_json(),
            "networkConfiguration": service.network_configuration,
            "containerImages": containers.iter().map(image).collect::<Vec<_>>(),
            "guardDutyEnabled": false,
            "createdAt": epoch(self.created),
        });
        // Only of an active revision.
        if let (Some(_), Some(balancer)) = (set, &self.load_balancer) {
            let mut resolved = json!({"targetGroupArn": balancer.target_group_arn});
            if let Some(routing) = service.routing() {
                resolved["productionListenerRule"] =
                    routing.production_listener_rule.as_str().into();
            }
            described["resolvedConfiguration"] = json!({"loadBalancers": [resolved]});
        }
        described
    }
}
