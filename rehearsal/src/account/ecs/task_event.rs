//! `ECS Task State Change`: the description of a task, each time that its status is another (AWS-FACTS 6.3).

use serde_json::{Value, json};

use super::Account;
use super::describe_tasks::describe;

/// Tells EventBridge how a task is now.
pub(super) fn emit(account: &Account, arn: &str) {
    if let Some(detail) = detail(account, arn) {
        account
            .events()
            .put_detail("aws.ecs", "ECS Task State Change", &json!([arn]), &detail);
    }
}

/// The task as `DescribeTasks` shows it, but with times that are text, and without health (AWS-FACTS 5.12).
fn detail(account: &Account, arn: &str) -> Option<Value> {
    let now = account.clock().now();
    let state = account.state();
    let task = state.ecs.tasks.get(arn)?;
    let cluster = &state.ecs.clusters.get(&task.cluster)?.arn;
    let mut detail = describe(cluster, task, account);
    let times = [
        ("createdAt", Some(task.created_at)),
        ("pullStartedAt", task.pull_started_at),
        ("pullStoppedAt", task.pull_stopped_at),
        ("startedAt", task.started_at),
        ("stoppingAt", task.stopping_at),
        ("stoppedAt", task.stopped_at),
        ("executionStoppedAt", task.stopped_at),
        ("updatedAt", Some(now)),
    ];
    for (name, at) in times {
        if let Some(at) = at {
            detail[name] = at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into();
        }
    }
    let members = detail.as_object_mut()?;
    members.shift_remove("healthStatus");
    let containers = members.get_mut("containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        if let Some(container) = container.as_object_mut() {
            container.shift_remove("healthStatus");
        }
    }
    Some(detail)
}
