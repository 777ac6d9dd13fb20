//! The switches of native deployments where AWS's behaviour is not established (AWS-FACTS 7.4, 7.5, 11).

use crate::account::Account;

/// How hooks behave where it is not established.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookBehaviour {
    /// How the payload looks.
    pub payload: HookPayload,
    /// What becomes of the `hookDetails` that a function returns with `IN_PROGRESS` (AWS-FACTS 11.12).
    pub details: ReturnedDetails,
    /// Whether `TEST_TRAFFIC_SHIFT` hooks, too, are invoked again on rollback (AWS-FACTS 11.13).
    pub test_traffic_on_rollback: bool,
    /// Whether EventBridge hears `SERVICE_DEPLOYMENT_FAILED` when a hook fails (AWS-FACTS 11.11).
    pub failure_event: bool,
}

/// How the payload of a hook looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookPayload {
    /// With `executionDetails`, as documented now.
    Nested,
    /// Without, as documented once.
    Flat,
}

/// What becomes of the `hookDetails` that a function returns with `IN_PROGRESS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnedDetails {
    /// They are all that the next invocation gets.
    Replace,
    /// They are put over the configured ones.
    Merge,
}

impl Default for HookBehaviour {
    fn default() -> Self {
        Self {
            payload: HookPayload::Nested,
            details: ReturnedDetails::Replace,
            test_traffic_on_rollback: false,
            failure_event: true,
        }
    }
}

/// Changes the behaviour of hooks from now on.
pub fn configure_hooks(account: &Account, change: impl FnOnce(&mut HookBehaviour)) {
    change(&mut account.state().ecs.hook_behaviour);
}

pub(super) fn hook_behaviour(account: &Account) -> HookBehaviour {
    account.state().ecs.hook_behaviour
}
