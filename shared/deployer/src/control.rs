//! A person's word on a deployment that is under way: that it may go on, or that it is to be taken back.
//!
//! AWS is told, and nothing is recorded here: what follows in AWS comes back as events, and is
//! concluded by them.

use greenlight_aws::{
    AwsError,
    codedeploy::{self, Intervention},
    codepipeline,
    ecs::{self, HookAction, ServiceDeployment},
    table::StoredTarget,
};
use greenlight_core::{
    deployment::{Active, DeploymentId},
    target::TargetName,
};

use crate::{
    Deployer,
    progress::{GoingOn, short},
};

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// To which deployment.
    pub deployment: DeploymentId,
    /// What, in one sentence.
    pub text: String,
}

/// Why there was nothing to be done.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nothing is under way.
    #[error("nothing is being deployed to target `{target}`{}", .waiting.as_ref().map_or_else(String::new, |it| format!("; {it}")))]
    NothingUnderWay {
        /// Which target.
        target: TargetName,
        /// What waits for its turn, and for what.
        waiting: Option<String>,
    },
    /// The deployment is not waiting for anybody.
    #[error("nothing waits for an answer at target `{target}`: {going_on}")]
    NothingWaits {
        /// Which target.
        target: TargetName,
        /// What is going on instead.
        going_on: String,
    },
    /// There is nothing to be stopped: not yet, or not any more.
    #[error("the deployment to target `{target}` cannot be aborted now: {going_on}")]
    NotStoppable {
        /// Which target.
        target: TargetName,
        /// What is going on instead.
        going_on: String,
    },
    /// AWS did not take it.
    #[error("the deployment to target `{target}` could not be told")]
    Aws {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
}

/// What somebody wants of a deployment.
#[derive(Debug, Clone, Copy)]
enum Word<'a> {
    Continue,
    Abort { reason: &'a str },
    Answer { approved: bool, reason: &'a str },
}

impl Deployer {
    /// Lets a deployment go on that waits for somebody's answer.
    pub async fn continue_(&self, stored: &StoredTarget) -> Result<Answered, ControlError> {
        self.answer(stored, Word::Continue).await
    }

    /// Stops the deployment that is under way and takes it back, as far as AWS can: a task and a
    /// pipeline are only stopped.
    pub async fn abort(
        &self,
        stored: &StoredTarget,
        reason: &str,
    ) -> Result<Answered, ControlError> {
        self.answer(stored, Word::Abort { reason }).await
    }

    /// Answers AWS where it waits for a person: the deployment goes on, or is taken back. Unlike `abort` it does
    /// nothing where nothing waits.
    pub(crate) async fn answer_waiting(
        &self,
        stored: &StoredTarget,
        approved: bool,
        reason: &str,
    ) -> Result<Answered, ControlError> {
        self.answer(stored, Word::Answer { approved, reason }).await
    }

    async fn answer(
        &self,
        stored: &StoredTarget,
        word: Word<'_>,
    ) -> Result<Answered, ControlError> {
        let target = &stored.target.name;
        let Some(active) = &stored.state.active else {
            let waiting = stored.state.queued.as_ref().map(|queued| {
                let image = queued.candidate.describe();
                format!("{image} waits for its turn: {}", queued.reason)
            });
            return Err(ControlError::NothingUnderWay {
                target: target.clone(),
                waiting,
            });
        };
        let aws = |source| ControlError::Aws {
            target: target.clone(),
            source,
        };
        let going_on = self.look(stored, active).await.map_err(aws)?;
        let done = match call(&going_on, word) {
            Some(call) => self.make(stored, call).await.map_err(aws)?,
            None => None,
        };
        if let Some(text) = done {
            return Ok(answered(active, &text));
        }
        let (target, (going_on, ..)) = (target.clone(), going_on.told(stored));
        Err(match word {
            Word::Continue | Word::Answer { .. } => ControlError::NothingWaits { target, going_on },
            Word::Abort { .. } => ControlError::NotStoppable { target, going_on },
        })
    }

    /// Makes a call, and says what follows; `None` if AWS says that it comes too early or too late.
    async fn make(
        &self,
        stored: &StoredTarget,
        call: Call<'_>,
    ) -> Result<Option<String>, AwsError> {
        let clients = self.clients_of(&stored.target);
        let taken = |intervention| intervention == Intervention::Taken;
        Ok(match call {
            Call::ContinueCodeDeploy { id } => {
                taken(codedeploy::continue_deployment(&clients, id).await?)
                    .then(|| format!("CodeDeploy deployment {id} shifts the production traffic"))
            }
            Call::StopCodeDeploy { id } => taken(codedeploy::stop_deployment(&clients, id).await?)
                .then(|| format!("CodeDeploy deployment {id} is stopped and rolled back")),
            Call::AnswerPause { arn, hook, action } => {
                ecs::continue_service_deployment(&clients, arn, hook, action).await?;
                Some(match action {
                    HookAction::Continue => format!("pause hook {hook} was told to go on"),
                    HookAction::Rollback => format!("pause hook {hook} was told to roll back"),
                })
            }
            Call::StopService { arn } => {
                ecs::stop_service_deployment(&clients, arn).await?;
                let id = short(arn);
                Some(format!(
                    "ECS service deployment {id} is stopped and rolled back"
                ))
            }
            Call::StopTask {
                cluster,
                arn,
                reason,
            } => {
                ecs::stop_task(&clients, cluster, arn, reason).await?;
                Some(format!("task {} is stopped", short(arn)))
            }
            Call::StopPipeline {
                pipeline,
                id,
                reason,
            } => {
                codepipeline::stop_execution(&clients, pipeline, id, reason).await?;
                Some(format!(
                    "execution {id} of pipeline `{pipeline}` stops when its running actions have ended"
                ))
            }
        })
    }
}

/// The call by which AWS is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call<'a> {
    ContinueCodeDeploy {
        id: &'a str,
    },
    StopCodeDeploy {
        id: &'a str,
    },
    AnswerPause {
        arn: &'a str,
        hook: &'a str,
        action: HookAction,
    },
    StopService {
        arn: &'a str,
    },
    StopTask {
        cluster: &'a str,
        arn: &'a str,
        reason: &'a str,
    },
    StopPipeline {
        pipeline: &'a str,
        id: &'a str,
        reason: &'a str,
    },
}

