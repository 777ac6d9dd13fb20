//! How far a deployment has come, in numbers: for whoever draws it.

use greenlight_aws::ecs::{HookDetail, ServiceDeployment};
use greenlight_core::target::{GatePoint, Target};

use super::{GoingOn, codedeploy};

/// What is known of a deployment under way, as far as it can be counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meter {
    /// The stage, as AWS calls it.
    pub stage: Option<String>,
    /// The share of the production traffic that the new tasks have, in percent.
    pub traffic: Option<u64>,
    /// How many of the new tasks run, of how many.
    pub tasks: Option<(u64, u64)>,
    /// The gate that is run now.
    pub gate: Option<GatePoint>,
}

impl GoingOn {
    pub(super) fn meter(&self, target: &Target) -> Meter {
        match self {
            Self::Starting { .. } => Meter::staged("being started"),
            Self::Before { step, of, .. } => Meter::staged(&format!(
                "task {} of {of} before it",
                step.saturating_add(1)
            )),
            Self::Task(running) => Meter {
                stage: running.task.as_ref().map(|task| task.last_status.clone()),
                ..Meter::default()
            },
            Self::CodeDeploy(running) => of_codedeploy(running, target),
            Self::Service(None) => Meter::default(),
            Self::Service(Some(deployment)) => of_service(deployment, target),
            Self::Pipeline { execution, .. } => Meter::staged(&execution.status),
        }
    }
}

impl Meter {
    fn staged(stage: &str) -> Self {
        Self {
            stage: Some(stage.to_owned()),
            ..Self::default()
        }
    }
}

fn of_codedeploy(running: &codedeploy::Running, target: &Target) -> Meter {
    let events = &running.at.events;
    let event = events.iter().find(|event| event.is_in_progress());
    let status = &running.deployment.status;
    let mut sets = running.at.task_sets.iter();
    let green = sets.find(|set| set.label.as_deref() == Some("Green"));
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Meter {
        stage: Some(event.map_or(status, |event| &event.name).clone()),
        traffic: green.map(|set| percent(set.weight)),
        tasks: green.map(|set| (count(set.running), count(set.desired))),
        gate: event
            .and_then(|event| GatePoint::of_codedeploy_event(&event.name))
            .filter(|point| has_checks(target, *point)),
    }
}

fn of_service(deployment: &ServiceDeployment, target: &Target) -> Meter {
    let new = deployment.target_revision.as_ref();
    let stage = deployment.stage.as_ref();
    let asks = |hook: &HookDetail| hook.target_type == "AWS_LAMBDA" && hook.status == "IN_PROGRESS";
    let asked = stage.and_then(|stage| GatePoint::of_ecs_stage(stage));
    let asked = asked.filter(|_| deployment.hooks.iter().any(asks));
    // The gate of a rolling deployment comes when ECS is done.
    let last = deployment
        .has_succeeded()
        .then_some(GatePoint::AfterTraffic);
    Meter {
        stage: Some(stage.unwrap_or(&deployment.status).clone()),
        traffic: new
            .and_then(|revision| revision.production_weight)
            .map(percent),
        tasks: new.map(|revision| (revision.running.into(), revision.requested.into())),
        gate: asked.or(last).filter(|point| has_checks(target, *point)),
    }
}

fn has_checks(target: &Target, point: GatePoint) -> bool {
    target
        .gates
        .get(point)
        .is_some_and(|checks| !checks.is_empty())
}

/// A share in whole percent; AWS's are between 0 and 100.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is between 0 and 100"
)]
fn percent(share: f64) -> u64 {
    share.clamp(0.0, 100.0).round() as u64
}

#[cfg(test)]
mod tests;
