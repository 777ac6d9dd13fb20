//! A target group: addresses, their health, and how they leave without losing a request.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::{Account, Address, TargetGroupSpec};

/// A target group and its targets.
#[derive(Debug)]
pub(super) struct TargetGroup {
    pub(super) arn: String,
    pub(super) spec: TargetGroupSpec,
    pub(super) targets: Vec<Target>,
    /// Counts requests, so that healthy targets take turns.
    turn: usize,
}

/// A registered address.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) address: Address,
    /// Tells this registration from earlier ones of the same address.
    pub(super) registration: u64,
    pub(super) health: Health,
    /// Why it is not healthy: a reason code and AWS's sentence.
    pub(super) reason: Option<(&'static str, String)>,
    /// Requests that are being answered.
    pub(super) in_flight: usize,
    /// Told when `in_flight` falls to nought.
    pub(super) idle: Arc<Notify>,
}

/// The state of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    Initial,
    Healthy,
    Unhealthy,
    Draining,
}

impl Health {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Draining => "draining",
        }
    }
}

impl TargetGroup {
    pub(super) fn new(arn: String, spec: TargetGroupSpec) -> Self {
        Self {
            arn,
            spec,
            targets: Vec::new(),
            turn: 0,
        }
    }

    /// The target for the next request: healthy ones in turn. If there is none, an application load
    /// balancer fails open and tries the others, but never one that drains.
    pub(super) fn next(&mut self) -> Option<&mut Target> {
        let any_healthy = self
            .targets
            .iter()
            .any(|target| target.health == Health::Healthy);
        let usable = |target: &&mut Target| {
            target.health == Health::Healthy || (!any_healthy && target.health != Health::Draining)
        };
        let mut usable: Vec<&mut Target> = self.targets.iter_mut().filter(usable).collect();
        if usable.is_empty() {
            return None;
        }
        self.turn = self.turn.wrapping_add(1);
        Some(usable.swap_remove(self.turn % usable.len()))
    }

    pub(super) fn registered(&mut self, registration: u64) -> Option<&mut Target> {
        self.targets
            .iter_mut()
            .find(|target| target.registration == registration)
    }
}

/// Takes an address out of a target group: it gets no new request from now on, and the function returns
/// when the deregistration delay is over.
///
/// On a clock that runs fast, the delay may be over before a slow machine has answered a request; for
/// that, the function waits a little longer in real time, since no request would be lost at AWS.
pub(crate) async fn deregister(account: &Account, target_group_arn: &str, address: &Address) {
    let leaving = {
        let mut state = account.state();
        let Some(group) = state.elb.target_group_mut(target_group_arn) else {
            return;
        };
        let delay = group.spec.deregistration_delay;
        let Some(target) = group
            .targets
            .iter_mut()
            .rev()
            .find(|target| target.address == *address)
        else {
            return;
        };
        target.health = Health::Draining;
        target.reason = Some((
            "Target.DeregistrationInProgress",
            "Target deregistration is in progress".to_owned(),
        ));
        (target.registration, delay, Arc::clone(&target.idle))
    };
    let (registration, delay, idle) = leaving;
    account.clock().sleep(delay).await;
    let drained = async {
        loop {
            let idle = idle.notified();
            if is_idle(account, target_group_arn, registration) {
                return;
            }
            idle.await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(5), drained).await;
    if let Some(group) = account.state().elb.target_group_mut(target_group_arn) {
        group
            .targets
            .retain(|target| target.registration != registration);
    }
}

fn is_idle(account: &Account, target_group_arn: &str, registration: u64) -> bool {
    let mut state = account.state();
    let group = state.elb.target_group_mut(target_group_arn);
    group
        .and_then(|group| group.registered(registration))
        .is_none_or(|target| target.in_flight == 0)
}
