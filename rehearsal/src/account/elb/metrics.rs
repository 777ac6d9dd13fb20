//! What CloudWatch is told of each request and health check, in the namespace `AWS/ApplicationELB`.
//!
//! Each metric has the dimension of the load balancer, and those that are about targets also that of the
//! load balancer with the target group; availability zones are not told apart.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::target_group::Health;
use super::{Account, State};
use crate::account::cloudwatch::{MetricId, Sample, Unit};
use crate::account::network::{Took, Unanswered};

const NAMESPACE: &str = "AWS/ApplicationELB";

/// A metric, a value, and what that is counted in.
type Measured<'a> = (&'a str, f64, Unit);

/// A request that was sent to a target, and what came of it.
pub(super) fn routed(
    account: &Account,
    load_balancer_arn: &str,
    target_group_arn: &str,
    answer: &Result<Response<Bytes>, Unanswered>,
) {
    let balancer = dimension(load_balancer_arn, ":loadbalancer/", "");
    let group = dimension(target_group_arn, ":targetgroup/", "targetgroup/");
    let mut of_both = vec![("RequestCount", 1.0, Unit::Count)];
    match answer {
        Ok(response) => {
            let took = response.extensions().get::<Took>();
            let took = took.map_or(Duration::ZERO, |took| took.0);
            of_both.push(("TargetResponseTime", took.as_secs_f64(), Unit::Seconds));
            let class = match response.status().as_u16() / 100 {
                2 => "HTTPCode_Target_2XX_Count",
                3 => "HTTPCode_Target_3XX_Count",
                4 => "HTTPCode_Target_4XX_Count",
                _ => "HTTPCode_Target_5XX_Count",
            };
            of_both.push((class, 1.0, Unit::Count));
        }
        Err(Unanswered::Refused) => {
            of_both.push(("TargetConnectionErrorCount", 1.0, Unit::Count));
        }
        Err(Unanswered::TimedOut) => {}
    }
    record(account, &[("LoadBalancer", &balancer)], &of_both);
    let both = [("TargetGroup", group.as_str()), ("LoadBalancer", &balancer)];
    record(account, &both, &of_both);
    match answer {
        Ok(_) => {}
        Err(Unanswered::Refused) => failed(account, load_balancer_arn, "HTTPCode_ELB_502_Count"),
        Err(Unanswered::TimedOut) => failed(account, load_balancer_arn, "HTTPCode_ELB_504_Count"),
    }
}

/// A request for which there was no target.
pub(super) fn unroutable(account: &Account, load_balancer_arn: &str) {
    failed(account, load_balancer_arn, "HTTPCode_ELB_503_Count");
}

/// An answer that the load balancer has given itself.
fn failed(account: &Account, load_balancer_arn: &str, code: &str) {
    let balancer = dimension(load_balancer_arn, ":loadbalancer/", "");
    let measured = [
        ("HTTPCode_ELB_5XX_Count", 1.0, Unit::Count),
        (code, 1.0, Unit::Count),
    ];
    record(account, &[("LoadBalancer", &balancer)], &measured);
}

/// The health of a target group's targets, whenever one of them has been checked. A group that no load
/// balancer sends to has none.
pub(super) fn checked(account: &Account, target_group_arn: &str) {
    let counted = {
        let state = account.state();
        count(&state.elb, target_group_arn)
    };
    let Some((load_balancer_arn, healthy, unhealthy)) = counted else {
        return;
    };
    let balancer = dimension(&load_balancer_arn, ":loadbalancer/", "");
    let group = dimension(target_group_arn, ":targetgroup/", "targetgroup/");
    let measured = [
        ("HealthyHostCount", healthy, Unit::Count),
        ("UnHealthyHostCount", unhealthy, Unit::Count),
    ];
    let both = [("TargetGroup", group.as_str()), ("LoadBalancer", &balancer)];
    record(account, &both, &measured);
}

fn count(elb: &State, target_group_arn: &str) -> Option<(String, f64, f64)> {
    let group = elb.target_group(target_group_arn)?;
    let mut listeners = elb.listeners.iter();
    let listener = listeners.find(|listener| {
        let weights = listener.shares.weights();
        weights.iter().any(|(arn, _)| arn == target_group_arn)
    })?;
    let of = |health| {
        let targets = group.targets.iter();
        let count = targets.filter(|target| target.health == health).count();
        f64::from(u32::try_from(count).unwrap_or(u32::MAX))
    };
    let arn = listener.load_balancer_arn.clone();
    Some((arn, of(Health::Healthy), of(Health::Unhealthy)))
}

/// What the dimension `LoadBalancer` is for the load balancer of this name.
pub fn metric_dimension(account: &Account, load_balancer: &str) -> Option<String> {
    let state = account.state();
    let mut balancers = state.elb.load_balancers.iter();
    let balancer = balancers.find(|balancer| balancer.name == load_balancer)?;
    Some(dimension(&balancer.arn, ":loadbalancer/", ""))
}

fn record(account: &Account, dimensions: &[(&str, &str)], measured: &[Measured<'_>]) {
    let at = account.clock().now();
    let mut state = account.state();
    for (name, value, unit) in measured {
        let (value, unit) = (*value, *unit);
        let id = MetricId::new(NAMESPACE, name, dimensions);
        let metrics = &mut state.cloudwatch.metrics;
        metrics.record(id, Sample { at, value, unit });
    }
}

/// An ARN as CloudWatch has it: `app/mco/0123456789abcdef`, `targetgroup/mco-api-blue/0123456789abcdef`.
fn dimension(arn: &str, kind: &str, prefix: &str) -> String {
    let path = arn.split_once(kind).map_or(arn, |(_, path)| path);
    format!("{prefix}{path}")
}
