//! The Describe calls (field names from botocore's `elbv2` model).

use serde_json::{Value, json};

use super::listener::{Listener, LoadBalancer, default_rule};
use super::{Account, Members, ServiceError, State, TargetGroup};

/// The VPC in which everything is.
const VPC: &str = "vpc-0a1b2c3d4e5f60718";

pub(super) fn load_balancers(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let (arns, names) = (input.strings("LoadBalancerArns")?, input.strings("Names")?);
    let state = account.state();
    let balancers = &state.elb.load_balancers;
    let found = choose(balancers, (&arns, |it| &it.arn), (&names, |it| &it.name))
        .map_err(no_load_balancer)?;
    Ok(json!({"LoadBalancers": found.into_iter().map(describe_load_balancer).collect::<Vec<_>>()}))
}

pub(super) fn target_groups(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let (arns, names) = (input.strings("TargetGroupArns")?, input.strings("Names")?);
    let balancer = input.optional_string("LoadBalancerArn")?;
    let state = account.state();
    let elb = &state.elb;
    if let Some(arn) = balancer {
        known_load_balancer(elb, arn)?;
    }
    let groups = &elb.target_groups;
    let found = choose(groups, (&arns, |it| &it.arn), (&names, |it| &it.spec.name))
        .map_err(no_target_group)?;
    let of_balancer =
        |group: &&&TargetGroup| balancer.is_none_or(|arn| elb.balancers_of(group).contains(&arn));
    let found: Vec<Value> = found
        .iter()
        .filter(of_balancer)
        .map(|group| describe_target_group(elb, group))
        .collect();
    Ok(json!({"TargetGroups": found}))
}

pub(super) fn listeners(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let arns = input.strings("ListenerArns")?;
    let balancer = input.optional_string("LoadBalancerArn")?;
    let state = account.state();
    let elb = &state.elb;
    if let Some(arn) = balancer {
        known_load_balancer(elb, arn)?;
    } else if arns.is_empty() {
        return Err(ServiceError::validation(
            "You must specify either listener ARNs or a load balancer ARN",
        ));
    }
    let found =
        choose(&elb.listeners, (&arns, |it| &it.arn), (&[], |it| &it.arn)).map_err(no_listener)?;
    let of_balancer =
        |listener: &&&Listener| balancer.is_none_or(|arn| listener.load_balancer_arn == arn);
    let found: Vec<Value> = found
        .iter()
        .filter(of_balancer)
        .map(|it| describe_listener(it))
        .collect();
    Ok(json!({"Listeners": found}))
}

pub(super) fn rules(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let wanted = input.strings("RuleArns")?;
    let of_listener = input.optional_string("ListenerArn")?;
    let state = account.state();
    let listeners = &state.elb.listeners;
    let rules: Vec<Value> = match of_listener {
        Some(arn) => {
            let listener = listeners.iter().find(|it| it.arn == arn);
            describe_rules(listener.ok_or_else(|| no_listener(arn))?)
        }
        None if wanted.is_empty() => {
            return Err(ServiceError::validation(
                "You must specify either rule ARNs or a listener ARN",
            ));
        }
        None => {
            let all: Vec<Value> = listeners.iter().flat_map(describe_rules).collect();
            let rule = |arn: &&str| {
                let rule = all.iter().find(|it| it["RuleArn"] == **arn);
                rule.cloned().ok_or_else(|| no_rule(arn))
            };
            wanted.iter().map(rule).collect::<Result<_, _>>()?
        }
    };
    Ok(json!({"Rules": rules}))
}

/// The rules of a listener, the default one last.
fn describe_rules(listener: &Listener) -> Vec<Value> {
    let mut rules = Vec::new();
    if let Some(rule) = &listener.rule {
        rules.push(json!({
            "RuleArn": rule,
            "Priority": "1",
            "Conditions": [{
                "Field": "path-pattern",
                "Values": ["/*"],
                "PathPatternConfig": {"Values": ["/*"]},
            }],
            "Actions": [forward(&listener.shares.weights())],
            "IsDefault": false,
        }));
    }
    rules.push(json!({
        "RuleArn": default_rule(&listener.arn),
        "Priority": "default",
        "Conditions": [],
        "Actions": [forward(&default_weights(listener))],
        "IsDefault": true,
    }));
    rules
}

/// Where the default rule forwards to.
fn default_weights(listener: &Listener) -> Vec<(String, u32)> {
    match listener.rule {
        Some(_) => vec![(listener.default_group.clone(), 1)],
        None => listener.shares.weights(),
    }
}

pub(super) fn target_health(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let arn = input.string("TargetGroupArn")?;
    let wanted = input.optional_list("Targets")?.unwrap_or_default();
    let state = account.state();
    let group = state
        .elb
        .target_group(arn)
        .ok_or_else(|| no_target_group(arn))?;
    let mut descriptions = Vec::new();
    for target in &group.targets {
        let mut health = json!({"State": target.health.name()});
        if let Some((code, sentence)) = &target.reason {
            health["Reason"] = (*code).into();
            health["Description"] = sentence.as_str().into();
        }
        descriptions.push(json!({
            "Target": {"Id": target.address.ip, "Port": target.address.port, "AvailabilityZone": format!("{}a", account.settings().region)},
            "HealthCheckPort": target.address.port.to_string(),
            "TargetHealth": health,
        }));
    }
    if wanted.is_empty() {
        return Ok(json!({"TargetHealthDescriptions": descriptions}));
    }
    let mut chosen = Vec::new();
    for target in wanted {
        let target = Members::of(target)?;
        let (id, port) = (target.string("Id")?, target.optional_integer("Port")?);
        let port = port.unwrap_or_else(|| group.spec.port.into());
        let known = descriptions
            .iter()
            .find(|it| it["Target"]["Id"] == id && it["Target"]["Port"] == port);
        chosen.push(known.cloned().unwrap_or_else(|| {
            json!({
                "Target": {"Id": id, "Port": port},
                "TargetHealth": {
                    "State": "unused",
                    "Reason": "Target.NotRegistered",
                    "Description": "Target is not registered to the target group",
                },
            })
        }));
    }
    Ok(json!({"TargetHealthDescriptions": chosen}))
}

