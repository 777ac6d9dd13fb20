//! The facts about a failed deployment, a line each: gates, lifecycle events and hooks, stopped tasks,
//! target health, AWS's own error.
//!
//! What cannot be read is said so and stops nothing: a failure has to be recorded even where its
//! causes cannot be seen any more.

use std::collections::BTreeSet;

use futures_util::join;
use greenlight_aws::{
    AwsError, Clients, chain,
    codedeploy::{self, Deployment, DeploymentTarget, Progress},
    ecs::{self, Service, ServiceDeployment, ServiceRevision},
    elbv2,
};
use greenlight_core::{gate::GateReport, record::DeploymentRecord};

use crate::{
    log_lines::{self, LINES},
    observe::stop_reason,
};

/// So many lines are kept, and so many of one kind.
const LINES_LIMIT: usize = 20;
const STOPPED_TASKS_LIMIT: usize = 5;
/// Of one line, so many characters are kept.
const LINE_LIMIT: usize = 500;
/// And so many of the reason, which events carry as well.
const REASON_LIMIT: usize = 1000;

/// Why a deployment failed, in one sentence, and the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    pub(crate) evidence: Vec<String>,
}

/// Looks for the causes of a failed deployment. `stopped` says that somebody stopped it.
pub(crate) async fn failure(
    clients: &Clients,
    deployment: &Deployment,
    at: Option<&DeploymentTarget>,
    record: Option<&DeploymentRecord>,
    stopped: bool,
) -> Failure {
    let mut lines = Vec::new();
    if let Some(record) = record {
        for report in record.gates.values() {
            lines.extend(report.failures());
        }
    }
    let mut reason = lines.first().cloned();
    if let Some((code, message)) = &deployment.error {
        let said = if message.is_empty() {
            code.clone()
        } else {
            format!("{code}: {message}")
        };
        reason.get_or_insert_with(|| format!("CodeDeploy reports {said}"));
        lines.push(format!("CodeDeploy: {said}"));
    }
    if let Some(at) = at {
        lines.extend(what_ecs_shows(clients, deployment, at).await);
    }
    if stopped {
        reason = Some(match reason {
            Some(reason) => format!("the deployment was stopped; {reason}"),
            None => "the deployment was stopped".to_owned(),
        });
    }
    if let Some(rollback) = &deployment.rolled_back_by {
        lines.push(format!(
            "CodeDeploy deployment {rollback} rolls back to the previous tasks"
        ));
    }
    let otherwise = || format!("CodeDeploy ended it with status {}", deployment.status);
    told(reason.unwrap_or_else(otherwise), lines)
}

/// What a gate tells that did not pass.
pub(crate) fn of_gate(report: &GateReport) -> Failure {
    told(report.summary(), report.failures().collect())
}

/// Which service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) cluster: &'a str,
    pub(crate) service: &'a str,
}

/// Looks for the causes of a failed service deployment.
pub(crate) async fn service_failure(
    clients: &Clients,
    place: Place<'_>,
    deployment: &ServiceDeployment,
    revision: &ServiceRevision,
    record: Option<&DeploymentRecord>,
) -> Failure {
    let mut lines = Vec::new();
    if let Some(record) = record {
        for report in record.gates.values() {
            lines.extend(report.failures());
        }
    }
    let mut reason = lines.first().cloned();
    for hook in &deployment.hooks {
        if matches!(hook.status.as_str(), "FAILED" | "TIMED_OUT") {
            lines.push(format!(
                "hook {} ({}) is {}",
                hook.id, hook.target_type, hook.status
            ));
        }
    }
    if let Some(breaker) = &deployment.breaker
        && breaker.status == "TRIGGERED"
    {
        let text = format!(
            "the circuit breaker has gone off: {} of {} failed tasks",
            breaker.failures, breaker.threshold
        );
        reason.get_or_insert_with(|| text.clone());
        lines.push(text);
    }
    if !deployment.alarms.is_empty() {
        lines.push(format!(
            "alarms have gone off: {}",
            deployment.alarms.join(", ")
        ));
    }
    let said = [&deployment.status_reason, &deployment.rollback_reason];
    for said in said.into_iter().flatten() {
        reason.get_or_insert_with(|| format!("ECS reports: {said}"));
        lines.push(format!("ECS: {said}"));
    }
    let started_by = revision.tasks_started_by();
    lines.extend(stopped_tasks(clients, place.cluster, place.service, &started_by).await);
    let load_balancers = revision.target_groups.iter();
    for target_group in load_balancers {
        lines.extend(ill_targets(clients, target_group).await);
    }
    let otherwise = || format!("ECS ended it with status {}", deployment.status);
    told(reason.unwrap_or_else(otherwise), lines)
}

