//! Services under the `ECS` deployment controller: revisions, and the deployments that replace one by
//! another, rolling or with a blue and a green one (AWS-FACTS 6, 7).
//!
//! `UpdateService` begins a deployment (`begin.rs`); each is one tokio task, the [`runner`], that moves on
//! the account's clock. A revision's tasks are kept by a [`TaskSet`](super::TaskSet) of the same id.

pub(super) mod begin;
mod behaviour;
mod configuration;
mod control;
mod describe;
mod events;
mod hook_configuration;
mod hooks;
mod native;
mod pause;
mod record;
mod revision;
mod rollback;
mod rolling;
mod runner;
mod stage;
#[cfg(test)]
mod tests;
mod traffic;
mod update_service;
mod view;

pub use behaviour::{HookBehaviour, HookPayload, ReturnedDetails, configure_hooks};
pub use configuration::{
    CircuitBreaker, Controller, DeploymentConfiguration, EcsController, Native, Routing,
    Scheduling, Shift, Strategy, Threshold,
};
pub(super) use control::stop_service_deployment;
pub(super) use describe::{
    describe_service_deployments, describe_service_revisions, list_service_deployments,
};
pub use hook_configuration::{Hook, HookAction, HookTarget};
pub(super) use pause::continue_service_deployment;
pub(super) use record::Deployment;
pub(super) use revision::Revision;
pub use stage::Stage;
pub(super) use update_service::update_service;
pub use view::{
    RevisionView, ServiceDeploymentView, deployments_in_progress, revisions, service_deployments,
};
