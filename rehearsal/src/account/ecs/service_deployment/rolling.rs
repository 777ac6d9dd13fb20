//! A rolling deployment: tasks of one revision replace those of the others, within
//! `minimumHealthyPercent` and `maximumPercent`, until only they are left (AWS-FACTS 6.2).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::configuration::CircuitBreaker;
use super::runner::{Ended, Run};
use crate::account::State;
use crate::account::ecs::task::{Status, Task};
use crate::account::ecs::task_set::{Scale, TaskSet};
use crate::account::journal::Tone;

/// How often the scheduler looks.
const LOOKS_EVERY: Duration = Duration::from_secs(2);
/// A task that nobody checks has to run for a moment before others are stopped for it. ECS's own moment
/// is not published.
const SETTLES_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// The tasks of one revision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    /// How many are wanted.
    wanted: u32,
    /// Not told to stop.
    kept: u32,
    /// In service by every check.
    healthy: u32,
    /// Not stopped yet.
    alive: u32,
}

/// How far the replacement is.
struct Progress {
    done: bool,
    desired: u32,
    healthy: u32,
    failed: u32,
    others: u32,
}

impl Run {
    /// Lets the revision `target` replace all others. Without a circuit breaker it is tried for ever.
    pub(super) async fn replace(
        &self,
        target: &str,
        breaker: Option<&CircuitBreaker>,
    ) -> Result<(), Ended> {
        let mut healthy = 0;
        let reset = breaker.is_none_or(|breaker| breaker.reset_on_healthy_task);
        loop {
            let Some(progress) = self.step(target, reset.then_some(healthy)) else {
                return Err(Ended::Failed("The service is gone.".to_owned()));
            };
            if progress.healthy != healthy {
                healthy = progress.healthy;
                let text = format!(
                    "{healthy} of {} new tasks healthy, {} old ones left",
                    progress.desired, progress.others
                );
                self.note(Tone::Neutral, text);
            }
            if let Some(breaker) = breaker {
                self.watch(breaker, &progress)?;
            }
            if progress.done {
                return Ok(());
            }
            self.pause(LOOKS_EVERY).await?;
        }
    }

    /// Counts failed tasks, and ends the deployment when there are too many.
    fn watch(&self, breaker: &CircuitBreaker, progress: &Progress) -> Result<(), Ended> {
        let threshold = breaker.threshold.of(progress.desired);
        let known = self.deployment.read(|record| record.breaker);
        if (known.failures, known.threshold) != (progress.failed, threshold) {
            self.change(|record| {
                record.breaker.failures = progress.failed;
                record.breaker.threshold = threshold;
            });
        }
        if progress.failed < threshold {
            return Ok(());
        }
        self.change(|record| record.breaker.status = "TRIGGERED");
        let text = format!(
            "circuit breaker: {} failed tasks, {threshold} are too many",
            progress.failed
        );
        self.note(Tone::Bad, text);
        let reason = "ECS deployment circuit breaker: tasks failed to start.".to_owned();
        if breaker.rollback {
            return Err(Ended::RolledBack {
                reason,
                failed: true,
            });
        }
        let (target, healthy) = (&self.place.task_set, progress.healthy);
        self.change_service(|service| {
            if let Some(set) = service.task_set_mut(target) {
                set.rescale(healthy);
            }
        });
        Err(Ended::Failed(reason))
    }

