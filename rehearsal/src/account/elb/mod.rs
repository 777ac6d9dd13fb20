//! Elastic Load Balancing v2: application load balancers whose listeners route by weight.
//!
//! Listeners are real ports on loopback, or function calls in memory; health checks really ask the
//! containers. Only what a blue/green deployment needs: HTTP, forward actions, and of rules the
//! default one and one for all paths.

mod describe;
mod health_check;
mod listener;
mod metrics;
mod route;
mod seams;
mod target_group;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::network::Address;
use super::{Account, Members, ServiceError};
pub(crate) use health_check::register;
pub use listener::default_rule;
use listener::{Listener, LoadBalancer};
pub use metrics::metric_dimension;
pub(crate) use route::{listener_at, route};
pub use seams::*;
pub(crate) use target_group::deregister;
use target_group::{Health, Target, TargetGroup};

/// Every load balancer, listener and target group.
#[derive(Debug, Default)]
pub(crate) struct State {
    load_balancers: Vec<LoadBalancer>,
    listeners: Vec<Listener>,
    target_groups: Vec<TargetGroup>,
    registrations: u64,
}

/// Answers a call.
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let result = match operation {
        "DescribeListeners" => describe::listeners(account, members),
        "DescribeLoadBalancers" => describe::load_balancers(account, members),
        "DescribeRules" => describe::rules(account, members),
        "DescribeTargetGroups" => describe::target_groups(account, members),
        "DescribeTargetHealth" => describe::target_health(account, members),
        _ => Err(ServiceError::unknown_operation(
            "elasticloadbalancing",
            operation,
        )),
    };
    // The query protocol's name for the same thing.
    result.map_err(|error| match error.code.as_str() {
        "ValidationException" => ServiceError::new("ValidationError", error.message),
        _ => error,
    })
}

impl State {
    fn target_group(&self, arn: &str) -> Option<&TargetGroup> {
        self.target_groups.iter().find(|group| group.arn == arn)
    }

    fn target_group_mut(&mut self, arn: &str) -> Option<&mut TargetGroup> {
        self.target_groups.iter_mut().find(|group| group.arn == arn)
    }

    /// Whether a target is registered and healthy.
    pub(crate) fn is_healthy(&self, target_group_arn: &str, address: &Address) -> bool {
        self.health(target_group_arn, address) == Some(Health::Healthy)
    }

    /// Whether a target is registered and failed its health checks.
    pub(crate) fn is_unhealthy(&self, target_group_arn: &str, address: &Address) -> bool {
        self.health(target_group_arn, address) == Some(Health::Unhealthy)
    }

    fn health(&self, target_group_arn: &str, address: &Address) -> Option<Health> {
        let group = self.target_group(target_group_arn)?;
        // An address may be registered anew while an older registration still drains.
        group
            .targets
            .iter()
            .rev()
            .find(|target| target.address == *address)
            .map(|target| target.health)
    }
}
