//! AWS CodeDeploy for ECS: deployments, their targets, the answer to a lifecycle hook, and a person's
//! word to go on or to stop (AWS-FACTS 5).

mod deployment_group;
mod intervention;
mod owner;

use aws_sdk_codedeploy::types::{
    self, AppSpecContent, LifecycleEventStatus, RevisionLocation, RevisionLocationType, TimeRange,
};
use jiff::Timestamp;

pub use deployment_group::{DeploymentGroup, deployment_group, platform_of_config};
pub use intervention::{Intervention, continue_deployment, stop_deployment};
pub use owner::owner;

use crate::{AwsError, Clients, Kind, error::failed, timestamp};

/// `BatchGetDeployments` and `BatchGetDeploymentTargets` take so many.
const IDS_PER_CALL: usize = 25;
/// When looking for one deployment, so many are looked at.
const SEARCH_LIMIT: usize = 200;

/// An application and one of its deployment groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `applicationName`
    pub application: String,
    /// `deploymentGroupName`
    pub name: String,
}

impl std::fmt::Display for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "deployment group `{}` of CodeDeploy application `{}`",
            self.name, self.application
        )
    }
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// `d-…`
    pub id: String,
    /// Where it belongs.
    pub group: Group,
    /// `Created | Queued | InProgress | Baking | Succeeded | Failed | Stopped | Ready`
    pub status: String,
    /// `user`, `codeDeployRollback`, …
    pub creator: String,
    /// What was given when it was created.
    pub description: String,
    /// `createTime`
    pub created_at: Option<Timestamp>,
    /// `completeTime`
    pub completed_at: Option<Timestamp>,
    /// Code and message of `errorInformation`.
    pub error: Option<(String, String)>,
    /// The deployment that rolls this one back.
    pub rolled_back_by: Option<String>,
    /// The deployment that this one rolls back.
    pub rolls_back: Option<String>,
}

impl Deployment {
    /// Whether nothing of it goes on any more.
    pub fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "Succeeded" | "Failed" | "Stopped")
    }
}

/// Creates a deployment and gives its id. There is no client token: a second call creates a second
/// deployment, or fails because the first one runs (AWS-FACTS 5.2).
pub async fn create_deployment(
    clients: &Clients,
    group: &Group,
    config: Option<&str>,
    app_spec: &str,
    description: &str,
) -> Result<String, AwsError> {
    const ACTION: &str = "codedeploy:CreateDeployment";
    let content = AppSpecContent::builder().content(app_spec).build();
    let revision = RevisionLocation::builder()
        .revision_type(RevisionLocationType::AppSpecContent)
        .app_spec_content(content)
        .build();
    let answer = clients
        .codedeploy
        .create_deployment()
        .application_name(&group.application)
        .deployment_group_name(&group.name)
        .set_deployment_config_name(config.map(str::to_owned))
        .revision(revision)
        .description(description)
        .send()
        .await
        .map_err(failed(ACTION, group.to_string()))?;
    answer.deployment_id.ok_or_else(|| {
        let message = "the answer holds no deployment id";
        AwsError::unusable(ACTION, group.to_string(), Kind::Unavailable, None, message)
    })
}

/// The deployment `id`.
pub async fn deployment(clients: &Clients, id: &str) -> Result<Deployment, AwsError> {
    const ACTION: &str = "codedeploy:GetDeployment";
    let resource = || format!("CodeDeploy deployment `{id}`");
    let answer = clients
        .codedeploy
        .get_deployment()
        .deployment_id(id)
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
    answer.deployment_info.map(describe).ok_or_else(|| {
        let message = "the answer holds no deployment";
        AwsError::unusable(ACTION, resource(), Kind::Unavailable, None, message)
    })
}

/// The deployments of a group that were created since, newest first as far as CodeDeploy says so;
/// 200 at the most.
pub async fn deployments_since(
    clients: &Clients,
    group: &Group,
    since: Timestamp,
) -> Result<Vec<Deployment>, AwsError> {
    let start = aws_smithy_types::DateTime::from_secs(since.as_second());
    let mut ids = Vec::new();
    let mut next_token = None;
    loop {
        let page = clients
            .codedeploy
            .list_deployments()
            .application_name(&group.application)
            .deployment_group_name(&group.name)
            .create_time_range(TimeRange::builder().start(start).build())
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed("codedeploy:ListDeployments", group.to_string()))?;
        ids.extend(page.deployments().iter().cloned());
        next_token = page.next_token().map(str::to_owned);
        if next_token.is_none() || ids.len() >= SEARCH_LIMIT {
            break;
        }
    }
    ids.truncate(SEARCH_LIMIT);
    let mut deployments = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IDS_PER_CALL) {
        let answer = clients
            .codedeploy
            .batch_get_deployments()
            .set_deployment_ids(Some(ids.to_vec()))
            .send()
            .await
            .map_err(failed("codedeploy:BatchGetDeployments", group.to_string()))?;
        deployments.extend(
            answer
                .deployments_info
                .unwrap_or_default()
                .into_iter()
                .map(describe),
        );
    }
    Ok(deployments)
}

