//! A repository: by its name, as it was written, and with its registry.

use std::fmt;
use std::str::FromStr;

use super::{Digest, InvalidImageName, Registry, Tag};

/// The name of a repository within its registry, such as `mco/api`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(String);

crate::text::serialised_as_text!(RepositoryName);

impl RepositoryName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryName {
    type Err = InvalidImageName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if (2..=256).contains(&text.len()) && text.split('/').all(is_path_component) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidImageName::new(
                text,
                "a repository name (lower-case letters and digits, separated by `/`, `.`, `_` or `-`, 2 to 256 long)",
            ))
        }
    }
}

/// Words of letters and digits, with `.`, `_`, `__` or any number of `-` between two of them.
fn is_path_component(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(is_word)
        && text.ends_with(is_word)
        && text.split(is_word).all(|between| {
            matches!(between, "" | "." | "_" | "__") || between.bytes().all(|b| b == b'-')
        })
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A repository as somebody wrote it: only its name, which means the registry at hand, or with
/// the registry of another account or region before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryRef {
    pub registry: Option<Registry>,
    pub name: RepositoryName,
}

crate::text::serialised_as_text!(RepositoryRef);

impl RepositoryRef {
    /// The repository that is meant by somebody whose own registry is `home`.
    pub fn resolve(&self, home: &Registry) -> RepositoryUri {
        RepositoryUri {
            registry: self.registry.clone().unwrap_or_else(|| home.clone()),
            name: self.name.clone(),
        }
    }
}

impl FromStr for RepositoryRef {
    type Err = InvalidImageName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A dot in the first part could also be part of a name (`my.team/api`): then it is no
        // registry, and only something like a host name of ECR is meant to be one.
        match text.split_once('/') {
            Some((first, _)) if first.contains(".dkr.") || first.contains(".dkr-") => {
                let RepositoryUri { registry, name } = text.parse()?;
                Ok(Self {
                    registry: Some(registry),
                    name,
                })
            }
            _ => Ok(Self {
                registry: None,
                name: text.parse()?,
            }),
        }
    }
}

impl fmt::Display for RepositoryRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.registry {
            Some(registry) => write!(f, "{registry}/{}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

/// A repository in full: what stands before the `:` or `@` of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryUri {
    pub registry: Registry,
    pub name: RepositoryName,
}

crate::text::serialised_as_text!(RepositoryUri);

impl RepositoryUri {
    /// The image of this digest, as a task definition names it.
    pub fn with_digest(&self, digest: &Digest) -> String {
        format!("{self}@{digest}")
    }

    /// The image that has this tag just now.
    pub fn with_tag(&self, tag: &Tag) -> String {
        format!("{self}:{tag}")
    }

    /// The same repository under its registry's standard host name: use this as a key.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self {
            registry: self.registry.canonical(),
            name: self.name.clone(),
        }
    }
}

impl FromStr for RepositoryUri {
    type Err = InvalidImageName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((registry, name)) = text.split_once('/') else {
            return Err(InvalidImageName::new(
                text,
                "a repository with its registry (such as `123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api`)",
            ));
        };
        Ok(Self {
            registry: registry.parse()?,
            name: name.parse()?,
        })
    }
}

impl fmt::Display for RepositoryUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.name)
    }
}
