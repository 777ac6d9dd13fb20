//! What is known of a target: what runs, what is being deployed, what waits.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use std::{
    cmp::Ordering,
    collections::{BTreeMap, btree_map::Entry},
};

use super::{
    Candidate, DeploymentId, Hold,
    candidate::{comes_later, order},
};
use crate::image::{Digest, RepositoryUri};
use crate::job::JobId;
use crate::policy::Rank;
use crate::record::Origin;

/// How many jobs may wait for one deployment. A transaction writes up to a hundred items.
pub(super) const JOBS_LIMIT: usize = 20;

/// How many digests a target remembers as rejected; the oldest are forgotten first.
pub(super) const REJECTED_LIMIT: usize = 50;

/// The state of one target. It moves by [`super::step`] only, and is stored by compare-and-swap on
/// its version, which the store counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetState {
    /// What is really deployed, as last observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Current>,
    /// The one deployment that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<Active>,
    /// The one candidate that waits for its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<Queued>,
    /// What a person wants back, as soon as the deployment that is under way has been stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Queued>,
    /// Of each repository, the newest image that was ever accepted, and its place in the order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub newest: BTreeMap<RepositoryUri, Newest>,
    /// Digests that failed here or were rolled away from, oldest first: not deployed again
    /// automatically.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Digest>,
    /// What a person has said against automatic deployments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Since when something is wrong: a deployment has failed or was rolled away from, and none has
    /// succeeded since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub troubled_since: Option<Timestamp>,
    /// The deployment after which the marks outside, tag and parameter, were last set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked: Option<DeploymentId>,
    /// The deployment whose image was last promoted automatically.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted: Option<DeploymentId>,
}

/// The newest image of a repository that was ever accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// See [`Candidate::ordered_at`].
    pub at: Timestamp,
    /// See [`Candidate::rank`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
    /// Which image.
    pub digest: Digest,
}

/// The image that is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// The record of the deployment that brought it.
    pub deployment: DeploymentId,
    /// The image.
    pub candidate: Candidate,
    /// The task definition that runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// Since when it is live.
    pub since: Timestamp,
    /// Whether a deployment of Greenlight has proved it here. What was there before, or was deployed by
    /// others, is not.
    #[serde(default)]
    pub is_proved: bool,
    /// That it came to run without a deployment that Greenlight knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
}

/// What runs is not what the last deployment had brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// When that was found.
    pub found_at: Timestamp,
    /// What the record said, for people.
    pub expected: String,
    /// What runs, for people.
    pub runs: String,
    /// Who did it, or how, as far as AWS tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What runs is no image of the target's repositories: [`Current::candidate`] is still what the record
    /// said, and is *not* live.
    #[serde(default)]
    pub is_foreign: bool,
    /// What the record said, whole: it is the truth again if it comes back as it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Box<Current>>,
}

/// A deployment that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    /// Our id.
    pub deployment: DeploymentId,
    /// The image that is being deployed.
    pub candidate: Candidate,
    /// What it came from.
    #[serde(default, skip_serializing_if = "Origin::is_push")]
    pub origin: Origin,
    /// The jobs of pipelines that wait for its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobId>,
    /// That a person wants it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// Since when it has its turn. What an earlier version of Greenlight has claimed does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// How far it has come.
    #[serde(flatten)]
    pub phase: Phase,
}

impl Active {
    /// Since when it has its turn, as far as that is known.
    pub fn since(&self) -> Timestamp {
        self.since.unwrap_or_else(|| self.deployment.at())
    }
}

/// A person wants a deployment stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Who.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Stop {
    /// For people: `rolled back by alice (it is slow)`.
    pub fn describe(&self) -> String {
        match &self.reason {
            Some(reason) => format!("rolled back by {} ({reason})", self.by),
            None => format!("rolled back by {}", self.by),
        }
    }
}

/// How far an active deployment has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// Claimed: somebody is starting it, and may be taken over from when the lease has run out.
    Requested {
        /// The time at which whoever claimed it cannot be running any more.
        lease_until: Timestamp,
        /// What has been done for it before.
        #[serde(default, skip_serializing_if = "Preparation::is_nothing")]
        prepared: Preparation,
    },
    /// A one-shot task runs that has to succeed before the service is touched.
    Before {
        /// Which of the target's, counted from nought.
        step: u32,
        /// The task's ARN.
        aws_id: String,
        /// The task definition that was registered for the deployment, if it was needed already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_definition: Option<String>,
    },
    /// The AWS deployment runs and is known.
    Started {
        /// The id of the AWS deployment, such as `d-ABCDEF123`.
        aws_id: String,
        /// The task definition that it deploys, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_definition: Option<String>,
    },
}

/// What has been done for a deployment before its AWS deployment is started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparation {
    /// So many of the tasks that have to succeed before have done so.
    #[serde(default)]
    pub done: u32,
    /// The task definition that was registered for the deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
}

impl Preparation {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A candidate that waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// The id under which it will be deployed.
    pub deployment: DeploymentId,
    /// The image.
    pub candidate: Candidate,
    /// What it waits for.
    pub reason: String,
    /// What it came from: what a person asked for is not withdrawn because it failed before.
    #[serde(default, skip_serializing_if = "Origin::is_push")]
    pub origin: Origin,
    /// The jobs of pipelines that wait for its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobId>,
}