/// The id of a deployment of a group that has not ended. There is one at a time (AWS-FACTS 5.2).
pub async fn going_on(clients: &Clients, group: &Group) -> Result<Option<String>, AwsError> {
    use types::DeploymentStatus::{Baking, Created, InProgress, Queued, Ready};
    let page = clients
        .codedeploy
        .list_deployments()
        .application_name(&group.application)
        .deployment_group_name(&group.name)
        .set_include_only_statuses(Some(vec![Created, Queued, InProgress, Baking, Ready]))
        .send()
        .await
        .map_err(failed("codedeploy:ListDeployments", group.to_string()))?;
    Ok(page.deployments().first().cloned())
}

fn describe(info: types::DeploymentInfo) -> Deployment {
    let rollback = info.rollback_info;
    let linked = |id: Option<String>| id.filter(|id| !id.is_empty());
    Deployment {
        id: info.deployment_id.unwrap_or_default(),
        group: Group {
            application: info.application_name.unwrap_or_default(),
            name: info.deployment_group_name.unwrap_or_default(),
        },
        status: info
            .status
            .map_or_else(String::new, |status| status.as_str().to_owned()),
        creator: info
            .creator
            .map_or_else(String::new, |creator| creator.as_str().to_owned()),
        description: info.description.unwrap_or_default(),
        created_at: info.create_time.as_ref().and_then(timestamp),
        completed_at: info.complete_time.as_ref().and_then(timestamp),
        error: info.error_information.map(|error| {
            let code = error
                .code
                .map_or_else(String::new, |code| code.as_str().to_owned());
            (code, error.message.unwrap_or_default())
        }),
        rolled_back_by: rollback
            .as_ref()
            .and_then(|rollback| linked(rollback.rollback_deployment_id.clone())),
        rolls_back: rollback
            .and_then(|rollback| linked(rollback.rollback_triggering_deployment_id)),
    }
}

/// A service as the target of a deployment. Its id is `<cluster>:<service>` (AWS-FACTS 5.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentTarget {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
}

/// The ECS service that a deployment deploys to; `None` while the deployment has no target yet.
pub async fn deployment_target(
    clients: &Clients,
    deployment: &str,
) -> Result<Option<DeploymentTarget>, AwsError> {
    const ACTION: &str = "codedeploy:ListDeploymentTargets";
    let resource = || format!("CodeDeploy deployment `{deployment}`");
    let answer = clients
        .codedeploy
        .list_deployment_targets()
        .deployment_id(deployment)
        .send()
        .await
        .map_err(failed(ACTION, resource()));
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if error.is("DeploymentNotStartedException") => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(id) = answer.target_ids().first() else {
        return Ok(None);
    };
    let (cluster, service) = id.split_once(':').ok_or_else(|| {
        let message = format!("`{id}` is not the target of an ECS deployment");
        AwsError::unusable(ACTION, resource(), Kind::Invalid, None, message)
    })?;
    Ok(Some(DeploymentTarget {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
    }))
}

/// One lifecycle event of a deployment, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleEvent {
    /// `BeforeInstall`, …
    pub name: String,
    /// `Pending | InProgress | Succeeded | Failed | Skipped | Unknown`
    pub status: String,
    /// `diagnostics.message`, where there is one.
    pub message: Option<String>,
}

impl LifecycleEvent {
    /// Whether it is running now.
    pub fn is_in_progress(&self) -> bool {
        self.status == LifecycleEventStatus::InProgress.as_str()
    }

    /// Whether it failed.
    pub fn has_failed(&self) -> bool {
        self.status == LifecycleEventStatus::Failed.as_str()
    }
}

/// A task set, as CodeDeploy sees it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskSetProgress {
    /// `ecs-svc/…`
    pub id: String,
    /// `Blue | Green`, if it is said.
    pub label: Option<String>,
    /// `desiredCount`
    pub desired: i64,
    /// `runningCount`
    pub running: i64,
    /// `pendingCount`
    pub pending: i64,
    /// `trafficWeight`, in percent of the production traffic.
    pub weight: f64,
}

/// What a deployment does at its target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// Its lifecycle events.
    pub events: Vec<LifecycleEvent>,
    /// The id (`ecs-svc/…`) of the task set labelled `Green`; a finished deployment may have no
    /// labels (AWS-FACTS 5.7).
    pub green: Option<String>,
    /// The task sets of the service.
    pub task_sets: Vec<TaskSetProgress>,
}

