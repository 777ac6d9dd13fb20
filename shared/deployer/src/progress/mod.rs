//! What is going on at a target just now: how far AWS has come, and whether somebody has to answer.
//!
//! The state says which deployment is under way; AWS says the rest. Each kind of AWS deployment tells
//! it in its own words, which are kept. [`watch`] follows a deployment to its end by this.

pub mod approval;
pub(crate) mod codedeploy;
pub mod meter;
mod pipeline;
mod service;
pub(crate) mod task;
pub mod watch;

use futures_util::{future::join_all, join};
use greenlight_aws::{AwsError, chain, codepipeline, ecs, table::StoredTarget};
use greenlight_core::{
    deployment::{Active, DeploymentId, Phase},
    gate::Approval,
    target::Strategy,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Deployer, gate::asks_people};
use meter::Meter;

/// How far the deployment that is under way has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Our id.
    pub deployment: DeploymentId,
    /// In a few words, with AWS's id.
    pub headline: String,
    /// What is known, a fact a line: lifecycle events, counts, weights.
    pub facts: Vec<String>,
    /// The same in numbers.
    pub meter: Meter,
    /// What waits for somebody's answer.
    pub awaiting: Option<Awaiting>,
    /// What its gates ask people now.
    pub asked: Vec<Approval>,
}

/// A deployment that waits for somebody's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaiting {
    /// What waits.
    pub what: String,
    /// Until when, if AWS says so, …
    pub until: Option<Timestamp>,
    /// … and what AWS does then.
    pub otherwise: Option<String>,
    /// How to answer.
    pub remedy: String,
}

impl Progress {
    /// The form for machines.
    pub fn to_json(&self) -> Value {
        let awaiting = self.awaiting.as_ref().map(|awaiting| {
            json!({
                "what": awaiting.what,
                "until": awaiting.until,
                "otherwise": awaiting.otherwise,
                "remedy": awaiting.remedy,
            })
        });
        json!({
            "deployment": self.deployment,
            "headline": self.headline,
            "facts": self.facts,
            "awaiting": awaiting,
        })
    }
}

/// What AWS tells of the deployment that is under way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum GoingOn {
    /// It is being started, or its start was broken off.
    Starting { is_broken_off: bool },
    /// A task that has to succeed before: which one, counted from nought, of how many.
    Before {
        step: u32,
        of: usize,
        task: task::Running,
    },
    /// One task.
    Task(task::Running),
    /// A CodeDeploy deployment.
    CodeDeploy(codedeploy::Running),
    /// A service deployment of ECS; none while it is not listed yet.
    Service(Option<ecs::ServiceDeployment>),
    /// A pipeline execution.
    Pipeline {
        pipeline: String,
        execution: codepipeline::Execution,
        failed: Vec<codepipeline::FailedAction>,
    },
}

impl Deployer {
    /// How far the deployment has come that is under way at a target; `None` where none is. What
    /// cannot be seen is said so.
    pub async fn progress(&self, stored: &StoredTarget) -> Option<Progress> {
        let active = stored.state.active.as_ref()?;
        let (looked, asked) = join!(self.look(stored, active), self.asked_by_gates(stored));
        let ((headline, mut facts, awaiting), meter) = match looked {
            Ok(going_on) => (going_on.told(stored), going_on.meter(&stored.target)),
            Err(error) => {
                let headline = format!("could not be looked at: {}", chain(&error));
                ((headline, Vec::new(), None), Meter::default())
            }
        };
        facts.extend(asked.iter().flat_map(approval::facts));
        let now = self.clock.now();
        let by_gate = asked.first();
        let by_gate = by_gate.map(|asked| approval::awaiting(&stored.target.name, asked, now));
        Some(Progress {
            deployment: active.deployment,
            headline,
            facts,
            meter,
            awaiting: awaiting.or(by_gate),
            asked,
        })
    }

