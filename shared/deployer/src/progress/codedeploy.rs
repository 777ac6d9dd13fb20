//! A CodeDeploy deployment under way: its lifecycle events, task sets and weights (AWS-FACTS 5.3, 5.7).

use futures_util::try_join;
use greenlight_aws::{
    AwsError, Clients,
    codedeploy::{self, Deployment, DeploymentTarget, TaskSetProgress},
    table::StoredTarget,
};

use super::{Awaiting, Told, remedy};

/// What CodeDeploy tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Running {
    pub(crate) deployment: Deployment,
    pub(crate) at: codedeploy::Progress,
}

pub(super) async fn look(
    clients: &Clients,
    stored: &StoredTarget,
    aws_id: &str,
) -> Result<Running, AwsError> {
    let (cluster, service) = stored.cluster_and_service();
    let target = DeploymentTarget {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
    };
    let at = async {
        match codedeploy::progress(clients, aws_id, &target).await {
            // It has no target yet.
            Err(error)
                if error.is("DeploymentNotStartedException")
                    || error.is("DeploymentTargetDoesNotExistException") =>
            {
                Ok(codedeploy::Progress::default())
            }
            progress => progress,
        }
    };
    let (deployment, at) = try_join!(codedeploy::deployment(clients, aws_id), at)?;
    Ok(Running { deployment, at })
}

impl Running {
    /// Whether it waits before it shifts the production traffic.
    pub(crate) fn is_ready(&self) -> bool {
        self.deployment.status == "Ready"
    }

    pub(super) fn told(&self, stored: &StoredTarget) -> Told {
        let Deployment { id, status, .. } = &self.deployment;
        let events = &self.at.events;
        let running = events.iter().find(|event| event.is_in_progress());
        let headline = match running {
            Some(event) => format!("CodeDeploy deployment {id} is {status}: {}", event.name),
            None => format!("CodeDeploy deployment {id} is {status}"),
        };
        let begun = events.iter().filter(|event| event.status != "Pending");
        let mut facts: Vec<String> = begun
            .map(|event| match &event.message {
                Some(message) => format!("{} {}: {message}", event.name, event.status),
                None => format!("{} {}", event.name, event.status),
            })
            .collect();
        facts.extend(self.at.task_sets.iter().map(task_set));
        let awaiting = self.is_ready().then(|| Awaiting {
            what: format!(
                "CodeDeploy deployment {id} waits before it shifts the production traffic"
            ),
            until: None,
            otherwise: None,
            remedy: remedy(stored),
        });
        (headline, facts, awaiting)
    }
}

fn task_set(set: &TaskSetProgress) -> String {
    let label = match set.label.as_deref() {
        Some("Green") => "green ",
        Some("Blue") => "blue ",
        _ => "",
    };
    format!(
        "{label}task set {}: {} of {} tasks running, {} pending, {} % of the production traffic",
        set.id, set.running, set.desired, set.pending, set.weight
    )
}
