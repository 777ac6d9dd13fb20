//! The events that Greenlight emits: what others may act upon.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    deployment::{Candidate, DeploymentId},
    gate::GateReport,
    image::{Digest, Tag},
    promotion::PromotionNote,
    target::{GatePoint, TargetName},
};

/// The `detail-type` of an emitted event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DetailType {
    /// An AWS deployment was started.
    #[serde(rename = "Deployment Started")]
    Started,
    /// The image is live.
    #[serde(rename = "Deployment Succeeded")]
    Succeeded,
    /// The image did not go live, or was rolled back.
    #[serde(rename = "Deployment Failed")]
    Failed,
    /// A candidate was not deployed.
    #[serde(rename = "Deployment Skipped")]
    Skipped,
    /// A candidate waits for its turn.
    #[serde(rename = "Deployment Queued")]
    Queued,
    /// A candidate waits because automatic deployments may not start now.
    #[serde(rename = "Deployment Blocked")]
    Blocked,
    /// What runs is not what the record said.
    #[serde(rename = "Drift Detected")]
    Drifted,
    /// An image that is live was given a tag that other targets may watch.
    #[serde(rename = "Image Promoted")]
    Promoted,
    /// A gate asks people whether a deployment may go on.
    #[serde(rename = "Approval Requested")]
    ApprovalRequested,
    /// A person holds automatic deployments to a target, or to every one.
    #[serde(rename = "Target Held")]
    Held,
    /// A person releases them.
    #[serde(rename = "Target Released")]
    Released,
}

impl DetailType {
    /// The text as EventBridge carries it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "Deployment Started",
            Self::Succeeded => "Deployment Succeeded",
            Self::Failed => "Deployment Failed",
            Self::Skipped => "Deployment Skipped",
            Self::Queued => "Deployment Queued",
            Self::Blocked => "Deployment Blocked",
            Self::Drifted => "Drift Detected",
            Self::Promoted => "Image Promoted",
            Self::ApprovalRequested => "Approval Requested",
            Self::Held => "Target Held",
            Self::Released => "Target Released",
        }
    }

    /// Whether the event tells of something that has happened in AWS, and so is true whoever writes
    /// the record. Such an event is emitted *before* the record is written: a crash between the two
    /// then repeats it and never loses it.
    pub fn is_fact(self) -> bool {
        match self {
            Self::Started
            | Self::Succeeded
            | Self::Failed
            | Self::Promoted
            | Self::Drifted
            | Self::ApprovalRequested
            | Self::Held
            | Self::Released => true,
            Self::Skipped | Self::Queued | Self::Blocked => false,
        }
    }
}

/// The `detail` of an emitted event, with its detail-type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Announcement {
    /// Carried by the envelope, not the detail.
    #[serde(skip)]
    pub detail_type: DetailType,
    /// The target's name.
    pub target: TargetName,
    /// Our id.
    pub deployment: DeploymentId,
    /// `repository@sha256:…`
    pub image: String,
    /// `sha256:…`
    pub digest: Digest,
    /// The tags by which the image came.
    pub tags: Vec<Tag>,
    /// Why, in one sentence.
    pub reason: String,
    /// The report of each gate that was run, [in brief](GateReport::in_brief).
    pub gates: BTreeMap<GatePoint, GateReport>,
    /// Of [`DetailType::Promoted`]: from where to which tag, and by whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion: Option<PromotionNote>,
}

impl Announcement {
    /// The event about one deployment.
    pub fn new(
        detail_type: DetailType,
        target: &TargetName,
        deployment: DeploymentId,
        candidate: &Candidate,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            detail_type,
            target: target.clone(),
            deployment,
            image: candidate.pinned(),
            digest: candidate.digest.clone(),
            tags: candidate.tag.iter().cloned().collect(),
            reason: reason.into(),
            gates: BTreeMap::new(),
            promotion: None,
        }
    }

    /// The same event with who promoted what.
    #[must_use]
    pub fn with_promotion(mut self, note: PromotionNote) -> Self {
        self.promotion = Some(note);
        self
    }

    /// The same event with what the gates found that were run.
    #[must_use]
    pub fn with_gates(mut self, gates: &BTreeMap<GatePoint, GateReport>) -> Self {
        self.gates = gates
            .iter()
            .map(|(point, report)| (*point, report.in_brief()))
            .collect();
        self
    }
}
