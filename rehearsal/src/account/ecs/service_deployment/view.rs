//! What scenarios and tests see of a service's revisions and deployments, without the wire.

use jiff::Timestamp;

use super::record::Record;
use crate::account::Account;
use crate::account::ecs::Service;

/// A revision that has tasks, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct RevisionView {
    /// Its ARN.
    pub arn: String,
    /// `ecs-svc/<number>`: what its tasks are started by.
    pub id: String,
    /// The ARN with the revision.
    pub task_definition: String,
    /// Where its tasks are registered, if anywhere.
    pub target_group_arn: Option<String>,
    /// Whether it is the `PRIMARY` one of `deployments[]`.
    pub primary: bool,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`.
    pub rollout_state: &'static str,
    /// How many tasks it is to have.
    pub desired: u32,
    /// Tasks that start.
    pub pending: u32,
    /// Tasks that run.
    pub running: u32,
    /// Tasks that failed in a row.
    pub failed_tasks: u32,
}

/// A service deployment as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceDeploymentView {
    /// Its ARN.
    pub arn: String,
    /// The revision that is deployed, as `ecs-svc/<number>`.
    pub target: String,
    /// `IN_PROGRESS`, `SUCCESSFUL`, …
    pub status: &'static str,
    /// A sentence.
    pub status_reason: Option<String>,
    /// Of a native deployment: `SCALE_UP`, …
    pub stage: Option<&'static str>,
    /// The target's share of test traffic in percent, if the deployment moves it.
    pub test_weight: Option<f64>,
    /// The target's share of production traffic in percent, if the deployment moves it.
    pub production_weight: Option<f64>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}

/// The revisions of a service that have tasks, oldest first.
pub fn revisions(account: &Account, cluster: &str, service: &str) -> Vec<RevisionView> {
    let state = account.state();
    let Some(service) = state.ecs.service(cluster, service) else {
        return Vec::new();
    };
    let view = |set: &super::super::TaskSet| {
        let revision = service.revision(&set.id)?;
        let counts = set.counts(&state, service.desired_count);
        Some(RevisionView {
            arn: revision.arn.clone(),
            id: revision.id.clone(),
            task_definition: revision.task_definition.clone(),
            target_group_arn: revision
                .load_balancer
                .as_ref()
                .map(|balancer| balancer.target_group_arn.clone()),
            primary: set.primary,
            rollout_state: revision.rollout.state.name(),
            desired: counts.desired,
            pending: counts.pending,
            running: counts.running,
            failed_tasks: set.failed_tasks,
        })
    };
    service.task_sets.iter().filter_map(view).collect()
}

/// The deployments of a service, newest first.
pub fn service_deployments(
    account: &Account,
    cluster: &str,
    service: &str,
) -> Vec<ServiceDeploymentView> {
    let state = account.state();
    let deployments = state.ecs.service(cluster, service);
    let deployments = deployments
        .into_iter()
        .flat_map(|service| service.deployments.iter().rev());
    deployments
        .map(|deployment| deployment.read(Record::view))
        .collect()
}

/// The service deployments of the account that are not over, each in a few words.
///
/// A rolling deployment that keeps trying is among them for ever.
pub fn deployments_in_progress(account: &Account) -> Vec<String> {
    let state = account.state();
    let of_service = |service: &Service| {
        let running = service.deployments.iter().filter(|it| !it.is_over());
        let words = running.map(|deployment| {
            deployment.read(|record| format!("service {}: {}", service.name, record.status.name()))
        });
        words.collect::<Vec<_>>()
    };
    state
        .ecs
        .services()
        .flat_map(|(_, service)| of_service(service))
        .collect()
}

impl Record {
    fn view(&self) -> ServiceDeploymentView {
        ServiceDeploymentView {
            arn: self.arn.clone(),
            target: self.target.clone(),
            status: self.status.name(),
            status_reason: self.status_reason.clone(),
            stage: self.stage.map(super::stage::Stage::name),
            test_weight: self.weights.map(|weights| weights.test),
            production_weight: self.weights.map(|weights| weights.production),
            created_at: self.created,
            finished_at: self.finished,
        }
    }
}
