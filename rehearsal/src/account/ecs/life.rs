//! A task's life: an address, the images, the containers, and their end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, pending, select_all};
use http::Request;

use super::container_log::stream_of;
use super::task::{Culprit, Health, HealthCheck, Status, Stopping, Task};
use super::{Account, stop, task_event, task_set};
use crate::account::containers::{ImageSpec, Process};
use crate::account::journal::Tone;
use crate::account::logs::StreamId;
use crate::account::network::{self, Address, Stop};
use crate::account::{ReportedDigest, State, ecr, elb, logs};

/// How long things take; of the order of what Fargate needs.
const PROVISIONING: Duration = Duration::from_secs(5);
const PULLING: Duration = Duration::from_secs(10);
/// How often the scheduler looks at the target group.
const ELB_LOOK: Duration = Duration::from_secs(5);

/// How a task comes into the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// It has to be started.
    AsNew,
    /// It runs and is in service before the story begins.
    InService,
}

/// Lets a task live until it ends or is told to stop.
pub(super) fn begin(account: &Account, arn: String, begin: Begin) {
    let account = account.clone();
    if begin == Begin::AsNew {
        task_event::emit(&account, &arn);
    }
    tokio::spawn(async move {
        let Some(mut word) = account
            .state()
            .ecs
            .tasks
            .get(&arn)
            .map(|task| task.word.subscribe())
        else {
            return;
        };
        let told = async {
            let said = word
                .wait_for(Option::is_some)
                .await
                .ok()
                .and_then(|said| said.clone());
            match said {
                Some(stopping) => stopping,
                None => pending().await,
            }
        };
        let end = tokio::select! {
            biased;
            stopping = told => stopping,
            stopping = live(&account, &arn, begin) => stopping,
        };
        stop::stop(&account, &arn, end).await;
    });
}

async fn live(account: &Account, arn: &str, begin: Begin) -> Stopping {
    if begin == Begin::AsNew {
        account.clock().sleep(PROVISIONING).await;
        change(account, arn, |task, now| {
            task.status = Status::Pending;
            task.pull_started_at = Some(now);
        });
        account.clock().sleep(PULLING).await;
        if let Err(stopping) = pull_images(account, arn) {
            return stopping;
        }
        change(account, arn, run);
    }
    let Some(task) = Started::of(account, arn) else {
        return pending().await;
    };
    if let Some((group, target)) = task.target.as_ref().filter(|_| begin == Begin::AsNew) {
        elb::register(account, group, target, false);
    }
    let mut ends: Vec<BoxFuture<'_, Stopping>> = vec![elb_verdict(account, &task).boxed()];
    for container in &task.containers {
        ends.push(container_end(account, arn, container, begin).boxed());
        if let Some(check) = &container.check {
            ends.push(health_verdict(account, arn, container, check).boxed());
        }
    }
    select_all(ends).await.0
}

/// Marks a task and its containers as running.
pub(super) fn run(task: &mut Task, now: jiff::Timestamp) {
    task.status = Status::Running;
    task.pull_stopped_at = Some(now);
    task.started_at = Some(now);
    for container in &mut task.containers {
        container.status = "RUNNING";
    }
}

/// What a started task needs to know of itself.
struct Started {
    /// Target group and address, if it is behind a load balancer.
    target: Option<(String, Address)>,
    grace: Duration,
    containers: Vec<StartedContainer>,
}

struct StartedContainer {
    name: String,
    runs: Option<ImageSpec>,
    addresses: Vec<Address>,
    essential: bool,
    check: Option<HealthCheck>,
    log: Option<StreamId>,
}

impl Started {
    fn of(account: &Account, arn: &str) -> Option<Self> {
        let state = account.state();
        let task = state.ecs.tasks.get(arn)?;
        let (target, grace) = match task.place() {
            Some(place) => {
                let service = state.ecs.service(&place.cluster, &place.service)?;
                let set = service.task_set(&place.task_set)?;
                (set.target(task), service.health_check_grace)
            }
            None => (None, Duration::ZERO),
        };
        let document = state.ecs.task_definition(&task.definition);
        let document = document.map(|definition| &definition.document);
        let log = |container: &super::task::Container| {
            let (name, id) = (&container.name, &container.runtime_id);
            stream_of(document?, name, id, &task.id)
        };
        let container = |container: &super::task::Container| StartedContainer {
            name: container.name.clone(),
            runs: container.runs.clone(),
            addresses: container
                .ports
                .iter()
                .map(|port| task.address(*port))
                .collect(),
            essential: container.essential,
            check: container.check.clone(),
            log: log(container),
        };
        Some(Self {
            target,
            grace,
            containers: task.containers.iter().map(container).collect(),
        })
    }
}

