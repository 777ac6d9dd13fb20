//! What the rest of the account (CodeDeploy, ECS, scenarios) does with load balancing, without the wire.

use std::time::Duration;

use tokio::sync::watch;

use super::listener::{Shares, rules_of};
use super::{Account, Listener, LoadBalancer, State, Target, TargetGroup, route};
use crate::account::Network;
use crate::account::network::{Stop, bind, serve};

/// The name by which a load balancer is reached.
pub(crate) fn dns_name(account: &Account, arn: &str) -> Option<String> {
    let state = account.state();
    let mut balancers = state.elb.load_balancers.iter();
    let balancer = balancers.find(|it| it.arn == arn)?;
    Some(balancer.dns_name.clone())
}

/// A target group to be created.
#[derive(Debug, Clone)]
pub struct TargetGroupSpec {
    /// Its name.
    pub name: String,
    /// The port of its targets.
    pub port: u16,
    /// What a health check asks for; 200 is healthy.
    pub health_check_path: String,
    /// Between two checks of a target.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Passed checks that make an unhealthy target healthy.
    pub healthy_threshold: u32,
    /// Failed checks that make a target unhealthy.
    pub unhealthy_threshold: u32,
    /// How long a target that leaves is drained.
    pub deregistration_delay: Duration,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroupView {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The port of its targets.
    pub port: u16,
    /// How long a target that leaves is drained.
    pub deregistration_delay: Duration,
}

/// A listener and its weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerView {
    /// Its ARN.
    pub arn: String,
    /// Whose listener it is.
    pub load_balancer_arn: String,
    /// The real one where the network is loopback.
    pub port: u16,
    /// Target group ARN and weight.
    pub weights: Vec<(String, u32)>,
    /// Where requests go: `http://<dns name>:<port>`.
    pub url: String,
}

/// A target and its health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetView {
    /// The task's address.
    pub id: String,
    /// The port of its targets.
    pub port: u16,
    /// `initial`, `healthy`, `unhealthy` or `draining`.
    pub state: &'static str,
    /// Why it is not healthy: such as `Target.ResponseCodeMismatch`.
    pub reason: Option<&'static str>,
    /// The same in a sentence.
    pub description: Option<String>,
}

/// An application load balancer. Returns its ARN.
pub fn create_load_balancer(account: &Account, name: &str) -> String {
    let settings = account.settings();
    let dns_name = match settings.network {
        Network::Loopback => "localhost".to_owned(),
        Network::InMemory => format!("{name}-1234567890.{}.elb.amazonaws.com", settings.region),
    };
    let arn = account.arn(
        "elasticloadbalancing",
        &format!("loadbalancer/app/{name}/{}", short_id(account)),
    );
    let created_at = account.clock().now();
    let balancer = LoadBalancer {
        arn: arn.clone(),
        name: name.to_owned(),
        dns_name,
        created_at,
    };
    account.state().elb.load_balancers.push(balancer);
    arn
}

/// A target group for addresses. Returns its ARN.
pub fn create_target_group(account: &Account, spec: TargetGroupSpec) -> String {
    let arn = account.arn(
        "elasticloadbalancing",
        &format!("targetgroup/{}/{}", spec.name, short_id(account)),
    );
    account
        .state()
        .elb
        .target_groups
        .push(TargetGroup::new(arn.clone(), spec));
    arn
}

/// An HTTP listener that forwards everything to one target group. Returns its ARN. On loopback, `port` is
/// only wished for: the real one is in [`ListenerView`].
pub fn create_listener(
    account: &Account,
    load_balancer_arn: &str,
    port: u16,
    target_group_arn: &str,
) -> std::io::Result<String> {
    let path = load_balancer_arn
        .split_once(":loadbalancer/")
        .map_or("app/unknown/0", |(_, path)| path);
    let arn = account.arn(
        "elasticloadbalancing",
        &format!("listener/{path}/{}", short_id(account)),
    );
    let bound = match account.settings().network {
        Network::InMemory => port,
        Network::Loopback => {
            let socket = bind(0)?;
            let bound = socket.local_addr()?.port();
            // A listener lives as long as the account: nobody tells it to stop.
            let (_, stop) = watch::channel(Stop::Never);
            let (account, arn) = (account.clone(), arn.clone());
            serve(socket, stop, move |request| {
                let (account, arn) = (account.clone(), arn.clone());
                async move { route(&account, &arn, request).await }
            })?;
            bound
        }
    };
    account.state().elb.listeners.push(Listener {
        arn: arn.clone(),
        load_balancer_arn: load_balancer_arn.to_owned(),
        wished_port: port,
        port: bound,
        rule: None,
        default_group: target_group_arn.to_owned(),
        shares: Shares::new(&[(target_group_arn.to_owned(), 100)]),
    });
    Ok(arn)
}

