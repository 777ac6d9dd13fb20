//! Service deployments: the truth about a deployment that ECS carries out itself, rolling or
//! blue/green, and the ways to stop it or to answer its pause hooks (AWS-FACTS 6.4, 7.6).

use aws_sdk_ecs::types::{self, DeploymentLifecycleHookAction, StopServiceDeploymentStopType};
use jiff::Timestamp;

use super::count;
use crate::{AwsError, Clients, Kind, error::failed, timestamp};

/// `DescribeServiceDeployments` takes so many, and so many are looked at when searching.
const DEPLOYMENTS_LIMIT: i32 = 20;

/// A service deployment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceDeployment {
    /// `arn:aws:ecs:…:service-deployment/<cluster>/<service>/<id>`
    pub arn: String,
    /// `serviceArn`
    pub service_arn: String,
    /// `PENDING | IN_PROGRESS | SUCCESSFUL | STOP_REQUESTED | STOPPED | ROLLBACK_REQUESTED |
    /// ROLLBACK_IN_PROGRESS | ROLLBACK_SUCCESSFUL | ROLLBACK_FAILED`. There is no plain failure.
    pub status: String,
    /// `statusReason`
    pub status_reason: Option<String>,
    /// `lifecycleStage`, as it is written: ECS has stages that its own enumeration lacks.
    pub stage: Option<String>,
    /// `createdAt`
    pub created_at: Option<Timestamp>,
    /// `finishedAt`, or `stoppedAt`
    pub finished_at: Option<Timestamp>,
    /// What it deploys.
    pub target_revision: Option<Revision>,
    /// What ran before; nothing for the first deployment of a service.
    pub source_revisions: Vec<Revision>,
    /// `rollback.reason`
    pub rollback_reason: Option<String>,
    /// The circuit breaker.
    pub breaker: Option<Breaker>,
    /// The alarms that have gone off: `alarms.triggeredAlarmNames`.
    pub alarms: Vec<String>,
    /// The hooks that run, have run, or wait for an answer.
    pub hooks: Vec<HookDetail>,
}

impl ServiceDeployment {
    /// Whether nothing of it goes on any more.
    pub fn has_ended(&self) -> bool {
        matches!(
            self.status.as_str(),
            "SUCCESSFUL" | "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED"
        )
    }

    /// Whether it has deployed what it was to deploy. A rollback that succeeded is none.
    pub fn has_succeeded(&self) -> bool {
        self.status == "SUCCESSFUL"
    }

    /// Whether it is on its way back.
    pub fn is_rolling_back(&self) -> bool {
        matches!(
            self.status.as_str(),
            "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS"
        )
    }

    /// The pause hook that waits for somebody to say whether to go on.
    pub fn awaiting(&self) -> Option<&HookDetail> {
        self.hooks
            .iter()
            .find(|hook| hook.status == "AWAITING_ACTION")
    }
}

/// A service revision's part in a deployment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Revision {
    /// `arn:aws:ecs:…:service-revision/<cluster>/<service>/<id>`
    pub arn: String,
    /// `requestedTaskCount`
    pub requested: u32,
    /// `runningTaskCount`
    pub running: u32,
    /// `pendingTaskCount`
    pub pending: u32,
    /// `requestedProductionTrafficWeight`, in percent.
    pub production_weight: Option<f64>,
    /// `requestedTestTrafficWeight`, in percent.
    pub test_weight: Option<f64>,
}

/// The circuit breaker of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaker {
    /// `TRIGGERED | MONITORING | MONITORING_COMPLETE | DISABLED`
    pub status: String,
    /// So many tasks have failed.
    pub failures: u32,
    /// At so many it goes off.
    pub threshold: u32,
}

