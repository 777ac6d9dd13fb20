//! What follows from a pushed image, or from one that a person asks for.

use super::{
    Active, Candidate, Decision, DeploymentId, Newest, Rule, Transition, awaiting::Waiting,
    step::Step,
};
use crate::{
    job::JobId,
    record::{DetailType, Origin, Status},
};

impl Step<'_> {
    pub(super) fn requested(
        mut self,
        id: DeploymentId,
        candidate: Candidate,
        origin: Origin,
        job: Option<JobId>,
    ) -> Transition {
        // What a person wants back goes first.
        if self.state.active.is_none() {
            self.bring_back();
        }
        self.jobs.extend(job.map(Waiting::new));
        let image = candidate.describe();
        if origin.is_push() && self.state.rejects(&candidate) {
            // A push that comes again may be the only event that tells of it.
            if self.is_start_broken_off() {
                return self.resume();
            }
            let text = format!(
                "{image} failed at `{}` before or was rolled away from, and is not deployed \
                 again automatically; push a new image",
                self.target
            );
            return self.skip(id, &candidate, Rule::Rejected, text);
        }
        self.state.raise(&candidate);
        // Whoever waits for it has asked for it.
        let is_pushed = origin.is_push() && self.jobs.is_empty();
        let is_outdated = is_pushed && self.state.is_outdated(&candidate);
        // What is outdated takes nothing's place, though a person has put something older into the queue.
        let candidate = if is_outdated {
            candidate
        } else {
            self.join_what_waits(candidate, !origin.is_push())
        };
        if let Some(active) = self.state.active.clone() {
            return self.requested_while_active(id, candidate, origin, &active, is_outdated);
        }
        if self.state.is_live(&candidate) && is_pushed {
            let text = format!("{image} is already live at `{}`", self.target);
            return self.skip(id, &candidate, Rule::AlreadyLive, text);
        }
        let closed = self.closed();
        let is_blocked = |origin: &Origin| closed.is_some() && origin.is_automatic();
        let blocks = self
            .state
            .queued
            .as_ref()
            .filter(|queued| is_blocked(&queued.origin));
        if let Some(blocked) = blocks {
            if is_blocked(&origin) {
                let is_within = candidate.is_within(&blocked.candidate);
                return self.requested_beside_blocked(id, &candidate, origin, is_within);
            }
            // A person does not wait for what may not start.
        } else if let Some(queued) = self.state.queued.take() {
            if !candidate.is_within(&queued.candidate) {
                // Older ones were superseded above: what waits is newer than what came.
                let reason = "a newer image is waiting";
                self.create(id, &candidate, Status::Superseded, Some(reason), origin);
                self.answer_superseded(id, reason);
            }
            return self.start(
                queued.deployment,
                queued.candidate,
                queued.origin,
                queued.jobs,
                Rule::TurnCame,
                None,
            );
        }
        if is_outdated {
            let text = self.is_older(&candidate);
            self.create(id, &candidate, Status::Superseded, Some(&text), origin);
            return self.end(Decision::Supersede, Rule::NewerAccepted, text);
        }
        if let Some(closed) = closed.filter(|_| origin.is_automatic()) {
            let text = format!("{image} waits: {}", closed.reason);
            self.queue(DetailType::Blocked, id, candidate, closed.reason, origin);
            return self.end(Decision::Block, closed.rule, text);
        }
        let rule = if origin.is_push() {
            Rule::NewImage
        } else {
            Rule::Asked
        };
        self.create(id, &candidate, Status::Requested, None, origin.clone());
        let was = Some(Status::Requested);
        self.start(id, candidate, origin, Vec::new(), rule, was)
    }

    /// Something waits that may not start now, and what came may not either, and is not newer.
    fn requested_beside_blocked(
        mut self,
        id: DeploymentId,
        candidate: &Candidate,
        origin: Origin,
        is_within: bool,
    ) -> Transition {
        let image = candidate.describe();
        if is_within {
            self.wait_for_queued();
            let text = format!(
                "{image} is already waiting for its turn at `{}`",
                self.target
            );
            return self.skip(id, candidate, Rule::AlreadyQueued, text);
        }
        let text = format!(
            "{image} is older than the image that waits at `{}`",
            self.target
        );
        self.create(id, candidate, Status::Superseded, Some(&text), origin);
        self.answer_superseded(id, &text);
        self.end(Decision::Supersede, Rule::NewerAccepted, text)
    }

    fn requested_while_active(
        mut self,
        id: DeploymentId,
        candidate: Candidate,
        origin: Origin,
        active: &Active,
        is_outdated: bool,
    ) -> Transition {
        let image = candidate.describe();
        let broken_off = self.is_start_broken_off();
        if candidate.is_within(&active.candidate) && active.stop.is_none() {
            if broken_off {
                return self.resume();
            }
            self.wait_for_active();
            let text = format!(
                "{image} is already being deployed to `{}` as {}",
                self.target, active.deployment
            );
            return self.skip(id, &candidate, Rule::AlreadyDeploying, text);
        }
        let queued_already = self
            .state
            .queued
            .as_ref()
            .map(|queued| candidate.is_within(&queued.candidate));
        let (decision, rule, text) = match queued_already {
            Some(true) => {
                self.wait_for_queued();
                let text = format!(
                    "{image} is already waiting for its turn at `{}`",
                    self.target
                );
                (Decision::Skip, Rule::AlreadyQueued, text)
            }
            Some(false) | None if is_outdated => {
                let text = self.is_older(&candidate);
                self.create(id, &candidate, Status::Superseded, Some(&text), origin);
                (Decision::Supersede, Rule::NewerAccepted, text)
            }
            Some(false) => {
                let text = format!(
                    "{image} is older than the image that waits at `{}`",
                    self.target
                );
                self.create(id, &candidate, Status::Superseded, Some(&text), origin);
                self.answer_superseded(id, &text);
                (Decision::Supersede, Rule::NewerAccepted, text)
            }
            None => {
                let text = format!(
                    "{image} waits until deployment {} has ended",
                    active.deployment
                );
                self.queue(DetailType::Queued, id, candidate, text.clone(), origin);
                (Decision::Queue, Rule::OneAtATime, text)
            }
        };
        if broken_off {
            return self.resume();
        }
        self.end(decision, rule, text)
    }

    /// That a newer image was taken before, and which.
    fn is_older(&self, candidate: &Candidate) -> String {
        let newest = self.state.newest.get(&candidate.repository);
        let newest = newest.map_or_else(|| "another image".to_owned(), Newest::describe);
        format!(
            "{} is older than {newest}, the newest that `{}` has taken",
            candidate.describe(),
            self.target
        )
    }

    pub(super) fn outdated(mut self, id: DeploymentId, candidate: &Candidate) -> Transition {
        let tag = candidate.tag.as_ref().map_or("its tag", |tag| tag.as_str());
        let text = format!(
            "`{tag}` names another image by now, so {} is not deployed to `{}`",
            candidate.describe(),
            self.target
        );
        let known = self.state.is_live(candidate)
            || self
                .state
                .active
                .iter()
                .any(|active| candidate.is_within(&active.candidate))
            || self
                .state
                .queued
                .iter()
                .any(|queued| candidate.is_within(&queued.candidate))
            || self.state.rejects(candidate);
        if known {
            return self.end(Decision::Skip, Rule::AlreadyKnown, text);
        }
        self.create(id, candidate, Status::Superseded, Some(&text), Origin::Push);
        self.end(Decision::Supersede, Rule::TagMoved, text)
    }
}
