//! A task under way: a deployment that is one task, or a task before a deployment (AWS-FACTS 6.6).

use greenlight_aws::{AwsError, Clients, ecs, table::StoredTarget};
use greenlight_core::target::OneShotTask;

use super::short;
use crate::observe::stop_reason;

/// What ECS tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) arn: String,
    pub(crate) cluster: String,
    /// None if ECS does not remember it.
    pub(crate) task: Option<ecs::Task>,
}

pub(super) async fn look(
    clients: &Clients,
    stored: &StoredTarget,
    task: Option<&OneShotTask>,
    arn: &str,
) -> Result<Running, AwsError> {
    let cluster = cluster(stored, task, arn).to_owned();
    let task = ecs::task(clients, &cluster, arn).await?;
    Ok(Running {
        arn: arn.to_owned(),
        cluster,
        task,
    })
}

/// The cluster that a task runs in: its ARN names it, except for the oldest form.
fn cluster<'a>(stored: &'a StoredTarget, task: Option<&'a OneShotTask>, arn: &'a str) -> &'a str {
    let parts = arn
        .split_once(":task/")
        .map(|(_, rest)| rest.split_once('/'));
    if let Some(Some((cluster, _))) = parts {
        return cluster;
    }
    let own = task.and_then(|task| task.cluster.as_deref());
    own.unwrap_or_else(|| stored.cluster_and_service().0)
}

impl Running {
    pub(super) fn told(&self) -> (String, Vec<String>) {
        let id = short(&self.arn);
        let Some(task) = &self.task else {
            return (format!("ECS does not know task {id} any more"), Vec::new());
        };
        let mut facts: Vec<String> = task
            .containers
            .iter()
            .map(|container| match container.exit_code {
                Some(code) => format!("container `{}` exited with {code}", container.name),
                None => format!("container `{}` {}", container.name, container.last_status),
            })
            .collect();
        if task.last_status == "STOPPED" {
            facts.push(format!("it has stopped: {}", stop_reason(task)));
        }
        (format!("task {id} is {}", task.last_status), facts)
    }
}
