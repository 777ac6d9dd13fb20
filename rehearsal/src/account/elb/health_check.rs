//! Registering a target, and asking it again and again how it is.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::sync::Notify;

use super::{Account, Address, Health, Target, metrics};
use crate::account::journal::Tone;
use crate::account::network::{Unanswered, exchange};

/// Adds an address to a target group and checks its health for as long as it is registered.
///
/// `healthy` says that it passed its checks before the story begins; otherwise it is `initial` until it
/// passes one check (AWS's documentation of target health: one for a new target, the threshold for an
/// unhealthy one) or fails as many as the unhealthy threshold.
pub(crate) fn register(
    account: &Account,
    target_group_arn: &str,
    address: &Address,
    healthy: bool,
) {
    let registration = {
        let mut state = account.state();
        let elb = &mut state.elb;
        elb.registrations += 1;
        let registration = elb.registrations;
        let Some(group) = elb.target_group_mut(target_group_arn) else {
            return;
        };
        group.targets.push(Target {
            address: address.clone(),
            registration,
            health: if healthy {
                Health::Healthy
            } else {
                Health::Initial
            },
            reason: (!healthy).then(|| {
                (
                    "Elb.RegistrationInProgress",
                    "Target registration is in progress".to_owned(),
                )
            }),
            in_flight: 0,
            idle: Arc::new(Notify::new()),
        });
        registration
    };
    let (account, group) = (account.clone(), target_group_arn.to_owned());
    let address = address.clone();
    tokio::spawn(async move { watch(&account, &group, &address, registration).await });
}

/// Why a check failed: a reason code and AWS's sentence.
type Failure = (&'static str, String);

async fn watch(account: &Account, group_arn: &str, address: &Address, registration: u64) {
    let (mut passed, mut failed) = (0, 0);
    loop {
        let Some((path, interval, timeout)) = checks(account, group_arn, registration) else {
            return;
        };
        // The first check comes soon: what a target group waits for is a passed check, not an interval.
        let pause = if passed + failed == 0 {
            interval.min(Duration::from_secs(1))
        } else {
            interval
        };
        account.clock().sleep(pause).await;
        let result = check(account, address, &path, timeout).await;
        (passed, failed) = if result.is_ok() {
            (passed + 1, 0)
        } else {
            (0, failed + 1)
        };
        judge(account, group_arn, registration, result, passed, failed);
        metrics::checked(account, group_arn);
    }
}

/// What to ask and how often; nothing once the target drains or is gone.
fn checks(
    account: &Account,
    group_arn: &str,
    registration: u64,
) -> Option<(String, Duration, Duration)> {
    let mut state = account.state();
    let group = state.elb.target_group_mut(group_arn)?;
    let target = group.registered(registration)?;
    if target.health == Health::Draining {
        return None;
    }
    let spec = &group.spec;
    Some((spec.health_check_path.clone(), spec.interval, spec.timeout))
}

async fn check(
    account: &Account,
    address: &Address,
    path: &str,
    timeout: Duration,
) -> Result<(), Failure> {
    let failed = || {
        (
            "Target.FailedHealthChecks",
            "Health checks failed".to_owned(),
        )
    };
    let request = Request::get(path)
        .header("user-agent", "ELB-HealthChecker/2.0")
        .body(Bytes::new());
    let request = request.map_err(|_| failed())?;
    match exchange(account, address, request, timeout).await {
        Ok(response) if response.status().as_u16() == 200 => Ok(()),
        Ok(response) => {
            let code = response.status().as_u16();
            Err((
                "Target.ResponseCodeMismatch",
                format!("Health checks failed with these codes: [{code}]"),
            ))
        }
        Err(Unanswered::TimedOut) => Err(("Target.Timeout", "Request timed out".to_owned())),
        Err(Unanswered::Refused) => Err(failed()),
    }
}

fn judge(
    account: &Account,
    group_arn: &str,
    registration: u64,
    result: Result<(), Failure>,
    passed: u32,
    failed: u32,
) {
    let mut state = account.state();
    let Some(group) = state.elb.target_group_mut(group_arn) else {
        return;
    };
    let (needed, bearable) = (group.spec.healthy_threshold, group.spec.unhealthy_threshold);
    let name = group.spec.name.clone();
    let Some(target) = group.registered(registration) else {
        return;
    };
    let before = target.health;
    match (before, result) {
        (Health::Draining, _) => return,
        (Health::Initial, Ok(())) => target.health = Health::Healthy,
        (Health::Unhealthy, Ok(())) if passed >= needed => target.health = Health::Healthy,
        (Health::Initial | Health::Healthy, Err(failure)) if failed >= bearable => {
            target.health = Health::Unhealthy;
            target.reason = Some(failure);
        }
        (Health::Initial, Err(_)) => {
            let sentence = "Initial health checks in progress".to_owned();
            target.reason = Some(("Elb.InitialHealthChecking", sentence));
        }
        (Health::Unhealthy, Err(failure)) => target.reason = Some(failure),
        _ => {}
    }
    if target.health == Health::Healthy {
        target.reason = None;
    }
    if target.health == before {
        return;
    }
    let text = format!(
        "{}:{} is {} in {name}",
        target.address.ip,
        target.address.port,
        target.health.name()
    );
    let (tone, text) = match &target.reason {
        Some((_, why)) => (Tone::Bad, format!("{text}: {why}")),
        None => (Tone::Good, text),
    };
    drop(state);
    account.journal().note("elb", tone, text);
}
