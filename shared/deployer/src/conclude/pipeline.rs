//! A pipeline execution has ended.

use std::collections::BTreeMap;

use greenlight_aws::{
    AwsError,
    codepipeline::{self, Execution, FailedAction},
    table::{Place, StoredTarget},
};
use greenlight_core::{
    deployment::{Active, Aftermath, Candidate, Input, Outcome, Phase},
    target::Strategy,
};
use jiff::Timestamp;
use tokio::time::{Duration, sleep};

use super::{ConcludeError, Concluded};
use crate::{Deployer, evidence::told};

/// So often, and so long after one another, it is looked whether an execution that has ended is the one
/// that is just being started: longer than a start may take.
const LOOKS: u32 = 40;
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);

/// Whether an execution is a target's active deployment.
enum Bound {
    To(Box<(StoredTarget, Active)>),
    Not(Box<StoredTarget>),
}

impl Deployer {
    pub(super) async fn pipeline_ended(
        &self,
        place: &Place,
        execution: &str,
        lease_until: Timestamp,
    ) -> Result<Concluded, ConcludeError> {
        let stored = self.targets_there(place, execution).await?;
        if stored.is_empty() {
            return Ok(Concluded::Ignored {
                reason: format!("no target deploys by the pipeline of execution `{execution}`"),
            });
        }
        let mut concluded = Vec::with_capacity(stored.len());
        for stored in stored {
            let name = stored.target.name.clone();
            let explanation = self.execution_ended(stored, execution, lease_until).await?;
            concluded.push((name, explanation));
        }
        Ok(Concluded::At(concluded))
    }

    async fn execution_ended(
        &self,
        stored: StoredTarget,
        execution: &str,
        lease_until: Timestamp,
    ) -> Result<Option<greenlight_core::deployment::Explanation>, ConcludeError> {
        let look = |source| ConcludeError::Look {
            deployment: execution.to_owned(),
            source,
        };
        let Strategy::Pipeline(pipeline) = stored.target.deploy.clone() else {
            return Ok(None);
        };
        let (stored, active) = match self.bound(stored, execution, lease_until).await? {
            Bound::To(bound) => *bound,
            // Somebody else's, or over: what was broken off is taken up again.
            Bound::Not(stored) => {
                let (input, gates) = (Input::Revisited, BTreeMap::new());
                return self
                    .moved(*stored, input, execution, &gates, lease_until)
                    .await;
            }
        };
        let clients = self.clients_of(&stored.target);
        let found = codepipeline::execution(&clients, &pipeline.name, execution)
            .await
            .map_err(look)?;
        if !found.has_ended() {
            return Ok(None);
        }
        let record = self
            .record_of(&stored, active.deployment, execution)
            .await?;
        let outcome = if found.has_succeeded() {
            self.prove_pipeline(&stored, &active.candidate, &pipeline.name)
                .await
                .map_err(look)?
        } else {
            let failed = codepipeline::failed_actions(&clients, &pipeline.name, execution)
                .await
                .map_err(look)?;
            failure(&pipeline.name, &found, &failed)
        };
        let input = Input::Concluded {
            deployment: active.deployment,
            aws_id: execution.to_owned(),
            outcome,
        };
        self.conclude_with(&stored, execution, record, input, lease_until)
            .await
    }

    /// The active deployment that is this execution. An execution carries no mark of ours, so while one is
    /// being started it may be this one: whoever starts it is waited for, and if that was broken off it is
    /// taken up again, which gives the same execution.
    async fn bound(
        &self,
        mut stored: StoredTarget,
        execution: &str,
        lease_until: Timestamp,
    ) -> Result<Bound, ConcludeError> {
        for _ in 0..LOOKS {
            let Some(active) = stored.state.active.clone() else {
                break;
            };
            match &active.phase {
                Phase::Started { aws_id, .. } if aws_id == execution => {
                    return Ok(Bound::To(Box::new((stored, active))));
                }
                Phase::Started { .. } | Phase::Before { .. } => break,
                Phase::Requested { lease_until, .. } if *lease_until > self.clock.now() => {
                    sleep(BETWEEN_LOOKS).await;
                }
                Phase::Requested { .. } => {
                    let (input, gates) = (Input::Revisited, BTreeMap::new());
                    self.moved(stored.clone(), input, execution, &gates, lease_until)
                        .await?;
                }
            }
            let name = stored.target.name.clone();
            match self.readable(&name, execution).await? {
                Some(now) => stored = now,
                None => break,
            }
        }
        Ok(Bound::Not(Box::new(stored)))
    }

    /// Where the target names the service that the pipeline deploys to, its tasks have to agree.
    async fn prove_pipeline(
        &self,
        stored: &StoredTarget,
        candidate: &Candidate,
        pipeline: &str,
    ) -> Result<Outcome, AwsError> {
        if stored.target.service.is_none() {
            return Ok(Outcome::Succeeded {
                task_definition: None,
            });
        }
        let live = self.live_image(stored, self.clock.now()).await?;
        let (running, task_definition) = live.unzip();
        if running
            .as_ref()
            .is_some_and(|running| candidate.is_within(running))
        {
            return Ok(Outcome::Succeeded {
                task_definition: task_definition.flatten(),
            });
        }
        let reason = match running {
            Some(running) => format!(
                "pipeline `{pipeline}` reports success, but ECS service `{}` runs {}",
                stored.service_name(),
                running.describe()
            ),
            None => format!(
                "pipeline `{pipeline}` reports success, but it cannot be seen that ECS service `{}` runs \
                 the image",
                stored.service_name()
            ),
        };
        Ok(Outcome::Failed {
            evidence: vec![reason.clone()],
            reason,
            aftermath: Aftermath::Unproved,
        })
    }
}

fn failure(pipeline: &str, execution: &Execution, failed: &[FailedAction]) -> Outcome {
    let evidence: Vec<String> = failed
        .iter()
        .map(|action| {
            let said = [
                action.error_code.clone(),
                action.error_message.clone(),
                action.summary.clone(),
                action.external_id.as_ref().map(|id| format!("id {id}")),
                action.url.clone(),
            ];
            let said: Vec<String> = said.into_iter().flatten().collect();
            format!(
                "action `{}` of stage `{}` failed: {}",
                action.action,
                action.stage,
                said.join(", ")
            )
        })
        .collect();
    let status = &execution.status;
    let reason = match (evidence.first(), &execution.status_summary) {
        (Some(first), _) => format!("pipeline `{pipeline}`: {first}"),
        (None, Some(summary)) => format!("pipeline `{pipeline}` ended as {status}: {summary}"),
        (None, None) => format!("pipeline `{pipeline}` ended as {status}"),
    };
    // Of an execution that gave way to a newer one nothing is known against its image.
    let aftermath = match status.as_str() {
        "Superseded" | "Cancelled" => Aftermath::Unproved,
        _ => Aftermath::Over,
    };
    let failure = told(reason, evidence);
    Outcome::Failed {
        reason: failure.reason,
        evidence: failure.evidence,
        aftermath,
    }
}
