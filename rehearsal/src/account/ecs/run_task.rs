//! `RunTask`: tasks without a service, which end when they are done (AWS-FACTS 6.6).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::describe_tasks::describe;
use super::run_request::RunRequest;
use super::task::{Owner, Status, Task};
use super::{Account, Members, ServiceError, life};

/// A token is good for so long, or until its tasks are forgotten.
const TOKEN_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// What a client token stands for.
#[derive(Debug)]
pub(super) struct Run {
    request: Value,
    tasks: Vec<String>,
    until: Timestamp,
}

/// From now on `RunTask` finds no place for any task, for this reason (such as `RESOURCE:MEMORY`): it
/// answers 200 and lists the failures. With `None` it finds places again.
pub fn refuse_tasks(account: &Account, reason: Option<&str>) {
    account.state().ecs.refused = reason.map(str::to_owned);
}

/// How many one-shot tasks have not stopped yet.
pub fn one_shots_running(account: &Account) -> usize {
    let state = account.state();
    let tasks = state.ecs.tasks.values();
    tasks
        .filter(|task| task.owner.one_shot().is_some() && task.status != Status::Stopped)
        .count()
}

/// `RunTask`
pub(super) fn run_task(account: &Account, input: &Value) -> Result<Value, ServiceError> {
    let now = account.clock().now();
    let mut state = account.state();
    let request = RunRequest::read(&state.ecs, Members::of(input)?)?;
    let token = request
        .client_token
        .as_ref()
        .map(|token| (request.cluster.clone(), token.clone()));
    let tasks = &state.ecs.tasks;
    let forgotten =
        |run: &Run| run.until <= now || !run.tasks.iter().any(|arn| tasks.contains_key(arn));
    let known = token
        .as_ref()
        .and_then(|token| state.ecs.runs.get(token))
        .filter(|run| !forgotten(run));
    if let Some(run) = known {
        if run.request != *input {
            return Err(conflict(&run.tasks));
        }
        return Ok(
            json!({"tasks": described(account, &state.ecs, &request.cluster, &run.tasks), "failures": []}),
        );
    }
    if let Some(reason) = &state.ecs.refused {
        let failure = json!({"reason": reason});
        return Ok(json!({"tasks": [], "failures": vec![failure; request.count]}));
    }
    let mut arns = Vec::new();
    for _ in 0..request.count {
        let owner = Owner::OneShot(Box::new(request.one_shot.clone()));
        let task = Task::new(
            account,
            &mut state,
            &request.cluster,
            &request.definition,
            owner,
        );
        let Some(mut task) = task else { continue };
        for container in &mut task.containers {
            if let Some(command) = request.one_shot.command(&container.name) {
                container.command = command;
            }
        }
        arns.push(task.arn.clone());
        state.ecs.tasks.insert(task.arn.clone(), task);
    }
    if let Some(token) = token {
        let until = now.saturating_add(TOKEN_LASTS).unwrap_or(Timestamp::MAX);
        state.ecs.runs.retain(|_, run| run.until > now);
        let run = Run {
            request: input.clone(),
            tasks: arns.clone(),
            until,
        };
        state.ecs.runs.insert(token, run);
    }
    let tasks = described(account, &state.ecs, &request.cluster, &arns);
    drop(state);
    for arn in arns {
        life::begin(account, arn, life::Begin::AsNew);
    }
    Ok(json!({"tasks": tasks, "failures": []}))
}

fn described(
    account: &Account,
    state: &super::State,
    cluster: &str,
    arns: &[String],
) -> Vec<Value> {
    let cluster = account.arn("ecs", &format!("cluster/{cluster}"));
    let tasks = arns.iter().filter_map(|arn| state.tasks.get(arn));
    tasks
        .map(|task| {
            let mut described = describe(&cluster, task, account);
            if let Some(run) = task.owner.one_shot() {
                described["tags"] = run.tags.clone().into();
            }
            described
        })
        .collect()
}

fn conflict(tasks: &[String]) -> ServiceError {
    ServiceError {
        members: vec![("resourceIds", json!(tasks))],
        ..ServiceError::new(
            "ConflictException",
            "The clientToken was used for a RunTask request with other parameters.",
        )
    }
}
