//! A CodeDeploy deployment has ended: what really runs now, and what is recorded of it.

use std::collections::BTreeMap;

use futures_util::join;
use greenlight_aws::{
    AwsError, chain,
    codedeploy::{self, Deployment, DeploymentTarget},
    table::StoredTarget,
};
use greenlight_core::{
    deployment::{Candidate, DeploymentId, Explanation, Foreign, Input, Marker, Outcome},
    record::{DeploymentRecord, Origin, Status},
    target::{Service, TargetName},
};
use jiff::Timestamp;

use crate::{AdvanceError, Deployer, evidence};

/// How CodeDeploy says that a deployment ended (AWS-FACTS 5.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// `SUCCESS`
    Success,
    /// `FAILURE`
    Failure,
    /// `STOP`
    Stop,
}

/// What became of an ended deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concluded {
    /// It was recorded, at these targets.
    At(Vec<(TargetName, Option<Explanation>)>),
    /// It is none of ours to record.
    Ignored {
        /// Why.
        reason: String,
    },
}

/// Why an ended deployment could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum ConcludeError {
    /// The deployment could not be read.
    #[error("CodeDeploy deployment `{deployment}` could not be looked at")]
    Look {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// Greenlight's table could not be read.
    #[error("the targets of CodeDeploy deployment `{deployment}` could not be read")]
    Targets {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// What runs could not be seen.
    #[error(
        "what target `{target}` runs after CodeDeploy deployment `{deployment}` could not be seen"
    )]
    Observe {
        /// Which deployment.
        deployment: String,
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// The tag could not be given back.
    #[error("the tag of target `{target}` could not be given back to the image that is live")]
    RestoreTag {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// The target's state could not be moved.
    #[error("the end of CodeDeploy deployment `{deployment}` could not be recorded")]
    Advance {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: AdvanceError,
    },
}

/// A deployment that ended, and where.
struct Ended<'a> {
    deployment: &'a Deployment,
    at: Option<&'a DeploymentTarget>,
    end: End,
}

impl Deployer {
    /// Records the end of the CodeDeploy deployment `aws_id` and starts what waits for it.
    pub async fn concluded(
        &self,
        aws_id: &str,
        end: End,
        lease_until: Timestamp,
    ) -> Result<Concluded, ConcludeError> {
        let look = |source| ConcludeError::Look {
            deployment: aws_id.to_owned(),
            source,
        };
        let (deployment, at) = join!(
            codedeploy::deployment(&self.clients, aws_id),
            codedeploy::deployment_target(&self.clients, aws_id),
        );
        let deployment = match deployment {
            Err(error) if error.is("DeploymentDoesNotExistException") => {
                return Ok(Concluded::Ignored {
                    reason: format!("CodeDeploy does not know deployment `{aws_id}`"),
                });
            }
            deployment => deployment.map_err(look)?,
        };
        let marker = Marker::find(&deployment.description);
        // A deployment that failed early may have no target; ours names it itself.
        let at = match at {
            Ok(at) => at,
            Err(error) if marker.is_some() && !error.is_retryable() => None,
            Err(error) if error.is_retryable() => return Err(look(error)),
            Err(error) => {
                return Ok(Concluded::Ignored {
                    reason: format!("not a deployment to ECS: {}", error.message()),
                });
            }
        };
        let stored = self
            .targets_of(aws_id, marker.as_ref(), at.as_ref())
            .await?;
        if stored.is_empty() {
            return Ok(Concluded::Ignored {
                reason: format!("no target deploys where CodeDeploy deployment `{aws_id}` did"),
            });
        }
        let ended = Ended {
            deployment: &deployment,
            at: at.as_ref(),
            end,
        };
        let mut concluded = Vec::with_capacity(stored.len());
        for stored in stored {
            let name = stored.target.name.clone();
            let explanation = match &marker {
                Some(marker) => {
                    self.conclude_ours(stored, marker.deployment, &ended, lease_until)
                        .await
                }
                None => self.conclude_foreign(stored, &ended, lease_until).await,
            }?;
            concluded.push((name, explanation));
        }
        Ok(Concluded::At(concluded))
    }

    async fn targets_of(
        &self,
        aws_id: &str,
        marker: Option<&Marker>,
        at: Option<&DeploymentTarget>,
    ) -> Result<Vec<StoredTarget>, ConcludeError> {
        let failed = |source| ConcludeError::Targets {
            deployment: aws_id.to_owned(),
            source,
        };
        let names = match (marker, at) {
            (Some(marker), _) => vec![marker.target.clone()],
            (None, Some(at)) => {
                let service = Service {
                    cluster: at.cluster.clone(),
                    name: at.service.clone(),
                };
                self.table
                    .targets_of_service(&service)
                    .await
                    .map_err(failed)?
            }
            (None, None) => Vec::new(),
        };
        let mut stored = Vec::with_capacity(names.len());
        for name in names {
            match self.table.target(&name).await.map_err(failed)? {
                Some(Ok(target)) => stored.push(target),
                Some(Err(error)) => tracing::error!("{}", chain(&error)),
                None => tracing::warn!(target = %name, "the target is not registered any more"),
            }
        }
        Ok(stored)
    }

