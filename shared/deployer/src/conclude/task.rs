//! A task that we started has stopped: a deployment that is one task, or a task before a deployment.

use std::collections::BTreeMap;

use greenlight_aws::{AwsError, ecs, table::StoredTarget};
use greenlight_core::{
    deployment::{Aftermath, Input, Marker, Outcome},
    task_definition::TaskDefinition,
};
use jiff::Timestamp;

use super::{ConcludeError, Concluded};
use crate::{
    Deployer,
    evidence::{Failure, told},
    log_lines::{self, LINES},
    observe::{self, stop_reason},
};

impl Deployer {
    pub(super) async fn task_stopped(
        &self,
        started_by: &str,
        cluster: &str,
        arn: &str,
        lease_until: Timestamp,
    ) -> Result<Concluded, ConcludeError> {
        let Some((marker, before)) = Marker::of_started_by(started_by) else {
            return Ok(Concluded::Ignored {
                reason: format!("task `{arn}` was not started by Greenlight"),
            });
        };
        let Some(stored) = self.readable(&marker.target, arn).await? else {
            return Ok(Concluded::Ignored {
                reason: format!("target `{}` is not registered any more", marker.target),
            });
        };
        let name = stored.target.name.clone();
        let active = stored.state.active.as_ref();
        let is_active = active.is_some_and(|active| active.deployment == marker.deployment);
        let record = self.record_of(&stored, marker.deployment, arn).await?;
        let input = if is_active {
            let look = |source| ConcludeError::Look {
                deployment: arn.to_owned(),
                source,
            };
            match self
                .end_of_task(&stored, cluster, arn)
                .await
                .map_err(look)?
            {
                End::GoesOn => return Ok(Concluded::At(vec![(name, None)])),
                End::Well { task_definition } => match before {
                    Some(step) => Input::BeforeSucceeded {
                        deployment: marker.deployment,
                        step,
                        task_definition,
                    },
                    None => Input::Concluded {
                        deployment: marker.deployment,
                        aws_id: arn.to_owned(),
                        outcome: Outcome::Succeeded { task_definition },
                    },
                },
                End::Badly {
                    failure: Failure { reason, evidence },
                    aftermath,
                } => Input::Concluded {
                    deployment: marker.deployment,
                    aws_id: arn.to_owned(),
                    outcome: Outcome::Failed {
                        reason: match before {
                            Some(_) => format!(
                                "the task that has to succeed before the deployment failed: {reason}"
                            ),
                            None => reason,
                        },
                        evidence,
                        aftermath,
                    },
                },
            }
        } else {
            Input::Revisited
        };
        let explanation = if matches!(input, Input::BeforeSucceeded { .. }) {
            self.moved(stored, input, arn, &BTreeMap::new(), lease_until)
                .await?
        } else {
            self.conclude_with(&stored, arn, record, input, lease_until)
                .await?
        };
        Ok(Concluded::At(vec![(name, explanation)]))
    }

    /// How a task ended: well if it stopped by itself, every essential container with 0.
    async fn end_of_task(
        &self,
        stored: &StoredTarget,
        cluster: &str,
        arn: &str,
    ) -> Result<End, AwsError> {
        let clients = self.clients_of(&stored.target);
        let Some(task) = ecs::task(&clients, cluster, arn).await? else {
            // A stopped task is forgotten after an hour or more, and that is nothing against the image.
            let reason = format!("ECS does not know task `{arn}` any more, so its end is unknown");
            return Ok(End::Badly {
                failure: told(reason.clone(), vec![reason]),
                aftermath: Aftermath::Unproved,
            });
        };
        if task.last_status != "STOPPED" {
            return Ok(End::GoesOn);
        }
        let definition = observe::task_definition(&clients, &task.task_definition).await?;
        let mut failures = failures(&definition, &task);
        failures.extend(broken_off(&task));
        if failures.is_empty() {
            return Ok(End::Well {
                task_definition: Some(task.task_definition),
            });
        }
        let mut evidence = vec![format!("stopped task {}: {}", task.id, stop_reason(&task))];
        evidence.extend(
            task.stop_code
                .as_ref()
                .map(|code| format!("stop code {code}")),
        );
        evidence.extend(log_lines::of_task(&clients, &definition, &task, LINES).await);
        let reason = format!("task {} failed: {}", task.id, failures.join("; "));
        Ok(End::Badly {
            failure: told(reason, evidence),
            aftermath: Aftermath::Over,
        })
    }
}

/// How a task ended.
enum End {
    /// It has not.
    GoesOn,
    Well {
        task_definition: Option<String>,
    },
    Badly {
        failure: Failure,
        aftermath: Aftermath,
    },
}

/// That the task was stopped before it had done what it was for. Its containers may say 0 all the same,
/// since a process that takes SIGTERM well exits so.
pub(crate) fn broken_off(task: &ecs::Task) -> Option<String> {
    let code = task.stop_code.as_deref()?;
    (code != "EssentialContainerExited").then(|| match &task.stopped_reason {
        Some(reason) => format!("it was stopped ({code}: {reason})"),
        None => format!("it was stopped ({code})"),
    })
}

/// What is wrong with each essential container that did not exit with 0.
pub(crate) fn failures(definition: &TaskDefinition, task: &ecs::Task) -> Vec<String> {
    let mut failures = Vec::new();
    for container in definition.containers().filter(|it| it.is_essential()) {
        let ran = task
            .containers
            .iter()
            .find(|it| it.name == container.name());
        let why = |reason: Option<&String>| {
            reason
                .or(task.stopped_reason.as_ref())
                .map_or(String::new(), |reason| format!(" ({reason})"))
        };
        match ran.map(|ran| (ran.exit_code, ran.reason.as_ref())) {
            Some((Some(0), _)) => {}
            Some((Some(code), reason)) => failures.push(format!(
                "container `{}` exited with {code}{}",
                container.name(),
                reason.map_or(String::new(), |reason| format!(" ({reason})"))
            )),
            Some((None, reason)) => failures.push(format!(
                "container `{}` did not run{}",
                container.name(),
                why(reason)
            )),
            None => failures.push(format!(
                "container `{}` did not run{}",
                container.name(),
                why(None)
            )),
        }
    }
    failures
}
