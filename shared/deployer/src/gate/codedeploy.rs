//! The gate at which a CodeDeploy deployment is waiting.
//!
//! The hook's payload names neither its lifecycle event nor its service (AWS-FACTS 5.4): the event
//! is the one in progress, the service is the deployment's target, and the green tasks are those of
//! the task set whose `externalId` is the deployment's id (AWS-FACTS 5.11).

use futures_util::{join, try_join};
use greenlight_aws::{
    AwsError,
    codedeploy::{self, Deployment, DeploymentTarget},
    ecs,
    table::{GateKey, GateRun, Place, StoredTarget},
};
use greenlight_core::{
    deployment::{Candidate, Marker},
    gate::GateReport,
    target::{GatePoint, Service},
};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, sleep};

use super::{
    AtGate, Call, ValidateError, WAITED_FOR, default_checks,
    expectation::{self, Expected, Wanted},
    green::{Green, Side},
    known,
    measure::{About, Instruments},
    nothing,
    run::{self, Ran, Time},
    taken_by_another, validated,
};
use crate::Deployer;

/// CodeDeploy may show the event as in progress a little after it has called the hook.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
/// CodeDeploy waits an hour (AWS-FACTS 5.4). Lambda may have called the function a second and a third time before
/// it got as far as here, one and two minutes later.
const WAITS: SignedDuration = SignedDuration::from_mins(56);

impl Deployer {
    /// Runs the gate of a hook until it has a verdict, or has to be carried on by a later invocation.
    pub async fn validate(&self, key: &GateKey, call: Call<'_>) -> Result<AtGate, ValidateError> {
        let aws_id = &key.deployment;
        let now = self.clock.now();
        let answer_by = now.saturating_add(WAITS).unwrap_or(Timestamp::MAX);
        let take = async || {
            let taken = self.table.take_gate(key, call.lease(now), answer_by).await;
            taken.map_err(keep(aws_id))
        };
        let (run, looked_at) = join!(
            self.outlast(take),
            self.outlast(|| self.deployment_at(aws_id)),
        );
        let Some(run) = run? else {
            return Ok(taken_by_another());
        };
        if let Some(known) = known(&run) {
            return Ok(known);
        }
        let (deployment, at) = looked_at?;
        if deployment.has_ended() {
            return Err(ValidateError::Ended {
                deployment: named(aws_id),
                status: deployment.status,
            });
        }
        Box::pin(self.validate_run(key, run, (&deployment, &at), call.until)).await
    }

    async fn deployment_at(
        &self,
        aws_id: &str,
    ) -> Result<(Deployment, DeploymentTarget), ValidateError> {
        let looked_at = try_join!(
            codedeploy::deployment(&self.clients, aws_id),
            codedeploy::deployment_target(&self.clients, aws_id),
        );
        let (deployment, at) = looked_at.map_err(look(aws_id))?;
        let at = at.ok_or_else(|| ValidateError::NoEvent {
            deployment: named(aws_id),
        })?;
        Ok((deployment, at))
    }

