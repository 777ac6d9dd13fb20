//! Whether the green tasks run, steadily and in health.

use sha2::{Digest as _, Sha256};

use super::Measurement;

/// So many tasks of one deployment have stopped that waiting for the next one is pointless.
const HOPELESS_STOPS: usize = 3;
/// How many stopped tasks a reason names.
const NAMED_STOPS: usize = 3;

/// The green task set, as ECS describes it (AWS-FACTS 5.11).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskSet {
    /// `computedDesiredCount`
    pub desired: u32,
    /// `runningCount`
    pub running: u32,
    /// `pendingCount`
    pub pending: u32,
    /// `stabilityStatus` is `STEADY_STATE`.
    pub steady: bool,
    /// Its tasks that are to run.
    pub tasks: Vec<Task>,
    /// Its tasks that have stopped.
    pub stopped: Vec<StoppedTask>,
}

/// A task that is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The last part of the ARN.
    pub id: String,
    /// `lastStatus`, such as `RUNNING`.
    pub status: String,
    /// `healthStatus`: `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    pub health: String,
    /// An essential container has a health check: without one the health stays `UNKNOWN` for ever
    /// (AWS-FACTS 5.12).
    pub has_health_check: bool,
}

/// A task that has stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedTask {
    /// The last part of the ARN.
    pub id: String,
    /// Why: `stoppedReason`, exit codes and reasons of its containers.
    pub reason: String,
}

/// The client token (AWS-FACTS 6.6) of the task of a check `task`, made of all by which one measurement is told from
/// others: the same measurement never starts two.
pub fn task_token(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut token = String::new();
    for byte in hash.finalize() {
        let digits = [byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16));
        token.extend(digits.into_iter().flatten());
    }
    token
}

/// The check `tasks`: running = desired, steady, and healthy where health is known.
pub fn measure_tasks(set: &TaskSet) -> Measurement {
    if set.desired == 0 {
        return Measurement::failed(
            "no green task is desired, so nothing can be proved; set the service's desired count \
             to at least 1",
        )
        .for_good();
    }
    if set.stopped.len() >= HOPELESS_STOPS {
        return Measurement::failed(format!(
            "green tasks keep stopping: {}",
            stops(&set.stopped)
        ))
        .for_good();
    }
    let after_stops = if set.stopped.is_empty() {
        String::new()
    } else {
        format!("; stopped so far: {}", stops(&set.stopped))
    };
    if set.running != set.desired || set.pending != 0 {
        return Measurement::pending(format!(
            "{} of {} green tasks run, {} pending{after_stops}",
            set.running, set.desired, set.pending
        ));
    }
    if let Some(task) = set.tasks.iter().find(|task| task.health == "UNHEALTHY") {
        return Measurement::pending(format!("task {} is UNHEALTHY{after_stops}", task.id));
    }
    let waiting = set
        .tasks
        .iter()
        .find(|task| task.has_health_check && task.health != "HEALTHY");
    if let Some(task) = waiting {
        return Measurement::pending(format!(
            "task {} has a health check and is {}{after_stops}",
            task.id, task.health
        ));
    }
    if !set.steady {
        return Measurement::pending(format!("the green tasks are not steady{after_stops}"));
    }
    Measurement::successful(format!(
        "{} of {} green tasks run, steadily",
        set.running, set.desired
    ))
}

fn stops(stopped: &[StoppedTask]) -> String {
    let mut named = stopped
        .iter()
        .take(NAMED_STOPS)
        .map(|task| format!("task {}: {}", task.id, task.reason))
        .collect::<Vec<_>>();
    let more = stopped.len().saturating_sub(NAMED_STOPS);
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    named.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(health: &str, has_health_check: bool) -> Task {
        Task {
            id: "1".to_owned(),
            status: "RUNNING".to_owned(),
            health: health.to_owned(),
            has_health_check,
        }
    }

    fn stopped() -> StoppedTask {
        StoppedTask {
            id: "9".to_owned(),
            reason: "exit code 137".to_owned(),
        }
    }

    fn set() -> TaskSet {
        TaskSet {
            desired: 1,
            running: 1,
            pending: 0,
            steady: true,
            tasks: vec![task("UNKNOWN", false)],
            stopped: Vec::new(),
        }
    }

    #[test]
    fn each_measurement_has_a_token_of_its_own_that_ecs_takes() {
        let token = task_token(&["d-1", "after_install", "task (smoke)", "0"]);
        assert_eq!(token.len(), 64);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(
            token,
            task_token(&["d-1", "after_install", "task (smoke)", "0"])
        );
        for other in [
            &["d-1", "after_install", "task (smoke)", "1"][..],
            &["d-1", "after_install", "task (smoke)0"],
            &["d-1after_install", "", "task (smoke)", "0"],
        ] {
            assert_ne!(token, task_token(other));
        }
    }

    #[test]
    fn each_shortcoming_is_named() {
        let check = |set: TaskSet, expected: &str| {
            let found = measure_tasks(&set);
            let found = format!("{} {}", found.phase.as_str(), found.summary);
            assert!(found.starts_with(expected), "{found}, not {expected}");
        };
        check(set(), "successful");
        check(
            TaskSet {
                tasks: vec![task("HEALTHY", true)],
                ..set()
            },
            "successful",
        );
        check(
            TaskSet {
                desired: 0,
                running: 0,
                ..set()
            },
            "failed no green task is desired",
        );
        check(
            TaskSet {
                running: 0,
                pending: 1,
                ..set()
            },
            "pending 0 of 1 green tasks run, 1 pending",
        );
        check(
            TaskSet {
                running: 2,
                ..set()
            },
            "pending 2 of 1",
        );
        check(
            TaskSet {
                steady: false,
                ..set()
            },
            "pending the green tasks are not steady",
        );
        check(
            TaskSet {
                tasks: vec![task("UNHEALTHY", false)],
                ..set()
            },
            "pending task 1 is UNHEALTHY",
        );
        check(
            TaskSet {
                tasks: vec![task("UNKNOWN", true)],
                ..set()
            },
            "pending task 1 has a health check",
        );
        check(
            TaskSet {
                stopped: vec![stopped()],
                running: 0,
                pending: 1,
                ..set()
            },
            "pending 0 of 1 green tasks run, 1 pending; stopped so far: task 9: exit code 137",
        );
        // A crash-looping task may be running at the very moment of measuring.
        check(
            TaskSet {
                stopped: vec![stopped(), stopped(), stopped(), stopped()],
                ..set()
            },
            "failed green tasks keep stopping: task 9: exit code 137; task 9: exit code 137; task 9: exit code 137; and 1 more",
        );
    }
}
