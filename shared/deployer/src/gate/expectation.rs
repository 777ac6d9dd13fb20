//! Which containers are looked at, and which digests they have to run.

use greenlight_aws::{AwsError, Clients, ecr, ecs::TaskSet, table::StoredTarget};
use greenlight_core::{
    deployment::Marker,
    image::{Digest, ImageRef},
    task_definition::TaskDefinition,
};

use crate::observe;

/// What the green tasks have to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expected {
    /// For each container, the digests that count as the right one; the first is the image's own.
    pub(super) containers: Vec<(String, Vec<Digest>)>,
    /// Whether an essential container has a health check.
    pub(super) has_health_check: bool,
}

/// For our own deployment, the image that it is about. For somebody else's, what the green task
/// definition names: the digest, or what its tag names now.
pub(super) async fn expected(
    clients: &Clients,
    set: &TaskSet,
    stored: Option<&StoredTarget>,
    marker: Option<&Marker>,
) -> Result<Expected, AwsError> {
    let definition = observe::task_definition(clients, &set.task_definition).await?;
    let has_health_check = definition
        .containers()
        .any(|container| container.is_essential() && container.has_health_check());
    let ours = stored.zip(marker).and_then(|(stored, marker)| {
        let active = stored.state.active.as_ref()?;
        (active.deployment == marker.deployment).then_some((stored, &active.candidate))
    });
    let mut containers = Vec::new();
    if let Some((stored, candidate)) = ours {
        let accepted =
            observe::accepted_digests(clients, &candidate.repository, &candidate.digest).await?;
        for image in &stored.target.images {
            containers.push((image.container.clone(), accepted.clone()));
        }
    } else {
        for (name, image) in named_images(&definition, stored) {
            if let Some(accepted) = digests_of(clients, &image).await? {
                containers.push((name, accepted));
            }
        }
    }
    Ok(Expected {
        containers,
        has_health_check,
    })
}

/// The containers of a task definition whose images are in ECR: those that the target names, or all.
fn named_images(
    definition: &TaskDefinition,
    stored: Option<&StoredTarget>,
) -> Vec<(String, ImageRef)> {
    definition
        .containers()
        .filter(|container| {
            stored.is_none_or(|stored| {
                stored
                    .target
                    .images
                    .iter()
                    .any(|image| image.container == container.name())
            })
        })
        .filter_map(|container| {
            let image = container.image()?.parse().ok()?;
            Some((container.name().to_owned(), image))
        })
        .collect()
}

async fn digests_of(clients: &Clients, image: &ImageRef) -> Result<Option<Vec<Digest>>, AwsError> {
    let digest = match (&image.digest, &image.tag) {
        (Some(digest), _) => Some(digest.clone()),
        (None, Some(tag)) => ecr::image_of_tag(clients, &image.repository, tag)
            .await?
            .map(|image| image.digest),
        (None, None) => None,
    };
    match digest {
        Some(digest) => observe::accepted_digests(clients, &image.repository, &digest)
            .await
            .map(Some),
        None => Ok(None),
    }
}
