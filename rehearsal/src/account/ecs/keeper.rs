//! Keeps a task set at its desired count: starts what is missing, stops what is too much, and waits
//! longer and longer between tasks that fail.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::task::{Owner, Status, Stopping, Task};
use super::{Account, life};
use crate::account::State;
use crate::account::journal::Tone;

/// The first pause after a round of failed tasks, and the longest (ECS throttles in a like manner; its
/// exact times are not published).
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// Where a task set is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) cluster: String,
    pub(super) service: String,
    pub(super) task_set: String,
}

/// What the keeper does next.
enum Step {
    /// Looks again when woken, or at the latest then.
    Wait(Option<Duration>),
    /// The task set is gone.
    Done,
}

/// Keeps a task set until it was drained.
pub(super) fn keep(account: &Account, place: Place) {
    let account = account.clone();
    tokio::spawn(async move {
        loop {
            let Some(wake) = wake(&account, &place) else {
                return;
            };
            let woken = wake.notified();
            let pause = match step(&account, &place) {
                Step::Done => return,
                Step::Wait(pause) => pause,
            };
            match pause {
                Some(pause) => {
                    tokio::select! {
                        () = woken => {}
                        () = account.clock().sleep(pause) => {}
                    }
                }
                None => woken.await,
            }
        }
    });
}

fn wake(account: &Account, place: &Place) -> Option<std::sync::Arc<tokio::sync::Notify>> {
    let state = account.state();
    state
        .ecs
        .service(&place.cluster, &place.service)?
        .task_set(&place.task_set)
        .map(|set| set.wake.clone())
}

fn step(account: &Account, place: &Place) -> Step {
    let now = account.clock().now();
    let mut state = account.state();
    let Some(service) = state.ecs.service(&place.cluster, &place.service) else {
        return Step::Done;
    };
    let Some(set) = service.task_set(&place.task_set) else {
        return Step::Done;
    };
    let desired = set.desired(service.desired_count) as usize;
    let (draining, not_before) = (set.draining, set.not_before);
    let mut kept: Vec<&Task> = set
        .tasks(&state)
        .filter(|task| task.desired_status() == "RUNNING")
        .collect();
    // Of too many, those are stopped first that do nothing yet.
    kept.sort_by_key(|task| task.status != Status::Running);
    let scaled_in = Stopping::scaled_in(service.ecs().map_or("taskSet", |_| "deployment"), set);
    for task in kept.iter().skip(desired) {
        task.word.send_if_modified(|word| {
            let unsaid = word.is_none();
            word.get_or_insert_with(|| scaled_in.clone());
            unsaid
        });
    }
    let missing = desired.saturating_sub(kept.len());
    let all_stopped = set.tasks(&state).all(|task| task.status == Status::Stopped);
    if draining && all_stopped {
        if let Some(service) = state.ecs.service_mut(&place.cluster, &place.service) {
            service.task_sets.retain(|set| set.id != place.task_set);
        }
        drop(state);
        let text = format!("task set {} of {} is gone", place.task_set, place.service);
        account.journal().note("ecs", Tone::Neutral, text);
        return Step::Done;
    }
    if missing == 0 {
        return Step::Wait(None);
    }
    if now < not_before {
        let pause = now.duration_until(not_before).unsigned_abs();
        return Step::Wait(Some(pause.max(Duration::from_millis(1))));
    }
    let arns: Vec<String> = (0..missing)
        .filter_map(|_| add_task(account, &mut state, place))
        .collect();
    drop(state);
    for arn in arns {
        life::begin(account, arn, life::Begin::AsNew);
    }
    Step::Wait(None)
}

/// Adds a task that has not begun to live. Returns its ARN.
pub(super) fn add_task(account: &Account, state: &mut State, place: &Place) -> Option<String> {
    let now = account.clock().now();
    let service = state.ecs.service(&place.cluster, &place.service)?;
    let definition = service.task_set(&place.task_set)?.task_definition.clone();
    let owner = Owner::Service {
        service: place.service.clone(),
        set: place.task_set.clone(),
    };
    let task = Task::new(account, state, &place.cluster, &definition, owner)?;
    let (arn, id) = (task.arn.clone(), task.id.clone());
    state.ecs.tasks.insert(arn.clone(), task);
    let event = state.unique();
    if let Some(service) = state.ecs.service_mut(&place.cluster, &place.service) {
        let speaker = service.speaker(&place.task_set);
        service.tell(
            event,
            now,
            &format!("{speaker}has started 1 tasks: (task {id})."),
        );
    }
    Some(arn)
}

/// Counts a task that failed, and puts off the next one once all of a round have. `ran` is how long the
/// task ran: one that ran well for a while does not count as one of a row.
pub(super) fn count_failure(account: &Account, place: &Place, ran: Option<SignedDuration>) {
    let now = account.clock().now();
    let mut state = account.state();
    let Some(service) = state.ecs.service_mut(&place.cluster, &place.service) else {
        return;
    };
    let round = service.desired_count.max(1);
    let Some(set) = service.task_set_mut(&place.task_set) else {
        return;
    };
    if ran.is_some_and(|ran| ran > SignedDuration::from_secs(300)) {
        set.failures = 0;
    }
    set.failures = set.failures.saturating_add(1);
    set.failed_tasks = set.failed_tasks.saturating_add(1);
    set.not_before = now
        .checked_add(pause_after(set.failures, round))
        .unwrap_or(Timestamp::MAX);
}

fn pause_after(failures: u32, round: u32) -> Duration {
    match failures.div_ceil(round.max(1)) {
        0 | 1 => Duration::ZERO,
        rounds => FIRST_PAUSE
            .saturating_mul(1 << (rounds - 2).min(16))
            .min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_between_failing_tasks_grows_to_a_quarter_of_an_hour() {
        let pauses: Vec<u64> = [1, 2, 3, 5, 7, 100]
            .map(|failures| pause_after(failures, 2).as_secs())
            .into();
        assert_eq!(pauses, [0, 0, 10, 20, 40, 900]);
    }
}
