//! What is known of a target: what runs, what is being deployed, what waits.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

use super::{Candidate, DeploymentId};
use crate::image::{Digest, RepositoryUri};
use crate::job::JobId;
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
    /// Of each repository, the place in the order of pushes of the newest image that was ever
    /// accepted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub newest: BTreeMap<RepositoryUri, Timestamp>,
    /// Digests that failed here or were rolled away from, oldest first: not deployed again
    /// automatically.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Digest>,
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
    /// How far it has come.
    #[serde(flatten)]
    pub phase: Phase,
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
    pub(super) fn rejects(&self, candidate: &Candidate) -> bool {
        candidate.images().any(|image| {
            self.rejected.contains(&image.digest)
                && !self.has_live(&image.repository, &image.digest)
        })
    }

    /// Rejects what the candidate would have brought.
    pub(super) fn reject(&mut self, candidate: &Candidate) {
        for image in candidate.images() {
            if self.has_live(&image.repository, &image.digest) {
                continue;
            }
            self.rejected.retain(|rejected| *rejected != image.digest);
            self.rejected.push(image.digest);
        }
        let surplus = self.rejected.len().saturating_sub(REJECTED_LIMIT);
        self.rejected.drain(..surplus);
    }

    pub(super) fn pardon(&mut self, candidate: &Candidate) {
        for image in candidate.images() {
            self.rejected.retain(|rejected| *rejected != image.digest);
        }
    }

    pub(super) fn is_live(&self, candidate: &Candidate) -> bool {
        self.current
            .as_ref()
            .is_some_and(|current| candidate.is_within(&current.candidate))
    }

    fn has_live(&self, repository: &RepositoryUri, digest: &Digest) -> bool {
        self.current
            .as_ref()
            .and_then(|current| current.candidate.image_of(repository))
            .is_some_and(|image| image.digest == *digest)
    }

    /// Remembers how new the images of a candidate are.
    pub(super) fn accept(&mut self, candidate: &Candidate) {
        for image in candidate.images() {
            let newest = self
                .newest
                .entry(image.repository)
                .or_insert(image.ordered_at);
            *newest = image.ordered_at.max(*newest);
        }
    }

    /// What is live, with what the candidate brought in its place.
    pub(super) fn with_live(&self, candidate: Candidate) -> Candidate {
        match &self.current {
            Some(current) => candidate.completed_by(&current.candidate),
            None => candidate,
        }
    }
}
