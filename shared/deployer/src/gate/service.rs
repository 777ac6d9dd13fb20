//! The gate at which a blue/green, linear or canary deployment of ECS is waiting.
//!
//! The hook's payload names its stage, its service deployment and the green revision (AWS-FACTS 7.4). ECS calls again
//! where it is asked to, so that a gate that waits does not hold a function for minutes: what has been measured goes
//! along with the answer, and comes back with the next call.

use greenlight_aws::{
    AwsError,
    ecs::{self, ServiceDeployment, ServiceRevision},
    table::{Place, StoredTarget},
};
use greenlight_core::{
    deployment::{Active, Phase},
    gate::{self, EcsHook, GateReport, Unfinished},
    target::{GatePoint, Strategy},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    AtStage, ValidateError, default_checks,
    green::Green,
    measure::{About, Instruments},
    nothing,
    run::{Ran, Time, run},
    validated,
};
use crate::{Deployer, start::runs};

/// So long a gate waits within one call.
const ONE_CALL: SignedDuration = SignedDuration::from_mins(1);

/// A deployment that waits at a gate.
struct Waiting<'a> {
    hook: &'a EcsHook,
    stored: Option<StoredTarget>,
    deployment: ServiceDeployment,
    revision: ServiceRevision,
}

impl Deployer {
    /// Runs the gate of a hook's stage until it has a verdict, or has to be carried on with the next call; `until` is
    /// when this one is over.
    pub async fn validate_stage(
        &self,
        hook: &EcsHook,
        until: Timestamp,
    ) -> Result<AtStage, ValidateError> {
        let mut hook = hook.clone();
        let point = match hook.asks() {
            gate::AtStage::Gate(point) => point,
            gate::AtStage::Nothing { reason } => return Ok(AtStage::Over(nothing(reason))),
        };
        let targets = self.targets_of(&hook).await?;
        let clients = match targets.first() {
            Some(stored) => self.clients_of(&stored.target),
            None => self.clients.clone(),
        };
        let deployment = ecs::service_deployment(&clients, &hook.deployment).await;
        let deployment = deployment.map_err(look(&hook))?;
        if deployment.is_rolling_back() {
            let reason = format!("{} is being rolled back", named(&hook));
            return Ok(AtStage::Over(nothing(reason)));
        }
        if hook.target_revision.is_none() {
            hook.target_revision = deployment.target_revision.as_ref().map(|it| it.arn.clone());
            if let gate::AtStage::Nothing { reason } = hook.asks() {
                return Ok(AtStage::Over(nothing(reason)));
            }
        }
        let no_revision = || ValidateError::NoRevision {
            deployment: named(&hook),
        };
        let arns = [hook.target_revision.clone().ok_or_else(no_revision)?];
        let revisions = ecs::service_revisions(&clients, &arns).await;
        let revision = revisions.map_err(look(&hook))?.into_iter().next();
        let revision = revision.ok_or_else(no_revision)?;
        let waiting = Waiting {
            stored: chosen(targets, &hook.deployment, &revision),
            hook: &hook,
            deployment,
            revision,
        };
        self.run_gate(&waiting, point, until).await
    }

