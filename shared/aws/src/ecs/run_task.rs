//! Running one task. ECS answers 200 with `failures` where it places none, so that an answer without
//! an error is not yet a task (AWS-FACTS 6.6).

use aws_sdk_ecs::types::{self, KeyValuePair, TaskOverride};
use aws_smithy_types::error::operation::BuildError;

use super::{CapacityProvider, Network};
use crate::{AwsError, Clients, Kind, error::failed};

/// What is to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunTask {
    /// The cluster's name or ARN.
    pub cluster: String,
    /// The ARN of the task definition.
    pub task_definition: String,
    /// `launchType`; not together with capacity providers.
    pub launch_type: Option<String>,
    /// `capacityProviderStrategy`; the cluster's own where there is none and no launch type.
    pub capacity_providers: Vec<CapacityProvider>,
    /// `platformVersion`, on Fargate.
    pub platform_version: Option<String>,
    /// `networkConfiguration`, which the network mode `awsvpc` needs.
    pub network: Option<Network>,
    /// What the containers do other than their task definition says. Their image is not among it.
    pub overrides: Vec<ContainerOverride>,
    /// `startedBy`: 128 letters, digits, hyphens, slashes and underscores at the most.
    pub started_by: String,
    /// `clientToken`: a second call with it gives the first one's task; with other parameters it is
    /// a conflict.
    pub client_token: String,
    /// `group`; `family:<family>` where there is none.
    pub group: Option<String>,
}

/// What one container does other than its task definition says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerOverride {
    /// The container's name.
    pub container: String,
    /// Its command; the task definition's where it is empty.
    pub command: Vec<String>,
    /// Variables that are added or replaced.
    pub environment: Vec<(String, String)>,
}

/// A task that ECS has taken on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// `taskArn`
    pub task_arn: String,
}

/// Runs one task.
pub async fn run_task(clients: &Clients, what: &RunTask) -> Result<Ran, AwsError> {
    const ACTION: &str = "ecs:RunTask";
    let resource = || {
        format!(
            "task definition `{}` in cluster `{}`",
            what.task_definition, what.cluster
        )
    };
    let incomplete = |error: BuildError| {
        AwsError::unusable(ACTION, resource(), Kind::Invalid, None, error.to_string())
    };
    let strategy = what
        .capacity_providers
        .iter()
        .map(CapacityProvider::to_sdk)
        .collect::<Result<Vec<_>, _>>()
        .map_err(incomplete)?;
    let network = what.network.as_ref().map(Network::to_sdk).transpose();
    let answer = clients
        .ecs
        .run_task()
        .cluster(&what.cluster)
        .task_definition(&what.task_definition)
        .set_launch_type(what.launch_type.as_deref().map(types::LaunchType::from))
        .set_capacity_provider_strategy(Some(strategy).filter(|strategy| !strategy.is_empty()))
        .set_platform_version(what.platform_version.clone())
        .set_network_configuration(network.map_err(incomplete)?)
        .set_overrides(overrides(&what.overrides))
        .started_by(&what.started_by)
        .client_token(&what.client_token)
        .set_group(what.group.clone())
        .count(1)
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
    if let Some(arn) = answer.tasks().first().and_then(types::Task::task_arn) {
        let task_arn = arn.to_owned();
        return Ok(Ran { task_arn });
    }
    let refusal = refusal(answer.failures());
    Err(AwsError::unusable(
        ACTION,
        resource(),
        refusal.kind,
        refusal.code,
        refusal.message,
    ))
}

fn overrides(overrides: &[ContainerOverride]) -> Option<TaskOverride> {
    if overrides.is_empty() {
        return None;
    }
    let containers = overrides.iter().map(|container| {
        let environment = container
            .environment
            .iter()
            .map(|(name, value)| KeyValuePair::builder().name(name).value(value).build());
        types::ContainerOverride::builder()
            .name(&container.container)
            .set_command(Some(container.command.clone()).filter(|command| !command.is_empty()))
            .set_environment(Some(environment.collect()).filter(|pairs: &Vec<_>| !pairs.is_empty()))
            .build()
    });
    Some(
        TaskOverride::builder()
            .set_container_overrides(Some(containers.collect()))
            .build(),
    )
}

/// Why there is no task.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    kind: Kind,
    code: Option<String>,
    message: String,
}

/// What an answer without a task means. Where room is missing, there may be some a little later.
fn refusal(failures: &[types::Failure]) -> Refusal {
    let Some(failure) = failures.first() else {
        return Refusal {
            kind: Kind::Unavailable,
            code: None,
            message: "the answer holds neither a task nor a failure".to_owned(),
        };
    };
    let reason = failure.reason().unwrap_or("no reason given");
    let message = match failure.detail() {
        Some(detail) if !detail.is_empty() => format!("{reason}: {detail}"),
        _ => reason.to_owned(),
    };
    let kind = if is_lack_of_room(reason) {
        Kind::Unavailable
    } else {
        Kind::Invalid
    };
    Refusal {
        kind,
        code: failure.reason().map(str::to_owned),
        message,
    }
}

/// `RESOURCE:MEMORY`, `AGENT`, `Capacity is unavailable at this time. …`, `EMPTY CAPACITY PROVIDER`,
/// `NO ACTIVE INSTANCES`.
fn is_lack_of_room(reason: &str) -> bool {
    let reason = reason.to_ascii_uppercase();
    reason == "AGENT"
        || reason.starts_with("RESOURCE:")
        || reason.contains("CAPACITY")
        || reason.contains("NO ACTIVE INSTANCES")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_room_may_pass_and_everything_else_stays() {
        for (reason, expected) in [
            ("RESOURCE:MEMORY", Kind::Unavailable),
            ("RESOURCE:ENI", Kind::Unavailable),
            ("AGENT", Kind::Unavailable),
            (
                "Capacity is unavailable at this time. Please try again later or in a different \
                 availability zone",
                Kind::Unavailable,
            ),
            ("EMPTY CAPACITY PROVIDER", Kind::Unavailable),
            ("NO ACTIVE INSTANCES", Kind::Unavailable),
            ("ATTRIBUTE", Kind::Invalid),
            ("LOCATION", Kind::Invalid),
            ("MISSING", Kind::Invalid),
            ("INACTIVE", Kind::Invalid),
        ] {
            let failure = types::Failure::builder().reason(reason).build();
            let refusal = refusal(&[failure]);
            assert_eq!(refusal.kind, expected, "{reason}");
            assert_eq!(refusal.code.as_deref(), Some(reason));
            assert_eq!(refusal.message, reason);
        }
    }

    #[test]
    fn a_refusal_tells_its_detail() {
        let failure = types::Failure::builder()
            .reason("RESOURCE:CPU")
            .detail("2 vCPU are asked for")
            .build();
        assert_eq!(
            refusal(&[failure]).message,
            "RESOURCE:CPU: 2 vCPU are asked for"
        );
    }

    #[test]
    fn an_answer_with_neither_task_nor_failure_may_be_asked_again() {
        assert_eq!(refusal(&[]).kind, Kind::Unavailable);
    }
}
