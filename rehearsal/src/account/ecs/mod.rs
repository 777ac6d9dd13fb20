//! Amazon ECS: task definitions as whole documents, and services whose tasks really start, fail, and are
//! replaced.
//!
//! A task set keeps its tasks (`keeper.rs`), a task lives its life (`life.rs`); the Describe calls only
//! look (`describe_*.rs`). CodeDeploy deploys services under the `CODE_DEPLOY` controller, and
//! `service_deployment/` those under the `ECS` controller. See AWS-FACTS 5.11, 5.12, 6 and 7.

mod cluster;
mod container_log;
mod create_service;
mod describe_services;
mod describe_tasks;
mod find;
mod keeper;
mod life;
mod new_task;
mod register_task_definition;
mod run_request;
mod run_task;
mod seams;
mod service_deployment;
mod stop;
mod stop_task;
mod task;
mod task_definition;
mod task_event;
mod task_set;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Account, Members, ServiceError, epoch};
use cluster::{Cluster, Service};
pub use create_service::{ServiceSpec, create_new_service, create_service};
pub(crate) use register_task_definition::register_task_definition;
pub use run_task::{one_shots_running, refuse_tasks};
pub use seams::*;
pub use service_deployment::{
    CircuitBreaker, Controller, DeploymentConfiguration, EcsController, Hook, HookAction,
    HookBehaviour, HookPayload, HookTarget, Native, ReturnedDetails, RevisionView, Routing,
    Scheduling, ServiceDeploymentView, Shift, Stage, Strategy, Threshold, configure_hooks,
    deployments_in_progress, revisions, service_deployments,
};
use task::Task;
use task_definition::TaskDefinition;
pub(crate) use task_definition::roles_of;
use task_set::TaskSet;

/// Everything that ECS remembers.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// By name.
    clusters: BTreeMap<String, Cluster>,
    /// By family; revision 1 is the first.
    families: BTreeMap<String, Vec<TaskDefinition>>,
    /// By ARN, the stopped ones of the last hour included.
    tasks: BTreeMap<String, Task>,
    /// How many task sets and revisions there ever were.
    task_sets: u64,
    /// The runs that were asked for with a client token, by cluster and token.
    runs: BTreeMap<(String, String), run_task::Run>,
    /// Why `RunTask` places nothing, if it does not.
    refused: Option<String>,
    hook_behaviour: HookBehaviour,
}

impl State {
    /// The number of a new task set or revision: unique, and of the order of real ones, which grow smaller
    /// with time.
    fn next_number(&mut self) -> u64 {
        self.task_sets += 1;
        9_223_370_493_425_779_968 - self.task_sets * 1_000_003
    }
}

/// Answers a call of whom IAM calls `caller`.
pub(crate) fn handle_by(
    account: &Account,
    caller: &str,
    operation: &str,
    input: Value,
) -> Result<Value, ServiceError> {
    match operation {
        "RegisterTaskDefinition" => register_task_definition::handle_by(account, input, caller),
        _ => handle(account, operation, input),
    }
}

/// Answers a call of the account's own.
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(&input)?;
    match operation {
        "ContinueServiceDeployment" => {
            service_deployment::continue_service_deployment(account, members)
        }
        "DescribeClusters" => describe_services::describe_clusters(account, members),
        "DescribeServiceDeployments" => {
            service_deployment::describe_service_deployments(account, members)
        }
        "DescribeServiceRevisions" => {
            service_deployment::describe_service_revisions(account, members)
        }
        "DescribeServices" => describe_services::describe_services(account, members),
        "DescribeTaskDefinition" => task_definition::describe_task_definition(account, members),
        "DescribeTaskSets" => describe_services::describe_task_sets(account, members),
        "DescribeTasks" => describe_tasks::describe_tasks(account, members),
        "ListClusters" => describe_services::list_clusters(account, members),
        "ListServiceDeployments" => service_deployment::list_service_deployments(account, members),
        "ListServices" => describe_services::list_services(account, members),
        "ListTaskDefinitions" => task_definition::list_task_definitions(account, members),
        "ListTasks" => describe_tasks::list_tasks(account, members),
        "RegisterTaskDefinition" => register_task_definition::handle(account, input),
        "RunTask" => run_task::run_task(account, &input),
        "StopServiceDeployment" => service_deployment::stop_service_deployment(account, members),
        "StopTask" => stop_task::stop_task(account, members),
        "UpdateService" => service_deployment::update_service(account, &input),
        _ => Err(ServiceError::unknown_operation("ecs", operation)),
    }
}
