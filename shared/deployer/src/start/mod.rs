//! Starting the AWS deployment of a claimed deployment.
//!
//! What has to be read is read while the claim is being written ([`gather`](crate::gather)); here
//! follow the writes: register the task definition, run the task that comes before, create the
//! deployment. Only what a retry may mend is an error; everything else ends the deployment with a
//! reason for people.

pub(crate) mod codedeploy;
mod fit;
mod look;
pub(crate) mod pipeline;
mod service;
pub(crate) mod task;

use greenlight_aws::{AwsError, Clients, Kind, chain, table::StoredTarget};
use greenlight_core::{
    deployment::{Candidate, DeploymentId, Marker, Obstacle, Outcome, Preparation},
    target::{OneShotTask, Strategy, TaskDefinitionSource},
};

pub(crate) use service::runs;

use crate::{Deployer, gather::Gathered};

/// A deployment that is to be started.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) deployment: DeploymentId,
    pub(crate) candidate: Candidate,
    /// An earlier start was broken off.
    pub(crate) resume: bool,
    /// A person wants it stopped: none is to be made.
    pub(crate) only_look: bool,
    /// It is needless if its images are seen to be live.
    pub(crate) unless_live: bool,
    pub(crate) prepared: Preparation,
}

/// What came of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Started {
    /// The AWS deployment runs.
    As {
        aws_id: String,
        task_definition: Option<String>,
    },
    /// A task runs that has to succeed before.
    Before {
        step: u32,
        aws_id: String,
        task_definition: Option<String>,
    },
    /// There was nothing to start: the service runs just this already, or does not.
    Ended { aws_id: String, outcome: Outcome },
    /// It cannot be started, and a retry would not help.
    Not { obstacle: Obstacle, reason: String },
    /// Somebody else's deployment is running.
    Later { reason: String },
}

/// Why a start came to nothing.
#[derive(Debug)]
pub(crate) enum Stop {
    Reason(String),
    /// The image is not to be had, or does not fit.
    Image(String),
    Aws(AwsError),
}

impl From<AwsError> for Stop {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

impl Stop {
    /// What kind of thing it is that keeps it.
    fn obstacle(&self) -> Obstacle {
        match self {
            Self::Image(_) => Obstacle::Image,
            Self::Aws(error) if error.kind == Kind::Denied => Obstacle::Permission,
            Self::Reason(_) | Self::Aws(_) => Obstacle::Configuration,
        }
    }

    /// The reason for people; an error where a retry may mend it.
    pub(crate) fn into_reason(self) -> Result<String, AwsError> {
        match self {
            Self::Reason(reason) | Self::Image(reason) => Ok(reason),
            Self::Aws(error) if error.is_retryable() => Err(error),
            Self::Aws(error) => Ok(match error.hint() {
                Some(hint) => format!("{}; {hint}", chain(&error)),
                None => chain(&error),
            }),
        }
    }
}

/// What a deployment has to run next.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Next<'a> {
    /// A task that has to succeed before.
    Before { step: u32, task: &'a OneShotTask },
    /// The deployment itself.
    Deployment,
}

impl<'a> Next<'a> {
    pub(crate) fn of(stored: &'a StoredTarget, prepared: &Preparation) -> Self {
        let index = usize::try_from(prepared.done).unwrap_or(usize::MAX);
        match stored.target.before.get(index) {
            Some(task) => Self::Before {
                step: prepared.done,
                task,
            },
            None => Self::Deployment,
        }
    }

    /// The source that the next thing's task definition has for itself, if not the target's.
    pub(crate) fn own_source(self) -> Option<&'a TaskDefinitionSource> {
        match self {
            Self::Before { task, .. } => task.task_definition.as_ref(),
            Self::Deployment => None,
        }
    }
}

impl Deployer {
    /// Starts what `gathered` was read for.
    pub(crate) async fn start(
        &self,
        stored: &StoredTarget,
        order: &Order,
        gathered: Result<Gathered, Stop>,
    ) -> Result<Started, AwsError> {
        let started = match gathered {
            Ok(gathered) => self.try_start(stored, order, gathered).await,
            Err(stop) => Err(stop),
        };
        match started {
            Ok(started) => Ok(started),
            Err(stop) => Ok(Started::Not {
                obstacle: stop.obstacle(),
                reason: stop.into_reason()?,
            }),
        }
    }

    async fn try_start(
        &self,
        stored: &StoredTarget,
        order: &Order,
        gathered: Gathered,
    ) -> Result<Started, Stop> {
        if let Some(found) = gathered.found {
            return Ok(found);
        }
        let clients = self.clients_of(&stored.target);
        let marker = Marker {
            target: stored.target.name.clone(),
            deployment: order.deployment,
        };
        let start = Start {
            clients: &clients,
            stored,
            order,
            gathered: &gathered,
            marker,
        };
        self.refuse_unfit(&start)?;
        if let Next::Before { step, task } = Next::of(stored, &order.prepared) {
            self.refuse_unusable_service(&start)?;
            return self.run_before(&start, step, task).await;
        }
        match &stored.target.deploy {
            Strategy::CodeDeploy(group) => self.start_codedeploy(&start, group).await,
            Strategy::Rolling | Strategy::Native => self.start_service(&start).await,
            Strategy::Task(task) => self.start_task(&start, task).await,
            Strategy::Pipeline(pipeline) => self.start_pipeline(&start, pipeline).await,
        }
    }

    /// A migration must not run for a deployment that could not follow it.
    pub(crate) fn refuse_unusable_service(&self, start: &Start<'_>) -> Result<(), Stop> {
        match &start.stored.target.deploy {
            Strategy::CodeDeploy(_) => self.app_spec(start).map(|_| ()),
            Strategy::Rolling | Strategy::Native => self.check_service(start).map(|_| ()),
            Strategy::Task(_) | Strategy::Pipeline(_) => Ok(()),
        }
    }
}

/// What every way to start works with.
pub(crate) struct Start<'a> {
    /// Of the target's role.
    pub(crate) clients: &'a Clients,
    pub(crate) stored: &'a StoredTarget,
    pub(crate) order: &'a Order,
    pub(crate) gathered: &'a Gathered,
    pub(crate) marker: Marker,
}
