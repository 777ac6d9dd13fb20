//! A person's yes or no, wherever it is waited for: at the check `approval` of a gate, at a pause hook of ECS, or
//! before CodeDeploy shifts the traffic.
//!
//! Who it is, STS says of the credentials. An answer to a gate is kept in the table, where the gate finds it; AWS is
//! told directly ([`crate::control`]), and who did it is noted in the record of the deployment.

use greenlight_aws::{
    AwsError, chain, sts,
    table::{Decided, StoredTarget},
};
use greenlight_core::{
    deployment::Phase,
    gate::{Approval, Decision, NotOpen, Standing},
    target::{GatePoint, TargetName},
};
use jiff::Timestamp;

use crate::{
    Deployer,
    control::{Answered, ControlError},
};

/// What somebody says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Yes, or no.
    pub approved: bool,
    /// Why.
    pub reason: Option<String>,
    /// To which gate, where several ask.
    pub point: Option<GatePoint>,
    /// To which deployment: AWS's id or our own.
    pub deployment: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A gate has it.
    Gate {
        /// Who has given it.
        who: String,
        /// How things are with what was asked.
        approval: Approval,
        /// How many are still missing.
        missing: u32,
    },
    /// AWS has it.
    Aws {
        /// Who has given it.
        who: String,
        /// What was done.
        answered: Answered,
    },
}

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    /// Who asks is not known.
    #[error("it is not known who answers")]
    Who(#[source] AwsError),
    /// The table could not be read or written.
    #[error("what is asked at target `{target}` could not be read or answered")]
    Table {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// Nobody is asked what the flags say.
    #[error("no gate asks that at target `{target}`{}", open_in_words(.open))]
    NoneOfThese {
        /// Which target.
        target: TargetName,
        /// What is asked.
        open: Vec<Approval>,
    },
    /// It is not clear what is meant.
    #[error("several gates ask at target `{target}`{}", open_in_words(.open))]
    Several {
        /// Which target.
        target: TargetName,
        /// What is asked.
        open: Vec<Approval>,
    },
    /// It comes too late.
    #[error("gate {point} of target `{target}` takes no answer: {why}")]
    TooLate {
        /// Which target.
        target: TargetName,
        /// Which gate.
        point: GatePoint,
        /// Why not.
        why: NotOpen,
    },
    /// It was gone when it was to be answered.
    #[error("gate {point} of target `{target}` does not ask any more")]
    Gone {
        /// Which target.
        target: TargetName,
        /// Which gate.
        point: GatePoint,
    },
    /// Nothing waits, or AWS was not told.
    #[error(transparent)]
    Control(#[from] ControlError),
}

fn open_in_words(open: &[Approval]) -> String {
    if open.is_empty() {
        return String::new();
    }
    let open = open.iter().map(|approval| {
        let label = approval.id.label.iter().map(|label| format!(" ({label})"));
        format!(
            "gate {}{} of {}",
            approval.id.point,
            label.collect::<String>(),
            approval.id.aws_id
        )
    });
    format!("; asked is by {}", open.collect::<Vec<_>>().join(", "))
}

impl Deployer {
    /// Gives somebody's answer to what waits for one at a target, under the name by which AWS knows who calls.
    pub async fn approve(
        &self,
        stored: &StoredTarget,
        answer: &Answer,
    ) -> Result<Given, ApproveError> {
        let who = sts::caller(&self.clients)
            .await
            .map_err(ApproveError::Who)?;
        self.approve_as(stored, answer, &who).await
    }

    /// The same under the name of somebody for whom this function speaks.
    pub async fn approve_as(
        &self,
        stored: &StoredTarget,
        answer: &Answer,
        who: &str,
    ) -> Result<Given, ApproveError> {
        let target = &stored.target.name;
        let table = |source| ApproveError::Table {
            target: target.clone(),
            source,
        };
        let now = self.clock.now();
        let decision = Decision::new(who, answer.approved, answer.reason.as_deref(), now);
        let all = self.table.approvals(target).await.map_err(table)?;
        let Some(asked) = chosen(stored, all, answer, now)? else {
            return self.tell_aws(stored, decision).await;
        };
        let point = asked.id.point;
        let decided = self.table.decide(target, &asked.id, &decision).await;
        match decided.map_err(table)? {
            Decided::Taken(approval) => Ok(Given::Gate {
                missing: missing(&approval, now),
                who: who.to_owned(),
                approval,
            }),
            Decided::TooLate(why) => Err(ApproveError::TooLate {
                target: target.clone(),
                point,
                why,
            }),
            Decided::Unknown => Err(ApproveError::Gone {
                target: target.clone(),
                point,
            }),
        }
    }

    /// What people are asked at a target now: of the deployment of ours that is under way, or, where none is, of
    /// whatever deployment.
    pub async fn open_approvals(&self, stored: &StoredTarget) -> Result<Vec<Approval>, AwsError> {
        let all = self.table.approvals(&stored.target.name).await?;
        Ok(open(stored, all, self.clock.now()))
    }

    async fn tell_aws(
        &self,
        stored: &StoredTarget,
        decision: Decision,
    ) -> Result<Given, ApproveError> {
        let reason = decision.reason.as_deref();
        let reason = reason.unwrap_or("rejected by `greenlight reject`");
        let answered = self
            .answer_waiting(stored, decision.approved, reason)
            .await?;
        let target = &stored.target.name;
        let noted = self
            .table
            .note_decision(target, answered.deployment, &decision)
            .await;
        if let Err(error) = noted {
            // AWS has the answer already.
            tracing::error!(target = %target, "who answered was not recorded: {}", chain(&error));
        }
        Ok(Given::Aws {
            who: decision.who,
            answered,
        })
    }
}

fn missing(approval: &Approval, now: Timestamp) -> u32 {
    match approval.standing(now) {
        Standing::Open { missing } | Standing::Expired { missing } => missing,
        Standing::Approved | Standing::Rejected(_) => 0,
    }
}

/// The approval that an answer is for; none where no gate asks, and nothing was said of one.
fn chosen(
    stored: &StoredTarget,
    all: Vec<Approval>,
    answer: &Answer,
    now: Timestamp,
) -> Result<Option<Approval>, ApproveError> {
    let target = &stored.target.name;
    let (by_point, by_id) = (answer.point, answer.deployment.as_deref());
    // Who names a deployment means that one, whatever else is under way.
    let open = match by_id {
        Some(_) => all.into_iter().filter(|it| it.is_open(now)).collect(),
        None => open(stored, all, now),
    };
    let is_meant = |approval: &&Approval| {
        let own = approval.deployment.map(|id| id.to_string());
        let is_id = |id: &str| approval.id.aws_id == id || own.as_deref() == Some(id);
        by_point.is_none_or(|point| approval.id.point == point) && by_id.is_none_or(is_id)
    };
    let meant: Vec<&Approval> = open.iter().filter(is_meant).collect();
    match meant[..] {
        [] if by_point.is_none() && by_id.is_none() => Ok(None),
        [] => Err(ApproveError::NoneOfThese {
            target: target.clone(),
            open,
        }),
        [only] => Ok(Some(only.clone())),
        _ => Err(ApproveError::Several {
            target: target.clone(),
            open,
        }),
    }
}

/// What is asked and may be answered. What a deployment has asked that was stopped meanwhile is asked until its time
/// is over, but not while another one is under way.
fn open(stored: &StoredTarget, all: Vec<Approval>, now: Timestamp) -> Vec<Approval> {
    let active = stored.state.active.as_ref();
    let is_active = |approval: &Approval| {
        active.is_none_or(|active| {
            let is_aws_id = match &active.phase {
                Phase::Started { aws_id, .. } => *aws_id == approval.id.aws_id,
                Phase::Requested { .. } | Phase::Before { .. } => false,
            };
            is_aws_id || approval.deployment == Some(active.deployment)
        })
    };
    let open = all.into_iter();
    open.filter(|approval| approval.is_open(now) && is_active(approval))
        .collect()
}

#[cfg(test)]
mod tests;
