//! One deployment: what was asked for, how far it is, and what `GetDeployment` says of it.
//!
//! The record is changed by the [`runner`](super::runner) and by the operations; both do it through a
//! [`Deployment`], whose clones are the same record and which wakes whoever waits for a change.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::config::Routing;
use super::group::{AutoRollback, Group, auto_rollback_json, style_json};
use super::hook::Execution;
use super::lifecycle::Lifecycle;
use super::target::Side;
use crate::account::epoch;

/// A deployment. Clones are the same.
///
/// Lock order: a record may be looked at while the account's state is held, never the other way round.
#[derive(Debug, Clone)]
pub(super) struct Deployment {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    record: Mutex<Record>,
    changed: watch::Sender<()>,
}

impl Deployment {
    pub(super) fn new(record: Record) -> Self {
        Self {
            inner: Arc::new(Inner {
                record: Mutex::new(record),
                changed: watch::Sender::new(()),
            }),
        }
    }

    /// Looks at the record.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Record) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the record and wakes whoever waits for that.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        let result = change(&mut self.lock());
        self.inner.changed.send_replace(());
        result
    }

    /// Sees every change from now on.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.inner.changed.subscribe()
    }

    pub(super) fn id(&self) -> String {
        self.read(|record| record.id.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.inner
            .record
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of a deployment.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: String,
    /// As it was when the deployment was created.
    pub(super) group: Group,
    pub(super) group_id: String,
    pub(super) config_name: String,
    pub(super) routing: Routing,
    pub(super) description: Option<String>,
    pub(super) creator: Creator,
    pub(super) auto_rollback: Vec<AutoRollback>,
    pub(super) appspec: String,
    pub(super) sha256: String,
    pub(super) status: Status,
    pub(super) error: Option<ErrorInformation>,
    pub(super) created: Timestamp,
    pub(super) started: Option<Timestamp>,
    pub(super) completed: Option<Timestamp>,
    pub(super) rollback: RollbackInfo,
    /// The state of the target, which is over before the deployment is: the wait for the termination of
    /// the original task set is not the target's.
    pub(super) target: Target,
    pub(super) lifecycle: Lifecycle,
    pub(super) blue: Option<Side>,
    pub(super) green: Option<Side>,
    /// The new task set's share of production traffic in percent.
    pub(super) green_share: u8,
    pub(super) hooks: Vec<Execution>,
    pub(super) stop: Option<Stop>,
    /// Whoever waits to be told to continue, and whether that came.
    pub(super) wait: Wait,
    /// Until when the group counts as busy, although the deployment is over (AWS-FACTS 5.2).
    pub(super) terminating: bool,
    pub(super) updated: Timestamp,
}

/// Who created a deployment (AWS-FACTS 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Creator {
    User,
    Rollback,
}

/// The status of a deployment (AWS-FACTS 5.6), as far as ECS deployments come to have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Created,
    InProgress,
    Ready,
    Succeeded,
    Failed,
    Stopped,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::InProgress => "InProgress",
            Self::Ready => "Ready",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Stopped => "Stopped",
        }
    }

    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Stopped)
    }
}

/// The status of the target (AWS-FACTS 5.6), and how it came to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Pending,
    InProgress,
    Ready,
    Succeeded,
    Failed,
}

impl Target {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Ready => "Ready",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

/// Why a deployment ended (AWS-FACTS 5.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ErrorInformation {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Both ways (AWS-FACTS 5.5).
#[derive(Debug, Default)]
pub(super) struct RollbackInfo {
    /// The deployment that rolls this one back.
    pub(super) by: Option<String>,
    /// The deployment that this one rolls back.
    pub(super) of: Option<String>,
    pub(super) message: Option<String>,
}

/// Somebody called `StopDeployment`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    pub(super) rollback: bool,
}

/// What a deployment waits for (`deploymentWaitType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    None,
    /// Before the traffic moves.
    Ready,
    /// Before the original task set is ended.
    Termination,
}