/// The things that are asked for by ARN or name, or all of them; the error is what was not found.
fn choose<'a, 'b, T>(
    all: &'a [T],
    (arns, arn): (&[&'b str], fn(&T) -> &String),
    (names, name): (&[&'b str], fn(&T) -> &String),
) -> Result<Vec<&'a T>, &'b str> {
    if arns.is_empty() && names.is_empty() {
        return Ok(all.iter().collect());
    }
    let by_arn = arns
        .iter()
        .map(|wanted| all.iter().find(|it| arn(it) == wanted).ok_or(*wanted));
    let by_name = names
        .iter()
        .map(|wanted| all.iter().find(|it| name(it) == wanted).ok_or(*wanted));
    by_arn.chain(by_name).collect()
}

fn describe_load_balancer(balancer: &LoadBalancer) -> Value {
    json!({
        "LoadBalancerArn": balancer.arn,
        "DNSName": balancer.dns_name,
        "CanonicalHostedZoneId": "Z32O12XQLNTSW2",
        "CreatedTime": balancer.created_at.to_string(),
        "LoadBalancerName": balancer.name,
        "Scheme": "internal",
        "VpcId": VPC,
        "State": {"Code": "active"},
        "Type": "application",
        "AvailabilityZones": [],
        "SecurityGroups": ["sg-0123456789abcdef0"],
        "IpAddressType": "ipv4",
    })
}

fn describe_target_group(elb: &State, group: &TargetGroup) -> Value {
    let spec = &group.spec;
    json!({
        "TargetGroupArn": group.arn,
        "TargetGroupName": spec.name,
        "Protocol": "HTTP",
        "Port": spec.port,
        "VpcId": VPC,
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": true,
        "HealthCheckIntervalSeconds": spec.interval.as_secs(),
        "HealthCheckTimeoutSeconds": spec.timeout.as_secs(),
        "HealthyThresholdCount": spec.healthy_threshold,
        "UnhealthyThresholdCount": spec.unhealthy_threshold,
        "HealthCheckPath": spec.health_check_path,
        "Matcher": {"HttpCode": "200"},
        "LoadBalancerArns": elb.balancers_of(group),
        "TargetType": "ip",
        "ProtocolVersion": "HTTP1",
        "IpAddressType": "ipv4",
    })
}

fn describe_listener(listener: &Listener) -> Value {
    json!({
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.load_balancer_arn,
        "Port": listener.port,
        "Protocol": "HTTP",
        "DefaultActions": [forward(&default_weights(listener))],
    })
}

/// The forward action. `TargetGroupArn` is there only when there is a single target group, as in AWS's.
fn forward(weights: &[(String, u32)]) -> Value {
    let groups: Vec<Value> = weights
        .iter()
        .map(|(arn, weight)| json!({"TargetGroupArn": arn, "Weight": weight}))
        .collect();
    let mut action = json!({"Type": "forward"});
    if let [(arn, _)] = weights {
        action["TargetGroupArn"] = arn.as_str().into();
    }
    action["Order"] = 1.into();
    action["ForwardConfig"] =
        json!({"TargetGroups": groups, "TargetGroupStickinessConfig": {"Enabled": false}});
    action
}

impl State {
    /// The load balancers whose listeners know a target group, even with weight 0.
    fn balancers_of(&self, group: &TargetGroup) -> Vec<&str> {
        let knows = |listener: &&Listener| {
            let weights = listener.shares.weights();
            weights.iter().any(|(arn, _)| *arn == group.arn)
                || default_weights(listener)
                    .iter()
                    .any(|(arn, _)| *arn == group.arn)
        };
        let mut balancers: Vec<&str> = self
            .listeners
            .iter()
            .filter(knows)
            .map(|listener| listener.load_balancer_arn.as_str())
            .collect();
        balancers.sort_unstable();
        balancers.dedup();
        balancers
    }
}

fn known_load_balancer(elb: &State, arn: &str) -> Result<(), ServiceError> {
    let known = elb
        .load_balancers
        .iter()
        .any(|balancer| balancer.arn == arn);
    if known {
        Ok(())
    } else {
        Err(no_load_balancer(arn))
    }
}

fn no_load_balancer(name: &str) -> ServiceError {
    ServiceError::new(
        "LoadBalancerNotFound",
        format!("Load balancers '[{name}]' not found"),
    )
}

fn no_target_group(name: &str) -> ServiceError {
    ServiceError::new(
        "TargetGroupNotFound",
        format!("One or more target groups not found: {name}"),
    )
}

fn no_listener(name: &str) -> ServiceError {
    ServiceError::new(
        "ListenerNotFound",
        format!("One or more listeners not found: {name}"),
    )
}

fn no_rule(name: &str) -> ServiceError {
    ServiceError::new(
        "RuleNotFound",
        format!("One or more rules not found: {name}"),
    )
}