    /// Looks at all tasks and sets how many of each revision there are to be. `reset` is how many healthy
    /// tasks there were before, if more of them end a row of failures.
    fn step(&self, target: &str, reset: Option<u32>) -> Option<Progress> {
        let now = self.account.clock().now();
        // What a rollback would go back to is not given up just because it is unwell for a moment.
        let good = self.deployment.read(|record| record.blue.clone());
        let mut state = self.account.state();
        let service = state
            .ecs
            .service(&self.place.cluster, &self.place.service)?;
        let desired = service.desired_count;
        let tallies: Vec<(String, Tally)> = service
            .task_sets
            .iter()
            .map(|set| (set.id.clone(), Tally::of(set, &state, desired, now)))
            .collect();
        let new = tallies.iter().find(|(id, _)| id == target)?.1;
        let (least, most) = bounds(
            desired,
            self.configuration.minimum_healthy_percent,
            self.configuration.maximum_percent,
        );
        let kept: u32 = tallies.iter().map(|(_, tally)| tally.kept).sum();
        let healthy: u32 = tallies.iter().map(|(_, tally)| tally.healthy).sum();
        let mut spare = healthy.saturating_sub(least);
        let mut others = 0;
        let service = state
            .ecs
            .service_mut(&self.place.cluster, &self.place.service)?;
        for (id, tally) in tallies.iter().filter(|(id, _)| id != target) {
            others += tally.alive;
            let may_stay = if Some(id) == good.as_ref() {
                tally.wanted
            } else {
                tally.healthy
            };
            let stopped = may_stay.min(spare);
            spare -= stopped;
            if let Some(set) = service.task_set_mut(id) {
                set.rescale(may_stay - stopped);
            }
        }
        let room = most.saturating_sub(kept);
        let set = service.task_set_mut(target)?;
        set.rescale((new.kept + room).min(desired));
        if reset.is_some_and(|before| new.healthy > before) {
            set.failed_tasks = 0;
        }
        Some(Progress {
            done: new.healthy == desired && new.kept == desired && others == 0,
            desired,
            healthy: new.healthy,
            failed: set.failed_tasks,
            others,
        })
    }
}

/// How many tasks have to be healthy, and how many there may be.
fn bounds(desired: u32, minimum_healthy_percent: u32, maximum_percent: u32) -> (u32, u32) {
    let share = |percent: u32| u64::from(desired) * u64::from(percent);
    let least = u32::try_from(share(minimum_healthy_percent).div_ceil(100)).unwrap_or(u32::MAX);
    let most = u32::try_from(share(maximum_percent) / 100).unwrap_or(u32::MAX);
    (least, most)
}

impl Tally {
    fn of(set: &TaskSet, state: &State, service_desired: u32, now: Timestamp) -> Self {
        let wanted = set.desired(service_desired);
        let mut tally = Self {
            wanted,
            ..Self::default()
        };
        for task in set.tasks(state) {
            tally.kept += u32::from(task.desired_status() == "RUNNING");
            tally.alive += u32::from(task.status != Status::Stopped);
            tally.healthy += u32::from(is_in_service(set, task, state, now));
        }
        // Those that are about to be told to stop do not count any more.
        tally.healthy = tally.healthy.min(wanted);
        tally
    }
}

/// Whether a task does what it is there for, as far as ECS can tell.
pub(super) fn is_in_service(set: &TaskSet, task: &Task, state: &State, now: Timestamp) -> bool {
    if task.status != Status::Running || !task.is_healthy() {
        return false;
    }
    let is_checked = task
        .containers
        .iter()
        .any(|it| it.essential && it.check.is_some());
    match set.target(task) {
        Some((group, target)) => state.elb.is_healthy(&group, &target),
        None if is_checked => true,
        None => task
            .started_at
            .is_some_and(|started| started.duration_until(now) >= SETTLES_AFTER),
    }
}

impl TaskSet {
    /// Wants so many tasks from now on.
    pub(super) fn rescale(&mut self, count: u32) {
        if self.scale != Scale::Count(count) {
            self.scale = Scale::Count(count);
            self.wake.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_rounded_so_that_neither_is_broken() {
        assert_eq!(bounds(3, 50, 150), (2, 4));
        assert_eq!(bounds(1, 100, 200), (1, 2));
        assert_eq!(bounds(2, 0, 100), (0, 2));
        assert_eq!(bounds(0, 100, 200), (0, 0));
    }
}
