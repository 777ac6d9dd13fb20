//! The event by which people are asked whether a deployment may go on.

use jiff::Timestamp;
use serde::Serialize;

use crate::deployment::DeploymentId;
use crate::gate::Approval;
use crate::target::{GatePoint, TargetName};

/// The `detail` of the event `Approval Requested`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApprovalRequested {
    /// The target's name.
    pub target: TargetName,
    /// Our id, if the deployment is ours.
    pub deployment: Option<DeploymentId>,
    /// AWS's id.
    pub aws_id: String,
    /// The gate that asks.
    pub point: GatePoint,
    /// The label of the check, if it has one.
    pub label: Option<String>,
    /// What is being deployed, for people.
    pub images: String,
    pub question: Option<String>,
    /// So many different people have to approve.
    pub needed: u32,
    /// When it has failed if they have not.
    pub until: Timestamp,
    /// How to answer.
    pub answer: String,
}

impl ApprovalRequested {
    /// The event about what people are asked at a target.
    pub fn of(target: &TargetName, approval: &Approval) -> Self {
        Self {
            target: target.clone(),
            deployment: approval.deployment,
            aws_id: approval.id.aws_id.clone(),
            point: approval.id.point,
            label: approval.id.label.clone(),
            images: approval.images.clone(),
            question: approval.question.clone(),
            needed: approval.needed,
            until: approval.until,
            answer: Approval::remedy(target),
        }
    }
}
