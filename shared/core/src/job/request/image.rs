//! An image in a request: `v1`, `repository:v1`, `sha256:…` or `repository@sha256:…`.

use super::{JobImage, TagOrDigest};
use crate::image::InvalidImageName;

/// Why a text names no image, and what to write instead.
pub(super) struct NoImage {
    pub(super) message: String,
    pub(super) hint: Option<&'static str>,
}

impl From<InvalidImageName> for NoImage {
    fn from(error: InvalidImageName) -> Self {
        Self {
            message: error.to_string(),
            hint: None,
        }
    }
}

/// Reads `v1` or `repository:v1`.
pub(super) fn by_tag(text: &str) -> Result<JobImage, NoImage> {
    if text.starts_with("sha256:") || text.contains('@') {
        return Err(NoImage {
            message: "a tag is expected here, found a digest".to_owned(),
            hint: Some("name an image by its digest under the key for that"),
        });
    }
    let (repository, tag) = match text.rsplit_once(':') {
        Some((repository, tag)) => (Some(repository), tag),
        None => (None, text),
    };
    Ok(JobImage {
        repository: repository.map(str::parse).transpose()?,
        choice: TagOrDigest::Tag(tag.parse()?),
    })
}

/// Reads `sha256:…` or `repository@sha256:…`. A tag before the digest is a remark, as it is to Docker.
pub(super) fn by_digest(text: &str) -> Result<JobImage, NoImage> {
    let (repository, digest) = match text.split_once('@') {
        Some((repository, digest)) => (Some(repository), digest),
        None => (None, text),
    };
    if repository.is_none() && !digest.starts_with("sha256:") {
        let error = digest.parse::<crate::image::Digest>().err();
        return Err(NoImage {
            message: error.map(|error| error.to_string()).unwrap_or_default(),
            hint: Some("name an image by its tag under the key for that"),
        });
    }
    let repository = repository.map(|named| match named.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => named,
    });
    Ok(JobImage {
        repository: repository.map(str::parse).transpose()?,
        choice: TagOrDigest::Digest(digest.parse()?),
    })
}
