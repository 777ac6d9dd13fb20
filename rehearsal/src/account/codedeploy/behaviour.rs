//! The switches of CodeDeploy where AWS's behaviour is not established, and its periods.
//!
//! What an unhandled error of a hook does is a setting of the whole account,
//! [`HookFailure`](crate::account::HookFailure).

use std::time::Duration;

use crate::account::Account;

/// How CodeDeploy behaves where it is not established, and how long it waits.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// When a deployment has succeeded.
    pub succeeds: Succeeds,
    /// Whether a group is busy while the original task set waits to be ended: UNCONFIRMED, assumed
    /// (AWS-FACTS 5.2, 11.9). It matters only where a deployment succeeds before that.
    pub termination_wait_is_active: bool,
    /// What happens to an `AppSpec` that cannot be read: UNCONFIRMED.
    pub bad_revision: BadRevision,
    /// How long the new task set may take to become steady: an hour.
    pub install_timeout: Duration,
}

/// When a deployment has succeeded.
///
/// AWS-FACTS does not say. AWS's own word (aws/containers-roadmap#269) and a terminal record of a real run
/// say: the target when the last lifecycle event has, the deployment when the termination wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Succeeds {
    /// When the original task set has been told to end.
    AfterTerminationWait,
    /// As soon as the last lifecycle event has.
    BeforeTerminationWait,
}

/// What happens to an `AppSpec` that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRevision {
    /// The deployment is created, and fails with `INVALID_REVISION`.
    FailsTheDeployment,
    /// `CreateDeployment` answers `InvalidRevisionException`.
    IsRefused,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            succeeds: Succeeds::AfterTerminationWait,
            termination_wait_is_active: true,
            bad_revision: BadRevision::FailsTheDeployment,
            install_timeout: Duration::from_hours(1),
        }
    }
}

/// Changes CodeDeploy's behaviour from now on.
pub fn configure(account: &Account, change: impl FnOnce(&mut Behaviour)) {
    change(&mut account.state().codedeploy.behaviour);
}

pub(super) fn behaviour(account: &Account) -> Behaviour {
    account.state().codedeploy.behaviour.clone()
}
