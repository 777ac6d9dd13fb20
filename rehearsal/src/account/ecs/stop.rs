//! The end of a task: out of the target group first, then the containers, then an hour to be asked about.

use std::time::Duration;

use super::Account;
use super::keeper::{self, Place};
use super::life::change;
use super::task::{Status, Stopping};
use crate::account::elb;
use crate::account::journal::Tone;
use crate::account::network::{self, Address, Stop};

/// Stopped tasks remain describable for at least so long (AWS-FACTS 5.11).
const REMEMBERED: Duration = Duration::from_hours(1);

/// Stops a task and, an hour later, forgets it.
pub(super) async fn stop(account: &Account, arn: &str, stopping: Stopping) {
    let Some(leaving) = Leaving::of(account, arn) else {
        return;
    };
    let crashed = stopping.code == "EssentialContainerExited";
    change(account, arn, |task, now| {
        task.status = Status::Deactivating;
        task.stopping_at = Some(now);
        for container in &mut task.containers {
            let culprit = stopping
                .culprit
                .as_ref()
                .filter(|culprit| culprit.container == container.name);
            if let Some(culprit) = culprit {
                container.exit_code = culprit.exit_code;
                container.reason.clone_from(&culprit.reason);
                container.status = "STOPPED";
            }
        }
        task.stop = Some(stopping.clone());
    });
    if leaving.place.is_none() && stopping.exit_code() == Some(0) {
        let text = format!(
            "task {} of {} ended (exit code 0)",
            leaving.id, leaving.owner
        );
        account.journal().note("ecs", Tone::Good, text);
    } else if stopping.is_failure() {
        let ran = leaving
            .started_at
            .map(|started| started.duration_until(account.clock().now()));
        if let Some(place) = &leaving.place {
            keeper::count_failure(account, place, ran);
        }
        let exit = stopping
            .exit_code()
            .map(|code| format!(" (exit code {code})"))
            .unwrap_or_default();
        let text = format!(
            "task {} of {} failed: {}{exit}",
            leaving.id, leaving.owner, stopping.reason
        );
        account.journal().note("ecs", Tone::Bad, text);
    }
    wake(account, leaving.place.as_ref());
    if let Some((group, target)) = leaving.target {
        if crashed {
            // There is nobody left to drain; the target only has to disappear.
            let account = account.clone();
            tokio::spawn(async move { elb::deregister(&account, &group, &target).await });
        } else {
            elb::deregister(account, &group, &target).await;
        }
    }
    change(account, arn, |task, _| task.status = Status::Stopping);
    for address in &leaving.addresses {
        network::close(account, address, Stop::Gracefully);
    }
    change(account, arn, |task, now| {
        task.status = Status::Stopped;
        task.stopped_at = Some(now);
        for container in &mut task.containers {
            // What was running answers SIGTERM by ending properly.
            if container.status == "RUNNING" {
                container.exit_code = Some(0);
            }
            container.status = "STOPPED";
        }
    });
    wake(account, leaving.place.as_ref());
    account.clock().sleep(REMEMBERED).await;
    account.state().ecs.tasks.remove(arn);
}

/// What has to be known of a task to stop it.
struct Leaving {
    id: String,
    /// The service, or the group of a task without one.
    owner: String,
    place: Option<Place>,
    started_at: Option<jiff::Timestamp>,
    addresses: Vec<Address>,
    /// Where it is registered, if it ever was.
    target: Option<(String, Address)>,
}

impl Leaving {
    fn of(account: &Account, arn: &str) -> Option<Self> {
        let state = account.state();
        let task = state.ecs.tasks.get(arn)?;
        let place = task.place();
        let set = place.as_ref().and_then(|place| {
            let service = state.ecs.service(&place.cluster, &place.service)?;
            service.task_set(&place.task_set)
        });
        let target = set.filter(|_| task.started_at.is_some());
        let target = target.and_then(|set| set.target(task));
        let ports = task
            .containers
            .iter()
            .flat_map(|container| &container.ports);
        Some(Self {
            id: task.id.clone(),
            owner: task
                .owner
                .service()
                .map_or_else(|| task.owner.group(), str::to_owned),
            place,
            started_at: task.started_at,
            addresses: ports.map(|port| task.address(*port)).collect(),
            target,
        })
    }
}

/// Tells the keeper, if there is one, that one of its tasks changed.
pub(super) fn wake(account: &Account, place: Option<&Place>) {
    let Some(place) = place else { return };
    let state = account.state();
    let service = state.ecs.service(&place.cluster, &place.service);
    if let Some(set) = service.and_then(|service| service.task_set(&place.task_set)) {
        set.wake.notify_one();
    }
}