    async fn run_gate(
        &self,
        waiting: &Waiting<'_>,
        point: GatePoint,
        until: Timestamp,
    ) -> Result<AtStage, ValidateError> {
        let hook = waiting.hook;
        let now = self.clock.now();
        let stored = waiting.stored.as_ref();
        let checks = match stored {
            Some(stored) => stored.target.gates.get(point).unwrap_or_default().to_vec(),
            None => default_checks(point),
        };
        if checks.is_empty() {
            let whose = stored.map_or_else(
                || format!("service `{}`", hook.service),
                |stored| format!("target `{}`", stored.target.name),
            );
            let summary = format!("{whose} has no checks at {}", point.name());
            return Ok(AtStage::Over(nothing(summary)));
        }
        let earlier: Option<Unfinished> = None;
        let started_at = earlier.as_ref().map_or(now, |earlier| earlier.started_at);
        let active = ours(stored, &hook.deployment, &waiting.revision);
        let green = Green::of_revision(
            self,
            stored,
            active.map(|active| &active.candidate),
            hook.service.clone(),
            &waiting.deployment,
            &waiting.revision,
        );
        let green = green.await.map_err(look(hook))?;
        let one_call = now.saturating_add(ONE_CALL).unwrap_or(Timestamp::MAX);
        let time = Time {
            call: one_call.min(until),
            gate: until,
            whose: "the function's time is over",
            goes_on: false,
        };
        let about = About {
            point,
            aws_id: &hook.deployment,
            began_at: waiting.deployment.created_at.unwrap_or(now),
            stored,
            deployment: active.map(|active| active.deployment),
        };
        let mut instruments = Instruments::new(self, &green, about);
        let checked = match run(&self.clock, &checks, time, earlier, &mut instruments).await {
            Ran::Over(checked) => checked,
            Ran::BrokenOff {
                unfinished,
                summary,
            } => {
                return Ok(AtStage::Unfinished {
                    unfinished,
                    summary,
                });
            }
        };
        let report = GateReport::conclude(point, checked, started_at, self.clock.now())
            .at_stage(hook.stage_in_words());
        if let (Some(stored), Some(active)) = (stored, active) {
            self.write_report(&stored.target.name, active.deployment, &report)
                .await;
        }
        Ok(AtStage::Over(validated(report, stored.is_none())))
    }

    /// The registered targets that deploy to the hook's service by `UpdateService`.
    async fn targets_of(&self, hook: &EcsHook) -> Result<Vec<StoredTarget>, ValidateError> {
        let failed = |source| ValidateError::Target {
            deployment: named(hook),
            source,
        };
        let place = Place::Service {
            account: hook.account.clone(),
            service: hook.service.clone(),
        };
        let mut targets = Vec::new();
        for name in self.table.targets_at(&place).await.map_err(failed)? {
            match self.table.target(&name).await.map_err(failed)? {
                Some(Ok(stored)) => targets.push(stored),
                Some(Err(source)) => {
                    return Err(ValidateError::Document {
                        deployment: named(hook),
                        source,
                    });
                }
                None => tracing::warn!(target = %name, "the target is not registered any more"),
            }
        }
        targets
            .retain(|stored| matches!(stored.target.deploy, Strategy::Native | Strategy::Rolling));
        Ok(targets)
    }
}

/// The target whose deployment it is, or else the first: its gates are those of the service.
fn chosen(
    mut targets: Vec<StoredTarget>,
    deployment: &str,
    revision: &ServiceRevision,
) -> Option<StoredTarget> {
    let its = |stored: &StoredTarget| ours(Some(stored), deployment, revision).is_some();
    let index = targets.iter().position(its).unwrap_or(0);
    (index < targets.len()).then(|| targets.swap_remove(index))
}

/// The active deployment of a target, if this service deployment is it: by its ARN, or, as long as that is not known,
/// by what the green revision runs.
fn ours<'a>(
    stored: Option<&'a StoredTarget>,
    deployment: &str,
    revision: &ServiceRevision,
) -> Option<&'a Active> {
    let stored = stored?;
    let active = stored.state.active.as_ref()?;
    let task_definition = match &active.phase {
        Phase::Before { .. } => return None,
        Phase::Requested { prepared, .. } => prepared.task_definition.as_ref(),
        Phase::Started { aws_id, .. } if aws_id.contains(":service-deployment/") => {
            return (aws_id == deployment).then_some(active);
        }
        Phase::Started {
            task_definition, ..
        } => task_definition.as_ref(),
    };
    let is_ours = match task_definition {
        Some(known) => revision.task_definition == *known,
        None => runs(stored, &active.candidate, revision),
    };
    is_ours.then_some(active)
}

fn named(hook: &EcsHook) -> String {
    format!("ECS service deployment `{}`", hook.deployment)
}

fn look(hook: &EcsHook) -> impl Fn(AwsError) -> ValidateError {
    let deployment = named(hook);
    move |source| ValidateError::Look {
        deployment: deployment.clone(),
        source,
    }
}

#[cfg(test)]
mod tests;
