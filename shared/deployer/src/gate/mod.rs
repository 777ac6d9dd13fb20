//! Running the gate at which a CodeDeploy deployment is waiting for a verdict.
//!
//! The hook's payload names neither its lifecycle event nor its service (AWS-FACTS 5.4): the event
//! is the one in progress, the service is the deployment's target, and the green tasks are those of
//! the task set whose `externalId` is the deployment's id (AWS-FACTS 5.11).

mod checks;
mod expectation;

use futures_util::{join, try_join};
use greenlight_aws::{
    AwsError, chain,
    codedeploy::{self, Deployment, DeploymentTarget},
    ecs,
    table::{Place, StoredTarget},
};
use greenlight_core::{
    deployment::Marker,
    gate::{GateReport, Verdict},
    target::{
        Check, GatePoint, Service,
        check::{DigestCheck, TargetsCheck, TasksCheck},
    },
};
use jiff::Timestamp;
use tokio::time::{Duration, sleep};

use crate::{Deployer, probe::Probe};
use checks::Green;

/// CodeDeploy may show the event as in progress a little after it has called the hook.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// What a gate found, and what to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Validated {
    /// What each check found; `None` where there was nothing to check.
    pub report: Option<GateReport>,
    /// Whether the deployment may go on.
    pub may_go_on: bool,
    /// Why, in one sentence.
    pub summary: String,
}

/// Why no verdict could be found. Whoever waits has to be told so: it counts as a failure.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// CodeDeploy or the service could not be read.
    #[error("CodeDeploy deployment `{deployment}` could not be looked at")]
    Look {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// Greenlight's table could not be read.
    #[error("the target of CodeDeploy deployment `{deployment}` could not be read")]
    Target {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// The target's document is not understood.
    #[error("the target of CodeDeploy deployment `{deployment}` could not be read")]
    Document {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: greenlight_aws::table::BadTarget,
    },
    /// No lifecycle event that calls a hook is in progress.
    #[error(
        "CodeDeploy deployment `{deployment}` is at no lifecycle event that waits for a hook, so it \
         is not known what to check"
    )]
    NoEvent {
        /// Which deployment.
        deployment: String,
    },
    /// The green tasks are not there.
    #[error(
        "service `{service}` has no task set of CodeDeploy deployment `{deployment}`, so there are \
         no green tasks to check"
    )]
    NoGreen {
        /// Which deployment.
        deployment: String,
        /// Which service.
        service: Service,
    },
}

impl Deployer {
    /// Runs the gate that the hook of `aws_id` stands for, until it has a verdict or `until`.
    pub async fn validate(
        &self,
        aws_id: &str,
        probe: &Probe,
        until: Timestamp,
    ) -> Result<Validated, ValidateError> {
        let started_at = self.clock.now();
        let look = |source| ValidateError::Look {
            deployment: aws_id.to_owned(),
            source,
        };
        let (deployment, at) = try_join!(
            codedeploy::deployment(&self.clients, aws_id),
            codedeploy::deployment_target(&self.clients, aws_id),
        )
        .map_err(look)?;
        let at = at.ok_or_else(|| ValidateError::NoEvent {
            deployment: aws_id.to_owned(),
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
            return Ok(Validated {
                report: None,
                may_go_on: true,
                summary: format!("{whose} has no checks at {}", point.name()),
            });
        }
        let green = self.green(&deployment, &at, stored.as_ref(), point).await?;
        let is_default = stored.is_none();
        let checked = self.run_checks(&green, &checks, probe, until).await;
        let report = GateReport::conclude(point, checked, started_at, self.clock.now());
        if let (Some(marker), Some(_)) = (&marker, &stored) {
            let written = self
                .table
                .put_gate_report(&marker.target, marker.deployment, &report)
                .await;
            // The verdict is what the deployment waits for; the report is in the log as well.
            if let Err(error) = written {
                tracing::error!("the gate's report was not recorded: {}", chain(&error));
            }
        }
        Ok(validated(report, is_default))
    }

    /// The gate whose lifecycle event is in progress.
    async fn point(&self, aws_id: &str, at: &DeploymentTarget) -> Result<GatePoint, ValidateError> {
        for look in 0..LOOKS {
            if look > 0 {
                sleep(BETWEEN_LOOKS).await;
            }
            let progress = codedeploy::progress(&self.clients, aws_id, at).await;
            let progress = progress.map_err(|source| ValidateError::Look {
                deployment: aws_id.to_owned(),
                source,
            })?;
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
            deployment: aws_id.to_owned(),
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
            deployment: aws_id.to_owned(),
            source,
        };
        let name = if let Some(marker) = marker {
            Some(marker.target.clone())
        } else {
            let service = Service {
                cluster: at.cluster.clone(),
                name: at.service.clone(),
            };
            let found = ecs::service(&self.clients, &service.cluster, &service.name).await;
            let found = found.map_err(|source| ValidateError::Look {
                deployment: aws_id.to_owned(),
                source,
            })?;
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
                deployment: aws_id.to_owned(),
                source,
            })
    }

    async fn green(
        &self,
        deployment: &Deployment,
        at: &DeploymentTarget,
        stored: Option<&StoredTarget>,
        point: GatePoint,
    ) -> Result<Green, ValidateError> {
        let look = |source| ValidateError::Look {
            deployment: deployment.id.clone(),
            source,
        };
        let service = ecs::service(&self.clients, &at.cluster, &at.service)
            .await
            .map_err(look)?;
        let set = service.created_by(&deployment.id).cloned();
        // Before the tasks are installed there are none; checks of a URL need none.
        if set.is_none() && point != GatePoint::BeforeInstall {
            return Err(ValidateError::NoGreen {
                deployment: deployment.id.clone(),
                service: Service {
                    cluster: at.cluster.clone(),
                    name: at.service.clone(),
                },
            });
        }
        let marker = Marker::find(&deployment.description);
        let expected = match &set {
            Some(set) => expectation::expected(&self.clients, set, stored, marker.as_ref())
                .await
                .map_err(look)?,
            None => expectation::Expected::default(),
        };
        Ok(Green {
            deployment: deployment.id.clone(),
            group: deployment.group.clone(),
            at: at.clone(),
            expected,
        })
    }
}

/// What is checked where no target is registered: what can be checked of any service.
fn default_checks(point: GatePoint) -> Vec<Check> {
    match point {
        GatePoint::BeforeInstall => Vec::new(),
        GatePoint::AfterInstall
        | GatePoint::TestTraffic
        | GatePoint::BeforeTraffic
        | GatePoint::AfterTraffic => vec![
            Check::Tasks(TasksCheck::default()),
            Check::Digest(DigestCheck::default()),
            Check::Targets(TargetsCheck::default()),
        ],
    }
}

/// A configured gate passes only if every check passes. The default checks are nobody's wish, so
/// one that finds nothing to measure does not stop a deployment.
fn validated(report: GateReport, is_default: bool) -> Validated {
    let may_go_on = match report.verdict {
        Verdict::Passed => true,
        Verdict::Inconclusive => is_default,
        Verdict::Error | Verdict::Failed => false,
    };
    let summary = report.failures().next().unwrap_or_else(|| {
        format!(
            "gate {} passed: {} checks",
            report.point.name(),
            report.checks.len()
        )
    });
    Validated {
        report: Some(report),
        may_go_on,
        summary,
    }
}
