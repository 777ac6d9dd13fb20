//! What is live in the sample account, whoever deploys it.

use serde_json::{Value, json};

use super::{CLUSTER, CONTAINER, SERVICE, Sample, WEB, WORKER};
use crate::account::{ecs, elb};

/// What runs, or is to run, at the service.
struct Primary {
    task_definition: String,
    target_group: Option<String>,
    /// Whether tasks of another revision get the same traffic.
    is_alone: bool,
}

impl Sample {
    /// The image of the service's primary task set or deployment, as its task definition has it.
    pub fn live_image(&self) -> Option<String> {
        self.image_in(&self.primary(SERVICE)?.task_definition, CONTAINER)
    }

    /// The image of a container in a task definition (family, `family:revision` or ARN).
    pub fn image_in(&self, task_definition: &str, container: &str) -> Option<String> {
        let document = self.task_definition(task_definition)?;
        let definitions = document["containerDefinitions"].as_array()?;
        let found = definitions.iter().find(|it| it["name"] == container)?;
        found["image"].as_str().map(str::to_owned)
    }

    /// A task definition's document.
    pub fn task_definition(&self, task_definition: &str) -> Option<Value> {
        let input = json!({"taskDefinition": task_definition});
        let mut output = ecs::handle(&self.account, "DescribeTaskDefinition", input).ok()?;
        Some(output["taskDefinition"].take())
    }

    /// The task definition that is live, under the same condition as [`Self::live_digest`].
    pub fn live_task_definition(&self) -> Option<Value> {
        self.task_definition(&self.undivided(SERVICE)?.task_definition)
    }

    /// The same of the worker at [`Stand::Releases`](super::Stand::Releases).
    pub fn live_worker_task_definition(&self) -> Option<Value> {
        self.task_definition(&self.undivided(WORKER)?.task_definition)
    }

    /// The digest that is live: what the primary task set or deployment runs, if all production traffic
    /// goes to it.
    pub fn live_digest(&self) -> Option<String> {
        self.digest_in(&self.undivided(SERVICE)?, CONTAINER, &self.v1)
    }

    /// The digest that all tasks of the worker are to run at [`Stand::Releases`](super::Stand::Releases).
    pub fn live_worker_digest(&self) -> Option<String> {
        let first = self.worker_v1.as_deref()?;
        self.digest_in(&self.undivided(WORKER)?, WORKER, first)
    }

    /// The digest that is live at the second service of [`Stand::Gated`](super::Stand::Gated), under the same
    /// condition as [`Self::live_digest`].
    pub fn live_web_digest(&self) -> Option<String> {
        let first = &self.web.as_ref()?.v1;
        self.digest_in(&self.undivided(WEB)?, WEB, first)
    }

    /// The digest that all tasks of one of the services of [`Sample::open_chain`] are to run.
    pub fn live_digest_of(&self, service: &str) -> Option<String> {
        self.digest_in(&self.undivided(service)?, service, &self.v1)
    }

    /// `first` was started by its tag, before anybody pinned digests.
    fn digest_in(&self, primary: &Primary, container: &str, first: &str) -> Option<String> {
        let image = self.image_in(&primary.task_definition, container)?;
        let digest = image.split_once('@').map(|(_, digest)| digest);
        Some(digest.unwrap_or(first).to_owned())
    }

    /// The primary, if nothing else gets production traffic.
    fn undivided(&self, service: &str) -> Option<Primary> {
        let primary = self.primary(service)?;
        let listener = match &self.web {
            Some(web) if service == WEB => &web.production_listener,
            _ => &self.production_listener,
        };
        let listener = elb::listener(&self.account, listener)?;
        let elsewhere = primary.target_group.as_ref().is_some_and(|own| {
            let mut weights = listener.weights.iter();
            weights.any(|(group, weight)| group != own && *weight > 0)
        });
        (primary.is_alone && !elsewhere).then_some(primary)
    }

    fn primary(&self, service: &str) -> Option<Primary> {
        let revisions = ecs::revisions(&self.account, CLUSTER, service);
        if let Some(primary) = revisions.iter().find(|it| it.primary) {
            let mut others = revisions.iter().filter(|it| it.id != primary.id);
            let shares = |other: &ecs::RevisionView| {
                other.running > 0 && other.target_group_arn == primary.target_group_arn
            };
            return Some(Primary {
                task_definition: primary.task_definition.clone(),
                target_group: primary.target_group_arn.clone(),
                is_alone: !others.any(shares),
            });
        }
        let service = ecs::service(&self.account, CLUSTER, service)?;
        let mut sets = service.task_sets.into_iter();
        let primary = sets.find(|task_set| task_set.status == "PRIMARY")?;
        Some(Primary {
            task_definition: primary.task_definition,
            target_group: primary.load_balancer.map(|it| it.target_group_arn),
            is_alone: true,
        })
    }
}
