//! Which image a person means, and which image that is now.

use std::str::FromStr;

use greenlight_aws::{
    AwsError,
    ecr::{self, ImageId},
    table::StoredTarget,
};
use greenlight_core::{
    deployment::{Candidate, PushedImage},
    image::{InvalidImageName, RepositoryRef, RepositoryUri},
    policy::TagPolicy,
    target::TargetName,
};
use jiff::Timestamp;

use crate::Deployer;

/// An image as a person names it: a tag, a digest, `repository:tag` or `repository@digest`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// The repository; without it, the target's only one.
    pub repository: Option<RepositoryRef>,
    /// The tag or digest; without it, the first exact tag that the target takes.
    pub image: Option<ImageId>,
}

/// A text that names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; an image is written `tag`, `sha256:…`, `repository:tag` or `repository@sha256:…`")]
pub struct InvalidWish(InvalidImageName);

impl FromStr for Wish {
    type Err = InvalidWish;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digest = |text: &str| text.parse().map(ImageId::Digest).map_err(InvalidWish);
        let tag = |text: &str| text.parse().map(ImageId::Tag).map_err(InvalidWish);
        let repository = |text: &str| text.parse().map_err(InvalidWish);
        let (repository, image) = if text.starts_with("sha256:") {
            (None, digest(text)?)
        } else if let Some((name, image)) = text.split_once('@') {
            (Some(repository(name)?), digest(image)?)
        } else if let Some((name, image)) = text.rsplit_once(':') {
            (Some(repository(name)?), tag(image)?)
        } else {
            (None, tag(text)?)
        };
        Ok(Self {
            repository,
            image: Some(image),
        })
    }
}

/// Why a wish gives no image.
#[derive(Debug, thiserror::Error)]
pub enum WishError {
    /// The target takes nothing of this repository.
    #[error("target `{target}` takes no image of repository `{repository}`, only of {its}")]
    OtherRepository {
        /// Which target.
        target: TargetName,
        /// The repository that was named.
        repository: String,
        /// Those of the target, for people.
        its: String,
    },
    /// The target takes images of several repositories.
    #[error("target `{target}` takes images of several repositories; name one of {its}")]
    Ambiguous {
        /// Which target.
        target: TargetName,
        /// Its repositories, for people.
        its: String,
    },
    /// There is no tag that is meant where none is named.
    #[error("target `{target}` takes no single tag; name the image")]
    NoDefault {
        /// Which target.
        target: TargetName,
    },
    /// The repository has no such tag or digest.
    #[error("repository `{repository}` has no {image}")]
    NoSuchImage {
        /// Which repository.
        repository: String,
        /// What was asked for, for people.
        image: String,
    },
    /// ECR could not be asked.
    #[error("the image for target `{target}` could not be looked up")]
    Look {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
}

/// The image that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) candidate: Candidate,
    pub(crate) is_archived: bool,
}

impl Deployer {
    /// Finds the image that is meant. Its place in the order of pushes is `at`: what a person asks
    /// for is the newest word.
    pub(crate) async fn resolve(
        &self,
        stored: &StoredTarget,
        wish: &Wish,
        at: Timestamp,
    ) -> Result<Resolved, WishError> {
        let (repository, image) = meant(stored, wish)?;
        let found = ecr::image(&self.clients, &repository, &image)
            .await
            .map_err(|source| WishError::Look {
                target: stored.target.name.clone(),
                source,
            })?;
        let Some(found) = found else {
            return Err(WishError::NoSuchImage {
                repository: repository.to_string(),
                image: match image {
                    ImageId::Tag(tag) => format!("tag `{tag}`"),
                    ImageId::Digest(digest) => format!("image `{digest}`"),
                },
            });
        };
        let pushed = PushedImage {
            repository,
            digest: found.digest,
            tag: match image {
                ImageId::Tag(tag) => Some(tag),
                ImageId::Digest(_) => None,
            },
            ordered_at: at,
        };
        Ok(Resolved {
            candidate: Candidate::of(pushed),
            is_archived: found.is_archived,
        })
    }
}

fn meant(stored: &StoredTarget, wish: &Wish) -> Result<(RepositoryUri, ImageId), WishError> {
    let target = &stored.target.name;
    let its = stored.repositories();
    let listed = || {
        let names: Vec<String> = its.iter().map(|it| format!("`{}`", it.name)).collect();
        names.join(", ")
    };
    let repository = match &wish.repository {
        Some(named) => {
            let repository = named.resolve(&stored.home).canonical();
            if !its.contains(&repository) {
                return Err(WishError::OtherRepository {
                    target: target.clone(),
                    repository: repository.to_string(),
                    its: listed(),
                });
            }
            Some(repository)
        }
        None => None,
    };
    match (repository, &wish.image, its.as_slice()) {
        (Some(repository), Some(image), _) => Ok((repository, image.clone())),
        (None, Some(image), [only]) => Ok((only.clone(), image.clone())),
        (None, Some(_), _) => Err(WishError::Ambiguous {
            target: target.clone(),
            its: listed(),
        }),
        (repository, None, _) => {
            let sources = stored.target.images.iter();
            let tag = sources
                .filter(|it| {
                    repository
                        .as_ref()
                        .is_none_or(|own| stored.repository_of(it) == *own)
                })
                .find_map(|source| {
                    let TagPolicy::Exact(tag) = source.tags.first()?;
                    Some((stored.repository_of(source), ImageId::Tag(tag.clone())))
                });
            tag.ok_or_else(|| WishError::NoDefault {
                target: target.clone(),
            })
        }
    }
}

#[cfg(test)]
mod tests;
