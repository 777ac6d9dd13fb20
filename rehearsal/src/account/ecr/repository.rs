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

/// Whether a tag may be moved (AWS-FACTS 8.2). The lists are exclusion filters: 1 to 5 patterns in which `*`
/// stands for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mutability {
    /// `MUTABLE`
    Mutable,
    /// `IMMUTABLE`
    Immutable,
    /// `IMMUTABLE_WITH_EXCLUSION`: these tags may be moved.
    ImmutableExcept(Vec<String>),
    /// `MUTABLE_WITH_EXCLUSION`: these tags may not.
    MutableExcept(Vec<String>),
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
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Mutable => "MUTABLE",
            Self::Immutable => "IMMUTABLE",
            Self::ImmutableExcept(_) => "IMMUTABLE_WITH_EXCLUSION",
            Self::MutableExcept(_) => "MUTABLE_WITH_EXCLUSION",
        }
    }

    pub(super) fn filters(&self) -> &[String] {
        match self {
            Self::Mutable | Self::Immutable => &[],
            Self::ImmutableExcept(filters) | Self::MutableExcept(filters) => filters,
        }
    }

    /// Whether a tag stays with the image that has it.
    pub(super) fn keeps(&self, tag: &str) -> bool {
        let excluded = || self.filters().iter().any(|filter| fits(filter, tag));
        match self {
            Self::Mutable => false,
            Self::Immutable => true,
            Self::ImmutableExcept(_) => !excluded(),
            Self::MutableExcept(_) => excluded(),
        }
    }
}

fn fits(filter: &str, tag: &str) -> bool {
    match filter.split_once('*') {
        None => filter == tag,
        Some((before, after)) => tag.strip_prefix(before).is_some_and(|rest| {
            let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.into_iter()
                .filter_map(|at| rest.get(at..))
                .any(|rest| fits(after, rest))
        }),
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

/// Says whether a repository's tags may be moved, as `PutImageTagMutability` does.
pub fn set_mutability(
    account: &Account,
    repository: &str,
    mutability: Mutability,
) -> Result<(), ServiceError> {
    let id = RepositoryId::of(account, repository);
    let filters = mutability.filters();
    let takes = |c: char| c.is_ascii_alphanumeric() || "._*-".contains(c);
    let is_written = |it: &String| (1..=128).contains(&it.len()) && it.chars().all(takes);
    let has_filters = matches!(
        mutability,
        Mutability::ImmutableExcept(_) | Mutability::MutableExcept(_)
    );
    if has_filters && (!(1..=5).contains(&filters.len()) || !filters.iter().all(is_written)) {
        let message = "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint";
        return Err(ServiceError::new("InvalidParameterException", message));
    }
    account.state().ecr.repository_mut(&id)?.mutability = mutability;
    Ok(())
}

/// The digest that a tag points at.
pub fn tagged(account: &Account, repository: &str, tag: &str) -> Option<String> {
    let id = RepositoryId::of(account, repository);
    let state = account.state();
    state.ecr.repositories.get(&id)?.tags.get(tag).cloned()
}

/// The manifest of an image, byte for byte.
pub fn manifest_of(account: &Account, repository: &str, digest: &str) -> Option<String> {
    let id = RepositoryId::of(account, repository);
    let state = account.state();
    let repository = state.ecr.repositories.get(&id)?;
    Some(repository.images.get(digest)?.manifest.clone())
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
