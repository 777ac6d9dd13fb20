//! A deployment of an ECS service changed: rolling, blue/green, linear or canary.
//!
//! The event is only a reason to look. What became of our deployment, the service deployment says
//! (AWS-FACTS 6.3, 6.4): a COMPLETED event may be that of a roll-back.

use std::collections::BTreeMap;

use greenlight_aws::{
    AwsError, ecs,
    ecs::{ServiceDeployment, ServiceRevision},
    table::{Place, StoredTarget},
};
use greenlight_core::{
    deployment::{Active, Aftermath, DeploymentId, Explanation, Foreign, Input, Outcome, Phase},
    gate::Verdict,
    record::{DeploymentRecord, Origin},
    target::{Service, Strategy},
};
use jiff::Timestamp;

use super::{ConcludeError, Concluded};
use crate::{Deployer, evidence, gate::AfterTraffic};

impl Deployer {
    pub(super) async fn service_changed(
        &self,
        place: &Place,
        service: &Service,
        deployment: &str,
        lease_until: Timestamp,
    ) -> Result<Concluded, ConcludeError> {
        let mut stored = self.targets_there(place, deployment).await?;
        // CodeDeploy tells of its deployments itself.
        stored
            .retain(|stored| matches!(stored.target.deploy, Strategy::Rolling | Strategy::Native));
        if stored.is_empty() {
            return Ok(Concluded::Ignored {
                reason: format!("no target deploys to ECS service `{service}` by UpdateService"),
            });
        }
        let mut concluded = Vec::with_capacity(stored.len());
        for stored in stored {
            let name = stored.target.name.clone();
            let explanation = match stored.state.active.clone() {
                Some(active) => {
                    self.active_service_changed(stored, active, lease_until)
                        .await?
                }
                None => {
                    self.quiet_service_changed(stored, deployment, lease_until)
                        .await?
                }
            };
            concluded.push((name, explanation));
        }
        Ok(Concluded::At(concluded))
    }

    /// A deployment of ours is under way: whether it has ended.
    async fn active_service_changed(
        &self,
        stored: StoredTarget,
        active: Active,
        lease_until: Timestamp,
    ) -> Result<Option<Explanation>, ConcludeError> {
        let id = active.deployment;
        let look = |source| ConcludeError::Look {
            deployment: id.to_string(),
            source,
        };
        let found = self.service_deployment(&stored, &active).await;
        let Some((deployment, revision)) = found.map_err(look)? else {
            return self
                .moved(
                    stored,
                    Input::Revisited,
                    &id.to_string(),
                    &BTreeMap::new(),
                    lease_until,
                )
                .await;
        };
        if !deployment.has_ended() && !deployment.is_rolling_back() {
            tracing::info!(
                target = %stored.target.name,
                "service deployment {} goes on: {}",
                deployment.arn,
                deployment.status
            );
            return Ok(None);
        }
        let aws_id = deployment.arn.clone();
        if let Origin::Rollback { of, by: None } = &active.origin {
            self.finish_failure(&stored, of).await?;
        }
        let record = self.record_of(&stored, id, &aws_id).await?;
        let outcome = self
            .outcome_of_service(&stored, &active, record.as_ref(), &deployment, &revision)
            .await
            .map_err(observe(&stored, &aws_id))?;
        let ended = (&deployment, &revision);
        let (outcome, record) = self
            .gated(&stored, &active, ended, (outcome, record), lease_until)
            .await?;
        let input = Input::Concluded {
            deployment: id,
            aws_id: aws_id.clone(),
            outcome,
        };
        self.conclude_with(&stored, &aws_id, record, input, lease_until)
            .await
    }

    /// A success that the gate behind a rolling deployment agrees with; where it does not, what was live before is
    /// deployed again. The record comes back with the gate's report.
    async fn gated(
        &self,
        stored: &StoredTarget,
        active: &Active,
        ended: (&ServiceDeployment, &ServiceRevision),
        (outcome, record): (Outcome, Option<DeploymentRecord>),
        lease_until: Timestamp,
    ) -> Result<(Outcome, Option<DeploymentRecord>), ConcludeError> {
        if !matches!(outcome, Outcome::Succeeded { .. }) {
            return Ok((outcome, record));
        }
        let aws_id = &ended.0.arn;
        let after = self
            .after_traffic(stored, active, record.as_ref(), ended, lease_until)
            .await
            .map_err(observe(stored, aws_id))?;
        let report = match after {
            AfterTraffic::None => return Ok((outcome, record)),
            AfterTraffic::Over(report) => report,
            AfterTraffic::NotInTime => {
                return Err(ConcludeError::Gate {
                    deployment: aws_id.clone(),
                });
            }
        };
        let outcome = if report.verdict == Verdict::Passed {
            outcome
        } else {
            let failure = evidence::of_gate(&report);
            Outcome::Failed {
                reason: failure.reason,
                evidence: failure.evidence,
                aftermath: Aftermath::Restore,
            }
        };
        let record = record.map(|mut record| {
            record.gates.insert(report.point, report);
            record
        });
        Ok((outcome, record))
    }

