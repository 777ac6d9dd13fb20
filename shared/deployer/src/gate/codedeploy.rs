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
    table::{Place, StoredTarget},
};
use greenlight_core::{
    deployment::{Candidate, Marker},
    gate::{GateReport, Unfinished},
    target::{GatePoint, Service},
};
use jiff::Timestamp;
use tokio::time::{Duration, sleep};

use super::{
    ValidateError, Validated, default_checks,
    expectation::{self, Expected, Wanted},
    green::{Green, Side},
    measure::{About, Instruments},
    nothing,
    run::{Ran, Time, run},
    validated,
};
use crate::Deployer;

/// CodeDeploy may show the event as in progress a little after it has called the hook.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

impl Deployer {
    /// Runs the gate that the hook of `aws_id` stands for, until it has a verdict or `until`.
    pub async fn validate(
        &self,
        aws_id: &str,
        until: Timestamp,
    ) -> Result<Validated, ValidateError> {
        let started_at = self.clock.now();
        let (deployment, at) = try_join!(
            codedeploy::deployment(&self.clients, aws_id),
            codedeploy::deployment_target(&self.clients, aws_id),
        )
        .map_err(look(aws_id))?;
        let at = at.ok_or_else(|| ValidateError::NoEvent {
            deployment: named(aws_id),
        })?;
        let marker = Marker::find(&deployment.description);
        let (point, stored) = join!(
            self.point(aws_id, &at),
            self.target_of(aws_id, marker.as_ref(), &at),
        );
        let (point, stored) = (point?, stored?);
        let checks = match &stored {
            Some(stored) => stored.target.gates.get(point).unwrap_or_default().to_vec(),
            None => default_checks(point),
        };
        if checks.is_empty() {
            let whose = stored.map_or_else(
                || format!("service `{}:{}`", at.cluster, at.service),
                |stored| format!("target `{}`", stored.target.name),
            );
            return Ok(nothing(format!(
                "{whose} has no checks at {}",
                point.name()
            )));
        }
        let green = self.green_set(&deployment, &at, stored.as_ref(), point);
        let green = green.await?;
        let about = About {
            point,
            aws_id,
            began_at: deployment.created_at.unwrap_or(started_at),
            stored: stored.as_ref(),
            deployment: marker.as_ref().map(|marker| marker.deployment),
        };
        let time = Time {
            call: until,
            gate: until,
            whose: "the function's time is over",
            goes_on: false,
        };
        let mut instruments = Instruments::new(self, &green, about);
        let (Ran::Over(checked)
        | Ran::BrokenOff {
            unfinished: Unfinished {
                reports: checked, ..
            },
            ..
        }) = run(&self.clock, &checks, time, None, &mut instruments).await;
        let report = GateReport::conclude(point, checked, started_at, self.clock.now());
        if let (Some(marker), Some(_)) = (&marker, &stored) {
            self.write_report(&marker.target, marker.deployment, &report)
                .await;
        }
        Ok(validated(report, stored.is_none()))
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

fn look(aws_id: &str) -> impl Fn(AwsError) -> ValidateError {
    let deployment = named(aws_id);
    move |source| ValidateError::Look {
        deployment: deployment.clone(),
        source,
    }
}