/// A rule of a listener that takes every path, and shares the requests out between target groups. Returns its ARN;
/// `None` if there is no such listener, or it has one already.
pub fn create_rule(
    account: &Account,
    listener_arn: &str,
    weights: &[(String, u32)],
) -> Option<String> {
    let rule = format!("{}/{}", rules_of(listener_arn), short_id(account));
    let mut state = account.state();
    let mut listeners = state.elb.listeners.iter_mut();
    let listener = listeners.find(|it| it.arn == listener_arn && it.rule.is_none())?;
    listener.rule = Some(rule.clone());
    listener.shares = Shares::new(weights);
    Some(rule)
}

/// A listener by its ARN.
pub fn listener(account: &Account, arn: &str) -> Option<ListenerView> {
    let state = account.state();
    state
        .elb
        .listeners
        .iter()
        .find(|listener| listener.arn == arn)
        .map(|listener| view(&state.elb, listener))
}

/// The listener of a load balancer (by name) that was created for a port.
pub fn listener_of(account: &Account, load_balancer: &str, port: u16) -> Option<ListenerView> {
    let state = account.state();
    let balancer = state
        .elb
        .load_balancers
        .iter()
        .find(|balancer| balancer.name == load_balancer)?;
    let mut listeners = state.elb.listeners.iter();
    let listener =
        listeners.find(|it| it.load_balancer_arn == balancer.arn && it.wished_port == port)?;
    Some(view(&state.elb, listener))
}

fn view(elb: &State, listener: &Listener) -> ListenerView {
    let mut balancers = elb.load_balancers.iter();
    let host = balancers
        .find(|it| it.arn == listener.load_balancer_arn)
        .map_or("", |it| it.dns_name.as_str());
    ListenerView {
        arn: listener.arn.clone(),
        load_balancer_arn: listener.load_balancer_arn.clone(),
        port: listener.port,
        weights: listener.shares.weights(),
        url: format!("http://{host}:{}", listener.port),
    }
}

/// Shares a listener's requests out between target groups. False if there is no such listener.
pub fn set_listener_weights(
    account: &Account,
    listener_arn: &str,
    weights: &[(String, u32)],
) -> bool {
    let mut state = account.state();
    let Some(listener) = state
        .elb
        .listeners
        .iter_mut()
        .find(|listener| listener.arn == listener_arn)
    else {
        return false;
    };
    listener.shares = Shares::new(weights);
    true
}

/// The weights of a rule, by its ARN or that of its listener.
pub fn rule_weights(account: &Account, rule_arn: &str) -> Option<Vec<(String, u32)>> {
    let state = account.state();
    let mut listeners = state.elb.listeners.iter();
    let listener = listeners.find(|listener| listener.is_meant_by(rule_arn))?;
    Some(listener.shares.weights())
}

/// Shares a rule's requests out between target groups. False if there is no such rule.
pub fn set_rule_weights(account: &Account, rule_arn: &str, weights: &[(String, u32)]) -> bool {
    let listener = {
        let state = account.state();
        let mut listeners = state.elb.listeners.iter();
        listeners
            .find(|listener| listener.is_meant_by(rule_arn))
            .map(|listener| listener.arn.clone())
    };
    listener.is_some_and(|listener| set_listener_weights(account, &listener, weights))
}

/// A target group by its name.
pub fn target_group_by_name(account: &Account, name: &str) -> Option<TargetGroupView> {
    let state = account.state();
    state
        .elb
        .target_groups
        .iter()
        .find(|group| group.spec.name == name)
        .map(TargetGroupView::of)
}

/// A target group by its ARN.
pub fn target_group(account: &Account, arn: &str) -> Option<TargetGroupView> {
    account
        .state()
        .elb
        .target_group(arn)
        .map(TargetGroupView::of)
}

/// The targets of a target group.
pub fn targets(account: &Account, target_group_arn: &str) -> Vec<TargetView> {
    let state = account.state();
    let targets = state
        .elb
        .target_group(target_group_arn)
        .map(|group| group.targets.as_slice())
        .unwrap_or_default();
    targets.iter().map(TargetView::of).collect()
}

impl TargetGroupView {
    fn of(group: &TargetGroup) -> Self {
        Self {
            arn: group.arn.clone(),
            name: group.spec.name.clone(),
            port: group.spec.port,
            deregistration_delay: group.spec.deregistration_delay,
        }
    }
}

impl TargetView {
    fn of(target: &Target) -> Self {
        let (reason, description) = target.reason.clone().unzip();
        Self {
            id: target.address.ip.clone(),
            port: target.address.port,
            state: target.health.name(),
            reason,
            description,
        }
    }
}

impl TargetGroupSpec {
    /// A target group of the samples: `/ping` on 8080 every 10 seconds, 30 seconds to drain.
    pub fn sample(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            port: 8080,
            health_check_path: "/ping".to_owned(),
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            healthy_threshold: 2,
            unhealthy_threshold: 2,
            deregistration_delay: Duration::from_secs(30),
        }
    }
}

/// The 16 hexadecimal digits at the end of this service's ARNs.
fn short_id(account: &Account) -> String {
    account.unique().chars().take(16).collect()
}
