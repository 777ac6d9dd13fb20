//! Whether an image that a repository holds should have been taken, and was not: its event was lost.

use std::cmp::Ordering;

use super::{Candidate, DeploymentId, PushedImage, TargetState, candidate::order};
use crate::record::{DeploymentRecord, Origin};

/// What can be told of an image that the target's policy takes, from the state alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// It was not missed.
    No,
    /// It is newer than whatever was taken.
    Yes,
    /// It is not newer, but its tag named another image when this deployment was asked for. It was moved
    /// since: the image was missed unless a later record deals with it.
    MovedSince(DeploymentId),
}

impl TargetState {
    /// Whether an image was missed that one of its tags makes one to be taken. It is ordered by the time of its
    /// push, since ECR does not tell when a tag was moved. `is_exact` says that the tag names one image
    /// after the other, and is not one of many.
    ///
    /// Where nothing was ever taken there is nothing to go by, so that registering a target deploys nothing.
    pub fn missed(&self, found: &PushedImage, is_exact: bool) -> Missed {
        let Some(newest) = self.newest.get(&found.repository) else {
            return Missed::No;
        };
        if newest.digest == found.digest || self.knows(found) {
            return Missed::No;
        }
        let own = (found.rank.as_ref(), found.ordered_at);
        if order(own, (newest.rank.as_ref(), newest.at)) == Ordering::Greater {
            return Missed::Yes;
        }
        match self.last_word(found) {
            Some((deployment, tag)) if is_exact && tag == found.tag => {
                Missed::MovedSince(deployment)
            }
            _ => Missed::No,
        }
    }

    /// Whether it is live, under way, waiting, wanted back or rejected.
    fn knows(&self, found: &PushedImage) -> bool {
        let queued = self.queued.iter().chain(&self.rollback);
        let current = self.current.iter().map(|it| &it.candidate);
        let known: Vec<&Candidate> = current
            .chain(self.active.iter().map(|it| &it.candidate))
            .chain(queued.map(|it| &it.candidate))
            .collect();
        let has = |candidate: &&Candidate| {
            let image = candidate.image_of(&found.repository);
            image.is_some_and(|image| image.digest == found.digest)
        };
        known.iter().any(has) || self.rejected.contains(&found.digest)
    }

    /// The deployment that was asked for last of what is there, and the tag by which its image of this repository
    /// came.
    fn last_word(&self, found: &PushedImage) -> Option<(DeploymentId, Option<crate::image::Tag>)> {
        let queued = self.queued.iter().map(|it| (it.deployment, &it.candidate));
        let active = self.active.iter().map(|it| (it.deployment, &it.candidate));
        let current = self.current.iter().filter(|current| !current.is_foreign());
        let current = current.map(|it| (it.deployment, &it.candidate));
        let mut all = queued.chain(active).chain(current);
        all.find_map(|(deployment, candidate)| {
            let image = candidate.image_of(&found.repository)?;
            Some((deployment, image.tag))
        })
    }
}

/// Whether an image was missed whose tag was moved since `deployment` was asked for: by the records that there
/// are, nobody has dealt with it since. Where the deployment went back to an image that had the tag long ago,
/// that tells nothing.
pub fn is_missed_since(
    deployment: DeploymentId,
    found: &PushedImage,
    records: &[DeploymentRecord],
) -> bool {
    let Some(last) = records.iter().find(|record| record.id == deployment) else {
        return false;
    };
    let goes_back = matches!(last.origin, Origin::Rollback { .. });
    let dealt_with = records.iter().any(|record| {
        let image = record.candidate.image_of(&found.repository);
        record.requested_at >= last.requested_at
            && image.is_some_and(|image| image.digest == found.digest)
    });
    !goes_back && !dealt_with
}
