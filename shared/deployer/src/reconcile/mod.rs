//! What lost events, crashes and people have left behind, once a minute: every target is brought to where
//! it would be if every event had arrived, what is stuck is ended, and what runs is compared with what is
//! recorded.
//!
//! Each [`Repair`] is a file of its own and idempotent. It sees a target as it was read, makes sure of one
//! thing, and says what it has done, if anything; after that the rest is left to the next round, which
//! sees the target as it is then. Where nothing is to be done none calls AWS, but for a look at each
//! service every quarter of an hour ([`turn`]).

mod broken_off;
mod drift;
mod ended;
mod missed;
mod outside;
mod restored;
mod stopped;
mod stuck;
mod waiting;

use std::collections::{BTreeMap, HashMap};

use greenlight_aws::{AwsError, chain, table::StoredTarget};
use greenlight_core::{target::TargetName, turn};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    task::JoinSet,
    time::{Duration, timeout},
};
use tracing::Instrument as _;

use crate::{
    AdvanceError, Deployer, conclude::ConcludeError, marks::MarkError, promote::PromoteError,
    push::PushError,
};

/// So many targets are looked after at a time.
const AT_ONCE: usize = 8;
/// A round takes up new targets for so long, so that it is over before the next one begins. What it has
/// taken up goes on: a gate may take its time.
const TAKES_UP_FOR: SignedDuration = SignedDuration::from_secs(45);
/// So long before the function's time is over, all that still goes on is left to the next round.
const RESERVE: SignedDuration = SignedDuration::from_secs(5);

/// What is made sure of, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// A start that was broken off is taken up again, and given up after an hour.
    BrokenOff,
    /// What has ended in AWS is concluded, as its event would have it.
    Ended,
    /// What a person wants stopped is stopped.
    Stopped,
    /// What has taken longer than the target allows is given up.
    Stuck,
    /// What waits is started, if nothing keeps it any more.
    Waiting,
    /// The tag of an image that has failed is given back.
    Restored,
    /// What was pushed although no event has told so is requested.
    Missed,
    /// The marks outside say what is live.
    Marked,
    /// What is live and proved is promoted, if that is due.
    Promoted,
    /// What runs is compared with what is recorded.
    Drift,
}

impl Repair {
    /// All of them, in their order.
    pub const ALL: [Self; 10] = [
        Self::BrokenOff,
        Self::Ended,
        Self::Stopped,
        Self::Stuck,
        Self::Waiting,
        Self::Restored,
        Self::Missed,
        Self::Marked,
        Self::Promoted,
        Self::Drift,
    ];

    /// A stable name, for logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BrokenOff => "broken_off",
            Self::Ended => "ended",
            Self::Stopped => "stopped",
            Self::Stuck => "stuck",
            Self::Waiting => "waiting",
            Self::Restored => "restored",
            Self::Missed => "missed",
            Self::Marked => "marked",
            Self::Promoted => "promoted",
            Self::Drift => "drift",
        }
    }
}

/// What a round came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// So many targets were looked after.
    pub targets: usize,
    /// What was repaired, by target.
    pub repaired: Vec<Repaired>,
    /// The targets of which something could not be made sure of: the next round tries again.
    pub failed: Vec<TargetName>,
    /// So many targets did not have their turn in time.
    pub left: usize,
}

/// Something that was repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// Where.
    pub target: TargetName,
    /// What.
    pub repair: Repair,
    /// What was done, in one sentence.
    pub text: String,
}