    async fn validate_run(
        &self,
        key: &GateKey,
        run: GateRun,
        (deployment, at): (&Deployment, &DeploymentTarget),
        until: Timestamp,
    ) -> Result<AtGate, ValidateError> {
        let aws_id = &key.deployment;
        let marker = Marker::find(&deployment.description);
        let (point, stored) = join!(
            self.outlast(|| self.point(aws_id, at)),
            self.outlast(|| self.target_of(aws_id, marker.as_ref(), at)),
        );
        let (point, stored) = (point?, stored?);
        let checks = match &stored {
            Some(stored) => stored.target.gates.get(point).unwrap_or_default().to_vec(),
            None => default_checks(point),
        };
        let ours = marker.as_ref().zip(stored.as_ref());
        let ours = ours.map(|(marker, _)| (&marker.target, marker.deployment));
        if checks.is_empty() {
            let whose = stored.as_ref().map_or_else(
                || format!("service `{}:{}`", at.cluster, at.service),
                |stored| format!("target `{}`", stored.target.name),
            );
            let nothing = nothing(format!("{whose} has no checks at {}", point.name()));
            self.over(key, None, &nothing).await;
            return Ok(AtGate::Over(nothing));
        }
        let green = self.outlast(|| self.green_set(deployment, at, stored.as_ref(), point));
        let green = Box::pin(green).await?;
        let about = About {
            point,
            aws_id,
            began_at: deployment.created_at.unwrap_or(run.started_at),
            gate_began_at: run.started_at,
            stored: stored.as_ref(),
            deployment: ours.map(|(_, id)| id),
        };
        let time = Time {
            call: until,
            end: until,
            gate: run.answer_by,
            whose: "CodeDeploy waits an hour for the hook",
            goes_on: Some(WAITED_FOR),
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
                    later.map_err(keep(aws_id))
                };
                return self.outlast(later).await;
            }
        };
        let report = GateReport::conclude(point, checked, run.started_at, self.clock.now());
        let validated = validated(report, stored.is_none());
        self.over(key, ours, &validated).await;
        Ok(AtGate::Over(validated))
    }

    /// The gate whose lifecycle event is in progress.
    async fn point(&self, aws_id: &str, at: &DeploymentTarget) -> Result<GatePoint, ValidateError> {
        for attempt in 0..LOOKS {
            if attempt > 0 {
                sleep(BETWEEN_LOOKS).await;
            }
            let progress = codedeploy::progress(&self.clients, aws_id, at).await;
            let progress = progress.map_err(look(aws_id))?;
            let point = progress
                .events
                .iter()
                .filter(|event| event.is_in_progress())
                .find_map(|event| GatePoint::of_codedeploy_event(&event.name));
            if let Some(point) = point {
                return Ok(point);
            }
        }
        Err(ValidateError::NoEvent {
            deployment: named(aws_id),
        })
    }

    /// The registered target that is being deployed to, if there is one.
    async fn target_of(
        &self,
        aws_id: &str,
        marker: Option<&Marker>,
        at: &DeploymentTarget,
    ) -> Result<Option<StoredTarget>, ValidateError> {
        let failed = |source| ValidateError::Target {
            deployment: named(aws_id),
            source,
        };
        let name = if let Some(marker) = marker {
            Some(marker.target.clone())
        } else {
            let service = service_of(at);
            let found = ecs::service(&self.clients, &service.cluster, &service.name).await;
            let found = found.map_err(look(aws_id))?;
            let account = found.arn.split(':').nth(4).unwrap_or_default().to_owned();
            let names = self
                .table
                .targets_at(&Place::Service { account, service })
                .await
                .map_err(failed)?;
            names.into_iter().next()
        };
        let Some(name) = name else {
            return Ok(None);
        };
        let stored = self.table.target(&name).await.map_err(failed)?;
        stored
            .transpose()
            .map_err(|source| ValidateError::Document {
                deployment: named(aws_id),
                source,
            })
    }

    async fn green_set(
        &self,
        deployment: &Deployment,
        at: &DeploymentTarget,
        stored: Option<&StoredTarget>,
        point: GatePoint,
    ) -> Result<Green, ValidateError> {
        let clients = stored.map_or_else(
            || self.clients.clone(),
            |stored| self.clients_of(&stored.target),
        );
        let service = ecs::service(&clients, &at.cluster, &at.service)
            .await
            .map_err(look(&deployment.id))?;
        let set = service.created_by(&deployment.id);
        // Before the tasks are installed there are none; checks of a URL need none.
        if set.is_none() && point != GatePoint::BeforeInstall {
            return Err(ValidateError::NoGreen {
                deployment: named(&deployment.id),
                service: service_of(at),
            });
        }
        let expected = match set {
            Some(set) => {
                let wanted = Wanted {
                    task_definition: &set.task_definition,
                    resolved: &[],
                    stored,
                    candidate: stored.and_then(|stored| ours(stored, deployment)),
                };
                expectation::expected(&self.clients, &clients, wanted)
                    .await
                    .map_err(look(&deployment.id))?
            }
            None => Expected::default(),
        };
        Ok(Green {
            clients,
            service: service_of(at),
            side: Side::TaskSet {
                deployment: deployment.id.clone(),
                group: deployment.group.clone(),
            },
            expected,
        })
    }
}

/// What is being deployed, if this is our own deployment.
fn ours<'a>(stored: &'a StoredTarget, deployment: &Deployment) -> Option<&'a Candidate> {
    let marker = Marker::find(&deployment.description)?;
    let active = stored.state.active.as_ref()?;
    (active.deployment == marker.deployment).then_some(&active.candidate)
}

fn service_of(at: &DeploymentTarget) -> Service {
    Service {
        cluster: at.cluster.clone(),
        name: at.service.clone(),
    }
}

fn named(aws_id: &str) -> String {
    format!("CodeDeploy deployment `{aws_id}`")
}

fn keep(aws_id: &str) -> impl Fn(AwsError) -> ValidateError {
    let deployment = named(aws_id);
    move |source| ValidateError::Keep {
        deployment: deployment.clone(),
        source,
    }
}

fn look(aws_id: &str) -> impl Fn(AwsError) -> ValidateError {
    let deployment = named(aws_id);
    move |source| ValidateError::Look {
        deployment: deployment.clone(),
        source,
    }
}
