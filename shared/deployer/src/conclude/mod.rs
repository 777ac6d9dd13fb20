//! Something that may be the end of a deployment: what really runs now, and what is recorded of it.
//!
//! Each kind of AWS deployment tells of its end by events of its own, and has an API of its own that
//! says the truth: CodeDeploy ([`codedeploy`]), service deployments of ECS ([`service`]), tasks
//! ([`task`]) and pipelines ([`pipeline`]).

mod again;
mod codedeploy;
mod failure;
mod pipeline;
mod service;
pub(crate) mod task;

use std::collections::BTreeMap;

use greenlight_aws::{
    AwsError, chain,
    table::{Place, StoredTarget},
};
use greenlight_core::{
    deployment::{Candidate, DeploymentId, Explanation, Input, Outcome},
    gate::GateReport,
    record::{DeploymentRecord, Status},
    target::{GatePoint, Service, TargetName},
};
use jiff::Timestamp;

use crate::{AdvanceError, Deployer, RetagError};

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

/// What an event tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A CodeDeploy deployment has ended.
    CodeDeploy {
        /// `d-…`
        deployment: String,
        /// Whose account it is in.
        account: String,
        /// `application`
        application: String,
        /// `deploymentGroup`
        group: String,
        /// How it ended.
        end: End,
    },
    /// A deployment of an ECS service began, ended, or was rolled back.
    Service {
        /// Whose account it is in.
        account: String,
        /// The service.
        service: Service,
        /// `ecs-svc/…`
        deployment: String,
    },
    /// A task that we started has stopped.
    Task {
        /// `startedBy`
        started_by: String,
        /// The cluster's name.
        cluster: String,
        /// The task's ARN.
        task: String,
    },
    /// A pipeline execution has ended.
    Pipeline {
        /// Whose account it is in.
        account: String,
        /// The pipeline's name.
        pipeline: String,
        /// The execution's id.
        execution: String,
    },
}

/// What became of a change.
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
    #[error("deployment `{deployment}` could not be looked at")]
    Look {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// Greenlight's table could not be read.
    #[error("the targets of deployment `{deployment}` could not be read")]
    Targets {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// What runs could not be seen.
    #[error("what target `{target}` runs after deployment `{deployment}` could not be seen")]
    Observe {
        /// Which deployment.
        deployment: String,
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// The gate was not over in time.
    #[error(
        "gate {} of deployment `{deployment}` was not over before the function's time was",
        GatePoint::AfterTraffic
    )]
    Gate {
        /// Which deployment.
        deployment: String,
    },
    /// The tag could not be given back.
    #[error("the tag of target `{target}` could not be given back to the image that is live")]
    RestoreTag {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: RetagError,
    },
    /// The target's state could not be moved.
    #[error("the end of deployment `{deployment}` could not be recorded")]
    Advance {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: AdvanceError,
    },
}

impl Deployer {
    /// Records what follows from a change, and starts what waits for it.
    ///
    /// `lease_until` is when this invocation is over, whatever happens. Dealing with the same change
    /// again goes on where an error has ended it.
    pub async fn concluded(
        &self,
        change: &Change,
        lease_until: Timestamp,
    ) -> Result<Concluded, ConcludeError> {
        match change {
            Change::CodeDeploy {
                deployment,
                account,
                application,
                group,
                end,
            } => {
                let place = Place::Group {
                    account: account.clone(),
                    application: application.clone(),
                    group: group.clone(),
                };
                self.codedeploy_ended(&place, deployment, *end, lease_until)
                    .await
            }
            Change::Service {
                account,
                service,
                deployment,
            } => {
                let place = Place::Service {
                    account: account.clone(),
                    service: service.clone(),
                };
                self.service_changed(&place, service, deployment, lease_until)
                    .await
            }
            Change::Task {
                started_by,
                cluster,
                task,
            } => {
                self.task_stopped(started_by, cluster, task, lease_until)
                    .await
            }
            Change::Pipeline {
                account,
                pipeline,
                execution,
            } => {
                let place = Place::Pipeline {
                    account: account.clone(),
                    name: pipeline.clone(),
                };
                self.pipeline_ended(&place, execution, lease_until).await
            }
        }
    }

