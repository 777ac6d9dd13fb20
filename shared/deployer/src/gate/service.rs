//! The gate at which a blue/green, linear or canary deployment of ECS is waiting.
//!
//! The hook's payload names its stage, its service deployment and the green revision (AWS-FACTS 7.4). ECS calls again
//! where it is asked to, so that a gate that waits does not hold a function for minutes: what has been measured is kept
//! in the table for the next call.

use futures_util::join;
use greenlight_aws::{
    AwsError, Clients, chain,
    ecs::{self, ServiceDeployment, ServiceRevision},
    table::{GateKey, GateRun, Place, StoredTarget},
};
use greenlight_core::{
    deployment::{Active, Phase},
    gate::{self, EcsHook, GateReport},
    target::{GatePoint, Strategy},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    AtGate, Call, ValidateError, WAITED_FOR, default_checks,
    green::Green,
    known,
    measure::{About, Instruments},
    nothing,
    run::{self, Ran, Time},
    taken_by_another, validated,
};
use crate::{Deployer, start::runs};

/// So long a gate waits within one call.
const ONE_CALL: SignedDuration = SignedDuration::from_mins(1);
/// ECS waits so long for a hook that says nothing of it (AWS-FACTS 7.2).
const USUAL_MINUTES: u32 = 1440;

/// A deployment that waits at a gate.
struct Waiting<'a> {
    hook: &'a EcsHook,
    key: GateKey,
    stored: Option<StoredTarget>,
    deployment: ServiceDeployment,
    revision: ServiceRevision,
}

impl Deployer {
    /// Runs the gate of a hook's stage until it has a verdict, or has to be carried on with the next call.
    pub async fn validate_stage(
        &self,
        hook: &EcsHook,
        call: Call<'_>,
    ) -> Result<AtGate, ValidateError> {
        let mut hook = hook.clone();
        let point = match hook.asks() {
            gate::AtStage::Gate(point) => point,
            gate::AtStage::Nothing { reason } => return Ok(AtGate::Over(nothing(reason))),
        };
        let targets = self.outlast(|| self.targets_of(&hook)).await?;
        let clients = match targets.first() {
            Some(stored) => self.clients_of(&stored.target),
            None => self.clients.clone(),
        };
        // What the service declares for its hooks does no harm where it cannot be read: a day is the usual.
        let deployment = async || {
            let found = ecs::service_deployment(&clients, &hook.deployment).await;
            found.map_err(look(&hook))
        };
        let (deployment, waits) = join!(self.outlast(deployment), self.waits(&clients, &hook),);
        let deployment = deployment?;
        if deployment.is_rolling_back() {
            let reason = format!("{} is being rolled back", named(&hook));
            return Ok(AtGate::Over(nothing(reason)));
        }
        if deployment.has_ended() {
            return Err(ValidateError::Ended {
                deployment: named(&hook),
                status: deployment.status,
            });
        }
        if hook.target_revision.is_none() {
            hook.target_revision = deployment.target_revision.as_ref().map(|it| it.arn.clone());
            if let gate::AtStage::Nothing { reason } = hook.asks() {
                return Ok(AtGate::Over(nothing(reason)));
            }
        }
        let no_revision = || ValidateError::NoRevision {
            deployment: named(&hook),
        };
        let arns = [hook.target_revision.clone().ok_or_else(no_revision)?];
        let key = GateKey::of_ecs(&hook.deployment, &hook.stage_in_words());
        let now = self.clock.now();
        let answer_by = now.saturating_add(waits).unwrap_or(Timestamp::MAX);
        let revisions = async || {
            let found = ecs::service_revisions(&clients, &arns).await;
            found.map_err(look(&hook))
        };
        let take = async || {
            let taken = self.table.take_gate(&key, call.lease(now), answer_by).await;
            taken.map_err(keep(&hook))
        };
        let (revisions, run) = join!(self.outlast(revisions), self.outlast(take));
        let Some(run) = run? else {
            return Ok(taken_by_another());
        };
        if let Some(known) = known(&run) {
            return Ok(known);
        }
        let revision = revisions?.into_iter().next();
        let revision = revision.ok_or_else(no_revision)?;
        let waiting = Waiting {
            stored: chosen(targets, &hook.deployment, &revision),
            hook: &hook,
            key,
            deployment,
            revision,
        };
        Box::pin(self.run_gate(&waiting, point, run, call.until)).await
    }

