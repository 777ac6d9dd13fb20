//! Pushing: manifests in, events out.
//!
//! Every manifest is its own `PutImage` and its own event; of a multi-platform push only the index
//! carries the tag (AWS-FACTS 1.3). The seeds here go the same way as the API call.

use serde_json::{Value, json};

use super::manifest::{self, PlatformImage};
use super::repository::{Image, Mutability};
use super::{Account, ImageSpec, ServiceError};
use crate::account::UntaggedPush;
use crate::account::journal::Tone;

/// The manifest of one `PutImage`.
pub(super) struct Put<'a> {
    pub(super) repository: &'a str,
    pub(super) manifest: &'a str,
    pub(super) media_type: Option<&'a str>,
    pub(super) tag: Option<&'a str>,
    pub(super) digest: Option<&'a str>,
}

/// Builds an image and pushes it under each of the tags. Returns what the tags then point at: the
/// digest of the manifest, or of the index of a multi-platform image.
pub fn push_image(
    account: &Account,
    repository: &str,
    tags: &[&str],
    image: &ImageSpec,
) -> Result<String, ServiceError> {
    let architectures: &[&str] = if image.platforms > 1 {
        &["amd64", "arm64"]
    } else {
        &["amd64"]
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
    let top = match &builds[..] {
        [single] => single.manifest.clone(),
        platforms => {
            for platform in platforms {
                push(&platform.manifest, None)?;
            }
            let named: Vec<_> = architectures.iter().copied().zip(platforms).collect();
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
    self::put(account, &put).map(drop)
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
    emit(account, detail);
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
        detail(account, repository, digest, tag.as_deref(), "DELETE"),
    );
    Ok(())
}

/// `PutImage`. Returns the digest.
pub(super) fn put(account: &Account, put: &Put<'_>) -> Result<String, ServiceError> {
    let digest = manifest::digest(put.manifest);
    let (event, text) = {
        let now = account.clock().now();
        let mut state = account.state();
        let ecr = &mut state.ecr;
        let contents = checked(
            account,
            ecr.repository(account, put.repository)?,
            put,
            &digest,
        )?;
        let media_type = put
            .media_type
            .map(ToOwned::to_owned)
            .or(contents.media_type)
            .unwrap_or_default();
        let artifact = if manifest::is_index(&media_type) {
            None
        } else {
            contents.artifact_media_type
        };
        let repository = ecr.repository_mut(account, put.repository)?;
        let image = repository
            .images
            .entry(digest.clone())
            .or_insert_with(|| Image {
                manifest: put.manifest.to_owned(),
                media_type,
                artifact_media_type: artifact,
                size: contents.size,
                pushed_at: now,
                archived_at: None,
            });
        // An archived image that is pushed again is active again.
        image.archived_at = None;
        if let Some(tag) = put.tag {
            repository.tags.insert(tag.to_owned(), digest.clone());
        }
        drop(state);
        let name = put
            .tag
            .map_or_else(|| digest.clone(), |tag| format!("{tag} = {digest}"));
        (
            detail(account, put.repository, &digest, put.tag, "PUSH"),
            format!("pushed {}:{name}", put.repository),
        )
    };
    account.journal().note("ecr", Tone::Neutral, text);
    emit(account, event);
    Ok(digest)
}

/// Everything that `PutImage` refuses (AWS-FACTS 8.1).
fn checked(
    account: &Account,
    repository: &super::Repository,
    put: &Put<'_>,
    digest: &str,
) -> Result<manifest::Contents, ServiceError> {
    let registry = &account.settings().account_id;
    let name = &repository.name;
    let invalid = |why: &str| {
        let message =
            format!("Invalid parameter at 'ImageManifest' failed to satisfy constraint: '{why}'");
        ServiceError::new("InvalidParameterException", message)
    };
    let contents = manifest::read(put.manifest).ok_or_else(|| invalid("Invalid JSON syntax"))?;
    if put.media_type.is_none() && contents.media_type.is_none() {
        return Err(invalid(
            "must have a mediaType, or the request an imageManifestMediaType",
        ));
    }
    if put.digest.is_some_and(|given| given != digest) {
        let message =
            format!("The provided digest does not match the digest of the manifest, '{digest}'");
        return Err(ServiceError::new(
            "ImageDigestDoesNotMatchException",
            message,
        ));
    }
    if let Some(missing) = contents
        .children
        .iter()
        .find(|child| !repository.images.contains_key(*child))
    {
        let message = format!(
            "Images with digests '[{missing}]' required for pushing image into repository with name '{name}' in the \
             registry with id '{registry}' do not exist"
        );
        return Err(ServiceError::new(
            "ReferencedImagesNotFoundException",
            message,
        ));
    }
    if let Some(missing) = contents
        .blobs
        .iter()
        .find(|blob| !repository.blobs.contains(*blob))
    {
        let message = format!(
            "Layers with digests '[{missing}]' required for pushing image into repository with name '{name}' in the \
             registry with id '{registry}' do not exist"
        );
        return Err(ServiceError::new("LayersNotFoundException", message));
    }
    match put.tag.map(|tag| (tag, repository.tags.get(tag))) {
        // Which of the two errors an immutable repository answers here is UNCONFIRMED (AWS-FACTS 8.1, 11.17).
        Some((tag, Some(tagged))) if tagged == digest => Err(ServiceError::new(
            "ImageAlreadyExistsException",
            format!(
                "Image with digest '{digest}' and tag '{tag}' already exists in the repository with name '{name}' in \
                 registry with id '{registry}'"
            ),
        )),
        Some((tag, Some(_))) if repository.mutability == Mutability::Immutable => {
            Err(ServiceError::new(
                "ImageTagAlreadyExistsException",
                format!(
                    "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the \
                 repository is immutable."
                ),
            ))
        }
        None if repository.images.contains_key(digest) => Err(ServiceError::new(
            "ImageAlreadyExistsException",
            format!(
                "Image with digest '{digest}' already exists in the repository with name '{name}' in registry with id \
                 '{registry}'"
            ),
        )),
        _ => Ok(contents),
    }
}

/// The detail of an `ECR Image Action` (AWS-FACTS 1.1, 1.2, 1.5).
fn detail(
    account: &Account,
    repository: &str,
    digest: &str,
    tag: Option<&str>,
    action: &str,
) -> Value {
    let mut detail = json!({
        "result": "SUCCESS",
        "repository-name": repository,
        "image-digest": digest,
        "action-type": action,
    });
    match (tag, account.settings().untagged_push) {
        (Some(tag), _) => detail["image-tag"] = tag.into(),
        (None, UntaggedPush::Empty) => detail["image-tag"] = "".into(),
        (None, UntaggedPush::Absent) => {}
    }
    let state = account.state();
    let image = state
        .ecr
        .repositories
        .get(repository)
        .and_then(|repository| repository.images.get(digest));
    if let Some(image) = image {
        detail["manifest-media-type"] = image.media_type.as_str().into();
        if let Some(artifact) = &image.artifact_media_type {
            detail["artifact-media-type"] = artifact.as_str().into();
        }
    }
    detail
}

fn emit(account: &Account, detail: Value) {
    account
        .events()
        .put_detail("aws.ecr", "ECR Image Action", json!([]), detail);
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