    /// The targets that deploy there, and can be understood.
    async fn targets_there(
        &self,
        place: &Place,
        deployment: &str,
    ) -> Result<Vec<StoredTarget>, ConcludeError> {
        let failed = |source| ConcludeError::Targets {
            deployment: deployment.to_owned(),
            source,
        };
        let names = self.table.targets_at(place).await.map_err(failed)?;
        let mut stored = Vec::with_capacity(names.len());
        for name in names {
            stored.extend(self.readable(&name, deployment).await?);
        }
        Ok(stored)
    }

    /// A target, if it is registered and can be understood.
    async fn readable(
        &self,
        name: &TargetName,
        deployment: &str,
    ) -> Result<Option<StoredTarget>, ConcludeError> {
        let failed = |source| ConcludeError::Targets {
            deployment: deployment.to_owned(),
            source,
        };
        Ok(match self.table.target(name).await.map_err(failed)? {
            Some(Ok(target)) => Some(target),
            Some(Err(error)) => {
                tracing::error!("{}", chain(&error));
                None
            }
            None => {
                tracing::warn!(target = %name, "the target is not registered any more");
                None
            }
        })
    }

    /// The record of a deployment of ours.
    pub(crate) async fn record_of(
        &self,
        stored: &StoredTarget,
        id: DeploymentId,
        aws_id: &str,
    ) -> Result<Option<DeploymentRecord>, ConcludeError> {
        self.table
            .record(&stored.target.name, id)
            .await
            .map_err(|source| ConcludeError::Targets {
                deployment: aws_id.to_owned(),
                source,
            })
    }

    /// Takes the step that `input` asks for, and gives the tag back where the deployment has failed:
    /// only then, so that the push that this is finds the failure recorded.
    pub(crate) async fn conclude_with(
        &self,
        stored: &StoredTarget,
        aws_id: &str,
        record: Option<DeploymentRecord>,
        input: Input,
        lease_until: Timestamp,
    ) -> Result<Option<Explanation>, ConcludeError> {
        let failed = failed_candidate(stored, record.as_ref(), &input);
        let gates = record.map(|record| record.gates).unwrap_or_default();
        // Boxed, as much else of it is: the futures of all that concludes are as large as these.
        let moved = self.moved(stored.clone(), input, aws_id, &gates, lease_until);
        let explanation = Box::pin(moved).await?;
        if let Some(candidate) = failed {
            let restored = Box::pin(self.restore_tag(stored, &candidate)).await;
            restored.map_err(|source| ConcludeError::RestoreTag {
                target: stored.target.name.clone(),
                source,
            })?;
        }
        Ok(explanation)
    }

    /// Takes the step that `input` asks for, and tells outside what is live then.
    async fn moved(
        &self,
        stored: StoredTarget,
        input: Input,
        aws_id: &str,
        gates: &BTreeMap<GatePoint, GateReport>,
        lease_until: Timestamp,
    ) -> Result<Option<Explanation>, ConcludeError> {
        let before = stored.clone();
        let advanced = Box::pin(self.advance(stored, input, lease_until, gates)).await;
        let explanation = advanced.map_err(|source| ConcludeError::Advance {
            deployment: aws_id.to_owned(),
            source,
        })?;
        Box::pin(self.tell_outside(&before, lease_until)).await;
        Ok(explanation)
    }
}

/// The candidate whose tag has to be given back.
fn failed_candidate(
    stored: &StoredTarget,
    record: Option<&DeploymentRecord>,
    input: &Input,
) -> Option<Candidate> {
    match (input, record) {
        (
            Input::Concluded {
                deployment,
                outcome: Outcome::Failed { .. },
                ..
            },
            _,
        ) => {
            let active = stored.state.active.as_ref();
            active
                .filter(|active| active.deployment == *deployment)
                .map(|active| active.candidate.clone())
        }
        // Recorded before, but the tag may not have been given back then.
        (Input::Revisited, Some(record)) if record.status == Status::Failed => {
            Some(record.candidate.clone())
        }
        _ => None,
    }
}