/// A hook of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookDetail {
    /// `hookId`, which an answer to a pause names.
    pub id: String,
    /// `AWS_LAMBDA | PAUSE`
    pub target_type: String,
    /// The function's ARN.
    pub target_arn: Option<String>,
    /// `AWAITING_ACTION | IN_PROGRESS | SUCCEEDED | FAILED | TIMED_OUT`
    pub status: String,
    /// When ECS decides alone.
    pub expires_at: Option<Timestamp>,
    /// What it then does: `ROLLBACK | CONTINUE`.
    pub timeout_action: Option<String>,
}

/// The answer to a pause hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookAction {
    /// Go on.
    Continue,
    /// Go back.
    Rollback,
}

/// The service deployment `arn`.
pub async fn service_deployment(
    clients: &Clients,
    arn: &str,
) -> Result<ServiceDeployment, AwsError> {
    const ACTION: &str = "ecs:DescribeServiceDeployments";
    let answer = clients
        .ecs
        .describe_service_deployments()
        .service_deployment_arns(arn)
        .send()
        .await
        .map_err(failed(ACTION, resource(arn)))?;
    if let Some(deployment) = answer.service_deployments().first() {
        return Ok(describe(deployment));
    }
    let failure = answer.failures().first();
    let reason = failure.and_then(types::Failure::reason);
    let reason = reason.unwrap_or("MISSING");
    Err(AwsError::unusable(
        ACTION,
        resource(arn),
        Kind::NotFound,
        Some(reason.to_owned()),
        format!("ECS answers {reason}"),
    ))
}

/// The deployments of a service that were created since, newest first; 20 at the most. A service runs
/// one deployment at a time, so whoever looks for the last one finds it among them.
pub async fn service_deployments_since(
    clients: &Clients,
    cluster: &str,
    service: &str,
    since: Timestamp,
) -> Result<Vec<ServiceDeployment>, AwsError> {
    let resource = format!("ECS service `{service}` in cluster `{cluster}`");
    let after = aws_smithy_types::DateTime::from_secs(since.as_second());
    let page = clients
        .ecs
        .list_service_deployments()
        .cluster(cluster)
        .service(service)
        .created_at(types::CreatedAt::builder().after(after).build())
        .max_results(DEPLOYMENTS_LIMIT)
        .send()
        .await
        .map_err(failed("ecs:ListServiceDeployments", resource.as_str()))?;
    let arns: Vec<String> = page
        .service_deployments()
        .iter()
        .filter_map(|brief| brief.service_deployment_arn().map(str::to_owned))
        .collect();
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let answer = clients
        .ecs
        .describe_service_deployments()
        .set_service_deployment_arns(Some(arns))
        .send()
        .await
        .map_err(failed("ecs:DescribeServiceDeployments", resource))?;
    let mut deployments: Vec<_> = answer.service_deployments().iter().map(describe).collect();
    // The order of either answer is not documented.
    deployments.sort_by_key(|deployment| std::cmp::Reverse(deployment.created_at));
    Ok(deployments)
}

/// Stops a deployment and goes back to what ran before. One that has ended is a conflict.
pub async fn stop_service_deployment(clients: &Clients, arn: &str) -> Result<(), AwsError> {
    clients
        .ecs
        .stop_service_deployment()
        .service_deployment_arn(arn)
        .stop_type(StopServiceDeploymentStopType::Rollback)
        .send()
        .await
        .map_err(failed("ecs:StopServiceDeployment", resource(arn)))?;
    Ok(())
}

/// Answers the pause hook `hook_id` of a deployment.
pub async fn continue_service_deployment(
    clients: &Clients,
    arn: &str,
    hook_id: &str,
    action: HookAction,
) -> Result<(), AwsError> {
    let action = match action {
        HookAction::Continue => DeploymentLifecycleHookAction::Continue,
        HookAction::Rollback => DeploymentLifecycleHookAction::Rollback,
    };
    clients
        .ecs
        .continue_service_deployment()
        .service_deployment_arn(arn)
        .hook_id(hook_id)
        .action(action)
        .send()
        .await
        .map_err(failed(
            "ecs:ContinueServiceDeployment",
            format!("pause hook `{hook_id}` of the {}", resource(arn)),
        ))?;
    Ok(())
}

