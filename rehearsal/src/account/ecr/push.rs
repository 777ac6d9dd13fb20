//! Seeds: pushing, moving tags, archiving and deleting as the rehearsal's hand does it.
//!
//! Of a multi-platform push every manifest is put by itself, and only the index carries the tag
//! (AWS-FACTS 1.3).

use super::image_event::{detail, emit};
use super::manifest::{self, PlatformImage};
use super::put::{Put, put};
use super::repository::Repository;
use super::{Account, Configuration, ImageSpec, Registry, RepositoryId, ServiceError};
use crate::account::containers::Platforms;

/// Builds an image and pushes it under each of the tags. Returns what the tags then point at: the
/// digest of the manifest, or of the index of a multi-platform image.
pub fn push_image(
    account: &Account,
    repository: &str,
    tags: &[&str],
    image: &ImageSpec,
) -> Result<String, ServiceError> {
    arrive(account, repository, None, tags, image)
}

/// Lets an image arrive by replication from another account's or region's registry, under each of the tags.
/// `ECR Replication Action` tells of it; whether a push event does as well is a setting (AWS-FACTS 1.5).
/// Returns the digest.
pub fn replicate_image(
    account: &Account,
    source: &Registry,
    repository: &str,
    tags: &[&str],
    image: &ImageSpec,
) -> Result<String, ServiceError> {
    arrive(account, repository, Some(source), tags, image)
}

fn arrive(
    account: &Account,
    repository: &str,
    from: Option<&Registry>,
    tags: &[&str],
    image: &ImageSpec,
) -> Result<String, ServiceError> {
    let id = RepositoryId::of(account, repository);
    let architectures = match &image.platforms {
        Platforms::One(architecture) => std::slice::from_ref(architecture),
        Platforms::Index(architectures) => architectures,
    };
    let builds: Vec<PlatformImage> = architectures
        .iter()
        .map(|it| manifest::build(image, it))
        .collect();
    {
        let ecr = &mut account.state().ecr;
        for (architecture, build) in architectures.iter().zip(&builds) {
            let digest = manifest::digest(&build.configuration);
            let blobs = &mut ecr.repository_mut(&id)?.blobs;
            blobs.extend(build.layers.iter().cloned());
            blobs.insert(digest.clone());
            let configuration = Configuration {
                document: build.configuration.clone(),
                architecture: architecture.clone(),
                image: image.clone(),
            };
            ecr.configurations.insert(digest, configuration);
        }
    }
    let push = |manifest: &str, tag: Option<&str>| {
        match put(
            account,
            &Put {
                repository: &id,
                from,
                manifest,
                media_type: None,
                tag,
                digest: None,
            },
        ) {
            // docker push of what is there already succeeds, and no event is sent (AWS-FACTS 1.4).
            Err(error) if error.code == "ImageAlreadyExistsException" => {
                Ok(manifest::digest(manifest))
            }
            other => other,
        }
    };
    let top = match (&image.platforms, &builds[..]) {
        (Platforms::One(_), [single]) => single.manifest.clone(),
        (_, platforms) => {
            for platform in platforms {
                push(&platform.manifest, None)?;
            }
            let named: Vec<_> = architectures
                .iter()
                .map(String::as_str)
                .zip(platforms)
                .collect();
            manifest::index(&named)
        }
    };
    if tags.is_empty() {
        return push(&top, None);
    }
    for tag in tags {
        push(&top, Some(tag))?;
    }
    Ok(manifest::digest(&top))
}

/// Moves a tag to an image that is in the repository already. Sends a push event: not stated by AWS,
/// expected because `PutImage` is the completion of a push (AWS-FACTS 1.4, 11.1).
pub fn retag(
    account: &Account,
    repository: &str,
    digest: &str,
    tag: &str,
) -> Result<(), ServiceError> {
    let id = RepositoryId::of(account, repository);
    let image = account
        .state()
        .ecr
        .repository(&id)?
        .images
        .get(digest)
        .cloned();
    let image = image.ok_or_else(|| no_such_image(&id, digest))?;
    let put = Put {
        repository: &id,
        from: None,
        manifest: &image.manifest,
        media_type: Some(&image.media_type),
        tag: Some(tag),
        digest: None,
    };
    super::put::put(account, &put).map(drop)
}

/// Moves an image to the archive, from which it cannot be pulled (AWS-FACTS 8.3).
pub fn archive(account: &Account, repository: &str, digest: &str) -> Result<(), ServiceError> {
    let id = RepositoryId::of(account, repository);
    let now = account.clock().now();
    let tag = {
        let mut state = account.state();
        let repository = state.ecr.repository_mut(&id)?;
        let tag = first_tag(repository, digest);
        repository
            .images
            .get_mut(digest)
            .map(|image| image.archived_at = Some(now))
            .map(|()| tag)
    };
    let tag = tag.ok_or_else(|| no_such_image(&id, digest))?;
    let action = "UPDATE_STORAGE_CLASS";
    let mut detail = detail(account, &id, digest, tag.as_deref(), action);
    detail["target-storage-class"] = "ARCHIVE".into();
    emit(account, &id, &detail);
    Ok(())
}

/// Deletes an image and its tags, as a lifecycle policy does.
pub fn delete_image(account: &Account, repository: &str, digest: &str) -> Result<(), ServiceError> {
    let id = RepositoryId::of(account, repository);
    let (gone, tag) = {
        let mut state = account.state();
        let repository = state.ecr.repository_mut(&id)?;
        let tag = first_tag(repository, digest);
        repository.tags.retain(|_, tagged| tagged != digest);
        (repository.images.remove(digest).is_some(), tag)
    };
    if !gone {
        return Err(no_such_image(&id, digest));
    }
    let detail = detail(account, &id, digest, tag.as_deref(), "DELETE");
    emit(account, &id, &detail);
    Ok(())
}

fn first_tag(repository: &Repository, digest: &str) -> Option<String> {
    let tags = repository.tags_of(digest);
    tags.first().map(|tag| (*tag).to_owned())
}

fn no_such_image(id: &RepositoryId, digest: &str) -> ServiceError {
    ServiceError::new(
        "ImageNotFoundException",
        format!(
            "The image with imageId {{imageDigest:'{digest}', imageTag:'null'}} does not exist within the repository with \
             name '{}' in the registry with id '{}'",
            id.name, id.registry.account_id
        ),
    )
}
