//! What the transitions are made of: how a step changes the state and notes its effects.

use jiff::Timestamp;

use super::{
    Active, Candidate, Closure, Decision, DeploymentId, Effect, Explanation, Phase, Preparation,
    Queued, Rule, TargetState, Transition, awaiting::Waiting,
};
use crate::{
    job::JobId,
    record::{Announcement, DeploymentRecord, DetailType, Origin, RecordChange, Status},
    target::TargetName,
};

/// A transition in the making.
pub(super) struct Step<'a> {
    pub(super) target: &'a TargetName,
    pub(super) state: TargetState,
    pub(super) effects: Vec<Effect>,
    /// The jobs that wait for the candidate which the step is about.
    pub(super) jobs: Vec<Waiting>,
    pub(super) at: Timestamp,
    pub(super) lease_until: Timestamp,
    pub(super) closure: Option<Closure>,
}

impl Step<'_> {
    /// What waits gives way to a newer candidate, which takes with it what waits of other
    /// repositories; gives the candidate as it is then. What is not newer leaves the queue alone. What somebody
    /// asks for is newer than what waits, whatever the tags say.
    pub(super) fn join_what_waits(&mut self, candidate: Candidate, is_asked: bool) -> Candidate {
        let Some(queued) = &self.state.queued else {
            return candidate;
        };
        let under_way = self
            .state
            .active
            .as_ref()
            .is_some_and(|active| candidate.is_within(&active.candidate));
        if candidate.is_apart_from(&queued.candidate)
            && (under_way || self.state.is_live(&candidate))
        {
            return candidate;
        }
        let joined = if is_asked {
            candidate.asked_beside(&queued.candidate)
        } else {
            candidate.joined_with(&queued.candidate)
        };
        if joined.is_within(&queued.candidate) {
            return candidate;
        }
        let text = if candidate.is_apart_from(&queued.candidate) {
            format!("goes together with {}", candidate.describe())
        } else {
            format!("superseded by {}", candidate.describe())
        };
        let Some(queued) = self.state.queued.take() else {
            return joined;
        };
        self.update(queued.deployment, superseded(self.at, &text));
        self.hand_over(
            queued.jobs,
            queued.deployment,
            &queued.candidate,
            &joined,
            &text,
        );
        joined
    }

    /// What keeps automatic deployments from starting now: the stopped line, then the target's hold, then
    /// its windows.
    pub(super) fn closed(&self) -> Option<Closure> {
        let held = self.state.hold.as_ref();
        let held = held.filter(|hold| hold.holds_at(self.at));
        let outside = self.closure.clone();
        let line = outside.clone().filter(|it| it.rule == Rule::LineStopped);
        line.or_else(|| held.map(Closure::held)).or(outside)
    }

    pub(super) fn queue(
        &mut self,
        kind: DetailType,
        id: DeploymentId,
        candidate: Candidate,
        reason: String,
        origin: Origin,
    ) {
        self.create(
            id,
            &candidate,
            Status::Queued,
            Some(&reason),
            origin.clone(),
        );
        self.announce(kind, id, &candidate, &reason);
        self.state.accept(&candidate, &origin);
        self.state.queued = Some(Queued {
            deployment: id,
            candidate,
            reason,
            origin,
            jobs: Vec::new(),
        });
        self.wait_for_queued();
    }

    /// Whether the start of the active deployment was claimed by somebody who cannot be running any
    /// more.
    pub(super) fn is_start_broken_off(&self) -> bool {
        self.state.active.as_ref().is_some_and(
            |active| matches!(active.phase, Phase::Requested { lease_until, .. } if lease_until <= self.at),
        )
    }

    /// The queue moves on: what waits is claimed, unless it has become pointless meanwhile or may not start
    /// now. What a person wants back goes first. Gives what is deployed now, for people.
    pub(super) fn start_queued(&mut self) -> Option<String> {
        if self.state.active.is_some() {
            return None;
        }
        self.state.hold.take_if(|hold| !hold.holds_at(self.at));
        if self.bring_back() {
            return self.deployed();
        }
        let closed = self.closed();
        let mut queued = self.state.queued.take()?;
        if let Some(closed) = closed.filter(|_| queued.origin.is_automatic()) {
            if queued.reason != closed.reason {
                queued.reason.clone_from(&closed.reason);
                let reason = Some(closed.reason);
                self.update(
                    queued.deployment,
                    RecordChange {
                        reason,
                        ..RecordChange::default()
                    },
                );
            }
            self.state.queued = Some(queued);
            return None;
        }
        // Whoever waits for it has asked for it.
        let by_push = queued.origin.is_push() && queued.jobs.is_empty();
        let pointless = if by_push && self.state.is_live(&queued.candidate) {
            Some("the image is already live")
        } else if by_push && self.state.rejects(&queued.candidate) {
            Some("the image has failed or was rolled away from meanwhile")
        } else {
            None
        };
        if let Some(reason) = pointless {
            self.update(queued.deployment, superseded(self.at, reason));
            return None;
        }
        self.claim(
            queued.deployment,
            queued.candidate,
            queued.origin,
            queued.jobs,
            Some(Status::Queued),
        );
        self.deployed()
    }

    /// What is deployed, for people.
    fn deployed(&self) -> Option<String> {
        let active = self.state.active.as_ref()?;
        Some(format!(
            "{} is deployed to `{}` as {}",
            active.candidate.describe(),
            self.target,
            active.deployment
        ))
    }

    pub(super) fn claim(
        &mut self,
        id: DeploymentId,
        candidate: Candidate,
        origin: Origin,
        jobs: Vec<JobId>,
        was: Option<Status>,
    ) {
        if was != Some(Status::Requested) {
            self.update(
                id,
                RecordChange {
                    status: Some(Status::Requested),
                    ..RecordChange::default()
                },
            );
        }
        self.state.accept(&candidate, &origin);
        self.state.active = Some(Active {
            deployment: id,
            candidate,
            origin,
            jobs,
            stop: None,
            since: Some(self.at),
            phase: Phase::Requested {
                lease_until: self.lease_until,
                prepared: Preparation::default(),
            },
        });
        self.wait_for_active();
        self.order_start(false);
    }

    /// Has the active deployment started, by whoever has claimed it.
    pub(super) fn order_start(&mut self, resume: bool) {
        let Some(active) = &self.state.active else {
            return;
        };
        let Phase::Requested { prepared, .. } = &active.phase else {
            return;
        };
        let goes_back = matches!(&active.origin, Origin::Rollback { by: Some(_), .. });
        self.effects.push(Effect::Start {
            deployment: active.deployment,
            candidate: active.candidate.clone(),
            resume,
            only_look: active.stop.is_some(),
            unless_live: goes_back && self.state.is_live(&active.candidate),
            prepared: prepared.clone(),
        });
    }

    pub(super) fn start(
        mut self,
        id: DeploymentId,
        candidate: Candidate,
        origin: Origin,
        jobs: Vec<JobId>,
        rule: Rule,
        was: Option<Status>,
    ) -> Transition {
        self.claim(id, candidate, origin, jobs, was);
        let text = self.deployed().unwrap_or_default();
        self.end(Decision::Start, rule, text)
    }

    /// Takes over the start of the active deployment.
    pub(super) fn resume(mut self) -> Transition {
        self.wait_for_active();
        let Some(deployment) = self.take_over_start() else {
            let text = "nothing is being started".to_owned();
            return self.end(Decision::Skip, Rule::AlreadyKnown, text);
        };
        let text = format!("the start of {deployment} was broken off and is taken up again");
        self.end(Decision::Resume, Rule::BrokenOffStart, text)
    }

    /// Claims the start of the active deployment anew; gives which that is.
    pub(super) fn take_over_start(&mut self) -> Option<DeploymentId> {
        let until = self.lease_until;
        let active = self.state.active.as_mut()?;
        let Phase::Requested { lease_until, .. } = &mut active.phase else {
            return None;
        };
        *lease_until = until;
        let deployment = active.deployment;
        self.order_start(true);
        Some(deployment)
    }

    pub(super) fn skip(
        mut self,
        id: DeploymentId,
        candidate: &Candidate,
        rule: Rule,
        text: String,
    ) -> Transition {
        self.announce(DetailType::Skipped, id, candidate, &text);
        self.end(Decision::Skip, rule, text)
    }

    pub(super) fn not_active(self, id: DeploymentId) -> Transition {
        let text = format!(
            "deployment {id} is not under way at `{}` any more",
            self.target
        );
        self.end(Decision::Skip, Rule::AlreadyKnown, text)
    }

    pub(super) fn create(
        &mut self,
        id: DeploymentId,
        candidate: &Candidate,
        status: Status,
        reason: Option<&str>,
        origin: Origin,
    ) {
        let record = self.record(id, candidate, status, reason, origin);
        self.effects.push(Effect::Create(Box::new(record)));
    }

    pub(super) fn record(
        &self,
        id: DeploymentId,
        candidate: &Candidate,
        status: Status,
        reason: Option<&str>,
        origin: Origin,
    ) -> DeploymentRecord {
        DeploymentRecord {
            id,
            target: self.target.clone(),
            candidate: candidate.clone(),
            origin,
            status,
            requested_at: self.at,
            started_at: None,
            concluded_at: status.is_final().then_some(self.at),
            aws_id: None,
            task_definition: None,
            previous: self
                .state
                .current
                .as_ref()
                .map(|current| current.candidate.digest.clone()),
            reason: reason.map(str::to_owned),
            evidence: Vec::new(),
            gates: std::collections::BTreeMap::new(),
            decisions: Vec::new(),
        }
    }

    pub(super) fn update(&mut self, deployment: DeploymentId, change: RecordChange) {
        let change = Box::new(change);
        self.effects.push(Effect::Update { deployment, change });
    }

    pub(super) fn announce(
        &mut self,
        kind: DetailType,
        id: DeploymentId,
        candidate: &Candidate,
        reason: &str,
    ) {
        let announcement = Announcement::new(kind, self.target, id, candidate, reason);
        self.effects.push(Effect::Announce(Box::new(announcement)));
    }

    pub(super) fn end(self, decision: Decision, rule: Rule, text: String) -> Transition {
        Transition {
            state: self.state,
            effects: self.effects,
            explanation: Explanation::new(decision, rule, text),
        }
    }
}

pub(super) fn superseded(at: Timestamp, reason: &str) -> RecordChange {
    RecordChange {
        status: Some(Status::Superseded),
        concluded_at: Some(at),
        reason: Some(reason.to_owned()),
        ..RecordChange::default()
    }
}
