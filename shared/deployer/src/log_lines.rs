//! What a container wrote last before its task stopped, as evidence.
//!
//! It is read where the task definition sends it to CloudWatch Logs. Whatever keeps it from being read is said in one
//! line and is never an error: the log is a help, and nothing is decided by it.

use greenlight_aws::{Clients, Kind, chain, ecs, logs};
use greenlight_core::task_definition::{LogStream, TaskDefinition};

use crate::observe;

/// So many lines are told at the most.
pub(crate) const LINES: u16 = 10;
/// And so many where a check has room for ten lines, of which others are the reason.
pub(crate) const BESIDE_A_REASON: u16 = 8;

/// Of the tasks that stopped, one whose container failed, or else the first.
pub(crate) fn most_telling(stopped: Vec<ecs::Task>) -> Option<ecs::Task> {
    let failed = |task: &ecs::Task| task.containers.iter().any(has_failed);
    let index = stopped.iter().position(failed).unwrap_or(0);
    stopped.into_iter().nth(index)
}

fn has_failed(container: &ecs::Container) -> bool {
    container.exit_code.is_some_and(|code| code != 0)
}

/// The last lines of the container for which a task has stopped. Its task definition is read for it.
pub(crate) async fn of_stopped(clients: &Clients, task: &ecs::Task, limit: u16) -> Vec<String> {
    match observe::task_definition(clients, &task.task_definition).await {
        Ok(definition) => of_task(clients, &definition, task, limit).await,
        Err(error) => vec![format!(
            "the log of task {} cannot be found: {}",
            task.id,
            chain(&error)
        )],
    }
}

/// The last lines of the container for which a task of this definition has stopped.
pub(crate) async fn of_task(
    clients: &Clients,
    definition: &TaskDefinition,
    task: &ecs::Task,
    limit: u16,
) -> Vec<String> {
    let Some(container) = for_which_it_stopped(definition, task) else {
        return Vec::new();
    };
    let Some(log) = definition
        .container(container)
        .ok()
        .and_then(|it| it.log_stream(&task.id))
    else {
        return vec![format!(
            "the log of container `{container}` cannot be found: it is not sent to CloudWatch Logs with the driver \
             `awslogs` and an `awslogs-stream-prefix`"
        )];
    };
    if let Some(region) = log.region.as_ref().filter(|region| !clients.are_of(region)) {
        return vec![format!(
            "the log of container `{container}` is in {region}: log group `{}`, stream `{}`",
            log.group, log.stream
        )];
    }
    match logs::last_lines(clients, &log.group, &log.stream, limit).await {
        Ok(lines) if lines.is_empty() => {
            vec![format!("container `{container}` has logged nothing")]
        }
        Ok(lines) => lines
            .into_iter()
            .map(|line| format!("log of `{container}`: {line}"))
            .collect(),
        Err(error) => vec![unread(container, &log, error.kind, &chain(&error))],
    }
}

/// Why the log could not be read.
fn unread(container: &str, log: &LogStream, kind: Kind, said: &str) -> String {
    let LogStream { group, stream, .. } = log;
    match kind {
        Kind::Denied => format!(
            "the log of container `{container}` may not be read; allow `{}` on stream `{stream}` of log group `{group}`",
            logs::READ
        ),
        Kind::NotFound => {
            format!(
                "there is no log of container `{container}`: stream `{stream}` of log group `{group}`"
            )
        }
        _ => format!("the log of container `{container}` cannot be read: {said}"),
    }
}

/// The container that ended the task: an essential one that failed, or else any essential one that ended. One that
/// never ran has written nothing.
fn for_which_it_stopped<'a>(definition: &'a TaskDefinition, task: &ecs::Task) -> Option<&'a str> {
    let ended = |name: &str| {
        let mut containers = task.containers.iter();
        containers.find(|it| it.name == name && it.exit_code.is_some())
    };
    let essential: Vec<_> = definition
        .containers()
        .filter(|container| container.is_essential() && ended(container.name()).is_some())
        .collect();
    let failed = essential
        .iter()
        .find(|container| ended(container.name()).is_some_and(has_failed));
    let found = failed.or(essential.first())?;
    Some(found.name())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition() -> TaskDefinition {
        let log = |prefix: &str| {
            json!({"logDriver": "awslogs", "options": {
                "awslogs-group": "/ecs/api", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": prefix,
            }})
        };
        let document = json!({"family": "api", "containerDefinitions": [
            {"name": "agent", "essential": false, "logConfiguration": log("a")},
            {"name": "router", "logConfiguration": log("r")},
            {"name": "api", "logConfiguration": log("p")},
        ]});
        TaskDefinition::parse(document).unwrap()
    }

    fn task(exit_codes: &[(&str, Option<i32>)]) -> ecs::Task {
        let containers = exit_codes.iter().map(|(name, exit_code)| ecs::Container {
            name: (*name).to_owned(),
            exit_code: *exit_code,
            ..ecs::Container::default()
        });
        ecs::Task {
            id: "1".to_owned(),
            containers: containers.collect(),
            ..ecs::Task::default()
        }
    }

    #[test]
    fn the_container_that_failed_is_the_one_that_is_essential_and_exited_badly() {
        for (exit_codes, expected) in [
            (
                &[("agent", Some(1)), ("router", Some(0)), ("api", Some(137))][..],
                Some("api"),
            ),
            (
                &[("agent", Some(1)), ("router", Some(0)), ("api", Some(0))],
                Some("router"),
            ),
            (&[("router", None), ("api", Some(0))], Some("api")),
            (&[("router", None), ("api", None)], None),
            (&[], None),
        ] {
            assert_eq!(
                for_which_it_stopped(&definition(), &task(exit_codes)),
                expected
            );
        }
    }

    #[test]
    fn of_several_tasks_one_that_failed_says_most() {
        let mut well = task(&[("api", Some(0))]);
        well.id = "0".to_owned();
        let badly = task(&[("api", Some(1))]);
        assert_eq!(most_telling(vec![well.clone(), badly]).unwrap().id, "1");
        assert_eq!(most_telling(vec![well]).unwrap().id, "0");
        assert_eq!(most_telling(Vec::new()), None);
    }

    #[test]
    fn what_keeps_a_log_from_being_read_is_said_with_what_to_do() {
        let log = definition()
            .container("api")
            .unwrap()
            .log_stream("1")
            .unwrap();
        assert_eq!(log.stream, "p/api/1");
        for (kind, expected) in [
            (
                Kind::Denied,
                "allow `logs:GetLogEvents` on stream `p/api/1` of log group `/ecs/api`",
            ),
            (
                Kind::NotFound,
                "there is no log of container `api`: stream `p/api/1`",
            ),
            (Kind::Throttled, "cannot be read: too many"),
        ] {
            let told = unread("api", &log, kind, "too many");
            assert!(told.contains(expected), "{told}");
        }
    }
}