/// Changes a task, if it is still there, and tells EventBridge of another status.
pub(super) fn change(
    account: &Account,
    arn: &str,
    change: impl FnOnce(&mut Task, jiff::Timestamp),
) {
    let before = status(account, arn);
    change_silently(account, arn, change);
    if status(account, arn) != before {
        task_event::emit(account, arn);
    }
}

fn status(account: &Account, arn: &str) -> Option<Status> {
    account.state().ecs.tasks.get(arn).map(|task| task.status)
}

/// Changes a task that was there before the story begins.
pub(super) fn change_silently(
    account: &Account,
    arn: &str,
    change: impl FnOnce(&mut Task, jiff::Timestamp),
) {
    let now = account.clock().now();
    let mut state = account.state();
    if let Some(task) = state.ecs.tasks.get_mut(arn) {
        change(task, now);
        task.version += 1;
    }
    task_set::refresh(&mut state, now);
}

/// Pulls the images of all containers, by the digests that the task set's first task found.
fn pull_images(account: &Account, arn: &str) -> Result<(), Stopping> {
    let mut state = account.state();
    pull(account, &mut state, arn).map_err(|(container, reason)| Stopping {
        code: "TaskFailedToStart",
        reason: reason.clone(),
        culprit: Some(Culprit {
            container,
            exit_code: None,
            reason: Some(reason),
        }),
    })
}

/// The error names the container and says why.
pub(super) fn pull(
    account: &Account,
    state: &mut State,
    arn: &str,
) -> Result<(), (String, String)> {
    let Some(task) = state.ecs.tasks.get(arn) else {
        return Ok(());
    };
    let place = task.place();
    let architecture = task.architecture;
    let images: Vec<(String, String)> = task
        .containers
        .iter()
        .map(|it| (it.name.clone(), it.image.clone()))
        .collect();
    for (position, (name, image)) in images.into_iter().enumerate() {
        let set = place.as_ref().and_then(|place| {
            let service = state.ecs.service(&place.cluster, &place.service)?;
            service.task_set(&place.task_set)
        });
        let known = set.and_then(|set| set.digests.get(&image)).cloned();
        let reference = known
            .as_ref()
            .map_or_else(|| image.clone(), |digest| pinned(&image, digest));
        let pulled =
            ecr::pull(account, state, &reference, architecture).map_err(|reason| (name, reason))?;
        let reported = match account.settings().reported_digest {
            ReportedDigest::Index => pulled.digest.clone(),
            ReportedDigest::Platform => pulled.platform_digest.clone(),
        };
        let set = place.as_ref().and_then(|place| {
            let service = state.ecs.service_mut(&place.cluster, &place.service)?;
            service.task_set_mut(&place.task_set)
        });
        if let Some(set) = set {
            set.digests.insert(image, pulled.digest);
        }
        let container = state
            .ecs
            .tasks
            .get_mut(arn)
            .and_then(|task| task.containers.get_mut(position));
        if let Some(container) = container {
            container.digest = Some(reported);
            let command = &container.command;
            container.runs = pulled.image.map(|image| image.started_with(command));
        }
    }
    Ok(())
}

/// The reference with its tag replaced by a digest.
fn pinned(reference: &str, digest: &str) -> String {
    let name = reference
        .split_once('@')
        .map_or(reference, |(name, _)| name);
    let slash = name.rfind('/').map_or(0, |slash| slash + 1);
    let name = name[slash..]
        .find(':')
        .map_or(name, |colon| &name[..slash + colon]);
    format!("{name}@{digest}")
}

/// Lets the containers of a task listen that runs before the story begins.
pub(super) fn listen_at_once(account: &Account, arn: &str) {
    let task = Started::of(account, arn);
    for container in task.iter().flat_map(|task| &task.containers) {
        if let Some(image) = &container.runs {
            listen(account, image, &container.addresses);
        }
    }
}

