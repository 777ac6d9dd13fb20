//! What a service really runs: its task set, the task definition behind it, the digests of its
//! running tasks.

use futures_util::try_join;
use greenlight_aws::{
    AwsError, Clients, chain, ecr,
    ecs::{self, TaskSet},
};
use greenlight_core::{
    gate::RunningContainer,
    image::{Digest, ImageRef, RepositoryUri},
    task_definition::TaskDefinition,
};

/// The running tasks of one task set.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) definition: TaskDefinition,
    pub(crate) tasks: Vec<ecs::Task>,
}

/// Reads the task definition and the running tasks of a task set, together.
pub(crate) async fn running(
    clients: &Clients,
    cluster: &str,
    set: &TaskSet,
) -> Result<Running, AwsError> {
    let (definition, tasks) = try_join!(
        task_definition(clients, &set.task_definition),
        ecs::running_tasks(clients, cluster, &set.id),
    )?;
    Ok(Running { definition, tasks })
}

/// A task definition as a document that can be read.
pub(crate) async fn task_definition(
    clients: &Clients,
    arn: &str,
) -> Result<TaskDefinition, AwsError> {
    let found = ecs::task_definition(clients, arn).await?;
    TaskDefinition::parse(found.document).map_err(|error| {
        AwsError::not_understood(
            "ecs:DescribeTaskDefinition",
            format!("task definition `{arn}`"),
            chain(&error),
        )
    })
}

impl Running {
    /// The digest of the image that `container` runs: the one that the task definition pins, or else
    /// the one that all tasks agree upon; `None` where the image is not of `repository`.
    pub(crate) fn image(&self, container: &str, repository: &RepositoryUri) -> Option<Digest> {
        let image: ImageRef = self.definition.image_of(container).ok()?.parse().ok()?;
        if image.repository.canonical() != repository.canonical() {
            return None;
        }
        if image.digest.is_some() {
            return image.digest;
        }
        let mut digests = containers(&self.tasks, &[container])
            .into_iter()
            .map(|found| found.digest);
        let first = digests.next()??;
        digests
            .all(|digest| digest.as_ref() == Some(&first))
            .then_some(first)
    }
}

/// The digests that count as `digest`: itself and, if it is an index, its children.
pub(crate) async fn accepted_digests(
    clients: &Clients,
    repository: &RepositoryUri,
    digest: &Digest,
) -> Result<Vec<Digest>, AwsError> {
    let manifest = ecr::manifest(clients, repository, digest).await?;
    let children = manifest
        .map(|manifest| manifest.children())
        .unwrap_or_default();
    Ok([digest.clone()].into_iter().chain(children).collect())
}

/// The containers of these names, of each of the tasks.
pub(crate) fn containers(tasks: &[ecs::Task], names: &[&str]) -> Vec<RunningContainer> {
    let mut found = Vec::new();
    for task in tasks {
        for container in &task.containers {
            if names.contains(&container.name.as_str()) {
                let digest = container.digest.as_deref();
                found.push(RunningContainer {
                    task: task.id.clone(),
                    container: container.name.clone(),
                    digest: digest.and_then(|digest| digest.parse().ok()),
                });
            }
        }
    }
    found
}

/// Why a task has stopped: its own reason, and that of each container that has one.
pub(crate) fn stop_reason(task: &ecs::Task) -> String {
    let mut reasons = Vec::new();
    reasons.extend(task.stopped_reason.clone());
    for container in &task.containers {
        let code = container.exit_code.map(|code| format!("exit code {code}"));
        let said = [code, container.reason.clone()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ");
        if !said.is_empty() {
            reasons.push(format!("container `{}`: {said}", container.name));
        }
    }
    if reasons.is_empty() {
        reasons.push("no reason given".to_owned());
    }
    reasons.join("; ")
}
