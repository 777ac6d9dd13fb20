//! What a service really runs: its task set or deployment, the task definition behind it, the
//! digests of its running tasks.

use futures_util::{future::try_join_all, try_join};
use greenlight_aws::{
    AwsError, Clients, chain, ecr,
    ecs::{self, Service},
    table::StoredTarget,
};
use greenlight_core::{
    deployment::Candidate,
    gate::{Measurement, Phase, RunningContainer, measure_digests},
    image::{Digest, ImageRef, RepositoryUri},
    task_definition::TaskDefinition,
};

/// What carries the production traffic of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Live {
    /// What its tasks carry in `startedBy`.
    pub(crate) started_by: String,
    pub(crate) task_definition: String,
}

impl Live {
    /// The primary task set, or the primary deployment under the controller `ECS`.
    pub(crate) fn of(service: &Service) -> Option<Self> {
        if service.controller == "ECS" {
            let primary = service.primary_deployment()?;
            return Some(Self {
                started_by: primary.id.clone(),
                task_definition: primary.task_definition.clone(),
            });
        }
        let primary = service.primary()?;
        Some(Self {
            started_by: primary.id.clone(),
            task_definition: primary.task_definition.clone(),
        })
    }
}

/// The running tasks of one task set or deployment.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) definition: TaskDefinition,
    pub(crate) tasks: Vec<ecs::Task>,
}

/// Reads the task definition and the running tasks of what is live, together.
pub(crate) async fn running(
    clients: &Clients,
    cluster: &str,
    live: &Live,
) -> Result<Running, AwsError> {
    let (definition, tasks) = try_join!(
        task_definition(clients, &live.task_definition),
        ecs::running_tasks(clients, cluster, &live.started_by),
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

/// Containers, and the digests that count as the image which they are to run.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    containers: Vec<String>,
    digests: Vec<Digest>,
}

/// For every image of a candidate, the containers that take it and the digests that count as it.
pub(crate) async fn accepted(
    clients: &Clients,
    stored: &StoredTarget,
    candidate: &Candidate,
) -> Result<Vec<Accepted>, AwsError> {
    let taken = candidate.images().filter_map(|image| {
        let sources = stored.target.images.iter();
        let containers: Vec<String> = sources
            .filter(|source| stored.repository_of(source) == image.repository)
            .map(|source| source.container.clone())
            .collect();
        // What was taken of a repository that the target has given up since is nobody's.
        (!containers.is_empty()).then_some((containers, image))
    });
    try_join_all(taken.map(async |(containers, image)| {
        let digests = accepted_digests(clients, &image.repository, &image.digest).await?;
        Ok(Accepted {
            containers,
            digests,
        })
    }))
    .await
}

/// Whether the tasks run every image that is accepted.
pub(crate) fn measure_images(accepted: &[Accepted], tasks: &[ecs::Task]) -> Measurement {
    let mut summary = Measurement::inconclusive("no container takes the image");
    for Accepted {
        containers: names,
        digests,
    } in accepted
    {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        summary = measure_digests(&containers(tasks, &names), digests);
        if summary.phase != Phase::Successful {
            break;
        }
    }
    summary
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
