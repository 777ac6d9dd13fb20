//! What the rest of the account (CodeDeploy, scenarios) does with ECS, without the wire.
//!
//! `AWSCodeDeployRoleForECS` may do just this: describe services, create and delete task sets, and make
//! one the primary (AWS-FACTS 10.5).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::Account;

/// A service under the `CODE_DEPLOY` controller, as a seed.
#[derive(Debug, Clone)]
pub struct ServiceSpec {
    pub cluster: String,
    pub name: String,
    pub desired_count: u32,
    /// Family, `family:revision` or ARN.
    pub task_definition: String,
    pub target_group_arn: String,
    pub container_name: String,
    pub container_port: u16,
    /// How long a task may fail its target group's health checks before it is replaced.
    pub health_check_grace: Duration,
}

/// A task set to be created.
#[derive(Debug, Clone)]
pub struct NewTaskSet {
    /// Family, `family:revision` or ARN.
    pub task_definition: String,
    /// The CodeDeploy deployment id.
    pub external_id: Option<String>,
    /// `CODE_DEPLOY`.
    pub started_by: String,
    pub target_group_arn: String,
    pub container_name: String,
    pub container_port: u16,
    /// Of the service's desired count.
    pub scale_percent: f64,
    /// The `NetworkConfiguration` of the service unless given; in ECS's shape (`awsvpcConfiguration`).
    pub network_configuration: Option<Value>,
}

/// A task set as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskSetView {
    /// `ecs-svc/<number>`
    pub id: String,
    pub arn: String,
    pub external_id: Option<String>,
    pub started_by: String,
    /// `PRIMARY`, `ACTIVE` or `DRAINING`.
    pub status: &'static str,
    /// The ARN with the revision.
    pub task_definition: String,
    pub target_group_arn: String,
    pub container_name: String,
    pub container_port: u16,
    pub scale_percent: f64,
    pub desired: u32,
    pub pending: u32,
    pub running: u32,
    /// `STEADY_STATE`
    pub steady: bool,
    pub created_at: Timestamp,
    /// The stopped tasks that are still remembered, oldest first.
    pub stopped: Vec<StoppedTask>,
}

/// Why a task stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedTask {
    pub arn: String,
    /// `EssentialContainerExited`, `TaskFailedToStart`, …
    pub stop_code: String,
    pub stopped_reason: String,
    /// Of the first container that has one.
    pub exit_code: Option<i32>,
}

/// A service as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceView {
    pub cluster: String,
    pub name: String,
    pub arn: String,
    pub desired_count: u32,
    pub task_sets: Vec<TaskSetView>,
}

/// An empty cluster; an existing one stays as it is.
pub fn create_cluster(account: &Account, name: &str) {
    let _ = (account, name);
}

/// A service with its first task set, which is primary, steady and in service at once. Returns its ARN.
pub fn create_service(account: &Account, spec: ServiceSpec) -> Result<String, String> {
    let _ = (account, spec);
    Err("not yet".to_owned())
}

/// Starts a task set. Returns its id, or ECS's sentence.
pub fn create_task_set(account: &Account, cluster: &str, service: &str, new: NewTaskSet) -> Result<String, String> {
    let _ = (account, cluster, service, new);
    Err("not yet".to_owned())
}

/// A task set as it is now, by its id.
pub fn task_set(account: &Account, cluster: &str, service: &str, id: &str) -> Option<TaskSetView> {
    let _ = (account, cluster, service, id);
    None
}

/// A service as it is now.
pub fn service(account: &Account, cluster: &str, name: &str) -> Option<ServiceView> {
    let _ = (account, cluster, name);
    None
}

/// Makes a task set the service's primary. False if there is none of that id.
pub fn set_primary_task_set(account: &Account, cluster: &str, service: &str, id: &str) -> bool {
    let _ = (account, cluster, service, id);
    false
}

/// Drains a task set: its targets are deregistered, and its tasks stopped after the deregistration delay.
/// False if there is none of that id.
pub fn delete_task_set(account: &Account, cluster: &str, service: &str, id: &str) -> bool {
    let _ = (account, cluster, service, id);
    false
}
