//! Which image a person means, and which image that is now.

use std::str::FromStr;

use futures_util::future::try_join_all;
use greenlight_aws::{
    AwsError,
    ecr::{self, ImageId},
    table::StoredTarget,
};
use greenlight_core::{
    deployment::{Candidate, PushedImage},
    image::{ImageRef, InvalidImageName, RepositoryRef, RepositoryUri, Tag},
    image_definitions::{ImageFile, ImageUri},
    policy::{Rank, TagPolicy},
    target::{ImageSource, TargetName},
};
use jiff::Timestamp;

use crate::Deployer;

/// What a person wants deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// One image.
    Named(Named),
    /// What CodePipeline's files say together: containers that they do not name keep their images.
    Files(Vec<ImageFile>),
}

impl Default for Wish {
    fn default() -> Self {
        Self::Named(Named::default())
    }
}

/// An image as a person names it: a tag, a digest, `repository:tag` or `repository@digest`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
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
        text.parse().map(Self::Named)
    }
}

impl FromStr for Named {
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
    /// A file names an image that is not in ECR.
    #[error("image `{image}` is not in ECR: {reason}")]
    NotOfEcr {
        /// The image, as it is named.
        image: String,
        /// Why it cannot be.
        reason: String,
    },
    /// A file names a container that takes no image.
    #[error("target `{target}` takes no image for container `{container}`, only for {its}")]
    OtherContainer {
        /// Which target.
        target: TargetName,
        /// The container that was named.
        container: String,
        /// Those of the target, for people.
        its: String,
    },
    /// A file names two images of one repository.
    #[error(
        "two images of repository `{repository}` are named; a deployment has one of each repository"
    )]
    Contradiction {
        /// Which repository.
        repository: RepositoryUri,
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
    /// Finds the images that are meant. Their place in the order of pushes is `at`: what a person asks
    /// for is the newest word.
    pub(crate) async fn resolve(
        &self,
        stored: &StoredTarget,
        wish: &Wish,
        at: Timestamp,
    ) -> Result<Resolved, WishError> {
        let wanted = wanted(stored, wish)?;
        let found = wanted.into_iter().map(async |(repository, image)| {
            let found = ecr::image(&self.clients, &repository, &image).await;
            let found = found.map_err(|source| WishError::Look {
                target: stored.target.name.clone(),
                source,
            })?;
            pushed(stored, repository, image, found, at)
        });
        let found = try_join_all(found).await?;
        let is_archived = found.iter().any(|(_, is_archived)| *is_archived);
        let images = found.into_iter().map(|(image, _)| image).collect();
        let candidate = Candidate::of_images(images).ok_or_else(|| WishError::NoDefault {
            target: stored.target.name.clone(),
        })?;
        Ok(Resolved {
            candidate,
            is_archived,
        })
    }
}

/// The image as it was found, and whether it is archived.
fn pushed(
    stored: &StoredTarget,
    repository: RepositoryUri,
    image: ImageId,
    found: Option<ecr::Image>,
    at: Timestamp,
) -> Result<(PushedImage, bool), WishError> {
    let Some(found) = found else {
        return Err(WishError::NoSuchImage {
            repository: repository.to_string(),
            image: match image {
                ImageId::Tag(tag) => format!("tag `{tag}`"),
                ImageId::Digest(digest) => format!("image `{digest}`"),
            },
        });
    };
    let tag = match image {
        ImageId::Tag(tag) => Some(tag),
        ImageId::Digest(_) => None,
    };
    let pushed = PushedImage {
        rank: rank(stored, &repository, tag.as_ref(), &found),
        repository,
        digest: found.digest,
        tag,
        ordered_at: at,
    };
    Ok((pushed, found.is_archived))
}