fn resource(arn: &str) -> String {
    format!("ECS service deployment `{arn}`")
}

fn describe(deployment: &types::ServiceDeployment) -> ServiceDeployment {
    ServiceDeployment {
        arn: text(deployment.service_deployment_arn()),
        service_arn: text(deployment.service_arn()),
        status: text(
            deployment
                .status()
                .map(types::ServiceDeploymentStatus::as_str),
        ),
        status_reason: deployment.status_reason().map(str::to_owned),
        stage: deployment
            .lifecycle_stage()
            .map(|stage| stage.as_str().to_owned()),
        created_at: deployment.created_at().and_then(timestamp),
        finished_at: deployment
            .finished_at()
            .or(deployment.stopped_at())
            .and_then(timestamp),
        target_revision: deployment.target_service_revision().map(revision),
        source_revisions: deployment
            .source_service_revisions()
            .iter()
            .map(revision)
            .collect(),
        rollback_reason: deployment
            .rollback()
            .and_then(types::Rollback::reason)
            .map(str::to_owned),
        breaker: deployment
            .deployment_circuit_breaker()
            .map(|breaker| Breaker {
                status: text(
                    breaker
                        .status()
                        .map(types::ServiceDeploymentRollbackMonitorsStatus::as_str),
                ),
                failures: count(breaker.failure_count()),
                threshold: count(breaker.threshold()),
            }),
        alarms: deployment
            .alarms()
            .map(types::ServiceDeploymentAlarms::triggered_alarm_names)
            .unwrap_or_default()
            .to_vec(),
        hooks: deployment
            .lifecycle_hook_details()
            .iter()
            .map(hook)
            .collect(),
    }
}

fn revision(revision: &types::ServiceRevisionSummary) -> Revision {
    Revision {
        arn: text(revision.arn()),
        requested: count(revision.requested_task_count()),
        running: count(revision.running_task_count()),
        pending: count(revision.pending_task_count()),
        production_weight: revision.requested_production_traffic_weight(),
        test_weight: revision.requested_test_traffic_weight(),
    }
}

fn hook(hook: &types::DeploymentLifecycleHookDetail) -> HookDetail {
    HookDetail {
        id: text(hook.hook_id()),
        target_type: hook
            .target_type()
            .map_or("AWS_LAMBDA", |kind| kind.as_str())
            .to_owned(),
        target_arn: hook.target_arn().map(str::to_owned),
        status: text(
            hook.status()
                .map(types::DeploymentLifecycleHookStatus::as_str),
        ),
        expires_at: hook.expires_at().and_then(timestamp),
        timeout_action: hook
            .timeout_action()
            .map(|action| action.as_str().to_owned()),
    }
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_that_was_rolled_back_has_ended_without_success() {
        for (status, ended, succeeded, rolling_back) in [
            ("PENDING", false, false, false),
            ("IN_PROGRESS", false, false, false),
            ("SUCCESSFUL", true, true, false),
            ("STOP_REQUESTED", false, false, false),
            ("STOPPED", true, false, false),
            ("ROLLBACK_REQUESTED", false, false, true),
            ("ROLLBACK_IN_PROGRESS", false, false, true),
            ("ROLLBACK_SUCCESSFUL", true, false, false),
            ("ROLLBACK_FAILED", true, false, false),
            ("", false, false, false),
        ] {
            let deployment = ServiceDeployment {
                status: status.to_owned(),
                ..ServiceDeployment::default()
            };
            assert_eq!(deployment.has_ended(), ended, "{status}");
            assert_eq!(deployment.has_succeeded(), succeeded, "{status}");
            assert_eq!(deployment.is_rolling_back(), rolling_back, "{status}");
        }
    }
}
