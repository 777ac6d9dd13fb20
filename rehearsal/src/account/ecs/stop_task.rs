//! `StopTask`: what a person does to a task.

use serde_json::{Value, json};

use super::describe_tasks::describe;
use super::task::Stopping;
use super::{Account, Members, ServiceError};

/// AWS's limit for what is kept of a reason.
const LONGEST_REASON: usize = 1024;

/// `StopTask`. The task is told; the answer shows it as it is before it hears of it.
pub(super) fn stop_task(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let name = input.string("task")?;
    let reason = input.optional_string("reason")?;
    if reason.is_some_and(|reason| reason.len() > LONGEST_REASON) {
        let message = "Reason must be at most 1024 characters long.";
        return Err(ServiceError::new("InvalidParameterException", message));
    }
    let state = account.state();
    let cluster = state.ecs.cluster(input.optional_string("cluster")?)?;
    let id = name.rsplit('/').next().unwrap_or(name);
    let arn = account.arn("ecs", &format!("task/{}/{id}", cluster.name));
    let unknown = || {
        ServiceError::new(
            "InvalidParameterException",
            "The referenced task was not found.",
        )
    };
    let task = state.ecs.tasks.get(&arn).ok_or_else(unknown)?;
    let stopping = Stopping::by_user(reason);
    task.word.send_if_modified(|word| {
        let unsaid = word.is_none();
        word.get_or_insert_with(|| stopping.clone());
        unsaid
    });
    let mut described = describe(&cluster.arn, task, account);
    described["desiredStatus"] = "STOPPED".into();
    if task.stop.is_none() {
        described["stopCode"] = stopping.code.into();
        described["stoppedReason"] = stopping.reason.into();
    }
    Ok(json!({"task": described}))
}