/// The place of an image in the order of the target: by the tag that was named, or else by the others that
/// it has. So what is older is known to be older after a person has asked for something else.
fn rank(
    stored: &StoredTarget,
    repository: &RepositoryUri,
    tag: Option<&Tag>,
    found: &ecr::Image,
) -> Option<Rank> {
    let mut sources = stored.target.images.iter();
    let source = sources.find(|source| stored.repository_of(source) == *repository)?;
    let others: Vec<Tag> = found.tags.iter().flat_map(|tag| tag.parse()).collect();
    let (_, rank) = source.best(tag).or_else(|| source.best(&others))?;
    rank
}

/// What is wanted of each repository, each once.
fn wanted(stored: &StoredTarget, wish: &Wish) -> Result<Vec<(RepositoryUri, ImageId)>, WishError> {
    let mut wanted: Vec<(RepositoryUri, ImageId)> = Vec::new();
    let named = match wish {
        Wish::Named(named) => vec![meant(stored, named)?],
        Wish::Files(files) => files
            .iter()
            .flat_map(named_in)
            .map(|(uri, container)| in_file(stored, uri, container))
            .collect::<Result<_, _>>()?,
    };
    for (repository, image) in named {
        match wanted.iter().find(|(known, _)| *known == repository) {
            Some((_, known)) if *known == image => {}
            Some(_) => return Err(WishError::Contradiction { repository }),
            None => wanted.push((repository, image)),
        }
    }
    Ok(wanted)
}

/// The images that a file names, each with the container that it is for, if the file says so.
fn named_in(file: &ImageFile) -> Vec<(&ImageUri, Option<&str>)> {
    match file {
        ImageFile::Detail(detail) => vec![(&detail.image_uri, None)],
        ImageFile::Definitions(definitions) => definitions
            .iter()
            .map(|entry| (&entry.image_uri, Some(entry.name.as_str())))
            .collect(),
    }
}

/// An image that a file names, for a container if it says for which.
fn in_file(
    stored: &StoredTarget,
    uri: &ImageUri,
    container: Option<&str>,
) -> Result<(RepositoryUri, ImageId), WishError> {
    let target = &stored.target.name;
    let named: ImageRef =
        uri.as_str()
            .parse()
            .map_err(|error: InvalidImageName| WishError::NotOfEcr {
                image: uri.to_string(),
                reason: error.to_string(),
            })?;
    let repository = named.repository.canonical();
    let sources: Vec<&ImageSource> = stored
        .target
        .images
        .iter()
        .filter(|source| container.is_none_or(|name| source.container == name))
        .collect();
    if let (Some(container), true) = (container, sources.is_empty()) {
        let own = stored.target.images.iter();
        return Err(WishError::OtherContainer {
            target: target.clone(),
            container: container.to_owned(),
            its: listed(own.map(|source| source.container.as_str())),
        });
    }
    if sources
        .iter()
        .all(|source| stored.repository_of(source) != repository)
    {
        let own = sources.iter().map(|source| source.repository.name.as_str());
        return Err(WishError::OtherRepository {
            target: target.clone(),
            repository: repository.to_string(),
            its: listed(own),
        });
    }
    let image = match (named.digest, named.tag) {
        (Some(digest), _) => ImageId::Digest(digest),
        (None, Some(tag)) => ImageId::Tag(tag),
        // What Docker and ECS mean by an image without a tag.
        (None, None) => ImageId::Tag("latest".parse().map_err(|error: InvalidImageName| {
            WishError::NotOfEcr {
                image: uri.to_string(),
                reason: error.to_string(),
            }
        })?),
    };
    Ok((repository, image))
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.dedup();
    names.join(", ")
}

fn meant(stored: &StoredTarget, wish: &Named) -> Result<(RepositoryUri, ImageId), WishError> {
    let target = &stored.target.name;
    let its = stored.repositories();
    let listed = || listed(its.iter().map(|it| it.name.as_str()));
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
                    let TagPolicy::Exact(tag) = source.tags.first()? else {
                        return None;
                    };
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