/// How what is going on is told; `None` where nothing waits, or nothing can be stopped.
fn call<'a>(going_on: &'a GoingOn, word: Word<'a>) -> Option<Call<'a>> {
    if let Word::Answer { approved, reason } = word {
        // What waits for a person can be continued; nothing else can.
        let continued = call(going_on, Word::Continue)?;
        return if approved {
            Some(continued)
        } else {
            call(going_on, Word::Abort { reason })
        };
    }
    match (going_on, word) {
        (GoingOn::CodeDeploy(running), Word::Continue) => {
            let id = running.deployment.id.as_str();
            running
                .is_ready()
                .then_some(Call::ContinueCodeDeploy { id })
        }
        (GoingOn::CodeDeploy(running), Word::Abort { .. }) => {
            let id = running.deployment.id.as_str();
            (!running.deployment.has_ended()).then_some(Call::StopCodeDeploy { id })
        }
        (GoingOn::Service(Some(deployment)), word) => tell_service(deployment, word),
        (GoingOn::Before { task, .. } | GoingOn::Task(task), Word::Abort { reason }) => {
            let running = task.task.as_ref()?;
            (running.desired_status != "STOPPED").then_some(Call::StopTask {
                cluster: &task.cluster,
                arn: &task.arn,
                reason,
            })
        }
        (
            GoingOn::Pipeline {
                pipeline,
                execution,
                ..
            },
            Word::Abort { reason },
        ) => (!execution.has_ended()).then_some(Call::StopPipeline {
            pipeline,
            id: &execution.id,
            reason,
        }),
        _ => None,
    }
}

/// Where a pause hook waits it is answered; otherwise a deployment can only be stopped.
fn tell_service<'a>(deployment: &'a ServiceDeployment, word: Word<'a>) -> Option<Call<'a>> {
    let arn = deployment.arn.as_str();
    if deployment.has_ended() || deployment.is_rolling_back() {
        return None;
    }
    let action = match word {
        Word::Continue | Word::Answer { approved: true, .. } => HookAction::Continue,
        Word::Abort { .. } | Word::Answer { .. } => HookAction::Rollback,
    };
    match (deployment.awaiting(), word) {
        (Some(hook), _) => Some(Call::AnswerPause {
            arn,
            hook: &hook.id,
            action,
        }),
        (None, Word::Abort { .. }) => Some(Call::StopService { arn }),
        (None, Word::Continue | Word::Answer { .. }) => None,
    }
}

fn answered(active: &Active, text: &str) -> Answered {
    Answered {
        deployment: active.deployment,
        text: format!("{}: {text}", active.candidate.describe()),
    }
}

#[cfg(test)]
mod tests;