/// The failure, within bounds.
pub(crate) fn told(mut reason: String, mut lines: Vec<String>) -> Failure {
    // AWS gives the same reason in more than one place.
    let mut known = BTreeSet::new();
    lines.retain(|line| known.insert(line.clone()));
    for line in &mut lines {
        cut(line, LINE_LIMIT);
    }
    lines.truncate(LINES_LIMIT);
    cut(&mut reason, REASON_LIMIT);
    Failure {
        reason,
        evidence: lines,
    }
}

fn cut(text: &mut String, limit: usize) {
    if text.chars().count() > limit {
        *text = text.chars().take(limit).chain(['…']).collect();
    }
}

/// The tasks that stopped by themselves.
async fn stopped_tasks(
    clients: &Clients,
    cluster: &str,
    service: &str,
    started_by: &str,
) -> Vec<String> {
    let mut lines = Vec::new();
    let stopped = ecs::stopped_tasks(clients, cluster, service, started_by).await;
    let stopped = kept(stopped, &mut lines).unwrap_or_default();
    let told = stopped
        .iter()
        .filter(|task| has_cause(task))
        .take(STOPPED_TASKS_LIMIT);
    lines.extend(told.map(|task| format!("stopped task {}: {}", task.id, stop_reason(task))));
    // One says what all of them have to say.
    if let Some(task) = stopped.iter().find(|task| has_cause(task)) {
        lines.extend(log_lines::of_stopped(clients, task, LINES).await);
    }
    lines
}

/// The targets of a target group that are not healthy.
async fn ill_targets(clients: &Clients, target_group: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let health = elbv2::target_health(clients, target_group).await;
    let ill = kept(health, &mut lines).unwrap_or_default();
    lines.extend(
        ill.into_iter()
            .filter(|target| !matches!(target.state.as_str(), "healthy" | "draining" | "unused"))
            .map(|target| {
                format!(
                    "target {} is {}{}",
                    target.target, target.state, target.reason
                )
            }),
    );
    lines
}

async fn what_ecs_shows(
    clients: &Clients,
    deployment: &Deployment,
    at: &DeploymentTarget,
) -> Vec<String> {
    let mut lines = Vec::new();
    let (progress, service) = join!(
        codedeploy::progress(clients, &deployment.id, at),
        ecs::service(clients, &at.cluster, &at.service),
    );
    let progress = kept(progress, &mut lines).unwrap_or_default();
    let service = kept(service, &mut lines);
    lines.extend(failed_events(&progress));
    let green = service
        .as_ref()
        .and_then(|service: &Service| service.created_by(&deployment.id));
    let started_by = green.map(|set| set.id.clone()).or(progress.green);
    if let Some(started_by) = started_by {
        lines.extend(stopped_tasks(clients, &at.cluster, &at.service, &started_by).await);
    }
    let target_group = green.and_then(|set| set.load_balancers.first());
    if let Some(load_balancer) = target_group {
        lines.extend(ill_targets(clients, &load_balancer.target_group).await);
    }
    lines
}

fn failed_events(progress: &Progress) -> impl Iterator<Item = String> + '_ {
    progress
        .events
        .iter()
        .filter(|event| event.has_failed())
        .map(|event| match &event.message {
            Some(message) => format!("lifecycle event {} failed: {message}", event.name),
            None => format!("lifecycle event {} failed", event.name),
        })
}

/// A task that was stopped because the deployment was rolled back is no cause of it.
fn has_cause(task: &ecs::Task) -> bool {
    let failed_itself = task.containers.iter().any(|container| {
        container.reason.is_some() || container.exit_code.is_some_and(|code| code != 0)
    });
    let by_scheduler = task
        .stopped_reason
        .as_deref()
        .is_some_and(|reason| reason.starts_with("Scaling activity initiated by"));
    failed_itself || !by_scheduler
}

fn kept<T>(result: Result<T, AwsError>, lines: &mut Vec<String>) -> Option<T> {
    result
        .inspect_err(|error| lines.push(format!("could not be seen: {}", chain(error))))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_says_at_length_or_twice_is_kept_within_bounds() {
        let lines = (0..100).map(|number| format!("{}{number}", "ü".repeat(2000)));
        let lines = lines
            .chain(["a".to_owned(), "a".to_owned()])
            .rev()
            .collect();
        let failure = told("ü".repeat(5000), lines);
        assert_eq!(failure.reason.chars().count(), REASON_LIMIT + 1);
        assert_eq!(failure.evidence.len(), LINES_LIMIT);
        assert_eq!(failure.evidence[0], "a");
        assert_ne!(failure.evidence[1], "a");
        let longest = failure.evidence.iter().map(|line| line.chars().count());
        assert_eq!(longest.max(), Some(LINE_LIMIT + 1));
    }
}
