//! Which containers are looked at, and which digests they have to run.

use futures_util::future::try_join_all;
use greenlight_aws::{AwsError, Clients, ecr, ecs::RevisionImage, table::StoredTarget};
use greenlight_core::{
    deployment::Candidate,
    image::{Digest, ImageRef, RepositoryUri},
    task_definition::{Container, TaskDefinition},
};

use crate::observe;

/// What the green tasks have to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expected {
    /// For each container, the digests that count as the right one; the first is the image's own.
    pub(super) containers: Vec<(String, Vec<Digest>)>,
    /// The same images, for those that are asked about.
    pub(super) images: Vec<GreenImage>,
    /// Whether an essential container has a health check.
    pub(super) has_health_check: bool,
}

/// The image that a container of the green tasks has to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GreenImage {
    pub(super) container: String,
    pub(super) repository: RepositoryUri,
    /// Its own; where it is an index, not that of a child.
    pub(super) digest: Digest,
}

/// What is known of what the green tasks have to run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The green task definition.
    pub(super) task_definition: &'a str,
    /// What ECS resolved the images of the green revision to.
    pub(super) resolved: &'a [RevisionImage],
    /// The target, if one is registered.
    pub(super) stored: Option<&'a StoredTarget>,
    /// What is being deployed, if it is a deployment of ours.
    pub(super) candidate: Option<&'a Candidate>,
}

/// Where the image of a container is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Digest(RepositoryUri, Digest),
    /// What the tag names now.
    Reference(ImageRef),
}

/// For our own deployment, the images that it is about. For somebody else's, and for containers that ours says nothing
/// of, what the green task definition names: the digest, or what its tag was resolved to, or what it names now.
///
/// ECR is asked with the function's own permissions (`ecr`), ECS with those of the target's role.
pub(super) async fn expected(
    ecr: &Clients,
    clients: &Clients,
    wanted: Wanted<'_>,
) -> Result<Expected, AwsError> {
    let definition = observe::task_definition(clients, wanted.task_definition).await?;
    let has_health_check = definition
        .containers()
        .any(|container| container.is_essential() && container.has_health_check());
    let containers = try_join_all(sources(&definition, wanted).into_iter().map(
        async |(name, source)| {
            let accepted = accepted(ecr, &source).await?;
            Ok::<_, AwsError>(accepted.map(|accepted| (name, source, accepted)))
        },
    ))
    .await?;
    let mut expected = Expected {
        has_health_check,
        ..Expected::default()
    };
    for (container, source, digests) in containers.into_iter().flatten() {
        let (Source::Digest(repository, _) | Source::Reference(ImageRef { repository, .. })) =
            source;
        if let Some(digest) = digests.first() {
            expected.images.push(GreenImage {
                container: container.clone(),
                repository,
                digest: digest.clone(),
            });
        }
        expected.containers.push((container, digests));
    }
    Ok(expected)
}

/// The images of a candidate, by the containers of the target that take them.
pub(super) fn images_of(stored: &StoredTarget, candidate: &Candidate) -> Vec<GreenImage> {
    let sources = stored.target.images.iter();
    sources
        .filter_map(|source| {
            let image = candidate.image_of(&stored.repository_of(source))?;
            Some(GreenImage {
                container: source.container.clone(),
                repository: image.repository,
                digest: image.digest,
            })
        })
        .collect()
}

/// The containers that are looked at, those that the target names or all, with their images as far as those are in ECR.
fn sources(definition: &TaskDefinition, wanted: Wanted<'_>) -> Vec<(String, Source)> {
    let names: Vec<&str> = match wanted.stored {
        Some(stored) => {
            let images = stored.target.images.iter();
            images.map(|image| image.container.as_str()).collect()
        }
        None => definition.containers().map(Container::name).collect(),
    };
    names
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), source(definition, wanted, name)?)))
        .collect()
}

fn source(definition: &TaskDefinition, wanted: Wanted<'_>, container: &str) -> Option<Source> {
    if let (Some(stored), Some(candidate)) = (wanted.stored, wanted.candidate) {
        let images = stored.target.images.iter();
        let mut of_container = images.filter(|image| image.container == container);
        let ours = of_container.find_map(|image| candidate.image_of(&stored.repository_of(image)));
        if let Some(image) = ours {
            return Some(Source::Digest(image.repository, image.digest));
        }
    }
    let image: ImageRef = definition.image_of(container).ok()?.parse().ok()?;
    let resolved = wanted.resolved.iter().find(|it| it.container == container);
    let resolved = resolved.and_then(|it| it.digest.as_deref()?.parse().ok());
    Some(match image.digest.clone().or(resolved) {
        Some(digest) => Source::Digest(image.repository, digest),
        None => Source::Reference(image),
    })
}

async fn accepted(ecr: &Clients, source: &Source) -> Result<Option<Vec<Digest>>, AwsError> {
    let (repository, digest) = match source {
        Source::Digest(repository, digest) => (repository, Some(digest.clone())),
        Source::Reference(image) => {
            let found = match &image.tag {
                Some(tag) => ecr::image_of_tag(ecr, &image.repository, tag).await?,
                None => None,
            };
            (&image.repository, found.map(|found| found.digest))
        }
    };
    match digest {
        Some(digest) => {
            let accepted = observe::accepted_digests(ecr, repository, &digest).await?;
            Ok(Some(accepted))
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests;
