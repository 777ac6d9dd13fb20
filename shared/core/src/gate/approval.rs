//! What people are asked at a gate, what they have said, and what follows from it.
//!
//! A person is known by the ARN under which AWS knows the caller; of an assumed role that is the ARN of the whole
//! session, so that two who share a role are two. An approval that is decided stays decided: whoever comes later is
//! told so, since the gate may have acted upon it already.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Measurement;
use crate::deployment::DeploymentId;
use crate::target::check::ApprovalCheck;
use crate::target::{GatePoint, TargetName};
use crate::text::excerpt;

/// So many characters of a reason are kept.
const REASON: usize = 500;
/// An ARN of a session is shorter.
const WHO: usize = 2048;

/// Which approval is meant: a deployment asks once at each point, however often it comes by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ApprovalId {
    pub point: GatePoint,
    /// AWS's id: a CodeDeploy deployment's, or the ARN of a service deployment.
    pub aws_id: String,
    /// The label of the check, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// What people are asked, and what they have said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    #[serde(flatten)]
    pub id: ApprovalId,
    /// Our own id, if the deployment is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentId>,
    /// So many different people have to approve.
    pub needed: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// What is being deployed, for people.
    pub images: String,
    pub asked_at: Timestamp,
    /// Nobody can answer from then on.
    pub until: Timestamp,
    /// One for each person at the most, oldest first.
    #[serde(default)]
    pub decisions: Vec<Decision>,
    /// Whether the event that asks for it was emitted.
    #[serde(default)]
    pub is_announced: bool,
}

/// What a person has said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The ARN under which AWS knows the person.
    pub who: String,
    pub approved: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub at: Timestamp,
}

/// How far an approval has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// More people have to approve.
    Open {
        /// How many are missing.
        missing: u32,
    },
    /// As many as needed have approved.
    Approved,
    /// Somebody has rejected it.
    Rejected(&'a Decision),
    /// The time was over before enough people had approved.
    Expired {
        /// How many were missing.
        missing: u32,
    },
}

/// Why a decision comes too late.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOpen {
    #[error("the time to answer was over at {until:.0}")]
    Expired { until: Timestamp },
    #[error("it was approved already, by {by}")]
    Approved { by: String },
    #[error("it was rejected already, by {by}")]
    Rejected { by: String },
}

impl Decision {
    /// A decision, with no more of the reason than is kept.
    pub fn new(who: &str, approved: bool, reason: Option<&str>, at: Timestamp) -> Self {
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        Self {
            who: excerpt(who, WHO),
            approved,
            reason: reason.map(|reason| excerpt(reason, REASON)),
            at,
        }
    }

    /// Who has said what, and why, on one line.
    pub fn in_words(&self) -> String {
        let said = if self.approved {
            "approved"
        } else {
            "rejected"
        };
        let text = format!("{} {said} at {:.0}", self.who, self.at);
        match &self.reason {
            Some(reason) => format!("{text}: {reason}"),
            None => text,
        }
    }
}

impl Approval {
    /// What a check asks for. How many have to approve is what it says now, whatever becomes of the document.
    pub fn asked(
        id: ApprovalId,
        check: &ApprovalCheck,
        (deployment, images): (Option<DeploymentId>, String),
        asked_at: Timestamp,
        until: Timestamp,
    ) -> Self {
        Self {
            id,
            deployment,
            needed: check.approvals,
            question: check.question.clone(),
            images,
            asked_at,
            until,
            decisions: Vec::new(),
            is_announced: false,
        }
    }

    /// How far it has come.
    pub fn standing(&self, now: Timestamp) -> Standing<'_> {
        if let Some(rejected) = self.decisions.iter().find(|decision| !decision.approved) {
            return Standing::Rejected(rejected);
        }
        let approved = u32::try_from(self.who_approved().len()).unwrap_or(u32::MAX);
        let missing = self.needed.saturating_sub(approved);
        if missing == 0 {
            Standing::Approved
        } else if now < self.until {
            Standing::Open { missing }
        } else {
            Standing::Expired { missing }
        }
    }

    /// Whether somebody can answer.
    pub fn is_open(&self, now: Timestamp) -> bool {
        matches!(self.standing(now), Standing::Open { .. })
    }

    /// Who has approved, each person once.
    pub fn who_approved(&self) -> Vec<&str> {
        let mut people = Vec::new();
        for decision in self.decisions.iter().filter(|decision| decision.approved) {
            if !people.contains(&decision.who.as_str()) {
                people.push(decision.who.as_str());
            }
        }
        people
    }

    /// The same with one more decision, which takes the place of an earlier one of the same person.
    pub fn with(mut self, decision: Decision) -> Result<Self, NotOpen> {
        match self.standing(decision.at) {
            Standing::Open { .. } => {}
            Standing::Approved => {
                let by = self.who_approved().join(", ");
                return Err(NotOpen::Approved { by });
            }
            Standing::Rejected(rejected) => {
                let by = rejected.who.clone();
                return Err(NotOpen::Rejected { by });
            }
            Standing::Expired { .. } => return Err(NotOpen::Expired { until: self.until }),
        }
        self.decisions.retain(|earlier| earlier.who != decision.who);
        self.decisions.push(decision);
        Ok(self)
    }

    /// How people answer.
    pub fn remedy(target: &TargetName) -> String {
        format!(
            "answer by `greenlight approve {target}` or `greenlight reject {target} --reason WHY`"
        )
    }

    /// What a gate makes of it.
    pub fn measure(&self, target: &TargetName, now: Timestamp) -> Measurement {
        let (needed, until) = (self.needed, self.until);
        let measured = match self.standing(now) {
            Standing::Open { missing } => Measurement::pending(format!(
                "waits for {missing} of {needed} approvals until {until:.0}; {}",
                Self::remedy(target)
            )),
            Standing::Approved => Measurement::successful(format!(
                "approved by {}",
                self.who_approved().join(", ")
            ))
            .for_good(),
            Standing::Rejected(Decision { who, reason, .. }) => {
                let why = reason.as_deref().unwrap_or("without a reason");
                Measurement::failed(format!("rejected by {who}: {why}")).for_good()
            }
            Standing::Expired { missing } => Measurement::failed(format!(
                "{missing} of {needed} approvals were missing at {until:.0}, when the time to answer was over"
            ))
            .for_good(),
        };
        measured.with_evidence(self.decisions.iter().map(Decision::in_words))
    }
}

#[cfg(test)]
mod tests;
