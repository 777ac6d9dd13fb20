//! What a container agent does: from the reference in a task definition to something that runs.

use super::{Account, ImageSpec, Registry, RepositoryId, manifest};
use crate::account::State;
use crate::account::containers::Behaviour;

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
    let Some(path) = RepositoryId::of_uri(reference) else {
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
    let (id, named) = Named::read(path);
    let Some(repository) = state.ecr.repositories.get(&id) else {
        // Another registry does not say what it has.
        return Err(if id.registry == Registry::own(account) {
            not_found()
        } else {
            failed("pull access denied, repository does not exist or may require authorization")
        });
    };
    let digest = match named {
        Named::Digest(digest) => digest,
        Named::Tag(tag) => repository.tags.get(&tag).cloned().ok_or_else(not_found)?,
    };
    let image = repository.images.get(&digest).ok_or_else(not_found)?;
    if image.archived_at.is_some() {
        return Err(failed(
            "the image is archived and cannot be pulled until it is restored",
        ));
    }
    let is_index = manifest::is_index(&image.media_type);
    let platform_digest = if is_index {
        manifest::platform_child(&image.manifest, architecture).ok_or_else(|| {
            format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain \
                 descriptor matching platform 'linux/{architecture}'"
            )
        })?
    } else {
        digest.clone()
    };
    let platform = repository
        .images
        .get(&platform_digest)
        .ok_or_else(not_found)?;
    let configuration = manifest::read(&platform.manifest)
        .and_then(|contents| contents.configuration)
        .and_then(|configuration| state.ecr.configurations.get(&configuration));
    // A manifest that a client put together itself runs, and answers with its digest.
    let mut image = configuration.map_or_else(
        || ImageSpec::healthy(&platform_digest),
        |configuration| configuration.image.clone(),
    );
    // Nobody compares a single manifest with the machine: it is pulled, and its program does not run.
    if configuration.is_some_and(|it| it.architecture != architecture) {
        image.behaviour = Behaviour::cannot_start(255, "exec /app: exec format error".to_owned());
        image.commands.clear();
    }
    Ok(Pulled {
        digest,
        platform_digest,
        image: Some(image),
    })
}

/// What a reference names in its repository.
enum Named {
    Tag(String),
    Digest(String),
}

impl Named {
    /// Takes the tag or digest off the name of a repository.
    fn read(mut id: RepositoryId) -> (RepositoryId, Self) {
        let path = std::mem::take(&mut id.name);
        let (name, named) = if let Some((name, digest)) = path.split_once('@') {
            (
                name.split(':').next().unwrap_or(name),
                Self::Digest(digest.to_owned()),
            )
        } else {
            let (name, tag) = path.split_once(':').unwrap_or((&path, "latest"));
            (name, Self::Tag(tag.to_owned()))
        };
        name.clone_into(&mut id.name);
        (id, named)
    }
}
