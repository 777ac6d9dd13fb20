//! Elastic Load Balancing: the health of targets, where a listener listens, and where it leads.

mod route;

pub use route::{
    Forward, HealthCheck, Listener, Rule, TargetGroup, listener, rule, rules, target_group,
};

use aws_sdk_elasticloadbalancingv2::types::{self, LoadBalancerSchemeEnum};

use crate::{AwsError, Clients, Kind, error::failed};

/// A registered target and its health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetHealth {
    /// Address (or instance) and port.
    pub target: String,
    /// `initial | healthy | unhealthy | unused | draining | unavailable | …`
    pub state: String,
    /// Reason code and description in brackets, or nothing.
    pub reason: String,
}

/// The health of every target of a target group.
pub async fn target_health(
    clients: &Clients,
    target_group: &str,
) -> Result<Vec<TargetHealth>, AwsError> {
    let answer = clients
        .elbv2
        .describe_target_health()
        .target_group_arn(target_group)
        .send()
        .await
        .map_err(failed(
            "elasticloadbalancing:DescribeTargetHealth",
            format!("target group `{target_group}`"),
        ))?;
    Ok(answer
        .target_health_descriptions()
        .iter()
        .map(|description| {
            let id = description.target().and_then(types::TargetDescription::id);
            let port = description
                .target()
                .and_then(types::TargetDescription::port);
            let health = description.target_health();
            let state = health.and_then(types::TargetHealth::state);
            let code = health.and_then(types::TargetHealth::reason);
            let text = health.and_then(types::TargetHealth::description);
            let reason = [code.map(types::TargetHealthReasonEnum::as_str), text]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(": ");
            TargetHealth {
                target: match port {
                    Some(port) => format!("{}:{port}", id.unwrap_or("unknown")),
                    None => id.unwrap_or("unknown").to_owned(),
                },
                state: state
                    .map_or("unknown", types::TargetHealthStateEnum::as_str)
                    .to_owned(),
                reason: if reason.is_empty() {
                    reason
                } else {
                    format!(" ({reason})")
                },
            }
        })
        .collect())
}

/// The ARNs of the load balancers that a target group belongs to: none where no listener leads to it, and
/// more than one only for other kinds than Application Load Balancers.
pub async fn load_balancers_of(
    clients: &Clients,
    target_group: &str,
) -> Result<Vec<String>, AwsError> {
    const ACTION: &str = "elasticloadbalancing:DescribeTargetGroups";
    let resource = || format!("target group `{target_group}`");
    let answer = clients
        .elbv2
        .describe_target_groups()
        .target_group_arns(target_group)
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
    let found = answer.target_groups().first().ok_or_else(|| {
        let message = "the answer holds no target group";
        AwsError::unusable(ACTION, resource(), Kind::NotFound, None, message)
    })?;
    Ok(found.load_balancer_arns().to_vec())
}

/// What CloudWatch calls a load balancer or target group, in the dimensions `LoadBalancer` and `TargetGroup`:
/// `app/name/id`, `targetgroup/name/id`.
pub fn dimension_of(arn: &str) -> &str {
    let name = arn.rsplit(':').next().unwrap_or(arn);
    name.strip_prefix("loadbalancer/").unwrap_or(name)
}

/// Where a listener is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerAddress {
    /// `http` or `https`
    pub scheme: &'static str,
    /// The load balancer's DNS name.
    pub host: String,
    /// The listener's port.
    pub port: u16,
    /// The load balancer has no public address.
    pub is_internal: bool,
}

impl ListenerAddress {
    /// `http://host:port`
    pub fn base_url(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host, self.port)
    }
}

/// The listener that a listener rule belongs to. What is a listener already stays what it is: for a Network Load
/// Balancer ECS takes the listener itself for the rule (AWS-FACTS 7.1).
pub fn listener_of_rule(rule: &str) -> String {
    // arn:…:listener-rule/app/<name>/<load balancer>/<listener>/<rule>
    match rule.split_once(":listener-rule/") {
        Some((prefix, path)) => {
            let listener = path.rsplit_once('/').map_or(path, |(listener, _)| listener);
            format!("{prefix}:listener/{listener}")
        }
        None => rule.to_owned(),
    }
}

