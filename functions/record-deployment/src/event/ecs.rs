//! `ECS Deployment State Change` and `ECS Task State Change` (AWS-FACTS 6.3).

use aws_lambda_events::eventbridge::EventBridgeEvent;
use greenlight_core::target::Service;
use greenlight_deployer::conclude::Change;
use serde::Deserialize;

use super::{Parsed, account, detail, excerpt, is_plain, unreadable};

pub(super) const DEPLOYMENT: &str = "ECS Deployment State Change";
pub(super) const TASK: &str = "ECS Task State Change";

/// The part of a deployment's detail that is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentChange {
    deployment_id: String,
    /// Undocumented, but there; an old ARN of a service does not name its cluster.
    #[serde(default)]
    cluster_arn: Option<String>,
}

/// A deployment of a service began, ended or is rolled back: which of these, its API says.
pub(super) fn deployment(envelope: &EventBridgeEvent) -> Parsed {
    let change: DeploymentChange = match detail(envelope) {
        Ok(change) => change,
        Err(unreadable) => return unreadable,
    };
    if !is_plain(&change.deployment_id) {
        return unreadable(format!(
            "`{}` is not the id of a deployment of ECS",
            excerpt(&change.deployment_id)
        ));
    }
    let mut resources = envelope.resources.iter().flatten();
    let service = resources.find_map(|arn| service(arn.as_str(), change.cluster_arn.as_deref()));
    let Some(service) = service else {
        return unreadable("the event names no ECS service in `resources`");
    };
    match account(envelope) {
        Ok(account) => Parsed::Change(Change::Service {
            account,
            service,
            deployment: change.deployment_id,
        }),
        Err(unreadable) => unreadable,
    }
}

/// The service of an ARN: `…:service/<cluster>/<name>`, or of old `…:service/<name>`.
fn service(arn: &str, cluster_arn: Option<&str>) -> Option<Service> {
    let (_, path) = arn.split_once(":service/")?;
    let (cluster, name) = match path.split_once('/') {
        Some((cluster, name)) => (cluster, name),
        None => (name_of(cluster_arn?)?, path),
    };
    let is_name = |text: &str| is_plain(text) && !text.contains('/');
    (is_name(cluster) && is_name(name)).then(|| Service {
        cluster: cluster.to_owned(),
        name: name.to_owned(),
    })
}

/// The part of a task's detail that is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TaskChange {
    task_arn: String,
    cluster_arn: String,
    #[serde(default)]
    last_status: String,
    #[serde(default)]
    started_by: String,
}

/// A task has stopped that Greenlight started.
pub(super) fn task(envelope: &EventBridgeEvent) -> Parsed {
    let change: TaskChange = match detail(envelope) {
        Ok(change) => change,
        Err(unreadable) => return unreadable,
    };
    if !change.started_by.starts_with("greenlight/") {
        return Parsed::Ignored {
            reason: "the task was not started by Greenlight".to_owned(),
        };
    }
    if change.last_status != "STOPPED" {
        return Parsed::Ignored {
            reason: format!("the task has not stopped: it is {}", change.last_status),
        };
    }
    let cluster = name_of(&change.cluster_arn).filter(|name| is_plain(name));
    let Some(cluster) = cluster.filter(|_| is_plain(&change.task_arn)) else {
        return unreadable(format!(
            "`{}` is not the ARN of a task",
            excerpt(&change.task_arn)
        ));
    };
    Parsed::Change(Change::Task {
        started_by: change.started_by,
        cluster: cluster.to_owned(),
        task: change.task_arn,
    })
}

/// The last part of an ARN.
fn name_of(arn: &str) -> Option<&str> {
    arn.rsplit('/').next().filter(|name| !name.is_empty())
}
