//! The target of a deployment: its lifecycle, and both task sets with their traffic (AWS-FACTS 5.7).

use serde_json::{Value, json};

use super::deployment::{Deployment, Target};
use crate::account::ecs::{self, TaskSetView};
use crate::account::{Account, elb, epoch};

/// One of the two task sets of a deployment.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// `ecs-svc/<number>`
    pub(super) task_set: String,
    pub(super) target_group_arn: String,
    /// How it was when the deployment last looked; what is shown once it is gone.
    pub(super) last: TaskSetView,
}

impl Side {
    pub(super) fn of(view: TaskSetView) -> Self {
        Self {
            task_set: view.id.clone(),
            target_group_arn: view
                .load_balancer
                .as_ref()
                .map(|balancer| balancer.target_group_arn.clone())
                .unwrap_or_default(),
            last: view,
        }
    }
}

/// As `deploymentTarget`.
pub(super) fn to_json(account: &Account, deployment: &Deployment) -> Value {
    let (group, blue, green, share, status) = deployment.read(|record| {
        (
            record.group.clone(),
            record.blue.clone(),
            record.green.clone(),
            record.green_share,
            record.target,
        )
    });
    // Captured: a target that succeeded has no labels any more.
    let labels = (status != Target::Succeeded).then_some(["Blue", "Green"]);
    let set = |side: &Side, share: u8, index: usize| {
        let view = ecs::task_set(account, &group.cluster, &group.service, &side.task_set);
        let view = view.unwrap_or_else(|| side.last.clone());
        let target_group =
            elb::target_group(account, &side.target_group_arn).map(|group| group.name);
        let mut set = json!({
            "identifer": view.id,
            "desiredCount": view.desired,
            "pendingCount": view.pending,
            "runningCount": view.running,
            "status": view.status,
            "trafficWeight": f64::from(share),
            "targetGroup": {"name": target_group.unwrap_or_default()},
        });
        if let Some(label) = labels.and_then(|labels| labels.get(index).copied()) {
            set["taskSetLabel"] = label.into();
        }
        set
    };
    let sets: Vec<Value> = [(blue, 100_u8.saturating_sub(share)), (green, share)]
        .into_iter()
        .enumerate()
        .filter_map(|(index, (side, share))| side.map(|side| set(&side, share, index)))
        .collect();
    let arn = account.arn(
        "ecs",
        &format!("service/{}/{}", group.cluster, group.service),
    );
    deployment.read(|record| {
        json!({
            "deploymentTargetType": "ECSTarget",
            "ecsTarget": {
                "deploymentId": record.id,
                "targetId": group.target_id(),
                "targetArn": arn,
                "lastUpdatedAt": epoch(record.updated),
                "lifecycleEvents": record.lifecycle.to_json(),
                "status": record.target.name(),
                "taskSetsInfo": sets,
            },
        })
    })
}