/// Why there was no round.
#[derive(Debug, thiserror::Error)]
#[error("the targets could not be read")]
pub struct ReconcileError(#[from] AwsError);

/// Why one thing could not be made sure of.
#[derive(Debug, thiserror::Error)]
enum RepairError {
    /// AWS could not be asked.
    #[error("it could not be looked at")]
    Look(#[from] AwsError),
    /// Its state could not be moved.
    #[error(transparent)]
    Advance(#[from] AdvanceError),
    /// Its end could not be recorded.
    #[error(transparent)]
    Conclude(#[from] ConcludeError),
    /// The marks outside could not be set.
    #[error(transparent)]
    Mark(#[from] MarkError),
    /// What is live could not be promoted.
    #[error(transparent)]
    Promote(#[from] PromoteError),
    /// What was pushed could not be looked at, or not be requested.
    #[error(transparent)]
    Push(#[from] PushError),
}

/// What came of a target.
enum Came {
    Quiet,
    Repaired(Repair, String),
    Failed,
}

impl Deployer {
    /// Looks after every target. What goes wrong with one keeps the others from nothing.
    ///
    /// `lease_until` is when this invocation is over, whatever happens.
    pub async fn reconcile(&self, lease_until: Timestamp) -> Result<Reconciled, ReconcileError> {
        let begun = self.clock.now();
        let mut targets = Vec::new();
        for target in self.table.targets().await? {
            match target {
                Ok(stored) => targets.push(stored),
                Err(error) => tracing::warn!("{}", chain(&error)),
            }
        }
        let begins_at = turn::begins_at(targets.len(), begun);
        targets.rotate_left(begins_at);
        let over = lease_until
            .saturating_sub(RESERVE)
            .unwrap_or(Timestamp::MIN);
        let until = begun
            .saturating_add(TAKES_UP_FOR)
            .unwrap_or(Timestamp::MAX)
            .min(over);
        let mut reconciled = Reconciled::default();
        let mut targets = targets.into_iter();
        let mut running = JoinSet::new();
        let mut names = HashMap::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(stored) = targets.next()
            {
                if self.clock.now() >= until {
                    reconciled.left += 1;
                    continue;
                }
                reconciled.targets += 1;
                let (deployer, name) = (self.clone(), stored.target.name.clone());
                // A task of its own: it begins with an empty stack, and its panic is nobody else's. All end with the
                // set, if this invocation does.
                let looked = async move { deployer.look_after_target(stored, over).await };
                names.insert(running.spawn(looked.in_current_span()).id(), name);
            }
            let Some(done) = running.join_next_with_id().await else {
                break;
            };
            let (id, came) = match done {
                Ok((id, came)) => (id, came),
                Err(error) => {
                    tracing::error!("a target was not looked after: {}", chain(&error));
                    (error.id(), Came::Failed)
                }
            };
            let Some(target) = names.remove(&id) else {
                continue;
            };
            match came {
                Came::Quiet => {}
                Came::Repaired(repair, text) => reconciled.repaired.push(Repaired {
                    target,
                    repair,
                    text,
                }),
                Came::Failed => reconciled.failed.push(target),
            }
        }
        reconciled.repaired.sort_by(|a, b| a.target.cmp(&b.target));
        reconciled.failed.sort();
        if reconciled.left > 0 {
            tracing::warn!(
                "{} targets are left to the next rounds: the time was over",
                reconciled.left
            );
        }
        Ok(reconciled)
    }

    async fn look_after_target(&self, stored: StoredTarget, over: Timestamp) -> Came {
        let target = &stored.target.name;
        let left = over.duration_since(self.clock.now());
        let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
        let mut failed = false;
        let tried = timeout(left, async {
            for repair in Repair::ALL {
                match self.repair(repair, &stored, over).await {
                    Ok(None) => {}
                    Ok(Some(text)) => {
                        tracing::info!(target = %target, repair = repair.name(), "{text}");
                        return Some((repair, text));
                    }
                    // The rest may be possible all the same.
                    Err(error) => {
                        failed = true;
                        let repair = repair.name();
                        tracing::warn!(target = %target, repair, "not repaired: {}", chain(&error));
                    }
                }
            }
            None
        });
        match tried.await {
            Ok(Some((repair, text))) => Came::Repaired(repair, text),
            Ok(None) if failed => Came::Failed,
            Ok(None) => Came::Quiet,
            Err(_) => {
                tracing::warn!(target = %target, "not repaired: the time was over");
                Came::Failed
            }
        }
    }

    async fn repair(
        &self,
        repair: Repair,
        stored: &StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Option<String>, RepairError> {
        match repair {
            Repair::BrokenOff => Box::pin(self.take_up_broken_off(stored, lease_until)).await,
            Repair::Ended => Box::pin(self.conclude_ended(stored, lease_until)).await,
            Repair::Stopped => Box::pin(self.stop_again(stored)).await,
            Repair::Stuck => Box::pin(self.give_up_stuck(stored, lease_until)).await,
            Repair::Waiting => Box::pin(self.start_waiting(stored, lease_until)).await,
            Repair::Restored => Box::pin(self.restore_again(stored)).await,
            Repair::Missed => Box::pin(self.request_missed(stored, lease_until)).await,
            Repair::Marked => Box::pin(self.mark_again(stored, lease_until)).await,
            Repair::Promoted => Box::pin(self.promote_now(stored, lease_until)).await,
            Repair::Drift => Box::pin(self.find_drift(stored, lease_until)).await,
        }
    }

    /// A target as it is now, if it is there and can be understood.
    async fn now(&self, stored: &StoredTarget) -> Result<Option<StoredTarget>, AwsError> {
        let found = self.table.target(&stored.target.name).await?;
        Ok(found.and_then(Result::ok))
    }
}

/// No gate was run.
fn no_gates() -> BTreeMap<greenlight_core::target::GatePoint, greenlight_core::gate::GateReport> {
    BTreeMap::new()
}
