//! A task at the moment of its creation.

use tokio::sync::watch;

use super::Account;
use super::task::{Owner, Status, Task};
use crate::account::State;

impl Task {
    /// A task that has not begun to live, of a task definition. `None` if there is no such definition.
    pub(super) fn new(
        account: &Account,
        state: &mut State,
        cluster: &str,
        definition: &str,
        owner: Owner,
    ) -> Option<Self> {
        let id = state.unique();
        let ip = state.network.next_ip();
        let mut ids: Vec<String> = (0..40).map(|_| state.unique()).collect();
        let definition = state.ecs.task_definition(definition)?;
        let prefix = account.arn("ecs", &format!("container/{cluster}/{id}"));
        let text = |name: &str, default: &str| {
            definition.document[name]
                .as_str()
                .unwrap_or(default)
                .to_owned()
        };
        Some(Self {
            arn: account.arn("ecs", &format!("task/{cluster}/{id}")),
            id,
            cluster: cluster.to_owned(),
            owner,
            definition: definition.arn.clone(),
            architecture: definition.architecture(),
            cpu: text("cpu", "256"),
            memory: text("memory", "512"),
            ip,
            containers: definition.containers(|| ids.pop().unwrap_or_default(), &prefix),
            status: Status::Provisioning,
            created_at: account.clock().now(),
            pull_started_at: None,
            pull_stopped_at: None,
            started_at: None,
            stopping_at: None,
            stopped_at: None,
            stop: None,
            version: 1,
            word: watch::Sender::new(None),
        })
    }
}
