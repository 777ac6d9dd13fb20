//! Taking over what a service already runs, so that the first deployment has something to go back to.

use std::collections::BTreeMap;

use greenlight_aws::{
    AwsError, ecr, ecs,
    table::{BadTarget, StoredTarget},
};
use greenlight_core::{
    deployment::{Candidate, DeploymentId, Explanation, Input},
    policy::TagPolicy,
    target::TargetName,
};
use jiff::{SignedDuration, Timestamp};

use crate::{AdvanceError, Deployer, observe};

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

    /// The image that serves production now, with its task definition, if it is one of the target's
    /// repository.
    pub(crate) async fn live_image(
        &self,
        stored: &StoredTarget,
        at: Timestamp,
    ) -> Result<Option<(Candidate, String)>, AwsError> {
        let target = &stored.target;
        let service =
            ecs::service(&self.clients, &target.service.cluster, &target.service.name).await?;
        let (Some(primary), Some(source)) = (service.primary(), target.images.first()) else {
            return Ok(None);
        };
        let running = observe::running(&self.clients, &target.service.cluster, primary).await?;
        let Some(digest) = running.image(&source.container, &stored.repository) else {
            return Ok(None);
        };
        let known = stored.state.current.as_ref();
        let known = known.filter(|current| current.candidate.digest == digest);
        let task_definition = primary.task_definition.clone();
        if let Some(current) = known {
            return Ok(Some((current.candidate.clone(), task_definition)));
        }
        // Tasks may tell the digest of a child where the tag names its index (AWS-FACTS 5.12).
        for TagPolicy::Exact(tag) in &source.tags {
            let Some(named) = ecr::image_of_tag(&self.clients, &stored.repository, tag).await?
            else {
                continue;
            };
            let accepted =
                observe::accepted_digests(&self.clients, &stored.repository, &named.digest).await?;
            if accepted.contains(&digest) {
                let candidate = Candidate {
                    repository: stored.repository.clone(),
                    digest: named.digest,
                    tag: Some(tag.clone()),
                    ordered_at: named.pushed_at.unwrap_or(at),
                };
                return Ok(Some((candidate, task_definition)));
            }
        }
        let candidate = Candidate {
            repository: stored.repository.clone(),
            digest,
            tag: None,
            ordered_at: at,
        };
        Ok(Some((candidate, task_definition)))
    }
}
