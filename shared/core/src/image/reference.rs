//! A whole image reference.

use std::fmt;
use std::str::FromStr;

use super::{Digest, InvalidImageName, RepositoryUri, Tag};

/// `registry/repository`, then `:tag`, `@digest`, both, or neither.
///
/// With both, Docker and ECS pull the digest; the tag is a remark.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef {
    pub repository: RepositoryUri,
    pub tag: Option<Tag>,
    pub digest: Option<Digest>,
}

crate::text::serialised_as_text!(ImageRef);

impl FromStr for ImageRef {
    type Err = InvalidImageName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (text, None),
        };
        let (repository, tag) = match rest.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag.parse()?)),
            None => (rest, None),
        };
        Ok(Self {
            repository: repository.parse()?,
            tag,
            digest,
        })
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}