    /// What the gates of a target ask people now. Where that cannot be read, whoever looks is not kept from the rest.
    pub async fn asked_by_gates(&self, stored: &StoredTarget) -> Vec<Approval> {
        let mut checks = stored.target.gates.iter().flat_map(|(_, checks)| checks);
        if !checks.any(asks_people) {
            return Vec::new();
        }
        match self.open_approvals(stored).await {
            Ok(asked) => asked,
            Err(error) => {
                let target = &stored.target.name;
                tracing::warn!(target = %target, "what is asked could not be read: {}", chain(&error));
                Vec::new()
            }
        }
    }

    /// The same for several targets at once, in their order.
    pub async fn progress_of(&self, targets: &[&StoredTarget]) -> Vec<Option<Progress>> {
        join_all(targets.iter().map(|stored| self.progress(stored))).await
    }

    /// Looks at the deployment that is under way.
    pub(crate) async fn look(
        &self,
        stored: &StoredTarget,
        active: &Active,
    ) -> Result<GoingOn, AwsError> {
        let clients = self.clients_of(&stored.target);
        let aws_id = match &active.phase {
            Phase::Requested { lease_until, .. } => {
                return Ok(GoingOn::Starting {
                    is_broken_off: *lease_until <= self.clock.now(),
                });
            }
            Phase::Before { step, aws_id, .. } => {
                let index = usize::try_from(*step).unwrap_or(usize::MAX);
                let task = stored.target.before.get(index);
                return Ok(GoingOn::Before {
                    step: *step,
                    of: stored.target.before.len(),
                    task: task::look(&clients, stored, task, aws_id).await?,
                });
            }
            Phase::Started { aws_id, .. } => aws_id,
        };
        Ok(match &stored.target.deploy {
            Strategy::CodeDeploy(_) => {
                GoingOn::CodeDeploy(codedeploy::look(&clients, stored, aws_id).await?)
            }
            Strategy::Rolling | Strategy::Native => {
                let found = self.service_deployment(stored, active).await?;
                GoingOn::Service(found.map(|(deployment, _)| deployment))
            }
            Strategy::Task(task) => {
                GoingOn::Task(task::look(&clients, stored, Some(task), aws_id).await?)
            }
            Strategy::Pipeline(pipeline) => {
                let name = &pipeline.name;
                GoingOn::Pipeline {
                    pipeline: name.clone(),
                    execution: codepipeline::execution(&clients, name, aws_id).await?,
                    failed: codepipeline::failed_actions(&clients, name, aws_id).await?,
                }
            }
        })
    }
}

/// Headline, facts, and what waits.
type Told = (String, Vec<String>, Option<Awaiting>);

impl GoingOn {
    pub(crate) fn told(&self, stored: &StoredTarget) -> Told {
        match self {
            Self::Starting { is_broken_off } => {
                let text = if *is_broken_off {
                    "its start was broken off; the target's next event takes it up again"
                } else {
                    "is being started"
                };
                (text.to_owned(), Vec::new(), None)
            }
            Self::Before { step, of, task } => {
                let (headline, facts) = task.told();
                let number = step.saturating_add(1);
                (
                    format!("{headline}, {number} of {of} before the deployment"),
                    facts,
                    None,
                )
            }
            Self::Task(task) => {
                let (headline, facts) = task.told();
                (headline, facts, None)
            }
            Self::CodeDeploy(running) => running.told(stored),
            Self::Service(None) => {
                let text = "its service deployment is not listed by ECS yet";
                (text.to_owned(), Vec::new(), None)
            }
            Self::Service(Some(deployment)) => service::told(stored, deployment),
            Self::Pipeline {
                pipeline,
                execution,
                failed,
            } => pipeline::told(pipeline, execution, failed),
        }
    }
}

/// How to answer what waits at a target.
fn remedy(stored: &StoredTarget) -> String {
    let name = &stored.target.name;
    format!("`greenlight continue {name}` lets it go on, `greenlight abort {name}` takes it back")
}

/// The last part of an ARN.
pub(crate) fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests;
