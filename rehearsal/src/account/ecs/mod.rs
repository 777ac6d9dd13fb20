//! Amazon ECS: task definitions as whole documents, and services under the `CODE_DEPLOY` controller whose
//! tasks really start, fail, and are replaced.
//!
//! A task set keeps its tasks (`keeper.rs`), a task lives its life (`life.rs`); the Describe calls only
//! look (`describe_*.rs`). See AWS-FACTS 5.11, 5.12, 6.6 and 6.7.

mod cluster;
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
pub(crate) use register_task_definition::register_task_definition;
pub use run_task::refuse_tasks;
pub use seams::*;
use task::Task;
use task_definition::TaskDefinition;
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
    /// How many task sets there ever were.
    task_sets: u64,
    /// The runs that were asked for with a client token, by cluster and token.
    runs: BTreeMap<(String, String), run_task::Run>,
    /// Why `RunTask` places nothing, if it does not.
    refused: Option<String>,
}

/// Answers a call.
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(&input)?;
    match operation {
        "DescribeClusters" => describe_services::describe_clusters(account, members),
        "DescribeServices" => describe_services::describe_services(account, members),
        "DescribeTaskDefinition" => task_definition::describe_task_definition(account, members),
        "DescribeTaskSets" => describe_services::describe_task_sets(account, members),
        "DescribeTasks" => describe_tasks::describe_tasks(account, members),
        "ListTaskDefinitions" => task_definition::list_task_definitions(account, members),
        "ListTasks" => describe_tasks::list_tasks(account, members),
        "RegisterTaskDefinition" => register_task_definition::handle(account, input),
        "RunTask" => run_task::run_task(account, &input),
        "StopTask" => stop_task::stop_task(account, members),
        _ => Err(ServiceError::unknown_operation("ecs", operation)),
    }
}
