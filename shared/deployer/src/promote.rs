//! Giving what a target has live and proved the tag that another target watches.

use std::collections::BTreeMap;

use greenlight_aws::{AwsError, sts, table::StoredTarget};
use greenlight_core::{
    deployment::{Candidate, Current, DeploymentId, Input, Outcome, PushedImage},
    image::{Digest, RepositoryRef, Tag},
    promotion::{Next, Promoter, PromotionNote, next},
    record::{Announcement, DetailType},
    target::TargetName,
};
use jiff::Timestamp;

use crate::{AdvanceError, Deployer, retag::RetagError};

/// What was promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promoted {
    /// The deployment that had brought it.
    pub deployment: DeploymentId,
    /// The images that have the tag now: one, or of a target's own rule all that are live together.
    pub images: Vec<PromotedImage>,
}

/// One image that was promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotedImage {
    /// The image, by its new tag.
    pub image: PushedImage,
    /// What the tag named before.
    pub previous: Option<Digest>,
    /// For people, in one sentence.
    pub text: String,
}

/// Why nothing was promoted.
#[derive(Debug, thiserror::Error)]
pub enum PromoteError {
    /// Nothing is live.
    #[error("nothing is known to be live at target `{target}`; deploy an image first")]
    NothingLive {
        /// Which target.
        target: TargetName,
    },
    /// What is live was not brought by a deployment of Greenlight.
    #[error(
        "{image} is live at `{target}`, but no deployment of Greenlight has proved it; deploy it to \
         `{target}` once"
    )]
    NotProved {
        /// Which target.
        target: TargetName,
        /// What is live.
        image: String,
    },
    /// Something else runs.
    #[error("target `{target}` does not run {image} any more: {reason}")]
    NotLive {
        /// Which target.
        target: TargetName,
        /// What the record says.
        image: String,
        /// What was found.
        reason: String,
    },
    /// Images of several repositories are live, and none is named.
    #[error(
        "target `{target}` runs images of several repositories; name the one that is meant, such as \
         `{example}`"
    )]
    Several {
        /// Which target.
        target: TargetName,
        /// One of the repositories.
        example: String,
    },
    /// No image of the repository that is named is live.
    #[error("target `{target}` runs no image of this repository")]
    OtherRepository {
        /// Which target.
        target: TargetName,
    },
    /// Who promotes could not be found out.
    #[error("it cannot be told who promotes from target `{target}`")]
    Caller {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// What runs could not be seen.
    #[error("what target `{target}` runs could not be seen")]
    Look {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// The tag could not be given.
    #[error("{image} of target `{target}` was not promoted")]
    Retag {
        /// Which target.
        target: TargetName,
        /// Which image.
        image: String,
        /// Why not.
        #[source]
        source: Box<RetagError>,
    },
    /// The event could not be emitted.
    #[error("the promotion from target `{target}` could not be told")]
    Announce {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// That it is done could not be noted.
    #[error("the promotion from target `{target}` could not be noted")]
    Note {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AdvanceError,
    },
}

impl PromoteError {
    /// Whether the same may succeed a little later without anybody's doing.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::NothingLive { .. }
            | Self::NotProved { .. }
            | Self::NotLive { .. }
            | Self::Several { .. }
            | Self::OtherRepository { .. } => false,
            Self::Caller { source, .. }
            | Self::Look { source, .. }
            | Self::Announce { source, .. } => source.is_retryable(),
            Self::Retag { source, .. } => source.is_retryable(),
            Self::Note { .. } => true,
        }
    }

    /// What to do about it, where there is one thing to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Retag { source, .. } => source.hint(),
            Self::Caller { source, .. }
            | Self::Look { source, .. }
            | Self::Announce { source, .. } => source.hint(),
            Self::NothingLive { .. }
            | Self::NotProved { .. }
            | Self::NotLive { .. }
            | Self::Several { .. }
            | Self::OtherRepository { .. }
            | Self::Note { .. } => None,
        }
    }
}

impl Deployer {
    /// Gives the image that is live and proved the tag `to`, after having looked whether it is what runs.
    /// Where images of several repositories are live, `repository` says which is meant.
    pub async fn promote(
        &self,
        stored: &StoredTarget,
        repository: Option<&RepositoryRef>,
        to: &Tag,
        by: Promoter,
    ) -> Result<Promoted, PromoteError> {
        let current = self.proved_current(stored).await?;
        let target = || stored.target.name.clone();
        let mut meant = meant(stored, &current.candidate, repository).into_iter();
        let image = match (meant.next(), meant.next()) {
            (Some(image), None) => image,
            (Some(_), Some(_)) => {
                return Err(PromoteError::Several {
                    target: target(),
                    example: current.candidate.repository.name.to_string(),
                });
            }
            (None, _) => return Err(PromoteError::OtherRepository { target: target() }),
        };
        let images = vec![self.promote_one(stored, current, image, to, &by).await?];
        Ok(Promoted {
            deployment: current.deployment,
            images,
        })
    }

