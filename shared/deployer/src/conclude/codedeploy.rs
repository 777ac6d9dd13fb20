//! A CodeDeploy deployment has ended: ours, a roll-back, or somebody else's.

use std::collections::BTreeMap;

use futures_util::join;
use greenlight_aws::{
    Clients, Kind,
    codedeploy::{self, Deployment, DeploymentTarget},
    table::{Place, StoredTarget},
};
use greenlight_core::{
    deployment::{
        Aftermath, Candidate, DeploymentId, Explanation, Foreign, Input, Marker, Outcome,
    },
    record::{DeploymentRecord, Origin},
};
use jiff::Timestamp;

use super::{ConcludeError, Concluded, End};
use crate::{Deployer, evidence};

/// A deployment that ended, and where.
struct Ended<'a> {
    deployment: &'a Deployment,
    at: Option<&'a DeploymentTarget>,
    end: End,
}

impl Deployer {
    pub(super) async fn codedeploy_ended(
        &self,
        place: &Place,
        aws_id: &str,
        end: End,
        lease_until: Timestamp,
    ) -> Result<Concluded, ConcludeError> {
        let look = |source| ConcludeError::Look {
            deployment: aws_id.to_owned(),
            source,
        };
        let (deployment, at, targets) = join!(
            codedeploy::deployment(&self.clients, aws_id),
            codedeploy::deployment_target(&self.clients, aws_id),
            self.targets_there(place, aws_id),
        );
        let targets = targets?;
        // It may be in the account of a role that a target names.
        let role = targets
            .iter()
            .find(|stored| stored.target.role_arn.is_some());
        let (deployment, at) = match role {
            Some(stored) => {
                let clients = self.clients_of(&stored.target);
                join!(
                    codedeploy::deployment(&clients, aws_id),
                    codedeploy::deployment_target(&clients, aws_id),
                )
            }
            None => (deployment, at),
        };
        let deployment = match deployment {
            Err(error) if error.is("DeploymentDoesNotExistException") => {
                return Ok(Concluded::Ignored {
                    reason: format!("CodeDeploy does not know deployment `{aws_id}`"),
                });
            }
            // Which it may not read is none of the applications that it deploys to.
            Err(error) if targets.is_empty() && error.kind == Kind::Denied => {
                return Ok(Concluded::Ignored {
                    reason: format!(
                        "no target deploys by the group of CodeDeploy deployment `{aws_id}`, which may \
                         not be read: {}",
                        error.message()
                    ),
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
        let stored = match &marker {
            None => targets,
            Some(marker) => {
                let known = targets
                    .into_iter()
                    .find(|stored| stored.target.name == marker.target);
                match known {
                    Some(stored) => vec![stored],
                    // It deploys elsewhere by now.
                    None => self
                        .readable(&marker.target, aws_id)
                        .await?
                        .into_iter()
                        .collect(),
                }
            }
        };
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

    async fn conclude_ours(
        &self,
        stored: StoredTarget,
        id: DeploymentId,
        ended: &Ended<'_>,
        lease_until: Timestamp,
    ) -> Result<Option<Explanation>, ConcludeError> {
        let aws_id = &ended.deployment.id;
        let active = stored
            .state
            .active
            .as_ref()
            .filter(|active| active.deployment == id);
        let record = self.record_of(&stored, id, aws_id).await?;
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
        let explanation = self
            .conclude_with(&stored, aws_id, record, input, lease_until)
            .await?;
        if let Some(rollback) = &ended.deployment.rolled_back_by {
            self.move_on_after(rollback, &stored, lease_until).await?;
        }
        Ok(explanation)
    }

    /// Starts what waits if the roll-back is over already: when its end is reported before the
    /// failure that it belongs to, nobody else will.
    async fn move_on_after(
        &self,
        rollback: &str,
        stored: &StoredTarget,
        lease_until: Timestamp,
    ) -> Result<(), ConcludeError> {
        let Some(stored) = self.readable(&stored.target.name, rollback).await? else {
            return Ok(());
        };
        let nothing_waits = stored.state.queued.is_none() && stored.state.rollback.is_none();
        if nothing_waits || stored.state.active.is_some() {
            return Ok(());
        }
        let found = codedeploy::deployment(&self.clients_of(&stored.target), rollback).await;
        let found = found.map_err(|source| ConcludeError::Look {
            deployment: rollback.to_owned(),
            source,
        })?;
        if !found.has_ended() {
            return Ok(());
        }
        self.moved(
            stored,
            Input::Revisited,
            rollback,
            &BTreeMap::new(),
            lease_until,
        )
        .await?;
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
        let clients = self.clients_of(&stored.target);
        Ok(failed(&clients, ended, record, stopped).await)
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
        let (running, task_definition) = running.unzip();
        let task_definition = task_definition.flatten();
        let outcome = match ended.end {
            End::Success => Outcome::Succeeded { task_definition },
            End::Failure | End::Stop => {
                let clients = self.clients_of(&stored.target);
                failed(&clients, ended, None, ended.end == End::Stop).await
            }
        };
        let origin = match &ended.deployment.rolls_back {
            Some(of) => Origin::Rollback {
                of: of.clone(),
                by: None,
            },
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
        self.moved(stored, input, aws_id, &BTreeMap::new(), lease_until)
            .await
    }
}

/// A failure with its causes.
async fn failed(
    clients: &Clients,
    ended: &Ended<'_>,
    record: Option<&DeploymentRecord>,
    stopped: bool,
) -> Outcome {
    let failure = evidence::failure(clients, ended.deployment, ended.at, record, stopped).await;
    Outcome::Failed {
        reason: failure.reason,
        evidence: failure.evidence,
        aftermath: if ended.deployment.rolled_back_by.is_some() {
            Aftermath::RollingBack
        } else {
            Aftermath::Over
        },
    }
}