/// What a deployment does at its target.
pub async fn progress(
    clients: &Clients,
    deployment: &str,
    target: &DeploymentTarget,
) -> Result<Progress, AwsError> {
    const ACTION: &str = "codedeploy:BatchGetDeploymentTargets";
    let answer = clients
        .codedeploy
        .batch_get_deployment_targets()
        .deployment_id(deployment)
        .target_ids(format!("{}:{}", target.cluster, target.service))
        .send()
        .await
        .map_err(failed(
            ACTION,
            format!("CodeDeploy deployment `{deployment}`"),
        ))?;
    let Some(ecs) = answer
        .deployment_targets()
        .first()
        .and_then(|target| target.ecs_target())
    else {
        return Ok(Progress::default());
    };
    let green = ecs
        .task_sets_info()
        .iter()
        .find(|set| set.task_set_label().map(types::TargetLabel::as_str) == Some("Green"));
    Ok(Progress {
        events: ecs.lifecycle_events().iter().map(lifecycle_event).collect(),
        // The field is really spelt so.
        green: green
            .and_then(types::EcsTaskSet::identifer)
            .map(str::to_owned),
        task_sets: ecs.task_sets_info().iter().map(task_set).collect(),
    })
}

fn task_set(set: &types::EcsTaskSet) -> TaskSetProgress {
    TaskSetProgress {
        id: set.identifer().unwrap_or_default().to_owned(),
        label: set.task_set_label().map(|label| label.as_str().to_owned()),
        desired: set.desired_count(),
        running: set.running_count(),
        pending: set.pending_count(),
        weight: set.traffic_weight(),
    }
}

fn lifecycle_event(event: &types::LifecycleEvent) -> LifecycleEvent {
    LifecycleEvent {
        name: event.lifecycle_event_name().unwrap_or_default().to_owned(),
        status: event
            .status()
            .map_or("Unknown", LifecycleEventStatus::as_str)
            .to_owned(),
        message: event
            .diagnostics()
            .and_then(types::Diagnostics::message)
            .filter(|message| !message.is_empty())
            .map(str::to_owned),
    }
}

/// The listeners of a deployment group, by ARN (AWS-FACTS 5.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listeners {
    /// `prodTrafficRoute.listenerArns`
    pub production: Vec<String>,
    /// `testTrafficRoute.listenerArns`
    pub test: Vec<String>,
}

/// The listeners of `group`.
pub async fn listeners(clients: &Clients, group: &Group) -> Result<Listeners, AwsError> {
    let answer = clients
        .codedeploy
        .get_deployment_group()
        .application_name(&group.application)
        .deployment_group_name(&group.name)
        .send()
        .await
        .map_err(failed("codedeploy:GetDeploymentGroup", group.to_string()))?;
    let pairs = answer
        .deployment_group_info()
        .and_then(types::DeploymentGroupInfo::load_balancer_info)
        .map(types::LoadBalancerInfo::target_group_pair_info_list)
        .unwrap_or_default();
    let arns = |route: Option<&types::TrafficRoute>| {
        route
            .map(types::TrafficRoute::listener_arns)
            .unwrap_or_default()
            .to_vec()
    };
    Ok(Listeners {
        production: pairs
            .iter()
            .flat_map(|pair| arns(pair.prod_traffic_route()))
            .collect(),
        test: pairs
            .iter()
            .flat_map(|pair| arns(pair.test_traffic_route()))
            .collect(),
    })
}

/// What became of an answer to a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookAnswer {
    /// CodeDeploy took it.
    Taken,
    /// The lifecycle event had been answered, or had ended, before (AWS-FACTS 5.4).
    AlreadyCompleted,
}

/// Answers a lifecycle hook. CodeDeploy takes only `Succeeded` and `Failed`.
pub async fn answer_hook(
    clients: &Clients,
    deployment: &str,
    execution: &str,
    succeeded: bool,
) -> Result<HookAnswer, AwsError> {
    let status = if succeeded {
        LifecycleEventStatus::Succeeded
    } else {
        LifecycleEventStatus::Failed
    };
    let result = clients
        .codedeploy
        .put_lifecycle_event_hook_execution_status()
        .deployment_id(deployment)
        .lifecycle_event_hook_execution_id(execution)
        .status(status)
        .send()
        .await
        .map_err(failed(
            "codedeploy:PutLifecycleEventHookExecutionStatus",
            format!("lifecycle hook of CodeDeploy deployment `{deployment}`"),
        ));
    match result {
        Ok(_) => Ok(HookAnswer::Taken),
        Err(error) if error.is("LifecycleEventAlreadyCompletedException") => {
            Ok(HookAnswer::AlreadyCompleted)
        }
        Err(error) => Err(error),
    }
}
