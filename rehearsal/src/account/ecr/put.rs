//! `PutImage`: the end of every push, and of every retag (AWS-FACTS 8.1).

use jiff::Timestamp;

use super::image_event::{detail, emit, emit_replication};
use super::manifest;
use super::repository::{Image, Repository};
use super::{Account, Registry, RepositoryId, ServiceError};
use crate::account::journal::Tone;
use crate::account::{ImmutableRepeat, Replication, Retag};

/// AWS's limit.
const LONGEST_MANIFEST: usize = 4 << 20;

/// The manifest of one `PutImage`.
pub(super) struct Put<'a> {
    pub(super) repository: &'a RepositoryId,
    /// The registry that it is replicated from, if nobody pushed it.
    pub(super) from: Option<&'a Registry>,
    pub(super) manifest: &'a str,
    pub(super) media_type: Option<&'a str>,
    pub(super) tag: Option<&'a str>,
    pub(super) digest: Option<&'a str>,
}

/// `PutImage`. Returns the digest.
pub(super) fn put(account: &Account, put: &Put<'_>) -> Result<String, ServiceError> {
    let digest = manifest::digest(put.manifest);
    let known = {
        let now = account.clock().now();
        let mut state = account.state();
        let repository = state.ecr.repository_mut(put.repository)?;
        let contents = checked(account, repository, put, &digest)?;
        store(repository, put, &digest, contents, now)
    };
    let name = put
        .tag
        .map_or_else(|| digest.clone(), |tag| format!("{tag} = {digest}"));
    let how = if put.from.is_some() {
        "replicated"
    } else {
        "pushed"
    };
    let text = format!("{how} {}:{name}", put.repository.shown(account));
    account.journal().note("ecr", Tone::Neutral, text);
    let is_push = match put.from {
        Some(source) => {
            emit_replication(account, put.repository, source, &digest, put.tag);
            account.settings().replication == Replication::AlsoSendsPush
        }
        None => !known || account.settings().retag == Retag::SendsPush,
    };
    if is_push {
        let detail = detail(account, put.repository, &digest, put.tag, "PUSH");
        emit(account, put.repository, &detail);
    }
    Ok(digest)
}

/// Says whether the repository had the image already.
fn store(
    repository: &mut Repository,
    put: &Put<'_>,
    digest: &str,
    contents: manifest::Contents,
    now: Timestamp,
) -> bool {
    let media_type = put
        .media_type
        .map(ToOwned::to_owned)
        .or(contents.media_type)
        .unwrap_or_default();
    let artifact_media_type = contents
        .artifact_media_type
        .filter(|_| !manifest::is_index(&media_type));
    let known = repository.images.contains_key(digest);
    let image = repository
        .images
        .entry(digest.to_owned())
        .or_insert_with(|| Image {
            manifest: put.manifest.to_owned(),
            media_type,
            artifact_media_type,
            size: contents.size,
            pushed_at: now,
            archived_at: None,
        });
    // An archived image that is pushed again is active again.
    image.archived_at = None;
    if let Some(tag) = put.tag {
        repository.tags.insert(tag.to_owned(), digest.to_owned());
    }
    known
}

/// Everything that `PutImage` refuses (AWS-FACTS 8.1).
fn checked(
    account: &Account,
    repository: &Repository,
    put: &Put<'_>,
    digest: &str,
) -> Result<manifest::Contents, ServiceError> {
    let registry = &repository.id.registry.account_id;
    let name = &repository.id.name;
    let invalid = |why: &str| {
        let message =
            format!("Invalid parameter at 'ImageManifest' failed to satisfy constraint: '{why}'");
        ServiceError::new("InvalidParameterException", message)
    };
    if put.manifest.len() > LONGEST_MANIFEST {
        return Err(invalid(
            "Member must have length less than or equal to 4194304",
        ));
    }
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
    let keeps = |tag: &str| repository.mutability.keeps(tag);
    let tag_first = put.tag.is_some_and(keeps)
        && account.settings().immutable_repeat == ImmutableRepeat::TagAlreadyExists;
    match put.tag.map(|tag| (tag, repository.tags.get(tag))) {
        Some((tag, Some(tagged))) if tagged == digest && !tag_first => Err(ServiceError::new(
            "ImageAlreadyExistsException",
            format!(
                "Image with digest '{digest}' and tag '{tag}' already exists in the repository with name '{name}' in \
                 registry with id '{registry}'"
            ),
        )),
        Some((tag, Some(_))) if keeps(tag) => Err(ServiceError::new(
            "ImageTagAlreadyExistsException",
            format!(
                "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the \
                 repository is immutable."
            ),
        )),
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
