//! What is known of a target: what runs, what is being deployed, what waits.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Candidate, DeploymentId};
use crate::image::Digest;

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
    /// The place in the order of pushes of the newest candidate that was ever accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
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

/// A candidate that waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// The id under which it will be deployed.
    pub deployment: DeploymentId,
    /// The image.
    pub candidate: Candidate,
    /// What it waits for.
    pub reason: String,
}

impl TargetState {
    pub(super) fn rejects(&self, digest: &Digest) -> bool {
        self.rejected.contains(digest)
    }

    pub(super) fn reject(&mut self, digest: Digest) {
        self.pardon(&digest);
        self.rejected.push(digest);
        let surplus = self.rejected.len().saturating_sub(REJECTED_LIMIT);
        self.rejected.drain(..surplus);
    }

    pub(super) fn pardon(&mut self, digest: &Digest) {
        self.rejected.retain(|rejected| rejected != digest);
    }

    pub(super) fn is_live(&self, digest: &Digest) -> bool {
        self.current
            .as_ref()
            .is_some_and(|current| current.candidate.digest == *digest)
    }
}
