//! What a container agent does: from the reference in a task definition to something that runs.

use super::{Account, ImageSpec, manifest};
use crate::account::State;

/// An image that was pulled.
#[derive(Debug, Clone)]
pub(crate) struct Pulled {
    /// The digest that the reference stands for: that of the index, for a multi-platform image.
    pub(crate) digest: String,
    /// The digest of the manifest that runs.
    pub(crate) platform_digest: String,
    /// What it does; an image of somebody else's registry only sits there.
    pub(crate) image: Option<ImageSpec>,
}

/// Pulls an image by its reference, for a machine of the given architecture (`amd64`).
///
/// A registry that is not ECR is somebody else's and always has the image. The error is the task's
/// `stoppedReason`.
pub(crate) fn pull(
    account: &Account,
    state: &State,
    reference: &str,
    architecture: &str,
) -> Result<Pulled, String> {
    let failed =
        |why: &str| format!("CannotPullContainerError: failed to resolve ref {reference}: {why}");
    let settings = account.settings();
    let registry = format!(
        "{}.dkr.ecr.{}.amazonaws.com/",
        settings.account_id, settings.region
    );
    let Some(path) = reference.strip_prefix(&registry) else {
        if reference.contains(".dkr.ecr.") {
            return Err(failed(
                "pull access denied, repository does not exist or may require authorization",
            ));
        }
        let digest = reference.split_once('@').map_or_else(
            || manifest::digest(reference),
            |(_, digest)| digest.to_owned(),
        );
        return Ok(Pulled {
            platform_digest: digest.clone(),
            digest,
            image: None,
        });
    };
    let not_found = || failed(&format!("{reference}: not found"));
    let (name, digest) = if let Some((name, digest)) = path.split_once('@') {
        (
            name.split(':').next().unwrap_or(name),
            Some(digest.to_owned()),
        )
    } else {
        let (name, tag) = path.split_once(':').unwrap_or((path, "latest"));
        (
            name,
            state
                .ecr
                .repositories
                .get(name)
                .and_then(|repository| repository.tags.get(tag))
                .cloned(),
        )
    };
    let repository = state.ecr.repositories.get(name).ok_or_else(not_found)?;
    let digest = digest.ok_or_else(not_found)?;
    let image = repository.images.get(&digest).ok_or_else(not_found)?;
    if image.archived_at.is_some() {
        return Err(failed(
            "the image is archived and cannot be pulled until it is restored",
        ));
    }
    let platform_digest = if manifest::is_index(&image.media_type) {
        manifest::platform_child(&image.manifest, architecture).ok_or_else(|| {
            failed(&format!(
                "no match for platform in manifest: linux/{architecture}: not found"
            ))
        })?
    } else {
        digest.clone()
    };
    let platform = repository
        .images
        .get(&platform_digest)
        .ok_or_else(not_found)?;
    let configuration =
        manifest::read(&platform.manifest).and_then(|contents| contents.configuration);
    let spec = configuration
        .and_then(|configuration| state.ecr.configurations.get(&configuration))
        .cloned();
    // A manifest that a client put together itself runs, and answers with its digest.
    let unknown = || ImageSpec::healthy(&platform_digest);
    let image = Some(spec.unwrap_or_else(unknown));
    Ok(Pulled {
        digest,
        platform_digest,
        image,
    })
}