    async fn run_gate(
        &self,
        waiting: &Waiting<'_>,
        point: GatePoint,
        run: GateRun,
        until: Timestamp,
    ) -> Result<AtGate, ValidateError> {
        let Waiting { hook, key, .. } = waiting;
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
            let nothing = nothing(format!("{whose} has no checks at {}", point.name()));
            self.over(key, None, &nothing).await;
            return Ok(AtGate::Over(nothing));
        }
        let active = ours(stored, &hook.deployment, &waiting.revision);
        let green = async || {
            let green = Green::of_revision(
                self,
                stored,
                active.map(|active| &active.candidate),
                hook.service.clone(),
                &waiting.deployment,
                &waiting.revision,
            );
            green.await.map_err(look(hook))
        };
        let green = Box::pin(self.outlast(green)).await?;
        let one_call = self.clock.now().saturating_add(ONE_CALL);
        let time = Time {
            call: one_call.unwrap_or(Timestamp::MAX).min(until),
            end: until,
            gate: run.answer_by,
            whose: "ECS waits no longer for the hook",
            goes_on: Some(WAITED_FOR),
        };
        let about = About {
            point,
            aws_id: &hook.deployment,
            began_at: waiting.deployment.created_at.unwrap_or(run.started_at),
            gate_began_at: run.started_at,
            stored,
            deployment: active.map(|active| active.deployment),
        };
        let mut instruments = Instruments::new(self, &green, about);
        let ran = run::run(&self.clock, &checks, time, run.unfinished, &mut instruments);
        let checked = match ran.await {
            Ran::Over(checked) => checked,
            Ran::BrokenOff {
                unfinished,
                summary,
            } => {
                let later = async || {
                    let later = self.later(key, &unfinished, &summary).await;
                    later.map_err(keep(hook))
                };
                return self.outlast(later).await;
            }
        };
        let report = GateReport::conclude(point, checked, run.started_at, self.clock.now())
            .at_stage(hook.stage_in_words());
        let validated = validated(report, stored.is_none());
        let ours = stored.zip(active);
        let ours = ours.map(|(stored, active)| (&stored.target.name, active.deployment));
        self.over(key, ours, &validated).await;
        Ok(AtGate::Over(validated))
    }

    /// How long after its first call a hook of this stage has to be answered: as long as ECS waits, less a reserve.
    async fn waits(&self, clients: &Clients, hook: &EcsHook) -> SignedDuration {
        let service = async || {
            let found = ecs::service(clients, &hook.service.cluster, &hook.service.name).await;
            found.map_err(look(hook))
        };
        let service = self.outlast(service).await.unwrap_or_else(|error| {
            tracing::warn!(
                "how long ECS waits for the hook is not known: {}",
                chain(&error)
            );
            ecs::Service::default()
        });
        let at_stage = service.hooks.iter().filter(|declared| {
            declared.target_type == "AWS_LAMBDA" && declared.stages.contains(&hook.stage)
        });
        let minutes = at_stage
            .filter_map(|declared| declared.timeout_in_minutes)
            .min();
        let waits = SignedDuration::from_mins(minutes.unwrap_or(USUAL_MINUTES).into());
        let reserve = SignedDuration::from_mins(2).min(waits / 4);
        waits.saturating_sub(reserve)
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

fn keep(hook: &EcsHook) -> impl Fn(AwsError) -> ValidateError {
    let deployment = named(hook);
    move |source| ValidateError::Keep {
        deployment: deployment.clone(),
        source,
    }
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
