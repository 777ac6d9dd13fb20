//! Giving a tag to an image that is in the repository already: the one place that does so.
//!
//! Only the tag is put. The manifest goes back byte for byte, so that the digest stays, and an index
//! keeps its images (AWS-FACTS 8.1). Whether the tag can be moved is read together with the manifest,
//! which costs no time.

use futures_util::future::OptionFuture;
use futures_util::join;
use greenlight_aws::{AwsError, chain, ecr};
use greenlight_core::{
    deployment::PushedImage,
    image::{Digest, Mutability, Tag},
};

use crate::Deployer;

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Retagged {
    /// The tag names the image now, and another or none before.
    Moved {
        /// What it named.
        previous: Option<Digest>,
    },
    /// The tag named the image already.
    Already,
    /// The tag names neither the image nor what it was to be taken from.
    LeftAlone,
}

impl Retagged {
    /// What the tag named before.
    pub(crate) fn previous(self, image: &PushedImage) -> Option<Digest> {
        match self {
            Self::Moved { previous } => previous,
            Self::Already => Some(image.digest.clone()),
            Self::LeftAlone => None,
        }
    }
}

/// Why a tag was not given.
#[derive(Debug, thiserror::Error)]
pub enum RetagError {
    /// The repository does not hold the image.
    #[error("image `{image}` is not in ECR any more")]
    Gone {
        /// Which image.
        image: String,
    },
    /// The tag names another image, and stays there.
    #[error("the tag `{tag}` cannot be moved: tags of repository `{repository}` are immutable")]
    Immutable {
        /// Which tag.
        tag: Tag,
        /// The repository's name.
        repository: String,
        /// What to do about it.
        remedy: String,
    },
    /// ECR did not answer as it should.
    #[error("the tag `{tag}` could not be given")]
    Ecr {
        /// Which tag.
        tag: Tag,
        /// Why not.
        #[source]
        source: AwsError,
    },
}

impl RetagError {
    /// Whether the same may succeed a little later without anybody's doing.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Gone { .. } | Self::Immutable { .. } => false,
            Self::Ecr { source, .. } => source.is_retryable(),
        }
    }

    /// What to do about it, where there is one thing to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Gone { .. } => None,
            Self::Immutable { remedy, .. } => Some(remedy.clone()),
            Self::Ecr { source, .. } => source.hint(),
        }
    }
}

impl Deployer {
    /// Makes `tag` name `image`; where `from` is given, only if it still names that.
    pub(crate) async fn retag(
        &self,
        image: &PushedImage,
        tag: &Tag,
        from: Option<&Digest>,
    ) -> Result<Retagged, RetagError> {
        let repository = &image.repository;
        let failed = |source| RetagError::Ecr {
            tag: tag.clone(),
            source,
        };
        let named = ecr::image_of_tag(&self.clients, repository, tag);
        let previous = named.await.map_err(failed)?.map(|named| named.digest);
        if previous.as_ref() == Some(&image.digest) {
            return Ok(Retagged::Already);
        }
        if from.is_some() && from != previous.as_ref() {
            return Ok(Retagged::LeftAlone);
        }
        let (manifest, mutability) = join!(
            ecr::manifest(&self.clients, repository, &image.digest),
            // A tag that is new can be given in any repository.
            OptionFuture::from(previous.is_some().then(|| self.mutability(image))),
        );
        let mutability = mutability.flatten();
        let manifest = manifest.map_err(failed)?.ok_or_else(|| RetagError::Gone {
            image: image.pinned(),
        })?;
        if mutability.as_ref().is_some_and(|it| it.keeps(tag)) {
            return Err(immutable(image, tag, mutability.as_ref()));
        }
        let put = ecr::put_tag(&self.clients, repository, &image.digest, manifest, tag).await;
        match put {
            Ok(()) => Ok(Retagged::Moved { previous }),
            // Somebody else was faster, with this image or another one (AWS-FACTS 8.1).
            Err(error) if error.is("ImageTagAlreadyExistsException") => {
                let named = ecr::image_of_tag(&self.clients, repository, tag);
                let named = named.await.map_err(failed)?.map(|named| named.digest);
                if named.as_ref() == Some(&image.digest) {
                    return Ok(Retagged::Already);
                }
                let mutability = match mutability {
                    Some(known) => Some(known),
                    None => self.mutability(image).await,
                };
                Err(immutable(image, tag, mutability.as_ref()))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// What the repository says of its tags, if that can be read: it only makes messages better.
    async fn mutability(&self, image: &PushedImage) -> Option<Mutability> {
        let read = ecr::mutability(&self.clients, &image.repository).await;
        read.inspect_err(|error| tracing::warn!("{}", chain(error)))
            .ok()
    }
}

fn immutable(image: &PushedImage, tag: &Tag, mutability: Option<&Mutability>) -> RetagError {
    let unknown = Mutability {
        is_immutable: true,
        except: Vec::new(),
    };
    let remedy = mutability
        .filter(|it| it.keeps(tag))
        .unwrap_or(&unknown)
        .remedy(&image.repository, tag);
    RetagError::Immutable {
        tag: tag.clone(),
        repository: image.repository.name.to_string(),
        remedy,
    }
}
