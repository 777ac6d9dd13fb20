//! The service, and the task definitions that new ones are made from.

use std::collections::BTreeMap;

use futures_util::{
    future::{OptionFuture, join_all},
    join,
};
use greenlight_aws::ecs;
use greenlight_core::{
    target::{Strategy, TaskDefinitionSource},
    task_definition::TaskDefinition,
    verification::{Finding, Look, Unseen, service as judge},
};

use super::{
    Verifier,
    look::{looked, seen},
};
use crate::observe::Live;

/// A service with what it runs, and families.
#[derive(Debug, Default)]
pub(super) struct Ecs {
    /// The target's service.
    pub(super) service: Option<Look<ecs::Service>>,
    /// The task definition that it runs: its ARN, and what it is.
    pub(super) live: Option<Definition>,
    /// The newest of each family that is named.
    pub(super) families: BTreeMap<String, Definition>,
    /// What was found of the clusters that tasks name.
    pub(super) clusters: Vec<Finding>,
}

/// A task definition that was looked for.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) look: Look<TaskDefinition>,
}

impl Verifier<'_> {
    pub(super) async fn ecs(&self) -> Ecs {
        let target = self.target;
        let mut families: Vec<&str> = target
            .before
            .iter()
            .filter_map(|task| task.task_definition.as_ref())
            .chain([&target.task_definition])
            .filter_map(|source| match source {
                TaskDefinitionSource::Family(family) => Some(family.as_str()),
                TaskDefinitionSource::Service | TaskDefinitionSource::S3(_) => None,
            })
            .collect();
        families.sort_unstable();
        families.dedup();
        let families = families.into_iter().map(async |family| {
            let definition = self.definition(family).await;
            (family.to_owned(), definition)
        });
        let ((service, live), families, clusters) =
            join!(self.service_and_live(), join_all(families), self.clusters());
        Ecs {
            service,
            live,
            families: families.into_iter().collect(),
            clusters,
        }
    }

    /// The clusters of tasks, each once; that of the service is seen with the service.
    async fn clusters(&self) -> Vec<Finding> {
        let own = match &self.target.deploy {
            Strategy::Task(task) => Some(("deploy.task.cluster".to_owned(), task)),
            _ => None,
        };
        let before = self.target.before.iter().enumerate();
        let before = before.map(|(index, task)| (format!("before[{index}].cluster"), task));
        let service = self.target.service.as_ref();
        let mut named: Vec<(&str, String)> = Vec::new();
        for (key, task) in own.into_iter().chain(before) {
            let Some(cluster) = task.cluster.as_deref() else {
                continue;
            };
            let is_services = service.is_some_and(|service| service.cluster == cluster);
            if !is_services && !named.iter().any(|(known, _)| *known == cluster) {
                named.push((cluster, key));
            }
        }
        let looked = named.into_iter().map(async |(cluster, key)| {
            let lack = self
                .place
                .lack("ecs:DescribeClusters", self.place.cluster(cluster));
            let call = ecs::cluster(&self.clients, cluster);
            let look = looked(self.bounded(call).await, lack);
            judge::cluster(cluster, &key, &look)
        });
        join_all(looked).await
    }

    async fn service_and_live(&self) -> (Option<Look<ecs::Service>>, Option<Definition>) {
        let service = self.target.service.as_ref();
        let service = OptionFuture::from(service.map(|service| async {
            let lack = self
                .place
                .lack("ecs:DescribeServices", self.place.service(service));
            let call = ecs::service(&self.clients, &service.cluster, &service.name);
            seen(self.bounded(call).await, lack)
        }))
        .await;
        // A pipeline registers what it deploys.
        let is_pipelines = matches!(self.target.deploy, Strategy::Pipeline(_));
        let live = service.as_ref().filter(|_| !is_pipelines);
        let live = live.and_then(Look::found).and_then(Live::of);
        let live = live.map(|live| async move { self.definition(&live.task_definition).await });
        (service, OptionFuture::from(live).await)
    }

    async fn definition(&self, name: &str) -> Definition {
        let lack = self.place.lack("ecs:DescribeTaskDefinition", "*");
        let call = ecs::task_definition(&self.clients, name);
        let look = match seen(self.bounded(call).await, lack) {
            Look::Found(found) => match TaskDefinition::parse(found.document) {
                Ok(definition) => Look::Found(definition),
                Err(error) => Look::Unseen(Unseen {
                    reason: error.to_string(),
                    lacks: None,
                }),
            },
            Look::Missing => Look::Missing,
            Look::Unseen(unseen) => Look::Unseen(unseen),
        };
        Definition {
            name: name.to_owned(),
            look,
        }
    }

    /// What is found of the service itself.
    pub(super) fn service_findings(&self, look: &Look<ecs::Service>) -> Vec<Finding> {
        let mut findings: Vec<Finding> = judge::exists(self.target, look).into_iter().collect();
        if let Look::Found(service) = look {
            let hook = self.deployer.hook_function.as_deref();
            findings.extend(judge::judge(self.target, &facts(service), hook));
        }
        findings
    }
}

/// What is judged of a service.
pub(crate) fn facts(service: &ecs::Service) -> judge::Service {
    let task_set = service.primary();
    let hooks = service.hooks.iter().map(|hook| judge::Hook {
        target_type: hook.target_type.clone(),
        function: hook.target_arn.clone(),
        stages: hook.stages.clone(),
    });
    judge::Service {
        status: service.status.clone(),
        controller: service.controller.clone(),
        scheduling: service.scheduling.clone(),
        strategy: service.strategy.clone(),
        desired: service.desired,
        is_live: Live::of(service).is_some(),
        has_load_balancer: task_set.is_some_and(|set| !set.load_balancers.is_empty()),
        hooks: hooks.collect(),
    }
}
