//! The record of a deployment: what was deployed, when, by what, with which verdicts.
//!
//! Records are written once and then only completed; the state machine in [`crate::deployment`]
//! says when. What runs *now* is the target's state, not a record.

mod announcement;
mod approval_requested;
mod handed_over;
mod intervention;
pub mod reference;
mod schema;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use announcement::{Announcement, DetailType};
pub use approval_requested::ApprovalRequested;
pub use handed_over::HandedOver;
pub use intervention::{Deed, Intervention};

use crate::{
    deployment::{Candidate, DeploymentId, Ending, Obstacle},
    gate::{Decision, GateReport},
    image::Digest,
    target::{GatePoint, TargetName},
};

/// How far a deployment came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for its turn.
    Queued,
    /// Is being started.
    Requested,
    /// The AWS deployment runs.
    Started,
    /// Live, as observed.
    Succeeded,
    /// Did not go live, or was rolled back.
    Failed,
    /// Could not be started.
    StartFailed,
    /// Gave way to a newer image before it was started.
    Superseded,
}

impl Status {
    /// Whether nothing can change any more.
    pub fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Requested | Self::Started => false,
            Self::Succeeded | Self::Failed | Self::StartFailed | Self::Superseded => true,
        }
    }

    /// The word as it is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Requested => "requested",
            Self::Started => "started",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::StartFailed => "start_failed",
            Self::Superseded => "superseded",
        }
    }
}

/// What a deployment came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// A pushed image, found by Greenlight.
    #[default]
    Push,
    /// A person asked for it.
    Person {
        /// Who, as far as that is known.
        by: String,
        /// What kept automatic deployments from starting then, and was overridden.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overrides: Option<String>,
    },
    /// A pipeline asked for it.
    Pipeline {
        /// The pipeline's name, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pipeline: Option<String>,
        /// The execution's id, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        execution: Option<String>,
    },
    /// It was live when the target was registered.
    Adopted,
    /// The previous image was brought back after the AWS deployment `of` had failed: by AWS, or by
    /// Greenlight where AWS does not.
    Rollback {
        /// The deployment that was rolled back: AWS's id, or ours where a person went back.
        of: String,
        /// The person who went back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Somebody else: a person, a pipeline, infrastructure code.
    Elsewhere {
        /// Who, in AWS's own word (`creator` of the CodeDeploy deployment).
        creator: String,
    },
}

impl Origin {
    /// A person who does not override anything.
    pub fn person(by: impl Into<String>) -> Self {
        Self::Person {
            by: by.into(),
            overrides: None,
        }
    }

    /// Whether nobody asked for it but the push itself.
    pub fn is_push(&self) -> bool {
        *self == Self::Push
    }

    /// Whether no person stands behind it, so that holds and windows apply to it.
    pub fn is_automatic(&self) -> bool {
        matches!(self, Self::Push | Self::Pipeline { .. })
    }
}

/// One deployment, from its request to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeploymentRecord {
    /// Our id.
    pub id: DeploymentId,
    /// Where to.
    pub target: TargetName,
    /// What.
    pub candidate: Candidate,
    /// Why at all.
    pub origin: Origin,
    /// How far it came.
    pub status: Status,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When the AWS deployment was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concluded_at: Option<Timestamp>,
    /// The AWS deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_id: Option<String>,
    /// The task definition that was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// What was live before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// Why it is as it is, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was found where it failed, a fact a line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// The gates that were run, with their verdicts. Written even where it is empty: reports are
    /// added to it one by one.
    #[serde(default)]
    pub gates: BTreeMap<GatePoint, GateReport>,
    /// What people have said where AWS waited for them; what a gate asked is in its report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
}

impl DeploymentRecord {
    /// How it has ended, if it has.
    pub fn ending(&self) -> Option<Ending> {
        let reason = || self.reason.clone().unwrap_or_default();
        let aws_id = || self.aws_id.clone().unwrap_or_default();
        match self.status {
            Status::Queued | Status::Requested | Status::Started => None,
            Status::Succeeded => Some(Ending::Succeeded {
                candidate: self.candidate.clone(),
                aws_id: aws_id(),
                task_definition: self.task_definition.clone(),
                previous: self.previous.clone(),
            }),
            Status::Failed => Some(Ending::Failed {
                reason: reason(),
                evidence: self.evidence.clone(),
                aws_id: aws_id(),
            }),
            Status::StartFailed => Some(Ending::NotStarted {
                obstacle: Obstacle::Configuration,
                reason: reason(),
            }),
            Status::Superseded => Some(Ending::Superseded { reason: reason() }),
        }
    }
}

/// What a step of the state machine changes in a record. `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordChange {
    /// The new status.
    pub status: Option<Status>,
    /// See [`DeploymentRecord::started_at`].
    pub started_at: Option<Timestamp>,
    /// See [`DeploymentRecord::concluded_at`].
    pub concluded_at: Option<Timestamp>,
    /// See [`DeploymentRecord::aws_id`].
    pub aws_id: Option<String>,
    /// See [`DeploymentRecord::task_definition`].
    pub task_definition: Option<String>,
    /// See [`DeploymentRecord::previous`].
    pub previous: Option<Digest>,
    /// See [`DeploymentRecord::reason`].
    pub reason: Option<String>,
    /// See [`DeploymentRecord::evidence`].
    pub evidence: Option<Vec<String>>,
}