    /// The same for the person whose credentials these are.
    pub async fn promote_by_hand(
        &self,
        stored: &StoredTarget,
        repository: Option<&RepositoryRef>,
        to: &Tag,
    ) -> Result<Promoted, PromoteError> {
        let who = sts::caller(&self.clients).await;
        let by = who.map_err(|source| PromoteError::Caller {
            target: stored.target.name.clone(),
            source,
        })?;
        let by = Promoter::Person { by };
        self.promote(stored, repository, to, by).await
    }

    /// Promotes what is live, if the target's own rule says that it is due now: all images that are live
    /// together. Doing so again goes on where an earlier call was broken off.
    pub async fn promote_due(
        &self,
        stored: &StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Option<Promoted>, PromoteError> {
        let Some(promote) = &stored.target.promote else {
            return Ok(None);
        };
        let now = self.clock.now();
        let deployment = match next(promote, &stored.state, stored.line.as_ref(), now) {
            Next::Due { deployment } => deployment,
            Next::Soaking { .. } | Next::Not { .. } | Next::Done => return Ok(None),
        };
        let current = self.proved_current(stored).await?;
        let mut images = Vec::new();
        for image in current.candidate.images() {
            let by = Promoter::Rule;
            images.push(
                self.promote_one(stored, current, image, &promote.tag, &by)
                    .await?,
            );
        }
        let input = Input::Promoted { deployment };
        let gates = BTreeMap::new();
        let noted = Box::pin(self.advance(stored.clone(), input, lease_until, &gates));
        noted.await.map_err(|source| PromoteError::Note {
            target: stored.target.name.clone(),
            source,
        })?;
        Ok(Some(Promoted { deployment, images }))
    }

    /// What is live by the record, if it is proved and still what runs.
    async fn proved_current<'a>(
        &self,
        stored: &'a StoredTarget,
    ) -> Result<&'a Current, PromoteError> {
        let target = || stored.target.name.clone();
        let Some(current) = &stored.state.current else {
            return Err(PromoteError::NothingLive { target: target() });
        };
        let image = || current.candidate.describe();
        if let Some(drift) = current.drift.as_ref().filter(|drift| drift.is_foreign) {
            return Err(PromoteError::NotLive {
                target: target(),
                image: image(),
                reason: format!("it runs {}", drift.runs),
            });
        }
        if !current.is_proved {
            return Err(PromoteError::NotProved {
                target: target(),
                image: image(),
            });
        }
        let looked = Box::pin(self.prove_live(stored, &current.candidate)).await;
        let looked = looked.map_err(|source| PromoteError::Look {
            target: target(),
            source,
        })?;
        match looked {
            Outcome::Succeeded { .. } => Ok(current),
            Outcome::Failed { reason, .. } => Err(PromoteError::NotLive {
                target: target(),
                image: image(),
                reason,
            }),
        }
    }

    async fn promote_one(
        &self,
        stored: &StoredTarget,
        current: &Current,
        image: PushedImage,
        to: &Tag,
        by: &Promoter,
    ) -> Result<PromotedImage, PromoteError> {
        let target = &stored.target.name;
        let given = Box::pin(self.retag(&image, to, None)).await;
        let given = given.map_err(|source| PromoteError::Retag {
            target: target.clone(),
            image: image.pinned(),
            source: Box::new(source),
        })?;
        let previous = given.previous(&image);
        let text = format!(
            "`{to}` of {} names {} now, which is live at `{target}` (promoted by {by})",
            image.repository.name,
            image.digest.short()
        );
        let image = PushedImage {
            tag: Some(to.clone()),
            ..image
        };
        let announcement = Announcement::new(
            DetailType::Promoted,
            target,
            current.deployment,
            &Candidate::of(image.clone()),
            &text,
        )
        .with_promotion(PromotionNote {
            from: target.clone(),
            to: to.clone(),
            by: by.to_string(),
        });
        let told = self.announce(&announcement).await;
        told.map_err(|source| PromoteError::Announce {
            target: target.clone(),
            source,
        })?;
        tracing::info!(target = %target, "{text}");
        Ok(PromotedImage {
            image,
            previous,
            text,
        })
    }
}

/// Of the images that are live together, those that may be meant.
fn meant(
    stored: &StoredTarget,
    live: &Candidate,
    repository: Option<&RepositoryRef>,
) -> Vec<PushedImage> {
    let repository = repository.map(|named| named.resolve(&stored.home).canonical());
    let is_meant = |image: &PushedImage| {
        repository
            .as_ref()
            .is_none_or(|repository| image.repository == *repository)
    };
    live.images().filter(is_meant).collect()
}
