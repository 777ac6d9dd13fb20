//! A task set: what a deployment's tasks have in common, and how many of them there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use super::task::{Status, Task};
use super::{LoadBalancer, Service, StoppedTask, TaskSetView};
use crate::account::State;
use crate::account::network::Address;

/// A task set.
#[derive(Debug)]
pub(super) struct TaskSet {
    pub(super) id: String,
    pub(super) arn: String,
    /// The ARN with the revision.
    pub(super) task_definition: String,
    /// The CodeDeploy deployment id.
    pub(super) external_id: Option<String>,
    /// What `startedBy` of a task set says: not that of its tasks, which is the id.
    pub(super) started_by: String,
    /// Where its tasks are registered, if anywhere.
    pub(super) load_balancer: Option<LoadBalancer>,
    pub(super) scale: Scale,
    pub(super) network_configuration: Value,
    pub(super) primary: bool,
    pub(super) draining: bool,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) steady: bool,
    pub(super) steady_at: Timestamp,
    /// What the image references stood for when the first task pulled them: later tasks of the set take
    /// the same (AWS-FACTS 6.5).
    pub(super) digests: BTreeMap<String, String>,
    /// Tasks that failed in a row, and when the next may start.
    pub(super) failures: u32,
    /// The same as a deployment counts them: `failedTasks`.
    pub(super) failed_tasks: u32,
    pub(super) not_before: Timestamp,
    /// Wakes the keeper.
    pub(super) wake: Arc<Notify>,
}

/// How many tasks a task set is to have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// Of the service's desired count.
    Percent(f64),
    /// So many, as a deployment under way wants it.
    Count(u32),
}

/// How many tasks of a task set there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) desired: u32,
    pub(super) pending: u32,
    pub(super) running: u32,
    pub(super) leaving: u32,
    pub(super) healthy: u32,
}

impl TaskSet {
    /// `PRIMARY`, `ACTIVE` or `DRAINING`.
    pub(super) const fn status(&self) -> &'static str {
        match (self.draining, self.primary) {
            (true, _) => "DRAINING",
            (false, true) => "PRIMARY",
            (false, false) => "ACTIVE",
        }
    }

    /// ceil(desiredCount × scale) (AWS-FACTS 5.11).
    pub(super) fn desired(&self, service_desired: u32) -> u32 {
        if self.draining {
            return 0;
        }
        let percent = match self.scale {
            Scale::Percent(percent) => percent,
            Scale::Count(count) => return count,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to what fits"
        )]
        let desired = (f64::from(service_desired) * percent / 100.0)
            .ceil()
            .clamp(0.0, 10_000.0) as u32;
        desired
    }

    /// The share of the service's desired count.
    pub(super) fn percent(&self) -> f64 {
        match self.scale {
            Scale::Percent(percent) => percent,
            Scale::Count(_) => 100.0,
        }
    }

    pub(super) fn counts(&self, state: &State, service_desired: u32) -> Counts {
        let desired = self.desired(service_desired);
        let mut counts = Counts {
            desired,
            pending: 0,
            running: 0,
            leaving: 0,
            healthy: 0,
        };
        for task in self.tasks(state) {
            match task.status {
                Status::Provisioning | Status::Pending => counts.pending += 1,
                Status::Running => counts.running += 1,
                Status::Deactivating | Status::Stopping => counts.leaving += 1,
                Status::Stopped => {}
            }
            let in_service = self
                .target(task)
                .is_none_or(|(group, target)| state.elb.is_healthy(&group, &target));
            counts.healthy +=
                u32::from(task.status == Status::Running && in_service && task.is_healthy());
        }
        counts
    }

    /// Where a task of it is registered: target group and address.
    pub(super) fn target(&self, task: &Task) -> Option<(String, Address)> {
        let balancer = self.load_balancer.as_ref()?;
        Some((
            balancer.target_group_arn.clone(),
            task.address(balancer.container_port),
        ))
    }

    pub(super) fn tasks<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a Task> {
        state.ecs.tasks.values().filter(|task| task.is_of(&self.id))
    }

    pub(super) fn view(&self, state: &State, service: &Service) -> TaskSetView {
        let counts = self.counts(state, service.desired_count);
        let mut stopped: Vec<&Task> = self
            .tasks(state)
            .filter(|task| task.status == Status::Stopped)
            .collect();
        stopped.sort_by_key(|task| task.stopped_at);
        TaskSetView {
            id: self.id.clone(),
            arn: self.arn.clone(),
            external_id: self.external_id.clone(),
            started_by: self.started_by.clone(),
            status: self.status(),
            task_definition: self.task_definition.clone(),
            load_balancer: self.load_balancer.clone(),
            desired: counts.desired,
            pending: counts.pending,
            running: counts.running,
            steady: counts.is_steady(),
            created_at: self.created_at,
            stopped: stopped.into_iter().map(StoppedTask::of).collect(),
        }
    }
}

impl Counts {
    /// `STEADY_STATE`: as many as desired, none starting or leaving, and all healthy by every check
    /// (AWS-FACTS 5.11).
    pub(super) const fn is_steady(self) -> bool {
        self.running == self.desired
            && self.healthy == self.desired
            && self.pending == 0
            && self.leaving == 0
    }
}

impl StoppedTask {
    fn of(task: &Task) -> Self {
        let (stop_code, stopped_reason) =
            task.stop.as_ref().map_or_else(Default::default, |stop| {
                (stop.code.to_owned(), stop.reason.clone())
            });
        let exit_code = task
            .containers
            .iter()
            .filter(|it| it.essential)
            .find_map(|it| it.exit_code.filter(|code| *code != 0));
        let exit_code = exit_code.or_else(|| task.containers.iter().find_map(|it| it.exit_code));
        Self {
            arn: task.arn.clone(),
            stop_code,
            stopped_reason,
            exit_code,
        }
    }
}

/// Notes when a task set reaches or loses its steady state.
pub(super) fn refresh(state: &mut State, now: Timestamp) {
    let sets = state
        .ecs
        .clusters
        .values()
        .flat_map(|cluster| cluster.services.values());
    let steady: BTreeMap<String, bool> = sets
        .flat_map(|service| {
            service
                .task_sets
                .iter()
                .map(|set| (set, service.desired_count))
        })
        .map(|(set, desired)| (set.id.clone(), set.counts(state, desired).is_steady()))
        .collect();
    let mut ids = Vec::new();
    for service in state
        .ecs
        .clusters
        .values_mut()
        .flat_map(|cluster| cluster.services.values_mut())
    {
        let mut reached = Vec::new();
        for set in &mut service.task_sets {
            let steady = steady.get(&set.id).copied().unwrap_or(false);
            if set.steady != steady {
                (set.steady, set.steady_at, set.updated_at) = (steady, now, now);
                if steady && !set.draining && matches!(set.scale, Scale::Percent(_)) {
                    set.failures = 0;
                    reached.push(set.id.clone());
                }
            }
        }
        let what = |id: String| format!("{}has reached a steady state.", service.speaker(&id));
        let what = reached.into_iter().map(what);
        ids.extend(what.map(|what| (service.arn.clone(), what)));
    }
    for (arn, what) in ids {
        let id = state.unique();
        let services = state
            .ecs
            .clusters
            .values_mut()
            .flat_map(|cluster| cluster.services.values_mut());
        for service in services.filter(|service| service.arn == arn) {
            service.tell(id.clone(), now, &what);
        }
    }
}
