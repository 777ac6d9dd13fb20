//! One service deployment: what was asked for and how far it is (AWS-FACTS 6.4).
//!
//! The record is changed by the [`runner`](super::runner) and by the operations; both do it through a
//! [`Deployment`], whose clones are the same record and which wakes whoever waits for a change.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::configuration::DeploymentConfiguration;
use super::stage::Stage;

/// A service deployment. Clones are the same.
///
/// Lock order: a record may be looked at while the account's state is held, never the other way round.
#[derive(Debug, Clone)]
pub(in crate::account::ecs) struct Deployment {
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

    pub(in crate::account::ecs) fn arn(&self) -> String {
        self.read(|record| record.arn.clone())
    }

    pub(super) fn is_over(&self) -> bool {
        self.read(|record| record.status.is_over())
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.inner
            .record
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of a service deployment.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) arn: String,
    /// The revision that is deployed, as `ecs-svc/<number>`.
    pub(super) target: String,
    /// The revisions that had tasks when it began, in the same form.
    pub(super) sources: Vec<String>,
    /// The revision that a rollback goes back to: the last that was deployed completely.
    pub(super) blue: Option<String>,
    /// As it was when the deployment was created.
    pub(super) configuration: DeploymentConfiguration,
    pub(super) status: Status,
    pub(super) status_reason: Option<String>,
    pub(super) created: Timestamp,
    pub(super) started: Option<Timestamp>,
    pub(super) finished: Option<Timestamp>,
    pub(super) stopped: Option<Timestamp>,
    pub(super) updated: Timestamp,
    /// Of a native deployment.
    pub(super) stage: Option<Stage>,
    /// The target's share of test and of production traffic, in percent, where the deployment moves it.
    pub(super) weights: Option<Weights>,
    pub(super) breaker: Breaker,
    pub(super) rollback: Option<Rollback>,
    pub(super) stop: Option<Stop>,
    pub(super) hooks: Vec<HookExecution>,
}

/// `status`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    InProgress,
    Successful,
    StopRequested,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Successful => "SUCCESSFUL",
            Self::StopRequested => "STOP_REQUESTED",
            Self::Stopped => "STOPPED",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    pub(super) const fn is_over(self) -> bool {
        matches!(
            self,
            Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed
        )
    }
}

/// The target's share of traffic, in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weights {
    pub(super) test: f64,
    pub(super) production: f64,
}

/// `deploymentCircuitBreaker` of a service deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Breaker {
    /// `TRIGGERED`, `MONITORING`, `MONITORING_COMPLETE` or `DISABLED`.
    pub(super) status: &'static str,
    pub(super) failures: u32,
    pub(super) threshold: u32,
}

/// `rollback`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rollback {
    pub(super) reason: String,
    pub(super) started: Timestamp,
    /// The ARN of the revision that it goes back to.
    pub(super) revision: String,
}

/// Why a deployment is to end before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// A newer one takes over.
    Superseded,
    /// Somebody wants it rolled back; a sentence.
    Rollback(String),
}

/// One of `lifecycleHookDetails`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HookExecution {
    pub(super) id: String,
    /// `AWS_LAMBDA` or `PAUSE`.
    pub(super) kind: &'static str,
    /// The function's ARN.
    pub(super) target: Option<String>,
    pub(super) stage: Stage,
    pub(super) status: HookStatus,
    pub(super) expires: Timestamp,
    /// `CONTINUE` or `ROLLBACK`.
    pub(super) timeout_action: &'static str,
}

/// How far a hook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HookStatus {
    AwaitingAction,
    InProgress,
    Succeeded,
    Failed,
    TimedOut,
}

impl HookStatus {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AwaitingAction => "AWAITING_ACTION",
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
        }
    }
}
