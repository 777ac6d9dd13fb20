//! A repository: images by digest, and tags that point at them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::scan::{Begun, OnPush};
use super::{Account, RepositoryId, ServiceError};

/// A repository and all that is in it.
#[derive(Debug)]
pub(super) struct Repository {
    pub(super) id: RepositoryId,
    pub(super) created_at: Timestamp,
    pub(super) mutability: Mutability,
    pub(super) images: BTreeMap<String, Image>,
    /// Tag → digest.
    pub(super) tags: BTreeMap<String, String>,
    /// Digests of the layers and configurations that were uploaded here.
    pub(super) blobs: std::collections::BTreeSet<String>,
    /// Digest → what was said of its scan.
    pub(super) scans: BTreeMap<String, Begun>,
    pub(super) scan_on_push: Option<OnPush>,
}

/// Whether a tag may be moved (AWS-FACTS 8.2); the forms with exclusions are not simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// `MUTABLE`
    Mutable,
    /// `IMMUTABLE`
    Immutable,
}

/// A manifest in a repository.
#[derive(Debug, Clone)]
pub(super) struct Image {
    /// Byte for byte as it was pushed.
    pub(super) manifest: String,
    pub(super) media_type: String,
    /// That of the configuration; an index has none.
    pub(super) artifact_media_type: Option<String>,
    pub(super) size: i64,
    pub(super) pushed_at: Timestamp,
    pub(super) archived_at: Option<Timestamp>,
}

impl Repository {
    /// The tags of a digest, in alphabetical order.
    pub(super) fn tags_of(&self, digest: &str) -> Vec<&str> {
        self.tags
            .iter()
            .filter(|(_, tagged)| *tagged == digest)
            .map(|(tag, _)| tag.as_str())
            .collect()
    }
}

impl Mutability {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mutable => "MUTABLE",
            Self::Immutable => "IMMUTABLE",
        }
    }
}

/// An empty repository; an existing one stays as it is. Returns its URI. In all seeds a repository is named
/// by its name, or by its URI if it is in the registry of another account or region.
pub fn create_repository(account: &Account, name_or_uri: &str) -> String {
    let id = RepositoryId::of(account, name_or_uri);
    let uri = id.registry.uri(&id.name);
    let created = Repository {
        id: id.clone(),
        created_at: account.clock().now(),
        mutability: Mutability::Mutable,
        images: BTreeMap::new(),
        tags: BTreeMap::new(),
        blobs: std::collections::BTreeSet::new(),
        scans: BTreeMap::new(),
        scan_on_push: None,
    };
    let repositories = &mut account.state().ecr.repositories;
    repositories.entry(id).or_insert(created);
    uri
}

/// Says whether a repository's tags may be moved.
pub fn set_mutability(
    account: &Account,
    repository: &str,
    mutability: Mutability,
) -> Result<(), ServiceError> {
    let id = RepositoryId::of(account, repository);
    account.state().ecr.repository_mut(&id)?.mutability = mutability;
    Ok(())
}

/// The digest that a tag points at.
pub fn tagged(account: &Account, repository: &str, tag: &str) -> Option<String> {
    let id = RepositoryId::of(account, repository);
    let state = account.state();
    state.ecr.repositories.get(&id)?.tags.get(tag).cloned()
}

/// Whether a repository has an image of this digest.
pub fn has_image(account: &Account, repository: &str, digest: &str) -> bool {
    let id = RepositoryId::of(account, repository);
    let state = account.state();
    let repository = state.ecr.repositories.get(&id);
    repository.is_some_and(|repository| repository.images.contains_key(digest))
}

/// The URI of a repository, whether it exists or not.
pub fn repository_uri(account: &Account, repository: &str) -> String {
    let id = RepositoryId::of(account, repository);
    id.registry.uri(&id.name)
}
