//! An image was pushed: which targets take it, and what becomes of it there.

use std::collections::BTreeMap;

use futures_util::{future::join_all, join};
use greenlight_aws::{AwsError, chain, ecr, table::StoredTarget};
use greenlight_core::{
    deployment::{Candidate, DeploymentId, Explanation, Input, PushedImage},
    image::{Digest, RepositoryUri, Tag},
    policy::{Rank, Verdict},
    record::Origin,
    target::TargetName,
};
use jiff::Timestamp;

use crate::{AdvanceError, Deployer};

/// A successful push of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The event's id: the same event gives the same deployment, however often it arrives.
    pub event: String,
    /// Where to.
    pub repository: RepositoryUri,
    /// The tag.
    pub tag: Tag,
    /// What the tag named then.
    pub digest: Digest,
    /// When, to the second.
    pub at: Timestamp,
}

/// What became of a push at one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The target.
    pub target: TargetName,
    /// What was decided and why; `None` if this very event had been dealt with before.
    pub explanation: Option<Explanation>,
}

/// Why a push could not be dealt with. Dealing with it again goes on where this ended.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The targets of the repository could not be read.
    #[error("the targets of repository `{repository}` could not be read")]
    Targets {
        /// Which repository.
        repository: RepositoryUri,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// What the tag names could not be found out.
    #[error("what tag `{tag}` of repository `{repository}` names could not be found out")]
    Resolve {
        /// Which repository.
        repository: RepositoryUri,
        /// Which tag.
        tag: Tag,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// What a target has missed could not be found out.
    #[error("what target `{target}` has missed could not be found out")]
    Missed {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// What a target has missed could not be made up for.
    #[error("what target `{target}` has missed could not be made up for")]
    MakeUp {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AdvanceError,
    },
    /// A target's state could not be moved.
    #[error("the push of `{tag}` to `{repository}` could not be dealt with at every target")]
    Advance {
        /// Which repository.
        repository: RepositoryUri,
        /// Which tag.
        tag: Tag,
        /// The first failure.
        #[source]
        source: AdvanceError,
    },
}

impl Deployer {
    /// Deals with a push. Nothing found is no error: the result is then empty.
    ///
    /// `lease_until` is when this invocation is over, whatever happens.
    ///
    /// Dealing with the same push again goes on where an error has ended it.
    pub async fn pushed(
        &self,
        push: &Push,
        lease_until: Timestamp,
    ) -> Result<Vec<Decided>, PushError> {
        // Both need only the event, so they run together.
        let (targets, image) = join!(
            self.table.targets_of_repository(&push.repository),
            ecr::image_of_tag(&self.clients, &push.repository, &push.tag),
        );
        let targets = targets.map_err(|source| PushError::Targets {
            repository: push.repository.clone(),
            source,
        })?;
        let takers = targets
            .into_iter()
            .filter_map(|target| {
                target
                    .inspect_err(|error| tracing::error!("{}", chain(error)))
                    .ok()
            })
            .filter_map(
                |stored| match judged(&stored, &push.repository, &push.tag)? {
                    Verdict::Taken { rank } => Some((stored, rank)),
                    Verdict::Ignored | Verdict::NotTaken => None,
                },
            )
            .collect::<Vec<_>>();
        if takers.is_empty() {
            tracing::info!(
                "no target takes `{}` of repository `{}`",
                push.tag,
                push.repository
            );
            return Ok(Vec::new());
        }
        let image = image.map_err(|source| PushError::Resolve {
            repository: push.repository.clone(),
            tag: push.tag.clone(),
            source,
        })?;
        let image = match image {
            Some(image) if image.is_archived => {
                tracing::warn!(
                    "`{}` of repository `{}` is archived and cannot be pulled, so it is not \
                     deployed; restore the image in ECR and push the tag again",
                    push.tag,
                    push.repository
                );
                return Ok(Vec::new());
            }
            Some(image) => image,
            None => {
                tracing::warn!(
                    "repository `{}` has no tag `{}` any more, so nothing is deployed",
                    push.repository,
                    push.tag
                );
                return Ok(Vec::new());
            }
        };
        let results = join_all(
            takers
                .into_iter()
                .map(|(stored, rank)| self.pushed_to(stored, push, &image, rank, lease_until)),
        )
        .await;
        let mut decided = Vec::with_capacity(results.len());
        let mut failure = None;
        for result in results {
            match result {
                Ok(result) => decided.push(result),
                // A document that is not understood stays so: it was logged, and is no reason to
                // deal with the others again.
                Err(AdvanceError::Document(error)) => tracing::error!("{}", chain(&error)),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        match failure {
            None => Ok(decided),
            Some(source) => Err(PushError::Advance {
                repository: push.repository.clone(),
                tag: push.tag.clone(),
                source,
            }),
        }
    }

    async fn pushed_to(
        &self,
        stored: StoredTarget,
        push: &Push,
        image: &ecr::Image,
        rank: Option<Rank>,
        lease_until: Timestamp,
    ) -> Result<Decided, AdvanceError> {
        let target = stored.target.name.clone();
        let repository = push.repository.canonical();
        let candidate = |digest: &Digest, ordered_at: Timestamp| {
            Candidate::of(PushedImage {
                repository: repository.clone(),
                digest: digest.clone(),
                tag: Some(push.tag.clone()),
                ordered_at,
                rank: rank.clone(),
            })
        };
        let id = |candidate: &Candidate| {
            let cause = [&push.event, target.as_str(), candidate.digest.as_str()];
            DeploymentId::of_cause(candidate.ordered_at, &cause)
        };
        // The event tells the second; a fresh image is known to the millisecond.
        let named_at = image
            .pushed_at
            .map_or(push.at, |pushed| pushed.max(push.at));
        let named = candidate(&image.digest, named_at);
        let requested = Input::Requested {
            deployment: id(&named),
            candidate: named,
            origin: Origin::Push,
            job: None,
        };
        let no_gates = BTreeMap::new();
        if image.digest != push.digest {
            let pushed = candidate(&push.digest, push.at);
            let outdated = Input::Outdated {
                deployment: id(&pushed),
                candidate: pushed,
            };
            self.advance(stored, outdated, lease_until, &no_gates)
                .await?;
            // The event of the image that the tag names now may have been lost, so it is asked for.
            let again = self.table.target(&target).await;
            let again = again.map_err(|source| AdvanceError::State {
                target: target.clone(),
                source,
            })?;
            let Some(stored) = again.transpose()? else {
                return Ok(Decided {
                    target,
                    explanation: None,
                });
            };
            let explanation = self
                .advance(stored, requested, lease_until, &no_gates)
                .await?;
            return Ok(Decided {
                target,
                explanation,
            });
        }
        let explanation = self
            .advance(stored, requested, lease_until, &no_gates)
            .await?;
        Ok(Decided {
            target,
            explanation,
        })
    }
}

/// What a target's policy says of the tag; nothing where it takes no image of the repository.
fn judged(stored: &StoredTarget, repository: &RepositoryUri, tag: &Tag) -> Option<Verdict> {
    let repository = repository.canonical();
    let mut images = stored.target.images.iter();
    // The images of one repository have the same tags.
    let source = images.find(|image| stored.repository_of(image) == repository)?;
    let decision = source.decide(tag);
    if !decision.is_taken() {
        tracing::info!(target = %stored.target.name, "{}", decision.rule);
    }
    Some(decision.verdict)
}