impl TargetState {
    /// Whether an image of the candidate that is not live was rejected.
    pub fn rejects(&self, candidate: &Candidate) -> bool {
        candidate.images().any(|image| {
            self.rejected.contains(&image.digest)
                && !self.has_live(&image.repository, &image.digest)
        })
    }

    /// Rejects what the candidate would have brought.
    pub(super) fn reject(&mut self, candidate: &Candidate) {
        for image in candidate.images() {
            if !self.has_live(&image.repository, &image.digest) {
                self.reject_digest(image.digest);
            }
        }
    }

    /// Rejects the images of `from` that `to` does not have, live or not.
    pub(super) fn reject_unlike(&mut self, from: &Candidate, to: &Candidate) {
        for image in from.images() {
            let stays = to.image_of(&image.repository);
            if stays.is_some_and(|stays| stays.digest != image.digest) {
                self.reject_digest(image.digest);
            }
        }
    }

    fn reject_digest(&mut self, digest: Digest) {
        self.rejected.retain(|rejected| *rejected != digest);
        self.rejected.push(digest);
        let surplus = self.rejected.len().saturating_sub(REJECTED_LIMIT);
        self.rejected.drain(..surplus);
    }

    pub(super) fn pardon(&mut self, candidate: &Candidate) {
        for image in candidate.images() {
            self.rejected.retain(|rejected| *rejected != image.digest);
        }
    }

    /// Whether every image of the candidate is live.
    pub fn is_live(&self, candidate: &Candidate) -> bool {
        self.current
            .as_ref()
            .filter(|current| !current.is_foreign())
            .is_some_and(|current| candidate.is_within(&current.candidate))
    }

    fn has_live(&self, repository: &RepositoryUri, digest: &Digest) -> bool {
        self.current
            .as_ref()
            .filter(|current| !current.is_foreign())
            .and_then(|current| current.candidate.image_of(repository))
            .is_some_and(|image| image.digest == *digest)
    }

    /// Remembers how new the images of a candidate are. What somebody asks for may be older than the newest,
    /// or of no place in its order: the newest is still remembered then, but what was pushed before it was
    /// asked for is no reason to go back to it.
    pub(super) fn accept(&mut self, candidate: &Candidate, origin: &Origin) {
        for image in candidate.images() {
            let newest = Newest {
                at: image.ordered_at,
                rank: image.rank,
                digest: image.digest,
            };
            match self.newest.entry(image.repository) {
                Entry::Vacant(place) => {
                    place.insert(newest);
                }
                Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    let has_place = newest.rank.is_some() || known.rank.is_none();
                    if newest.compare(known) != Ordering::Less && (has_place || origin.is_push()) {
                        *known = newest;
                    } else if !origin.is_push() {
                        known.at = known.at.max(newest.at);
                    }
                }
            }
        }
    }

    /// An image that is live, under way or waits came by one more tag. That may come later in the order than
    /// the one by which it is known.
    pub(super) fn raise(&mut self, candidate: &Candidate) {
        for image in candidate.images() {
            let current = self.current.iter().map(|it| &it.candidate);
            let active = self.active.iter().map(|it| &it.candidate);
            let queued = self.queued.iter().map(|it| &it.candidate);
            let is_known = current
                .chain(active)
                .chain(queued)
                .filter_map(|known| known.image_of(&image.repository))
                .any(|known| known.digest == image.digest);
            if !is_known {
                continue;
            }
            if let Some(active) = &mut self.active {
                active.candidate.raise(&image);
            }
            if let Some(queued) = &mut self.queued {
                queued.candidate.raise(&image);
            }
            if let Some(newest) = self.newest.get_mut(&image.repository) {
                let is_its_first = newest.rank.is_none() && newest.digest == image.digest;
                let is_later =
                    newest.rank.is_some() && comes_later(image.rank.as_ref(), newest.rank.as_ref());
                if is_its_first || is_later {
                    *newest = Newest {
                        at: newest.at.max(image.ordered_at),
                        rank: image.rank,
                        digest: image.digest,
                    };
                }
            }
        }
    }

    /// Whether a newer image of its repository was accepted before.
    pub fn is_outdated(&self, candidate: &Candidate) -> bool {
        self.newest
            .get(&candidate.repository)
            .is_some_and(|newest| {
                let own = (candidate.rank.as_ref(), candidate.ordered_at);
                order(own, (newest.rank.as_ref(), newest.at)) == Ordering::Less
            })
    }

    /// What is live, with what the candidate brought in its place.
    pub(super) fn with_live(&self, candidate: Candidate) -> Candidate {
        match &self.current {
            Some(current) => candidate.completed_by(&current.candidate),
            None => candidate,
        }
    }
}

impl Current {
    /// Whether something runs that is no image of the target's.
    pub fn is_foreign(&self) -> bool {
        self.drift.as_ref().is_some_and(|drift| drift.is_foreign)
    }
}

impl Newest {
    /// For people: `1.10.0 (0123456789ab)`.
    pub fn describe(&self) -> String {
        let digest = self.digest.short();
        match &self.rank {
            Some(rank) => format!("{rank} ({digest})"),
            None => format!("{digest} of {:.0}", self.at),
        }
    }

    /// Which of two comes first.
    pub fn compare(&self, other: &Self) -> Ordering {
        order(
            (self.rank.as_ref(), self.at),
            (other.rank.as_ref(), other.at),
        )
    }
}
