//! What follows from a pushed image.

use super::{Active, Candidate, Decision, DeploymentId, Rule, Transition, step::Step};
use crate::record::Status;

impl Step<'_> {
    pub(super) fn requested(mut self, id: DeploymentId, candidate: Candidate) -> Transition {
        let image = candidate.describe();
        if self.state.rejects(&candidate.digest) && !self.state.is_live(&candidate.digest) {
            let text = format!(
                "{image} failed at `{}` before or was rolled away from, and is not deployed \
                 again automatically; push a new image",
                self.target
            );
            return self.skip(id, &candidate, Rule::Rejected, text);
        }
        self.supersede_older_than(&candidate);
        if let Some(active) = self.state.active.clone() {
            return self.requested_while_active(id, candidate, &active);
        }
        if self.state.is_live(&candidate.digest) {
            let text = format!("{image} is already live at `{}`", self.target);
            return self.skip(id, &candidate, Rule::AlreadyLive, text);
        }
        if let Some(queued) = self.state.queued.take() {
            if queued.candidate.digest == candidate.digest {
                return self.start(queued.deployment, queued.candidate, Rule::TurnCame, None);
            }
            // Older ones were superseded above: what waits is newer than what came.
            self.create(
                id,
                &candidate,
                Status::Superseded,
                Some("a newer image is waiting"),
            );
            return self.start(queued.deployment, queued.candidate, Rule::TurnCame, None);
        }
        if self.is_outdated(&candidate) {
            let text = format!(
                "{image} is older than an image that `{}` took before",
                self.target
            );
            self.create(id, &candidate, Status::Superseded, Some(&text));
            return self.end(Decision::Supersede, Rule::NewerAccepted, text);
        }
        self.create(id, &candidate, Status::Requested, None);
        self.start(id, candidate, Rule::NewImage, Some(Status::Requested))
    }

    fn requested_while_active(
        mut self,
        id: DeploymentId,
        candidate: Candidate,
        active: &Active,
    ) -> Transition {
        let image = candidate.describe();
        let broken_off = self.is_start_broken_off();
        if active.candidate.digest == candidate.digest {
            if broken_off {
                return self.resume();
            }
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
            .map(|queued| queued.candidate.digest == candidate.digest);
        let (decision, rule, text) = match queued_already {
            Some(true) => {
                let text = format!(
                    "{image} is already waiting for its turn at `{}`",
                    self.target
                );
                (Decision::Skip, Rule::AlreadyQueued, text)
            }
            Some(false) => {
                let text = format!(
                    "{image} is older than the image that waits at `{}`",
                    self.target
                );
                self.create(id, &candidate, Status::Superseded, Some(&text));
                (Decision::Supersede, Rule::NewerAccepted, text)
            }
            None if self.is_outdated(&candidate) => {
                let text = format!(
                    "{image} is older than an image that `{}` took before",
                    self.target
                );
                self.create(id, &candidate, Status::Superseded, Some(&text));
                (Decision::Supersede, Rule::NewerAccepted, text)
            }
            None => {
                let text = format!(
                    "{image} waits until deployment {} has ended",
                    active.deployment
                );
                self.queue(id, candidate, text.clone());
                (Decision::Queue, Rule::OneAtATime, text)
            }
        };
        if broken_off {
            return self.resume();
        }
        self.end(decision, rule, text)
    }

    pub(super) fn outdated(mut self, id: DeploymentId, candidate: &Candidate) -> Transition {
        let tag = candidate.tag.as_ref().map_or("its tag", |tag| tag.as_str());
        let text = format!(
            "`{tag}` names another image by now, so {} is not deployed to `{}`",
            candidate.describe(),
            self.target
        );
        let known = self.state.is_live(&candidate.digest)
            || self
                .state
                .active
                .iter()
                .any(|active| active.candidate.digest == candidate.digest)
            || self
                .state
                .queued
                .iter()
                .any(|queued| queued.candidate.digest == candidate.digest)
            || self.state.rejects(&candidate.digest);
        if known {
            return self.end(Decision::Skip, Rule::AlreadyKnown, text);
        }
        self.create(id, candidate, Status::Superseded, Some(&text));
        self.end(Decision::Supersede, Rule::TagMoved, text)
    }
}
