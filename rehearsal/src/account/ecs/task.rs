//! A task and its containers, as they are now.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::TaskSet;
use super::keeper::Place;
use super::run_request::OneShot;
use crate::account::containers::ImageSpec;
use crate::account::network::Address;

/// A task.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) arn: String,
    pub(super) id: String,
    pub(super) cluster: String,
    pub(super) owner: Owner,
    pub(super) definition: String,
    pub(super) architecture: &'static str,
    pub(super) cpu: String,
    pub(super) memory: String,
    pub(super) ip: String,
    pub(super) containers: Vec<Container>,
    pub(super) status: Status,
    pub(super) created_at: Timestamp,
    pub(super) pull_started_at: Option<Timestamp>,
    pub(super) pull_stopped_at: Option<Timestamp>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) stopping_at: Option<Timestamp>,
    pub(super) stopped_at: Option<Timestamp>,
    pub(super) stop: Option<Stopping>,
    /// Counts the changes.
    pub(super) version: u64,
    /// Tells the task to stop.
    pub(super) word: watch::Sender<Option<Stopping>>,
}

/// Who wants a task to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// A service, which keeps as many as it wants.
    Service {
        service: String,
        /// `ecs-svc/<number>`: of its task set (AWS-FACTS 5.11) or of its service revision (7.7).
        set: String,
    },
    /// Nobody: it was started once, by `RunTask`.
    OneShot(Box<OneShot>),
}

/// Where in its life a task is: `lastStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Provisioning,
    Pending,
    Running,
    Deactivating,
    Stopping,
    Stopped,
}

/// Why a task stops (AWS-FACTS 6.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stopping {
    /// `stopCode`
    pub(super) code: &'static str,
    /// `stoppedReason`
    pub(super) reason: String,
    /// The container whose fault it is, its exit code if it ever ran, and its own reason.
    pub(super) culprit: Option<Culprit>,
}

/// The container that made its task stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Culprit {
    pub(super) container: String,
    pub(super) exit_code: Option<i32>,
    pub(super) reason: Option<String>,
}

/// A container of a task.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) runtime_id: String,
    /// The reference of the task definition, as it is there (AWS-FACTS 5.12).
    pub(super) image: String,
    /// What it is started with in the place of the image's own command; empty for that one.
    pub(super) command: Vec<String>,
    /// Missing until the image was pulled.
    pub(super) digest: Option<String>,
    /// What it does; nothing to be seen, if the image is somebody else's.
    pub(super) runs: Option<ImageSpec>,
    pub(super) ports: Vec<u16>,
    pub(super) essential: bool,
    /// Only a container with a check in its task definition has a health (AWS-FACTS 5.12).
    pub(super) check: Option<HealthCheck>,
    pub(super) health: Health,
    pub(super) status: &'static str,
    pub(super) exit_code: Option<i32>,
    pub(super) reason: Option<String>,
}

/// The `healthCheck` of a container definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HealthCheck {
    /// What its command asks; nothing, if no URL is in it: then listening is enough.
    pub(super) path: Option<String>,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) retries: u32,
    pub(super) start_period: Duration,
}

/// `healthStatus`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    Unknown,
    Healthy,
    Unhealthy,
}

impl Owner {
    /// The service, if it is one's.
    pub(super) fn service(&self) -> Option<&str> {
        match self {
            Self::Service { service, .. } => Some(service),
            Self::OneShot { .. } => None,
        }
    }

    /// What `RunTask` was told, if it was started by that.
    pub(super) fn one_shot(&self) -> Option<&OneShot> {
        match self {
            Self::Service { .. } => None,
            Self::OneShot(run) => Some(run),
        }
    }

    /// `startedBy`
    pub(super) fn started_by(&self) -> Option<&str> {
        match self {
            Self::Service { set, .. } => Some(set),
            Self::OneShot(run) => run.started_by.as_deref(),
        }
    }

    /// `group`
    pub(super) fn group(&self) -> String {
        match self {
            Self::Service { service, .. } => format!("service:{service}"),
            Self::OneShot(run) => run.group.clone(),
        }
    }
}

impl Task {
    /// The task set or revision that it belongs to.
    pub(super) fn place(&self) -> Option<Place> {
        match &self.owner {
            Owner::Service { service, set } => Some(Place {
                cluster: self.cluster.clone(),
                service: service.clone(),
                task_set: set.clone(),
            }),
            Owner::OneShot { .. } => None,
        }
    }

    /// Whether it belongs to this task set or revision.
    pub(super) fn is_of(&self, id: &str) -> bool {
        matches!(&self.owner, Owner::Service { set, .. } if set == id)
    }

    /// Where a port of its containers is.
    pub(super) fn address(&self, port: u16) -> Address {
        Address {
            ip: self.ip.clone(),
            port,
        }
    }

    /// Derived from its essential containers: `UNKNOWN` as long as one has no verdict, or none a check.
    pub(super) fn health(&self) -> Health {
        let checked = self
            .containers
            .iter()
            .filter(|it| it.essential && it.check.is_some());
        let healths: Vec<Health> = checked.map(|it| it.health).collect();
        if healths.contains(&Health::Unhealthy) {
            Health::Unhealthy
        } else if healths.is_empty() || healths.contains(&Health::Unknown) {
            Health::Unknown
        } else {
            Health::Healthy
        }
    }

    /// Whether its container checks, if there are any, are passed.
    pub(super) fn is_healthy(&self) -> bool {
        let checked = self
            .containers
            .iter()
            .any(|it| it.essential && it.check.is_some());
        !checked || self.health() == Health::Healthy
    }

    /// `desiredStatus`
    pub(super) const fn desired_status(&self) -> &'static str {
        match self.status {
            Status::Provisioning | Status::Pending | Status::Running => "RUNNING",
            Status::Deactivating | Status::Stopping | Status::Stopped => "STOPPED",
        }
    }
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
        }
    }
}

impl Health {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
        }
    }
}

impl Stopping {
    /// The service no longer wants the task.
    pub(super) fn scaled_in(kind: &str, set: &TaskSet) -> Self {
        let reason = format!("Scaling activity initiated by ({kind} {})", set.id);
        Self {
            code: "ServiceSchedulerInitiated",
            reason,
            culprit: None,
        }
    }

    /// Somebody called `StopTask`.
    pub(super) fn by_user(reason: Option<&str>) -> Self {
        Self {
            code: "UserInitiated",
            reason: reason.unwrap_or("Task stopped by user").to_owned(),
            culprit: None,
        }
    }

    /// The exit code of the container that made the task stop.
    pub(super) fn exit_code(&self) -> Option<i32> {
        self.culprit.as_ref()?.exit_code
    }

    /// The task itself is to blame.
    pub(super) fn is_failure(&self) -> bool {
        match self.code {
            "ServiceSchedulerInitiated" => self.reason.starts_with("Task failed"),
            "UserInitiated" => false,
            _ => true,
        }
    }
}
