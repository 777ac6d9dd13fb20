//! Holding automatic deployments and releasing them: at one target, or at every one (the stopped line).
//!
//! Who, why and until when is kept as long as a record is. What has waited starts when nothing keeps it any
//! more: with the release, or, where a hold ends by itself or a window opens, with whatever comes next to
//! the target, which is `reconcile` at the latest ([`Deployer::open`]).

use std::collections::BTreeMap;

use futures_util::future::join_all;
use greenlight_aws::{AwsError, chain, sts, table::StoredTarget};
use greenlight_core::{
    deployment::{Decision, DeploymentId, Explanation, Hold, Input},
    record::{Deed, DetailType, HandedOver, Intervention, Origin},
    target::TargetName,
};
use jiff::Timestamp;

use crate::{AdvanceError, Deployer, ask::LEASE};

/// So many targets are gone on with at a time.
const AT_ONCE: usize = 8;

/// What came of releasing every target.
#[derive(Debug)]
pub struct Released {
    /// Whether every target was held.
    pub was_held: bool,
    /// The targets at which something has waited that may start now, with what became of it.
    pub opened: Vec<(TargetName, Result<Explanation, AdvanceError>)>,
}

/// Why nothing could be held or released.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// Who asks is not known.
    #[error("it is not known who asks")]
    Who(#[source] AwsError),
    /// It would be over already.
    #[error("a hold until {until:.0} would be over already")]
    Over {
        /// Until when.
        until: Timestamp,
    },
    /// The target's state could not be moved.
    #[error("target `{target}` could not be held or released")]
    Advance {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: Box<AdvanceError>,
    },
    /// The target is gone.
    #[error("target `{target}` was removed at the same moment")]
    Removed {
        /// Which target.
        target: TargetName,
    },
    /// The hold on every target could not be written.
    #[error("the hold on every target could not be changed")]
    Line(#[source] AwsError),
    /// What waits could not be looked for.
    #[error("every target is released, but what waits could not be looked for")]
    List(#[source] AwsError),
    /// It is done, but nobody was told.
    #[error("it is done, but the event about it was not emitted")]
    Tell(#[source] AwsError),
}

impl Deployer {
    /// Who works with these credentials, as AWS knows them.
    pub async fn who(&self) -> Result<String, HoldError> {
        sts::caller(&self.clients).await.map_err(HoldError::Who)
    }

    /// Holds automatic deployments to a target. An earlier hold gives way; what is under way goes on.
    pub async fn hold(
        &self,
        stored: StoredTarget,
        by: &str,
        reason: Option<&str>,
        until: Option<Timestamp>,
    ) -> Result<Explanation, HoldError> {
        let name = stored.target.name.clone();
        let hold = self.new_hold(by, reason, until)?;
        let id = self.id_of("held", &name.to_string(), by);
        let told = handed_over(Some(name), by, reason, until);
        self.handed(stored, Input::Held { id, hold }, DetailType::Held, told)
            .await
    }

    /// Releases what [`Deployer::hold`] holds. What has waited starts, unless something else keeps it.
    pub async fn release(
        &self,
        stored: StoredTarget,
        by: &str,
        reason: Option<&str>,
    ) -> Result<Explanation, HoldError> {
        let name = stored.target.name.clone();
        let input = Input::Released {
            id: self.id_of("released", &name.to_string(), by),
            by: by.to_owned(),
            reason: reason.map(str::to_owned),
        };
        let told = handed_over(Some(name), by, reason, None);
        self.handed(stored, input, DetailType::Released, told).await
    }

    /// Stops the line: holds automatic deployments to every target, also those that come later.
    pub async fn hold_all(
        &self,
        by: &str,
        reason: Option<&str>,
        until: Option<Timestamp>,
    ) -> Result<Hold, HoldError> {
        let hold = self.new_hold(by, reason, until)?;
        let note = self.note("held", by, reason, Deed::Held { until });
        let stopped = self.table.stop_line(&hold, &note).await;
        stopped.map_err(HoldError::Line)?;
        let told = handed_over(None, by, reason, until);
        self.tell_all(DetailType::Held, &told).await?;
        Ok(hold)
    }

    /// Releases what [`Deployer::hold_all`] holds, and goes on with whatever waits. Targets that are held
    /// themselves, or closed, stay so.
    ///
    /// Releasing again goes on where this was broken off.
    pub async fn release_all(&self, by: &str, reason: Option<&str>) -> Result<Released, HoldError> {
        let note = self.note("released", by, reason, Deed::Released);
        let was_held = self.table.release_line(&note).await;
        let was_held = was_held.map_err(HoldError::Line)?;
        if was_held {
            let told = handed_over(None, by, reason, None);
            self.tell_all(DetailType::Released, &told).await?;
        }
        let targets = self.table.targets().await.map_err(HoldError::List)?;
        let understood = targets.into_iter().filter_map(|target| {
            target
                .inspect_err(|bad| tracing::error!("{}", chain(bad)))
                .ok()
        });
        let waiting: Vec<StoredTarget> = understood.filter(|it| self.may_open(it)).collect();
        let mut opened = Vec::new();
        for some in waiting.chunks(AT_ONCE) {
            let lease_until = self.lease();
            let some = some.iter().map(async |stored| {
                let result = Box::pin(self.open(stored.clone(), lease_until)).await;
                (stored.target.name.clone(), result)
            });
            opened.extend(join_all(some).await);
        }
        // What somebody else has gone on with meanwhile is no news.
        let opened = opened
            .into_iter()
            .filter_map(|(name, result)| Some((name, result.transpose()?)));
        Ok(Released {
            was_held,
            opened: opened.collect(),
        })
    }

    /// Goes on with what waits at a target, if nothing keeps it any more: a hold has ended, or a window has
    /// opened. Gives what became of it; `None` if there is nothing to go on with.
    pub async fn open(
        &self,
        stored: StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Option<Explanation>, AdvanceError> {
        if !self.may_open(&stored) {
            return Ok(None);
        }
        self.advance(stored, Input::Revisited, lease_until, &BTreeMap::new())
            .await
    }

    fn may_open(&self, stored: &StoredTarget) -> bool {
        let state = &stored.state;
        let is_kept =
            |origin: &Origin| origin.is_automatic() && stored.closed(self.clock.now()).is_some();
        let queued = state.queued.as_ref();
        let goes = state.rollback.is_some() || queued.is_some_and(|it| !is_kept(&it.origin));
        state.active.is_none() && goes
    }

    /// Takes a step, and tells everybody once it is stored, whatever becomes of what follows from it.
    async fn handed(
        &self,
        stored: StoredTarget,
        input: Input,
        kind: DetailType,
        told: HandedOver,
    ) -> Result<Explanation, HoldError> {
        let target = stored.target.name.clone();
        let moved = Box::pin(self.advance(stored, input, self.lease(), &BTreeMap::new())).await;
        let is_stored = match &moved {
            Ok(None) => return Err(HoldError::Removed { target }),
            // It may have been released before.
            Ok(Some(explanation)) => explanation.decision == Decision::Record,
            Err(error) => match error {
                AdvanceError::Start { .. }
                | AdvanceError::StartLate { .. }
                | AdvanceError::Stop { .. }
                | AdvanceError::Announce { .. } => true,
                AdvanceError::State { .. }
                | AdvanceError::Contended { .. }
                | AdvanceError::Document(_) => false,
            },
        };
        if is_stored {
            self.tell_all(kind, &told).await?;
        }
        let removed = || HoldError::Removed {
            target: target.clone(),
        };
        moved
            .map_err(|source| HoldError::Advance {
                target: target.clone(),
                source: Box::new(source),
            })?
            .ok_or_else(removed)
    }

    async fn tell_all(&self, kind: DetailType, told: &HandedOver) -> Result<(), HoldError> {
        self.hand_over(kind, told).await.map_err(HoldError::Tell)
    }

    fn new_hold(
        &self,
        by: &str,
        reason: Option<&str>,
        until: Option<Timestamp>,
    ) -> Result<Hold, HoldError> {
        let since = self.clock.now();
        match until {
            Some(until) if until <= since => Err(HoldError::Over { until }),
            _ => Ok(Hold {
                by: by.to_owned(),
                reason: reason.map(str::to_owned),
                since,
                until,
            }),
        }
    }

    fn note(&self, what: &str, by: &str, reason: Option<&str>, deed: Deed) -> Intervention {
        Intervention {
            id: self.id_of(what, "every target", by),
            at: self.clock.now(),
            by: by.to_owned(),
            reason: reason.map(str::to_owned),
            deed,
        }
    }

    fn id_of(&self, what: &str, target: &str, by: &str) -> DeploymentId {
        let now = self.clock.now();
        DeploymentId::of_cause(now, &[what, target, by, &now.to_string()])
    }

    fn lease(&self) -> Timestamp {
        let now = self.clock.now();
        now.saturating_add(LEASE).unwrap_or(Timestamp::MAX)
    }
}

fn handed_over(
    target: Option<TargetName>,
    by: &str,
    reason: Option<&str>,
    until: Option<Timestamp>,
) -> HandedOver {
    HandedOver {
        target,
        by: by.to_owned(),
        reason: reason.map(str::to_owned),
        until,
    }
}
