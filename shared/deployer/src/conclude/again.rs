//! A look at the deployment that is under way although no event has told of its end: one may be lost.

use greenlight_aws::{AwsError, chain, codedeploy, table::StoredTarget};
use greenlight_core::{
    deployment::{Active, Marker, Phase},
    target::{OneShotTask, Strategy, TargetName},
};
use jiff::Timestamp;

use super::{Change, End};
use crate::Deployer;

impl Deployer {
    /// Looks once, and records the end if there is one. What goes wrong is logged: whoever looks has
    /// more to do, and may look again.
    pub(crate) async fn look_again(&self, target: &TargetName, lease_until: Timestamp) {
        let stored = match self.table.target(target).await {
            Ok(Some(Ok(stored))) => stored,
            Ok(Some(Err(_)) | None) => return,
            Err(error) => return not_seen(target, &error),
        };
        let change = match self.end_of_active(&stored).await {
            Ok(Some(change)) => change,
            Ok(None) => return,
            Err(error) => return not_seen(target, &error),
        };
        if let Err(error) = Box::pin(self.concluded(&change, lease_until)).await {
            not_seen(target, &error);
        }
    }

    /// What an event of the end would tell; none while it is known that there is no end.
    pub(crate) async fn end_of_active(
        &self,
        stored: &StoredTarget,
    ) -> Result<Option<Change>, AwsError> {
        let Some(active) = &stored.state.active else {
            return Ok(None);
        };
        let account = stored.account();
        let aws_id = match &active.phase {
            Phase::Requested { .. } => return Ok(None),
            Phase::Before { step, aws_id, .. } => {
                let task = usize::try_from(*step).ok();
                let task = task.and_then(|step| stored.target.before.get(step));
                return Ok(task.and_then(|task| stopped(stored, active, task, Some(*step), aws_id)));
            }
            Phase::Started { aws_id, .. } => aws_id,
        };
        Ok(match (&stored.target.deploy, &stored.target.service) {
            (Strategy::CodeDeploy(group), _) => {
                let clients = self.clients_of(&stored.target);
                let deployment = codedeploy::deployment(&clients, aws_id).await?;
                let end = match deployment.status.as_str() {
                    "Succeeded" => End::Success,
                    "Failed" => End::Failure,
                    "Stopped" => End::Stop,
                    _ => return Ok(None),
                };
                Some(Change::CodeDeploy {
                    deployment: aws_id.clone(),
                    account: account.to_owned(),
                    application: group.application.clone(),
                    group: group.group.clone(),
                    end,
                })
            }
            (Strategy::Rolling | Strategy::Native, Some(service)) => Some(Change::Service {
                account: account.to_owned(),
                service: service.clone(),
                deployment: aws_id.clone(),
            }),
            (Strategy::Rolling | Strategy::Native, None) => None,
            (Strategy::Task(task), _) => stopped(stored, active, task, None, aws_id),
            (Strategy::Pipeline(pipeline), _) => Some(Change::Pipeline {
                account: account.to_owned(),
                pipeline: pipeline.name.clone(),
                execution: aws_id.clone(),
            }),
        })
    }
}

/// None where it is not known in which cluster the task ran.
fn stopped(
    stored: &StoredTarget,
    active: &Active,
    task: &OneShotTask,
    before: Option<u32>,
    arn: &str,
) -> Option<Change> {
    let service = stored.target.service.as_ref();
    let cluster = task.cluster.clone();
    let cluster = cluster.or_else(|| service.map(|service| service.cluster.clone()));
    let marker = Marker {
        target: stored.target.name.clone(),
        deployment: active.deployment,
    };
    Some(Change::Task {
        started_by: marker.started_by(before),
        cluster: cluster?,
        task: arn.to_owned(),
    })
}

fn not_seen(target: &TargetName, error: &dyn std::error::Error) {
    tracing::warn!(
        %target,
        "whether the deployment has ended could not be seen: {}",
        chain(error)
    );
}