/// Starts the process of an image on the ports of its container.
fn listen(account: &Account, image: &ImageSpec, addresses: &[Address]) {
    let process = Arc::new(Process::new(image, account.clock().clone()));
    for address in addresses {
        if let Err(error) = network::listen(account, address.clone(), Arc::clone(&process)) {
            let text = format!(
                "{} cannot listen on {}:{}: {error}",
                image.version, address.ip, address.port
            );
            account.journal().note("ecs", Tone::Bad, text);
        }
    }
}

/// Runs a container. Returns if it ends and its task must end with it.
async fn container_end(
    account: &Account,
    arn: &str,
    container: &StartedContainer,
    begin: Begin,
) -> Stopping {
    let Some(image) = &container.runs else {
        return pending().await;
    };
    let say = |lines: &[String]| {
        if let Some(stream) = &container.log {
            logs::write(account, stream, lines);
        }
    };
    say(&image.behaviour.log);
    let crash = image.behaviour.crash;
    let serving = async {
        if begin == Begin::AsNew {
            account.clock().sleep(image.behaviour.startup).await;
            listen(account, image, &container.addresses);
        }
        pending::<()>().await;
    };
    let crashing = async {
        match crash {
            Some(crash) => account.clock().sleep(crash.after).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = serving => {}
        () = crashing => {}
    }
    say(&image.behaviour.last_words);
    for address in &container.addresses {
        network::close(account, address, Stop::AtOnce);
    }
    let exit_code = crash.map(|crash| crash.exit_code);
    if !container.essential {
        change(account, arn, |task, _| {
            for it in task
                .containers
                .iter_mut()
                .filter(|it| it.name == container.name)
            {
                (it.status, it.exit_code) = ("STOPPED", exit_code);
            }
        });
        return pending().await;
    }
    Stopping {
        code: "EssentialContainerExited",
        reason: "Essential container in task exited".to_owned(),
        culprit: Some(Culprit {
            container: container.name.clone(),
            exit_code,
            reason: image.behaviour.end_reason.clone(),
        }),
    }
}

/// Returns when the target group finds the task unhealthy, and the grace period is over.
async fn elb_verdict(account: &Account, task: &Started) -> Stopping {
    let Some((group, target)) = &task.target else {
        return pending().await;
    };
    account.clock().sleep(task.grace).await;
    loop {
        let unhealthy = account.state().elb.is_unhealthy(group, target);
        if unhealthy {
            let reason = format!("Task failed ELB health checks in (target-group {group})");
            return Stopping {
                code: "ServiceSchedulerInitiated",
                reason,
                culprit: None,
            };
        }
        account.clock().sleep(ELB_LOOK).await;
        // The scheduler also notices here that the task came into service.
        let now = account.clock().now();
        task_set::refresh(&mut account.state(), now);
    }
}

/// Checks a container's health as its task definition says. Returns when an essential one is unhealthy.
async fn health_verdict(
    account: &Account,
    arn: &str,
    container: &StartedContainer,
    check: &HealthCheck,
) -> Stopping {
    let mut failed = 0;
    let mut spent = Duration::ZERO;
    loop {
        account.clock().sleep(check.interval).await;
        spent = spent.saturating_add(check.interval);
        let passed = is_healthy(account, container, check).await;
        failed = match passed {
            true => 0,
            // Failures during the start period do not count.
            false if spent <= check.start_period => 0,
            false => failed + 1,
        };
        let health = match passed {
            true => Health::Healthy,
            false if failed >= check.retries => Health::Unhealthy,
            false => continue,
        };
        change(account, arn, |task, _| {
            for it in task
                .containers
                .iter_mut()
                .filter(|it| it.name == container.name)
            {
                it.health = health;
            }
        });
        if health == Health::Unhealthy && container.essential {
            let reason = "Task failed container health checks".to_owned();
            return Stopping {
                code: "ServiceSchedulerInitiated",
                reason,
                culprit: None,
            };
        }
    }
}

async fn is_healthy(account: &Account, container: &StartedContainer, check: &HealthCheck) -> bool {
    // An image of somebody else's registry does what its command expects.
    if container.runs.is_none() {
        return true;
    }
    let Some(address) = container.addresses.first() else {
        return true;
    };
    let Ok(request) = Request::get(check.path.as_deref().unwrap_or("/ping")).body(Bytes::new())
    else {
        return false;
    };
    let answer = network::exchange(account, address, request, check.timeout).await;
    answer.is_ok_and(|response| check.path.is_none() || response.status().is_success())
}