impl Record {
    /// Keeps others of the group from being created (AWS-FACTS 5.2).
    pub(super) fn is_active(&self) -> bool {
        !self.status.is_over() || self.terminating
    }

    /// As `deploymentInfo`.
    pub(super) fn to_json(&self, previous: Option<&str>) -> Value {
        let mut info = json!({
            "applicationName": self.group.application,
            "deploymentGroupName": self.group.name,
            "deploymentConfigName": self.config_name,
            "deploymentId": self.id,
        });
        if let Some(sha256) = previous {
            info["previousRevision"] = revision_json(sha256);
        }
        info["revision"] = revision_json(&self.sha256);
        info["status"] = self.status.name().into();
        if let Some(error) = &self.error {
            info["errorInformation"] = json!({"code": error.code, "message": error.message});
        }
        info["createTime"] = epoch(self.created);
        if let Some(at) = self.started {
            info["startTime"] = epoch(at);
        }
        if let Some(at) = self.completed {
            info["completeTime"] = epoch(at);
        }
        // Captured: null while the deployment runs, then counts of targets.
        if self.status.is_over() {
            info["deploymentOverview"] = self.overview();
        }
        if let Some(description) = &self.description {
            info["description"] = description.as_str().into();
        }
        info["creator"] = match self.creator {
            Creator::User => "user".into(),
            Creator::Rollback => "codeDeployRollback".into(),
        };
        info["ignoreApplicationStopFailures"] = false.into();
        info["autoRollbackConfiguration"] = auto_rollback_json(&self.auto_rollback);
        info["updateOutdatedInstancesOnly"] = false.into();
        if let Some(rollback) = self.rollback.to_json() {
            info["rollbackInfo"] = rollback;
        }
        info["deploymentStyle"] = style_json();
        // A bug of CodeDeploy: it stays false for ECS even while the wait runs (AWS's own word in
        // aws/containers-roadmap#269).
        info["instanceTerminationWaitTimeStarted"] = false.into();
        info["blueGreenDeploymentConfiguration"] = self.group.blue_green_json();
        info["loadBalancerInfo"] = self.group.load_balancer_json();
        info["fileExistsBehavior"] = "DISALLOW".into();
        info["deploymentStatusMessages"] = json!([]);
        info["computePlatform"] = "ECS".into();
        info
    }

    fn overview(&self) -> Value {
        let count = |target: Target| u8::from(self.target == target);
        json!({
            "Pending": count(Target::Pending),
            "InProgress": count(Target::InProgress),
            "Succeeded": count(Target::Succeeded),
            "Failed": count(Target::Failed),
            "Skipped": 0,
            "Ready": count(Target::Ready),
        })
    }

    /// As `lastAttemptedDeployment` and `lastSuccessfulDeployment` of a group.
    pub(super) fn last_json(&self) -> Value {
        let mut last = json!({"deploymentId": self.id, "status": self.status.name()});
        if let Some(at) = self.completed {
            last["endTime"] = epoch(at);
        }
        last["createTime"] = epoch(self.created);
        last
    }

    /// Is there a replacement task set, so that there is something to roll back? There is none before
    /// `Install` (AWS-FACTS 5.3).
    pub(super) fn has_green(&self) -> bool {
        self.green.is_some()
    }
}

impl RollbackInfo {
    fn to_json(&self) -> Option<Value> {
        let mut info = json!({});
        if let Some(by) = &self.by {
            info["rollbackDeploymentId"] = by.as_str().into();
        }
        if let Some(of) = &self.of {
            info["rollbackTriggeringDeploymentId"] = of.as_str().into();
        }
        info["rollbackMessage"] = self.message.as_deref()?.into();
        Some(info)
    }
}

/// The text itself is never given back here, only by `GetApplicationRevision` (AWS-FACTS 5.2).
pub(super) fn revision_json(sha256: &str) -> Value {
    json!({"revisionType": "AppSpecContent", "appSpecContent": {"content": null, "sha256": sha256}})
}
