//! Task sets: what CodeDeploy makes of a service, one set for each revision that is there
//! (AWS-FACTS 5.11).

use aws_sdk_ecs::types;

use super::{CapacityProvider, count, placement::capacity_providers};

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

pub(super) fn describe(set: &types::TaskSet) -> TaskSet {
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
        capacity_providers: capacity_providers(set.capacity_provider_strategy()),
    }
}

fn load_balancer(load_balancer: &types::LoadBalancer) -> Option<LoadBalancer> {
    Some(LoadBalancer {
        target_group: load_balancer.target_group_arn()?.to_owned(),
        container: load_balancer.container_name()?.to_owned(),
        port: u16::try_from(load_balancer.container_port()?).ok()?,
    })
}
