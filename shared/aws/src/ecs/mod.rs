//! Amazon ECS: services, their deployments and revisions, task sets, tasks, and task definitions as
//! whole documents (AWS-FACTS 5.11, 5.12, 6, 7).

mod cluster;
mod names;
mod placement;
mod run_task;
mod service;
mod service_deployment;
mod service_revision;
mod task;
mod task_definition;
mod task_set;
#[cfg(test)]
mod wire_tests;

pub use cluster::{Cluster, cluster};
pub use names::{cluster_names, service_names};
pub use placement::{CapacityProvider, Network};
pub use run_task::{ContainerOverride, Ran, RunTask, run_task};
pub use service::{
    CircuitBreaker, LifecycleHook, RollingDeployment, Service, ServiceLoadBalancer, service,
    update_service,
};
pub use service_deployment::{
    Breaker, HookAction, HookDetail, Revision, ServiceDeployment, continue_service_deployment,
    service_deployment, service_deployments_since, stop_service_deployment,
};
pub use service_revision::{RevisionImage, ServiceRevision, service_revisions, started_by};
pub use task::{
    Container, Task, running_tasks, stop_task, stopped_tasks, task, tasks_of_family,
    tasks_of_service,
};
pub use task_definition::{TaskDefinitionDocument, register_task_definition, task_definition};
pub use task_set::{LoadBalancer, TaskSet};

/// ECS counts with signed numbers.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
