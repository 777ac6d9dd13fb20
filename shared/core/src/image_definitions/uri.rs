//! An image in any registry, as a task definition names it.

use std::fmt;
use std::str::FromStr;

use crate::image::{Digest, RepositoryName, Tag};
use crate::text::excerpt;

/// A name by which ECS can pull an image: `[host[:port]/]repository[:tag][@digest]`, of ECR or of any
/// other registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUri {
    text: String,
    digest: Option<Digest>,
}

impl ImageUri {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The digest, if the image is pinned.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }
}

impl fmt::Display for ImageUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a text names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an image: {reason}")]
pub struct InvalidImageUri {
    text: String,
    reason: String,
}

impl FromStr for ImageUri {
    type Err = InvalidImageUri;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digest = checked(text).map_err(|reason| InvalidImageUri {
            text: excerpt(text, 120),
            reason,
        })?;
        Ok(Self {
            text: text.to_owned(),
            digest,
        })
    }
}

/// The digest in the name, if there is nothing wrong with the name.
fn checked(text: &str) -> Result<Option<Digest>, String> {
    // Said before the rest, because nobody sees it in the text.
    if text.contains(char::is_whitespace) {
        return Err("it has white space in it".to_owned());
    }
    if text.contains("://") {
        return Err("it begins with a protocol; write it without".to_owned());
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => {
            let digest = digest.parse::<Digest>();
            (rest, Some(digest.map_err(|error| error.to_string())?))
        }
        None => (text, None),
    };
    let (host, path) = match rest.split_once('/') {
        Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => {
            (Some(first), path)
        }
        _ => (None, rest),
    };
    if let Some(host) = host.filter(|host| !is_host(host)) {
        return Err(format!("`{host}` is not the host of a registry"));
    }
    let (repository, tag) = match path.split_once(':') {
        Some((repository, tag)) => (repository, Some(tag)),
        None => (path, None),
    };
    repository
        .parse::<RepositoryName>()
        .map_err(|error| error.to_string())?;
    if let Some(tag) = tag {
        tag.parse::<Tag>().map_err(|error| error.to_string())?;
    }
    Ok(digest)
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.split('.').all(is_label) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}
