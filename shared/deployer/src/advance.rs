//! Moving a target's state: decide, store by compare-and-swap, carry out, and go on with what
//! follows from that.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, Hasher, RandomState},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Either, select},
};
use greenlight_aws::{
    AwsError, chain,
    table::{BadTarget, Commit, StoredTarget},
};
use greenlight_core::{
    deployment::{
        Circumstances, DeploymentId, Effect, Explanation, Input, TargetState, Transition, step,
    },
    figures::{self, Figures},
    gate::GateReport,
    record::DetailType,
    target::{GatePoint, TargetName},
};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, timeout};

use crate::{
    Deployer,
    control::ControlError,
    gather::Gathered,
    start::{Order, Started, Stop},
};

/// A start has so long; then it is broken off, and may be taken up again by whoever comes next. The
/// function itself may have much longer, and a start that it left behind must not wait for that.
const START_LIMIT: SignedDuration = SignedDuration::from_secs(50);

/// So often a step is decided anew because somebody else has moved the target meanwhile.
const ATTEMPTS: u32 = 10;

/// Why a target's state could not be moved. All but a bad document may be mended by a retry.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// Its state could not be read or written.
    #[error("the state of target `{target}` could not be moved")]
    State {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// Others kept moving it.
    #[error("the state of target `{target}` was moved by others {ATTEMPTS} times in a row")]
    Contended {
        /// Which target.
        target: TargetName,
    },
    /// Its document is not understood.
    #[error(transparent)]
    Document(#[from] BadTarget),
    /// Its AWS deployment could not be started now; a retry goes on where this one ended.
    #[error("the deployment to target `{target}` could not be started yet")]
    Start {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// Its AWS deployment was not started in time; a retry goes on where this one ended.
    #[error("the deployment to target `{target}` was not started within {START_LIMIT:#}")]
    StartLate {
        /// Which target.
        target: TargetName,
    },
    /// Its AWS deployment could not be stopped now; a retry goes on where this one ended.
    #[error("the deployment to target `{target}` could not be stopped yet")]
    Stop {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// An event could not be emitted.
    #[error("an event about target `{target}` could not be emitted")]
    Announce {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
}

impl Deployer {
    /// Takes a step of `stored`, and every step that follows from carrying it out. Gives the
    /// explanation of the first one, which is about `input`; `None` if the target was removed
    /// meanwhile.
    ///
    /// `gates` are the reports to be told with the deployment's end.
    pub(crate) async fn advance(
        &self,
        stored: StoredTarget,
        input: Input,
        lease_until: Timestamp,
        gates: &BTreeMap<GatePoint, GateReport>,
    ) -> Result<Option<Explanation>, AdvanceError> {
        let mut explanation = None;
        let mut next = Some((stored, input));
        while let Some((stored, input)) = next.take() {
            let begun = self.clock.now();
            let lease_until = begun
                .checked_add(START_LIMIT)
                .unwrap_or(Timestamp::MAX)
                .min(lease_until);
            let lease_until = told_apart(lease_until);
            // Boxed, as the start is: whoever waits for a step would otherwise be as large as all that follows.
            let taken = Box::pin(self.take(stored, input, lease_until, gates)).await?;
            let Some(Taken {
                stored,
                transition,
                start,
            }) = taken
            else {
                break;
            };
            tracing::info!(
                target = %stored.target.name,
                decision = ?transition.explanation.decision,
                rule = ?transition.explanation.rule,
                "{}",
                transition.explanation
            );
            let stop = stop_of(&transition);
            explanation.get_or_insert(transition.explanation);
            if let Some(reason) = stop {
                self.stop(&stored, &reason).await?;
            }
            if let Some((order, gathered)) = start {
                let deployment = order.deployment;
                let target = &stored.target.name;
                let left = lease_until.duration_since(self.clock.now());
                let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
                let started = timeout(left, Box::pin(self.start(&stored, &order, gathered)))
                    .await
                    .map_err(|_| AdvanceError::StartLate {
                        target: target.clone(),
                    })?
                    .map_err(|source| AdvanceError::Start {
                        target: target.clone(),
                        source,
                    })?;
                let input = match started {
                    Started::As {
                        aws_id,
                        task_definition,
                    } => Input::Started {
                        deployment,
                        aws_id,
                        task_definition,
                    },
                    Started::Before {
                        step,
                        aws_id,
                        task_definition,
                    } => Input::BeforeStarted {
                        deployment,
                        step,
                        aws_id,
                        task_definition,
                    },
                    Started::Ended { aws_id, outcome } => Input::Concluded {
                        deployment,
                        aws_id,
                        outcome,
                    },
                    Started::Not { obstacle, reason } => Input::StartFailed {
                        deployment,
                        obstacle,
                        reason,
                    },
                    Started::Later { reason } => Input::StartDeferred { deployment, reason },
                };
                next = Some((stored, input));
            }
        }
        Ok(explanation)
    }

    /// Has AWS stop what is under way. What it refuses was too far gone, and comes to its end by itself.
    async fn stop(&self, stored: &StoredTarget, reason: &str) -> Result<(), AdvanceError> {
        match Box::pin(self.abort(stored, reason)).await {
            Err(ControlError::Aws { target, source }) if source.is_retryable() => {
                Err(AdvanceError::Stop { target, source })
            }
            Err(error) => {
                tracing::warn!(target = %stored.target.name, "not stopped: {}", chain(&error));
                Ok(())
            }
            Ok(answered) => {
                tracing::info!(target = %stored.target.name, "{}", answered.text);
                Ok(())
            }
        }
    }

    /// Decides and stores one step, and emits its events: what has happened before the step is
    /// stored, so that a crash repeats it and never loses it; what was only decided after it, since
    /// somebody else may have decided otherwise.
    async fn take(
        &self,
        mut stored: StoredTarget,
        mut input: Input,
        lease_until: Timestamp,
        gates: &BTreeMap<GatePoint, GateReport>,
    ) -> Result<Option<Taken>, AdvanceError> {
        let name = stored.target.name.clone();
        let failed = |source| AdvanceError::State {
            target: name.clone(),
            source,
        };
        let mut told = Vec::new();
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let circumstances = Circumstances {
                target: &name,
                at: now,
                lease_until,
                closure: stored.closure(now),
            };
            let before = stored.state.clone();
            let transition = step(circumstances, &before, input.clone());
            self.emit(&transition, true, gates, &mut told).await?;
            let is_change = transition.state != stored.state
                || transition.effects.iter().any(|effect| {
                    matches!(
                        effect,
                        Effect::Create(_) | Effect::Update { .. } | Effect::Note(_)
                    )
                });
            let order = start_of(&transition);
            let commit = async {
                if is_change {
                    self.table
                        .commit(&stored, &transition.state, &transition.effects)
                        .await
                } else {
                    Ok(Commit::Stored)
                }
            };
            // What a start has to read is read while the claim is being written.
            let (commit, gathering) = match &order {
                Some(order) => {
                    let before = stored.clone();
                    let gathering = async move { self.gather(&before, order).await }.boxed();
                    while_waiting(commit, gathering).await
                }
                None => (commit.await, None),
            };
            let commit = commit.map_err(failed)?;
            if commit != Commit::Stored {
                let version = stored.version;
                match self.table.target(&name).await.map_err(failed)? {
                    Some(target) => stored = target?,
                    None => return Ok(None),
                }
                // The answer to an earlier attempt of this very write may have been lost.
                let is_ours = stored.version == version + 1 && stored.state == transition.state;
                if !is_ours {
                    if commit == Commit::AlreadyRecorded {
                        input = Input::Revisited;
                    }
                    continue;
                }
            } else if is_change {
                stored.state = transition.state.clone();
                stored.version += 1;
            }
            if is_change {
                // After it was stored: a step that is decided anew, or by somebody else, counts once.
                tell_figures(&name, &before, &input, &transition, gates, now);
            }
            self.emit(&transition, false, gates, &mut told).await?;
            self.answer_jobs(&stored, &transition).await;
            let gathered = match gathering {
                Some(gathering) => Some(gathering.await),
                None => None,
            };
            return Ok(Some(Taken {
                stored,
                start: order.clone().zip(gathered),
                transition,
            }));
        }
        Err(AdvanceError::Contended { target: name })
    }

    async fn emit(
        &self,
        transition: &Transition,
        facts: bool,
        gates: &BTreeMap<GatePoint, GateReport>,
        told: &mut Vec<(DetailType, DeploymentId)>,
    ) -> Result<(), AdvanceError> {
        for effect in &transition.effects {
            let Effect::Announce(announcement) = effect else {
                continue;
            };
            // A step that is decided anew tells nothing a second time.
            let what = (announcement.detail_type, announcement.deployment);
            if announcement.detail_type.is_fact() != facts || told.contains(&what) {
                continue;
            }
            told.push(what);
            let announcement = (**announcement).clone().with_gates(gates);
            self.announce(&announcement)
                .await
                .map_err(|source| AdvanceError::Announce {
                    target: announcement.target.clone(),
                    source,
                })?;
        }
        Ok(())
    }
}

/// Tells the figures of a step that is stored, as a line that CloudWatch reads.
fn tell_figures(
    target: &TargetName,
    before: &TargetState,
    input: &Input,
    transition: &Transition,
    gates: &BTreeMap<GatePoint, GateReport>,
    at: Timestamp,
) {
    let figures = Figures::of(&figures::Stored {
        before,
        input,
        transition,
        gates,
        at,
    });
    if !figures.is_empty() {
        let line = figures.to_line(target, at).to_string();
        tracing::info!(target: figures::LOG_TARGET, line);
    }
}

/// The same lease to the millisecond, with a fraction that nobody else's has. Whether a write was ours
/// is known by the state that it has left, and two invocations may well claim with one deadline.
fn told_apart(lease_until: Timestamp) -> Timestamp {
    let fraction = RandomState::new().build_hasher().finish() % 1_000_000;
    let fraction = SignedDuration::from_nanos(i64::try_from(fraction).unwrap_or(0));
    Timestamp::from_millisecond(lease_until.as_millisecond())
        .and_then(|whole| whole.checked_add(fraction))
        .unwrap_or(lease_until)
}

/// A step that was taken.
struct Taken {
    stored: StoredTarget,
    transition: Transition,
    /// The deployment to be started now, with what was read for it.
    start: Option<(Order, Result<Gathered, Stop>)>,
}

fn start_of(transition: &Transition) -> Option<Order> {
    transition.effects.iter().find_map(|effect| match effect {
        Effect::Start {
            deployment,
            candidate,
            resume,
            only_look,
            unless_live,
            prepared,
        } => Some(Order {
            deployment: *deployment,
            candidate: candidate.clone(),
            resume: *resume,
            only_look: *only_look,
            unless_live: *unless_live,
            prepared: prepared.clone(),
        }),
        Effect::Create(_)
        | Effect::Update { .. }
        | Effect::Note(_)
        | Effect::Stop { .. }
        | Effect::Announce(_)
        | Effect::Await { .. }
        | Effect::Answer { .. } => None,
    })
}

/// Why AWS is to stop what is under way, if it is.
fn stop_of(transition: &Transition) -> Option<String> {
    transition.effects.iter().find_map(|effect| match effect {
        Effect::Stop { reason, .. } => Some(reason.clone()),
        _ => None,
    })
}

/// Waits for `first`, and lets `second` go on meanwhile; gives what is left of it.
async fn while_waiting<'a, T, U: Send + 'a>(
    first: impl Future<Output = T>,
    second: BoxFuture<'a, U>,
) -> (T, Option<BoxFuture<'a, U>>) {
    let first = std::pin::pin!(first);
    match select(first, second).await {
        Either::Left((first, second)) => (first, Some(second)),
        Either::Right((second, first)) => (first.await, Some(std::future::ready(second).boxed())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_of_one_deadline_are_told_apart_and_stay_within_the_millisecond() {
        let deadline = Timestamp::from_millisecond(1_795_000_000_123).unwrap();
        let leases: std::collections::BTreeSet<Timestamp> =
            (0..16).map(|_| told_apart(deadline)).collect();
        assert!(leases.len() > 8, "{leases:?}");
        assert!(
            leases
                .iter()
                .all(|lease| lease.as_millisecond() == deadline.as_millisecond())
        );
    }
}
