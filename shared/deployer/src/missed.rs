//! What the lost event of a push left. ECR's events are delivered as well as can be, and no better
//! (AWS-FACTS 1.1): what a tag names, and which images there are, is asked for.

use std::collections::BTreeMap;

use greenlight_aws::{AwsError, ecr, table::StoredTarget};
use greenlight_core::{
    deployment::{Candidate, DeploymentId, Input, Missed, PushedImage, is_missed_since},
    image::{RepositoryUri, Tag},
    policy::{Rank, TagPolicy},
    record::Origin,
    target::ImageSource,
};
use jiff::Timestamp;

use crate::{
    Deployer,
    push::{Decided, PushError},
};

/// So many records are looked at for whether somebody has dealt with an image.
const RECORDS: u32 = 100;

/// An image that the policy takes.
struct Found {
    image: PushedImage,
    /// Its tag names one image after the other.
    is_exact: bool,
}

impl Deployer {
    /// Requests what a target should have taken and has not, as if its push had been told of. Nothing is
    /// done where nothing was missed.
    ///
    /// `lease_until` is when this invocation is over, whatever happens.
    pub async fn take_missed(
        &self,
        stored: StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Vec<Decided>, PushError> {
        let target = stored.target.name.clone();
        let missed = self.missed(&stored).await;
        let missed = missed.map_err(|source| PushError::Missed {
            target: target.clone(),
            source,
        })?;
        // What was missed of several repositories goes together, as what waits does.
        let Some(candidate) = Candidate::of_images(missed) else {
            return Ok(Vec::new());
        };
        tracing::info!(%target, "{} was missed", candidate.describe());
        let cause = ["missed", target.as_str(), candidate.digest.as_str()];
        let requested = Input::Requested {
            deployment: DeploymentId::of_cause(candidate.ordered_at, &cause),
            candidate,
            origin: Origin::Push,
            job: None,
        };
        let explanation = self
            .advance(stored, requested, lease_until, &BTreeMap::new())
            .await
            .map_err(|source| PushError::MakeUp {
                target: target.clone(),
                source,
            })?;
        Ok(vec![Decided {
            target,
            explanation,
        }])
    }

    /// Of each of the target's repositories, the image that should have been taken and was not.
    pub(crate) async fn missed(&self, stored: &StoredTarget) -> Result<Vec<PushedImage>, AwsError> {
        // A tag that is moved while this looks is newer than what this finds.
        let looked_at = self.clock.now();
        let mut missed = Vec::new();
        for repository in stored.repositories() {
            // Nothing can be told where nothing was taken, so nothing is asked.
            if !stored.state.newest.contains_key(&repository) {
                continue;
            }
            let mut sources = stored.target.images.iter();
            // The images of one repository have the same tags.
            let source = sources.find(|source| stored.repository_of(source) == repository);
            let Some(source) = source else {
                continue;
            };
            let found = self.eligible(source, &repository).await?;
            missed.extend(self.newest_missed(stored, found, looked_at).await?);
        }
        Ok(missed)
    }

    /// The images that the policy takes, in no order.
    async fn eligible(
        &self,
        source: &ImageSource,
        repository: &RepositoryUri,
    ) -> Result<Vec<Found>, AwsError> {
        let mut found = Vec::new();
        let mut has_patterns = false;
        for policy in &source.tags {
            let TagPolicy::Exact(tag) = policy else {
                has_patterns = true;
                continue;
            };
            let named = ecr::image_of_tag(&self.clients, repository, tag).await?;
            found.extend(named.and_then(|image| of(repository, &image, tag.clone(), None, true)));
        }
        if has_patterns {
            let listed = ecr::tagged_images(&self.clients, repository).await?;
            if listed.is_cut {
                tracing::warn!(
                    "repository `{repository}` has more tagged images than are looked at, so a missed \
                     one may not be found; let a lifecycle policy remove old ones"
                );
            }
            found.extend(listed.images.iter().filter_map(|image| {
                let tags: Vec<Tag> = image.tags.iter().flat_map(|tag| tag.parse()).collect();
                let (tag, rank) = source.best(&tags)?;
                of(repository, image, tag, rank, false)
            }));
        }
        Ok(found)
    }

    /// The one that comes last in the order of those that were missed.
    async fn newest_missed(
        &self,
        stored: &StoredTarget,
        found: Vec<Found>,
        looked_at: Timestamp,
    ) -> Result<Option<PushedImage>, AwsError> {
        let mut newer: Vec<PushedImage> = Vec::new();
        let mut moved: Vec<(DeploymentId, PushedImage)> = Vec::new();
        for Found { image, is_exact } in found {
            match stored.state.missed(&image, is_exact) {
                Missed::No => {}
                Missed::Yes => newer.push(image),
                Missed::MovedSince(deployment) => moved.push((deployment, image)),
            }
        }
        let last = newer.into_iter().max_by(PushedImage::compare);
        if last.is_some() || moved.is_empty() {
            return Ok(last);
        }
        let records = self.table.history(&stored.target.name, RECORDS).await?;
        let moved = moved
            .into_iter()
            .filter(|(deployment, image)| is_missed_since(*deployment, image, &records))
            .map(|(_, image)| image)
            .max_by(PushedImage::compare);
        // When the tag was moved is not known, but that it was: the tag is the last word.
        Ok(moved.map(|image| PushedImage {
            ordered_at: looked_at,
            ..image
        }))
    }
}

/// An image that can be pulled, ordered by the time of its push.
fn of(
    repository: &RepositoryUri,
    image: &ecr::Image,
    tag: Tag,
    rank: Option<Rank>,
    is_exact: bool,
) -> Option<Found> {
    let pushed_at = image.pushed_at.filter(|_| !image.is_archived)?;
    Some(Found {
        image: PushedImage {
            repository: repository.clone(),
            digest: image.digest.clone(),
            tag: Some(tag),
            ordered_at: pushed_at,
            rank,
        },
        is_exact,
    })
}
