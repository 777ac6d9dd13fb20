//! What the rest of the account (CodeDeploy, ECS, scenarios) does with load balancing, without the wire.

use std::time::Duration;

use super::Account;

/// A target group to be created.
#[derive(Debug, Clone)]
pub struct TargetGroupSpec {
    pub name: String,
    pub port: u16,
    pub health_check_path: String,
    pub interval: Duration,
    pub timeout: Duration,
    pub healthy_threshold: u32,
    pub unhealthy_threshold: u32,
    pub deregistration_delay: Duration,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroupView {
    pub arn: String,
    pub name: String,
    pub port: u16,
    pub deregistration_delay: Duration,
}

/// A listener and its weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerView {
    pub arn: String,
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
    pub port: u16,
    /// `initial`, `healthy`, `unhealthy` or `draining`.
    pub state: &'static str,
    pub reason: Option<&'static str>,
    pub description: Option<String>,
}

/// An application load balancer. Returns its ARN.
pub fn create_load_balancer(account: &Account, name: &str) -> String {
    let _ = (account, name);
    String::new()
}

/// A target group for addresses. Returns its ARN.
pub fn create_target_group(account: &Account, spec: TargetGroupSpec) -> String {
    let _ = (account, spec);
    String::new()
}

/// An HTTP listener that forwards everything to one target group. Returns its ARN. On loopback, `port` is
/// only wished for: the real one is in [`ListenerView`].
pub fn create_listener(
    account: &Account,
    load_balancer_arn: &str,
    port: u16,
    target_group_arn: &str,
) -> std::io::Result<String> {
    let _ = (account, load_balancer_arn, port, target_group_arn);
    Ok(String::new())
}

/// A listener by its ARN.
pub fn listener(account: &Account, arn: &str) -> Option<ListenerView> {
    let _ = (account, arn);
    None
}

/// The listener of a load balancer on a port that was wished for.
pub fn listener_of(account: &Account, load_balancer: &str, port: u16) -> Option<ListenerView> {
    let _ = (account, load_balancer, port);
    None
}

/// Shares a listener's requests out between target groups. False if there is no such listener.
pub fn set_listener_weights(account: &Account, listener_arn: &str, weights: &[(String, u32)]) -> bool {
    let _ = (account, listener_arn, weights);
    false
}

/// A target group by its name.
pub fn target_group_by_name(account: &Account, name: &str) -> Option<TargetGroupView> {
    let _ = (account, name);
    None
}

/// A target group by its ARN.
pub fn target_group(account: &Account, arn: &str) -> Option<TargetGroupView> {
    let _ = (account, arn);
    None
}

/// The targets of a target group.
pub fn targets(account: &Account, target_group_arn: &str) -> Vec<TargetView> {
    let _ = (account, target_group_arn);
    Vec::new()
}
