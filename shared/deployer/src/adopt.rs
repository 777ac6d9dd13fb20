//! Taking over what a service already runs, so that the first deployment has something to go back to.

use std::collections::BTreeMap;

use greenlight_aws::{
    AwsError,
    ecr::{self, ImageId},
    ecs,
    table::{BadTarget, StoredTarget},
};
use greenlight_core::{
    deployment::{Candidate, DeploymentId, Explanation, Input, PushedImage},
    image::{Digest, Tag},
    policy::TagPolicy,
    target::{ImageSource, TargetName},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    AdvanceError, Deployer,
    observe::{self, Live},
};

/// Taking over starts nothing, so its lease is never looked at.
const LEASE: SignedDuration = SignedDuration::from_mins(1);

/// Why what runs could not be taken over. The target is registered all the same.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The target could not be read.
    #[error("target `{target}` could not be read")]
    Target {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// Its document is not understood.
    #[error(transparent)]
    Document(#[from] BadTarget),
    /// What runs could not be seen.
    #[error("what service of target `{target}` runs could not be seen")]
    Observe {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// It could not be recorded.
    #[error("what target `{target}` runs could not be recorded")]
    Advance {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AdvanceError,
    },
}

impl Deployer {
    /// Records the image that the target's service runs as the current one, if none is recorded yet.
    /// `None` where the target is not registered, has a current image, or runs nothing of its
    /// repository.
    pub async fn adopt(&self, name: &TargetName) -> Result<Option<Explanation>, AdoptError> {
        let stored = self
            .table
            .target(name)
            .await
            .map_err(|source| AdoptError::Target {
                target: name.clone(),
                source,
            })?;
        let Some(stored) = stored.transpose()? else {
            return Ok(None);
        };
        if stored.state.current.is_some() {
            return Ok(None);
        }
        let now = self.clock.now();
        let live = self
            .live_image(&stored, now)
            .await
            .map_err(|source| AdoptError::Observe {
                target: name.clone(),
                source,
            })?;
        let Some((candidate, task_definition)) = live else {
            return Ok(None);
        };
        let input = Input::Adopted {
            deployment: DeploymentId::of_cause(now, &["adopted", name.as_str()]),
            candidate,
            task_definition,
        };
        let lease_until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        self.advance(stored, input, lease_until, &BTreeMap::new())
            .await
            .map_err(|source| AdoptError::Advance {
                target: name.clone(),
                source,
            })
    }

    /// The images that serve production now, with their task definition, as far as they are of the
    /// target's repositories; none where none is.
    pub(crate) async fn live_image(
        &self,
        stored: &StoredTarget,
        at: Timestamp,
    ) -> Result<Option<(Candidate, Option<String>)>, AwsError> {
        let Some(target_service) = &stored.target.service else {
            return Ok(None);
        };
        let clients = self.clients_of(&stored.target);
        let (cluster, name) = (&target_service.cluster, &target_service.name);
        let service = ecs::service(&clients, cluster, name).await?;
        let Some(live) = Live::of(&service) else {
            return Ok(None);
        };
        let running = observe::running(&clients, cluster, &live).await?;
        let mut images: Vec<PushedImage> = Vec::new();
        for source in &stored.target.images {
            let repository = stored.repository_of(source);
            if images.iter().any(|image| image.repository == repository) {
                continue;
            }
            if let Some(digest) = running.image(&source.container, &repository) {
                images.push(self.named(stored, source, digest, at).await?);
            }
        }
        let candidate = Candidate::of_images(images);
        Ok(candidate.map(|candidate| (candidate, Some(live.task_definition))))
    }

    /// The image with the tag by which it probably came.
    pub(crate) async fn named(
        &self,
        stored: &StoredTarget,
        source: &ImageSource,
        digest: Digest,
        at: Timestamp,
    ) -> Result<PushedImage, AwsError> {
        let repository = stored.repository_of(source);
        let known = stored.state.current.as_ref();
        let known = known.and_then(|current| current.candidate.image_of(&repository));
        if let Some(image) = known.filter(|image| image.digest == digest) {
            return Ok(image);
        }
        // Of many tags that may be, it is one that the image has.
        let is_exact = |policy: &TagPolicy| matches!(policy, TagPolicy::Exact(_));
        if !source.tags.iter().all(is_exact) {
            let id = ImageId::Digest(digest.clone());
            let found = ecr::image(&self.clients, &repository, &id).await?;
            let pushed_at = found.as_ref().and_then(|found| found.pushed_at);
            let tags: Vec<Tag> = found
                .iter()
                .flat_map(|found| &found.tags)
                .flat_map(|tag| tag.parse())
                .collect();
            if let Some((tag, rank)) = source.best(&tags) {
                return Ok(PushedImage {
                    repository,
                    digest,
                    tag: Some(tag),
                    ordered_at: pushed_at.unwrap_or(at),
                    rank,
                });
            }
        }
        // Tasks may tell the digest of a child where the tag names its index (AWS-FACTS 5.12).
        for policy in &source.tags {
            let TagPolicy::Exact(tag) = policy else {
                continue;
            };
            let Some(named) = ecr::image_of_tag(&self.clients, &repository, tag).await? else {
                continue;
            };
            let accepted =
                observe::accepted_digests(&self.clients, &repository, &named.digest).await?;
            if accepted.contains(&digest) {
                return Ok(PushedImage {
                    repository,
                    digest: named.digest,
                    tag: Some(tag.clone()),
                    ordered_at: named.pushed_at.unwrap_or(at),
                    rank: None,
                });
            }
        }
        Ok(PushedImage {
            repository,
            digest,
            tag: None,
            ordered_at: at,
            rank: None,
        })
    }
}
