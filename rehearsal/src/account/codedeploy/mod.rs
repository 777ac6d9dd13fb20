//! CodeDeploy, as far as ECS blue/green deployments go: it really runs them (AWS-FACTS 5).
//!
//! An operation changes or shows the records; each deployment is one tokio task, the [`runner`], that
//! moves on the account's clock, calls hooks and shifts the weights of listeners. Groups and
//! configurations are seeds ([`create_deployment_group`]). Where AWS's behaviour is not established, the
//! switch is in [`Behaviour`] (or in the account's [`Settings`](super::Settings)).
//!
//! Not simulated: alarms, revisions in S3 or GitHub, other compute platforms.

mod appspec;
mod behaviour;
mod config;
mod control;
mod create;
mod deployment;
mod events;
mod group;
mod hook;
mod lifecycle;
mod list;
mod listing;
mod read;
mod request;
mod rollback;
mod runner;
mod target;
#[cfg(test)]
mod tests;
mod traffic;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Account, ServiceError};
pub use behaviour::{BadRevision, Behaviour, Succeeds, configure};
pub use config::Routing;
use deployment::{Creator, Deployment, Status};
pub use group::{
    AutoRollback, Group, ReadyOption, create_application, create_deployment_config,
    create_deployment_group,
};

/// How many deployments are remembered. The oldest that are over are forgotten first.
const REMEMBERED: usize = 1000;

/// What CodeDeploy remembers.
#[derive(Debug, Default)]
pub(crate) struct State {
    applications: BTreeMap<String, group::Application>,
    /// The account's own; the predefined ones are in [`config`].
    configs: BTreeMap<String, (Routing, Timestamp)>,
    /// Oldest first.
    deployments: VecDeque<Deployment>,
    /// How many deployment ids were given out.
    ids: u64,
    behaviour: Behaviour,
}

impl State {
    /// `d-` and nine of A–Z and 0–9: unique, and the same in every run.
    fn deployment_id(&mut self) -> String {
        const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        loop {
            self.ids += 1;
            let digest = Sha256::digest(format!("deployment {}", self.ids));
            let letters = digest
                .iter()
                .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
            let id: String = "d-".chars().chain(letters.take(9)).collect();
            if self.deployment(&id).is_none() {
                return id;
            }
        }
    }

    fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.read(|record| record.id == id))
    }

    fn remember(&mut self, deployment: Deployment) {
        self.deployments.push_back(deployment);
        if self.deployments.len() > REMEMBERED {
            let over = self
                .deployments
                .iter()
                .position(|it| !it.read(deployment::Record::is_active));
            if let Some(index) = over {
                self.deployments.remove(index);
            }
        }
    }

    /// The deployment that keeps the group busy.
    fn active(&self, application: &str, group: &str) -> Option<&Deployment> {
        self.of_group(application, group)
            .into_iter()
            .find(|it| it.read(deployment::Record::is_active))
    }

    /// The deployments of a group, newest first.
    fn of_group(&self, application: &str, group: &str) -> Vec<&Deployment> {
        let in_group = |it: &&Deployment| {
            it.read(|record| record.group.application == application && record.group.name == group)
        };
        self.deployments.iter().rev().filter(in_group).collect()
    }

    /// The `AppSpec` (with its hash) of the last deployment by a user that succeeded, before `id`.
    fn last_good(&self, application: &str, group: &str, id: &str) -> Option<(String, String)> {
        let newest_first = self.of_group(application, group).into_iter();
        let mut before = newest_first
            .skip_while(|it| it.read(|record| record.id != id))
            .skip(1);
        before.find_map(|it| {
            it.read(|record| {
                let good = record.status == Status::Succeeded && record.creator == Creator::User;
                good.then(|| (record.appspec.clone(), record.sha256.clone()))
            })
        })
    }

    fn routing(&self, config: &str) -> Option<(Routing, Option<Timestamp>)> {
        match self.configs.get(config) {
            Some((routing, created)) => Some((*routing, Some(*created))),
            None => Routing::predefined(config).map(|routing| (routing, None)),
        }
    }
}

/// The application and the deployment group of a deployment.
pub(crate) fn group_of(account: &Account, id: &str) -> Option<(String, String)> {
    let state = account.state();
    let deployment = state.codedeploy.deployment(id)?;
    Some(deployment.read(|record| (record.group.application.clone(), record.group.name.clone())))
}

/// The configuration of a group's deployments that name none.
pub(crate) fn usual_config(account: &Account, application: &str, group: &str) -> Option<String> {
    let state = account.state();
    let application = state.codedeploy.applications.get(application)?;
    let (_, group) = application.group(group)?;
    Some(group.default_config.clone())
}

/// Answers a call.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the door hands every service its input over"
)]
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: Value,
) -> Result<Value, ServiceError> {
    let input = &input;
    match operation {
        "BatchGetDeploymentGroups" => listing::batch_get_deployment_groups(account, input),
        "BatchGetDeploymentTargets" => read::batch_get_deployment_targets(account, input),
        "BatchGetDeployments" => read::batch_get_deployments(account, input),
        "ContinueDeployment" => control::continue_deployment(account, input),
        "CreateDeployment" => create::create_deployment(account, input),
        "GetApplication" => read::get_application(account, input),
        "GetApplicationRevision" => read::get_application_revision(account, input),
        "GetDeployment" => read::get_deployment(account, input),
        "GetDeploymentConfig" => read::get_deployment_config(account, input),
        "GetDeploymentGroup" => read::get_deployment_group(account, input),
        "GetDeploymentTarget" => read::get_deployment_target(account, input),
        "ListApplications" => listing::list_applications(account, input),
        "ListDeploymentGroups" => listing::list_deployment_groups(account, input),
        "ListDeploymentTargets" => read::list_deployment_targets(account, input),
        "ListDeployments" => read::list_deployments(account, input),
        "PutLifecycleEventHookExecutionStatus" => hook::put_status(account, input),
        "StopDeployment" => control::stop_deployment(account, input),
        _ => Err(ServiceError::unknown_operation("codedeploy", operation)),
    }
}