    /// The service deployment of an active deployment, with its target revision; none while a task
    /// before it runs, or before it was created.
    pub(crate) async fn service_deployment(
        &self,
        stored: &StoredTarget,
        active: &Active,
    ) -> Result<Option<(ServiceDeployment, ServiceRevision)>, AwsError> {
        let (aws_id, task_definition) = match &active.phase {
            Phase::Before { .. } => return Ok(None),
            Phase::Requested { prepared, .. } => (None, prepared.task_definition.as_deref()),
            Phase::Started {
                aws_id,
                task_definition,
            } => (Some(aws_id.as_str()), task_definition.as_deref()),
        };
        let bound = aws_id.filter(|id| id.contains(":service-deployment/"));
        let Some(arn) = bound else {
            let asked_at = active.deployment.at();
            return self
                .service_deployment_of(stored, &active.candidate, asked_at, task_definition)
                .await;
        };
        let clients = self.clients_of(&stored.target);
        let deployment = ecs::service_deployment(&clients, arn).await?;
        let Some(target) = &deployment.target_revision else {
            return Ok(None);
        };
        let arns = [target.arn.clone()];
        let revisions = ecs::service_revisions(&clients, &arns).await?;
        Ok(revisions
            .into_iter()
            .next()
            .map(|revision| (deployment, revision)))
    }

    /// Success is believed only if the primary deployment runs our task definition, and its tasks our
    /// images: after the circuit breaker has rolled back, the old ones have completed as well.
    async fn outcome_of_service(
        &self,
        stored: &StoredTarget,
        active: &Active,
        record: Option<&DeploymentRecord>,
        deployment: &ServiceDeployment,
        revision: &ServiceRevision,
    ) -> Result<Outcome, AwsError> {
        if deployment.has_succeeded() {
            return self
                .prove_service(stored, &active.candidate, revision)
                .await;
        }
        let clients = self.clients_of(&stored.target);
        let (cluster, service) = stored.cluster_and_service();
        let place = evidence::Place { cluster, service };
        let failure =
            evidence::service_failure(&clients, place, deployment, revision, record).await;
        Ok(Outcome::Failed {
            reason: failure.reason,
            evidence: failure.evidence,
            aftermath: if deployment.is_rolling_back() {
                Aftermath::RollingBack
            } else {
                Aftermath::Over
            },
        })
    }

    /// Nothing of ours is under way: somebody else's deployment, or the roll-back of ours.
    async fn quiet_service_changed(
        &self,
        stored: StoredTarget,
        deployment: &str,
        lease_until: Timestamp,
    ) -> Result<Option<Explanation>, ConcludeError> {
        let look = |source| ConcludeError::Look {
            deployment: deployment.to_owned(),
            source,
        };
        self.finish_failure(&stored, deployment).await?;
        let clients = self.clients_of(&stored.target);
        let (cluster, name) = stored.cluster_and_service();
        let service = ecs::service(&clients, cluster, name).await.map_err(look)?;
        if service.in_progress().is_some() {
            tracing::info!(target = %stored.target.name, "service `{name}` is being deployed to");
            return Ok(None);
        }
        let now = self.clock.now();
        let live = self.live_image(&stored, now).await;
        let live = live.map_err(observe(&stored, deployment))?;
        let is_news = live
            .as_ref()
            .is_some_and(|(running, _)| !stored.state.is_live(running));
        let input = match live {
            Some((running, task_definition)) if is_news => Input::ConcludedElsewhere(Foreign {
                deployment: DeploymentId::of_cause(now, &[deployment, stored.target.name.as_str()]),
                aws_id: deployment.to_owned(),
                origin: Origin::Elsewhere {
                    creator: "UpdateService".to_owned(),
                },
                running: Some(running),
                outcome: Outcome::Succeeded { task_definition },
            }),
            _ => Input::Revisited,
        };
        self.moved(stored, input, deployment, &BTreeMap::new(), lease_until)
            .await
    }
}

fn observe(stored: &StoredTarget, deployment: &str) -> impl FnOnce(AwsError) -> ConcludeError {
    let (deployment, target) = (deployment.to_owned(), stored.target.name.clone());
    move |source| ConcludeError::Observe {
        deployment,
        target,
        source,
    }
}
