//! A person's word on a deployment that is under way: that it may go on, or that it is to be taken back.
//!
//! AWS is told, and nothing is recorded here: what follows in AWS comes back as events, and is
//! concluded by them.

use greenlight_aws::{
    AwsError, Clients,
    codedeploy::{self, Intervention},
    codepipeline,
    ecs::{self, HookAction, ServiceDeployment},
    table::StoredTarget,
};
use greenlight_core::{
    deployment::{Active, DeploymentId},
    target::TargetName,
};

use crate::{Deployer, progress::GoingOn};

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
        let answer = match word {
            Word::Continue => self.let_go_on(stored, &going_on).await,
            Word::Abort { reason } => self.take_back(stored, &going_on, reason).await,
        };
        match answer.map_err(aws)? {
            Some(text) => Ok(answered(active, text)),
            None => {
                let (target, (going_on, ..)) = (target.clone(), going_on.told(stored));
                Err(match word {
                    Word::Continue => ControlError::NothingWaits { target, going_on },
                    Word::Abort { .. } => ControlError::NotStoppable { target, going_on },
                })
            }
        }
    }

    /// What was done; `None` where nothing waits.
    async fn let_go_on(
        &self,
        stored: &StoredTarget,
        going_on: &GoingOn,
    ) -> Result<Option<String>, AwsError> {
        let clients = self.clients_of(&stored.target);
        match going_on {
            GoingOn::CodeDeploy(running) if running.is_ready() => {
                let id = &running.deployment.id;
                let taken = codedeploy::continue_deployment(&clients, id).await?;
                Ok((taken == Intervention::Taken)
                    .then(|| format!("CodeDeploy deployment {id} shifts the production traffic")))
            }
            GoingOn::Service(Some(deployment)) => {
                let Some(hook) = deployment.awaiting() else {
                    return Ok(None);
                };
                let (arn, id) = (&deployment.arn, &hook.id);
                ecs::continue_service_deployment(&clients, arn, id, HookAction::Continue).await?;
                Ok(Some(format!("pause hook {id} was told to go on")))
            }
            _ => Ok(None),
        }
    }

    /// What was done; `None` where there is nothing to be stopped.
    async fn take_back(
        &self,
        stored: &StoredTarget,
        going_on: &GoingOn,
        reason: &str,
    ) -> Result<Option<String>, AwsError> {
        let clients = self.clients_of(&stored.target);
        match going_on {
            GoingOn::CodeDeploy(running) if !running.deployment.has_ended() => {
                let id = &running.deployment.id;
                let taken = codedeploy::stop_deployment(&clients, id).await?;
                Ok((taken == Intervention::Taken)
                    .then(|| format!("CodeDeploy deployment {id} is stopped and rolled back")))
            }
            GoingOn::Service(Some(deployment)) => roll_back(&clients, deployment).await,
            GoingOn::Before { task, .. } | GoingOn::Task(task) => {
                let runs = task
                    .task
                    .as_ref()
                    .filter(|it| it.desired_status != "STOPPED");
                let Some(running) = runs else {
                    return Ok(None);
                };
                ecs::stop_task(&clients, &task.cluster, &task.arn, reason).await?;
                Ok(Some(format!("task {} is stopped", running.id)))
            }
            GoingOn::Pipeline {
                pipeline,
                execution,
                ..
            } if !execution.has_ended() => {
                let id = &execution.id;
                codepipeline::stop_execution(&clients, pipeline, id, reason).await?;
                Ok(Some(format!(
                    "execution {id} of pipeline `{pipeline}` stops when its running actions have ended"
                )))
            }
            _ => Ok(None),
        }
    }
}

/// The pause hook is told to roll back, or, where none waits, the deployment is stopped.
async fn roll_back(
    clients: &Clients,
    deployment: &ServiceDeployment,
) -> Result<Option<String>, AwsError> {
    let arn = &deployment.arn;
    if let Some(hook) = deployment.awaiting() {
        ecs::continue_service_deployment(clients, arn, &hook.id, HookAction::Rollback).await?;
        return Ok(Some(format!(
            "pause hook {} was told to roll back",
            hook.id
        )));
    }
    if deployment.has_ended() || deployment.is_rolling_back() {
        return Ok(None);
    }
    ecs::stop_service_deployment(clients, arn).await?;
    let id = arn.rsplit('/').next().unwrap_or(arn);
    Ok(Some(format!(
        "ECS service deployment {id} is stopped and rolled back"
    )))
}

fn answered(active: &Active, text: String) -> Answered {
    Answered {
        deployment: active.deployment,
        text: format!("{}: {text}", active.candidate.describe()),
    }
}