    async fn conclude_ours(
        &self,
        stored: StoredTarget,
        id: DeploymentId,
        ended: &Ended<'_>,
        lease_until: Timestamp,
    ) -> Result<Option<Explanation>, ConcludeError> {
        let target = &stored.target.name;
        let aws_id = &ended.deployment.id;
        let active = stored
            .state
            .active
            .as_ref()
            .filter(|active| active.deployment == id);
        let record =
            self.table
                .record(target, id)
                .await
                .map_err(|source| ConcludeError::Targets {
                    deployment: aws_id.clone(),
                    source,
                })?;
        let input = match active {
            None => Input::Revisited,
            Some(active) => Input::Concluded {
                deployment: id,
                aws_id: aws_id.clone(),
                outcome: self
                    .outcome_of_ours(&stored, &active.candidate, record.as_ref(), ended)
                    .await?,
            },
        };
        let failed = match (&input, active, &record) {
            (
                Input::Concluded {
                    outcome: Outcome::Failed { .. },
                    ..
                },
                Some(active),
                _,
            ) => Some(active.candidate.clone()),
            // Recorded before, but the tag may not have been given back then.
            (Input::Revisited, _, Some(record)) if record.status == Status::Failed => {
                Some(record.candidate.clone())
            }
            _ => None,
        };
        let gates = record.map(|record| record.gates).unwrap_or_default();
        let explanation = self
            .advance(stored.clone(), input, lease_until, &gates)
            .await
            .map_err(|source| ConcludeError::Advance {
                deployment: aws_id.clone(),
                source,
            })?;
        // Only now, so that the push that it is finds the failure recorded.
        if let Some(candidate) = failed {
            self.restore_tag(&stored, &candidate)
                .await
                .map_err(|source| ConcludeError::RestoreTag {
                    target: stored.target.name.clone(),
                    source,
                })?;
        }
        if let Some(rollback) = &ended.deployment.rolled_back_by {
            self.move_on_after(rollback, &stored.target.name, lease_until)
                .await?;
        }
        Ok(explanation)
    }

    /// Starts what waits if the roll-back is over already: when its end is reported before the
    /// failure that it belongs to, nobody else will.
    async fn move_on_after(
        &self,
        rollback: &str,
        target: &TargetName,
        lease_until: Timestamp,
    ) -> Result<(), ConcludeError> {
        let stored = self
            .table
            .target(target)
            .await
            .map_err(|source| ConcludeError::Targets {
                deployment: rollback.to_owned(),
                source,
            })?;
        let Some(Ok(stored)) = stored else {
            return Ok(());
        };
        if stored.state.queued.is_none() || stored.state.active.is_some() {
            return Ok(());
        }
        let found = codedeploy::deployment(&self.clients, rollback).await;
        let found = found.map_err(|source| ConcludeError::Look {
            deployment: rollback.to_owned(),
            source,
        })?;
        if !found.has_ended() {
            return Ok(());
        }
        self.advance(stored, Input::Revisited, lease_until, &BTreeMap::new())
            .await
            .map_err(|source| ConcludeError::Advance {
                deployment: rollback.to_owned(),
                source,
            })?;
        Ok(())
    }

    /// How our deployment ended. CodeDeploy's success is believed only if the running tasks agree.
    async fn outcome_of_ours(
        &self,
        stored: &StoredTarget,
        candidate: &Candidate,
        record: Option<&DeploymentRecord>,
        ended: &Ended<'_>,
    ) -> Result<Outcome, ConcludeError> {
        if ended.end == End::Success {
            let aws_id = &ended.deployment.id;
            return self
                .prove(stored, candidate, aws_id)
                .await
                .map_err(|source| ConcludeError::Observe {
                    deployment: aws_id.clone(),
                    target: stored.target.name.clone(),
                    source,
                });
        }
        let stopped = ended.end == End::Stop;
        let failure =
            evidence::failure(&self.clients, ended.deployment, ended.at, record, stopped).await;
        Ok(Outcome::Failed {
            reason: failure.reason,
            evidence: failure.evidence,
            rolling_back: ended.deployment.rolled_back_by.is_some(),
        })
    }

    async fn conclude_foreign(
        &self,
        stored: StoredTarget,
        ended: &Ended<'_>,
        lease_until: Timestamp,
    ) -> Result<Option<Explanation>, ConcludeError> {
        let aws_id = &ended.deployment.id;
        let name = stored.target.name.clone();
        let at = ended
            .deployment
            .created_at
            .unwrap_or_else(|| self.clock.now());
        let running =
            self.live_image(&stored, at)
                .await
                .map_err(|source| ConcludeError::Observe {
                    deployment: aws_id.clone(),
                    target: name.clone(),
                    source,
                })?;
        let (running, task_definition) = match running {
            Some((candidate, task_definition)) => (Some(candidate), task_definition),
            None => (None, String::new()),
        };
        let outcome = match ended.end {
            End::Success => Outcome::Succeeded { task_definition },
            End::Failure | End::Stop => {
                let stopped = ended.end == End::Stop;
                let failure =
                    evidence::failure(&self.clients, ended.deployment, ended.at, None, stopped)
                        .await;
                Outcome::Failed {
                    reason: failure.reason,
                    evidence: failure.evidence,
                    rolling_back: ended.deployment.rolled_back_by.is_some(),
                }
            }
        };
        let origin = match &ended.deployment.rolls_back {
            Some(of) => Origin::Rollback { of: of.clone() },
            None => Origin::Elsewhere {
                creator: ended.deployment.creator.clone(),
            },
        };
        let input = Input::ConcludedElsewhere(Foreign {
            deployment: DeploymentId::of_cause(at, &[aws_id, name.as_str()]),
            aws_id: aws_id.clone(),
            origin,
            running,
            outcome,
        });
        self.advance(stored, input, lease_until, &BTreeMap::new())
            .await
            .map_err(|source| ConcludeError::Advance {
                deployment: aws_id.clone(),
                source,
            })
    }
}