/// Where `listener` is reached. Two calls, one after the other: a listener names its load balancer.
pub async fn listener_address(
    clients: &Clients,
    listener: &str,
) -> Result<ListenerAddress, AwsError> {
    const LISTENERS: &str = "elasticloadbalancing:DescribeListeners";
    const LOAD_BALANCERS: &str = "elasticloadbalancing:DescribeLoadBalancers";
    let resource = || format!("listener `{listener}`");
    let missing = |action, member: &str| {
        let message = format!("the answer holds no {member}");
        AwsError::unusable(action, resource(), Kind::NotFound, None, message)
    };
    let answer = clients
        .elbv2
        .describe_listeners()
        .listener_arns(listener)
        .send()
        .await
        .map_err(failed(LISTENERS, resource()))?;
    let described = answer.listeners().first();
    let described = described.ok_or_else(|| missing(LISTENERS, "listener"))?;
    let port = described
        .port()
        .and_then(|port| u16::try_from(port).ok())
        .ok_or_else(|| missing(LISTENERS, "port"))?;
    let scheme = match described.protocol().map(types::ProtocolEnum::as_str) {
        Some("HTTPS" | "TLS") => "https",
        _ => "http",
    };
    let load_balancer = described
        .load_balancer_arn()
        .ok_or_else(|| missing(LISTENERS, "load balancer"))?;
    let answer = clients
        .elbv2
        .describe_load_balancers()
        .load_balancer_arns(load_balancer)
        .send()
        .await
        .map_err(failed(
            LOAD_BALANCERS,
            format!("load balancer `{load_balancer}`"),
        ))?;
    let balancer = answer.load_balancers().first();
    let host = balancer
        .and_then(|balancer| balancer.dns_name())
        .ok_or_else(|| missing(LOAD_BALANCERS, "DNS name"))?;
    Ok(ListenerAddress {
        scheme,
        host: host.to_owned(),
        port,
        is_internal: balancer.and_then(types::LoadBalancer::scheme)
            == Some(&LoadBalancerSchemeEnum::Internal),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::{Scripted, run};

    #[test]
    fn a_target_group_names_its_load_balancers() {
        let aws = Scripted::default();
        aws.answer(
            200,
            "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups><member>\
             <TargetGroupArn>arn:tg</TargetGroupArn><LoadBalancerArns><member>arn:lb</member>\
             </LoadBalancerArns></member></TargetGroups></DescribeTargetGroupsResult>\
             </DescribeTargetGroupsResponse>",
        );
        let found = run(load_balancers_of(&aws.clients(), "arn:tg")).unwrap();
        assert_eq!(found, ["arn:lb"]);
        assert!(aws.sent()[0].body.contains("Action=DescribeTargetGroups"));
        aws.answer(
            200,
            "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups/>\
             </DescribeTargetGroupsResult></DescribeTargetGroupsResponse>",
        );
        let error = run(load_balancers_of(&aws.clients(), "arn:tg")).unwrap_err();
        assert_eq!(error.kind, Kind::NotFound);
    }

    #[test]
    fn cloudwatch_calls_things_by_the_end_of_their_arn() {
        const ELB: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012";
        for (name, expected) in [
            (
                "loadbalancer/app/mco/50dc6c495c0c9188",
                "app/mco/50dc6c495c0c9188",
            ),
            (
                "loadbalancer/net/mco/50dc6c495c0c9188",
                "net/mco/50dc6c495c0c9188",
            ),
            ("targetgroup/green/1", "targetgroup/green/1"),
        ] {
            assert_eq!(dimension_of(&format!("{ELB}:{name}")), expected);
        }
        assert_eq!(dimension_of(""), "");
    }

    #[test]
    fn a_rule_leads_to_its_listener_and_a_listener_to_itself() {
        const ELB: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012";
        let listener = format!("{ELB}:listener/app/mco/50dc6c495c0c9188/f2f7dc8efc522ab2");
        let rule = format!(
            "{ELB}:listener-rule/app/mco/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
        );
        assert_eq!(listener_of_rule(&rule), listener);
        let network = format!("{ELB}:listener/net/mco/50dc6c495c0c9188/f2f7dc8efc522ab2");
        assert_eq!(listener_of_rule(&network), network);
        for strange in ["", "x", ":listener-rule/"] {
            let found = listener_of_rule(strange);
            assert!(!found.contains("listener-rule"), "{found}");
        }
    }
}
