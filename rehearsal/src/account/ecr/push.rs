//! Seeds: pushing, moving tags, archiving and deleting as the rehearsal's hand does it.
//!
//! Of a multi-platform push every manifest is put by itself, and only the index carries the tag
//! (AWS-FACTS 1.3).

use super::image_event::{detail, emit};
use super::manifest::{self, PlatformImage};
use super::put::{Put, put};
use super::{Account, ImageSpec, ServiceError};
use crate::account::containers::Platforms;

/// Builds an image and pushes it under each of the tags. Returns what the tags then point at: the
/// digest of the manifest, or of the index of a multi-platform image.
pub fn push_image(
    account: &Account,
    repository: &str,
    tags: &[&str],
    image: &ImageSpec,
) -> Result<String, ServiceError> {
    let architectures = match &image.platforms {
        Platforms::One(architecture) => std::slice::from_ref(architecture),
        Platforms::Index(architectures) => architectures,
    };
    let builds: Vec<PlatformImage> = architectures
        .iter()
        .map(|it| manifest::build(image, it))
        .collect();
    {
        let mut state = account.state();
        for build in &builds {
            let configuration = manifest::digest(&build.configuration);
            state
                .ecr
                .configurations
                .insert(configuration.clone(), image.clone());
            let blobs = &mut state.ecr.repository_mut(account, repository)?.blobs;
            blobs.extend(build.layers.iter().cloned());
            blobs.insert(configuration);
        }
    }
    let push = |manifest: &str, tag: Option<&str>| {
        match put(
            account,
            &Put {
                repository,
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
    let image = account
        .state()
        .ecr
        .repository(account, repository)?
        .images
        .get(digest)
        .cloned();
    let image = image.ok_or_else(|| no_such_image(account, repository, digest))?;
    let put = Put {
        repository,
        manifest: &image.manifest,
        media_type: Some(&image.media_type),
        tag: Some(tag),
        digest: None,
    };
    super::put::put(account, &put).map(drop)
}

/// Moves an image to the archive, from which it cannot be pulled (AWS-FACTS 8.3).
pub fn archive(account: &Account, repository: &str, digest: &str) -> Result<(), ServiceError> {
    let now = account.clock().now();
    let tag = {
        let mut state = account.state();
        let repository = state.ecr.repository_mut(account, repository)?;
        let tag = repository
            .tags_of(digest)
            .first()
            .map(|tag| (*tag).to_owned());
        repository
            .images
            .get_mut(digest)
            .map(|image| image.archived_at = Some(now))
            .map(|()| tag)
    };
    let tag = tag.ok_or_else(|| no_such_image(account, repository, digest))?;
    let mut detail = detail(
        account,
        repository,
        digest,
        tag.as_deref(),
        "UPDATE_STORAGE_CLASS",
    );
    detail["target-storage-class"] = "ARCHIVE".into();
    emit(account, &detail);
    Ok(())
}

/// Deletes an image and its tags, as a lifecycle policy does.
pub fn delete_image(account: &Account, repository: &str, digest: &str) -> Result<(), ServiceError> {
    let (gone, tag) = {
        let mut state = account.state();
        let repository = state.ecr.repository_mut(account, repository)?;
        let tag = repository
            .tags_of(digest)
            .first()
            .map(|tag| (*tag).to_owned());
        repository.tags.retain(|_, tagged| tagged != digest);
        (repository.images.remove(digest).is_some(), tag)
    };
    if !gone {
        return Err(no_such_image(account, repository, digest));
    }
    emit(
        account,
        &detail(account, repository, digest, tag.as_deref(), "DELETE"),
    );
    Ok(())
}

fn no_such_image(account: &Account, repository: &str, digest: &str) -> ServiceError {
    ServiceError::new(
        "ImageNotFoundException",
        format!(
            "The image with imageId {{imageDigest:'{digest}', imageTag:'null'}} does not exist within the repository with \
             name '{repository}' in the registry with id '{}'",
            account.settings().account_id
        ),
    )
}
