//! What follows from a person's hand: holding, releasing, going back.

use super::{
    Candidate, Decision, DeploymentId, Effect, Ending, Hold, Phase, Queued, Rule, Stop, Transition,
    step::{Step, superseded},
};
use crate::record::{Deed, DetailType, Intervention, Origin, RecordChange, Status};

impl Step<'_> {
    pub(super) fn held(mut self, id: DeploymentId, hold: Hold) -> Transition {
        let text = format!("`{}` is {}", self.target, hold.describe());
        let deed = Deed::Held { until: hold.until };
        self.note(id, &hold.by, hold.reason.as_deref(), deed);
        self.state.hold = Some(hold);
        self.end(Decision::Record, Rule::HandedOver, text)
    }

    pub(super) fn released(
        mut self,
        id: DeploymentId,
        by: &str,
        reason: Option<&str>,
    ) -> Transition {
        if self.state.hold.take().is_none() {
            let text = format!("`{}` is not held", self.target);
            return self.end(Decision::Skip, Rule::AlreadyKnown, text);
        }
        let mut text = format!("`{}` is released by {by}", self.target);
        self.note(id, by, reason, Deed::Released);
        if let Some(started) = self.start_queued() {
            text = format!("{text}: {started}");
        }
        self.end(Decision::Record, Rule::HandedOver, text)
    }

    /// What is under way is stopped first; what is gone back from is rejected at once.
    pub(super) fn rolled_back(
        mut self,
        id: DeploymentId,
        to: Candidate,
        by: String,
        reason: Option<String>,
    ) -> Transition {
        if let Some((deployment, rule)) = self.already_brings(&to) {
            return self.brought_already(deployment, rule, &to);
        }
        let active = self.state.active.as_ref();
        let under_way = active.map(|active| (active.deployment, active.candidate.clone()));
        let current = self.state.current.clone();
        let is_under_way = under_way.is_some();
        let live = current.as_ref();
        let live = live.map(|current| (current.deployment, current.candidate.clone()));
        let Some((of, from)) = under_way.or(live) else {
            let text = format!("nothing is live at `{}`", self.target);
            return self.end(Decision::Skip, Rule::AlreadyKnown, text);
        };
        if !is_under_way && self.state.is_live(&to) {
            let text = format!("{} is already live at `{}`", to.describe(), self.target);
            return self.end(Decision::Skip, Rule::AlreadyLive, text);
        }
        let foreign = current.as_ref().filter(|_| !is_under_way);
        let foreign = foreign.and_then(|current| current.drift.as_ref());
        let foreign = foreign.filter(|drift| drift.is_foreign);
        let away_from = foreign.map_or_else(|| from.describe(), |drift| drift.runs.clone());
        let because = reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(" ({reason})"));
        let text = format!(
            "{by} goes back from {away_from} to {} at `{}`{because}",
            to.describe(),
            self.target
        );
        self.state.reject_unlike(&from, &to);
        if let Some(current) = &current {
            self.state.reject_unlike(&current.candidate, &to);
        }
        self.state.troubled_since.get_or_insert(self.at);
        let deed = Deed::RolledBack {
            deployment: id,
            from: away_from,
            to: to.describe(),
        };
        self.note(id, &by, reason.as_deref(), deed);
        if let Some(earlier) = self.state.rollback.take() {
            self.update(earlier.deployment, superseded(self.at, &text));
            let (jobs, of) = (earlier.jobs, earlier.candidate);
            self.hand_over(jobs, earlier.deployment, &of, &to, &text);
        }
        let origin = Origin::Rollback {
            of: of.to_string(),
            by: Some(by.clone()),
        };
        if !is_under_way {
            let status = Status::Requested;
            self.create(id, &to, status, Some(&text), origin.clone());
            self.claim(id, to, origin, Vec::new(), Some(status));
            return self.end(Decision::Start, Rule::RolledBack, text);
        }
        self.create(id, &to, Status::Queued, Some(&text), origin.clone());
        let mut jobs = Vec::new();
        self.wait_for(id, &mut jobs);
        self.state.rollback = Some(Queued {
            deployment: id,
            candidate: to,
            reason: text.clone(),
            origin,
            jobs,
        });
        if let Some(active) = &mut self.state.active {
            active.stop = Some(Stop { by, reason });
        }
        self.stop_if_wanted();
        if self.is_start_broken_off() {
            // Nobody will tell whether it was started: that is looked for.
            self.take_over_start();
        }
        self.end(Decision::Queue, Rule::RolledBack, text)
    }

    /// What brings these images back already, or deploys them.
    fn already_brings(&self, to: &Candidate) -> Option<(DeploymentId, Rule)> {
        let wanted = self.state.rollback.as_ref();
        let wanted = wanted.filter(|wanted| to.is_within(&wanted.candidate));
        let active = self.state.active.as_ref();
        let active = active.filter(|it| it.stop.is_none() && to.is_within(&it.candidate));
        wanted
            .map(|wanted| (wanted.deployment, Rule::AlreadyQueued))
            .or_else(|| active.map(|active| (active.deployment, Rule::AlreadyDeploying)))
    }

    /// What was broken off of it is taken up again.
    fn brought_already(mut self, id: DeploymentId, rule: Rule, to: &Candidate) -> Transition {
        let text = format!(
            "{} is already being brought to `{}` as {id}",
            to.describe(),
            self.target
        );
        if self.is_start_broken_off() {
            return self.resume();
        }
        self.stop_if_wanted();
        self.start_queued();
        self.end(Decision::Skip, rule, text)
    }

    /// Has AWS stop what is under way, if that is wanted and it is known there.
    pub(super) fn stop_if_wanted(&mut self) {
        let Some(active) = &self.state.active else {
            return;
        };
        let (Some(stop), Phase::Started { .. } | Phase::Before { .. }) =
            (&active.stop, &active.phase)
        else {
            return;
        };
        self.effects.push(Effect::Stop {
            deployment: active.deployment,
            reason: stop.describe(),
        });
    }

    /// Deploys what a person wants back, if there is anything; whether it was claimed. Where the record says
    /// that it is live, whoever starts it looks first whether it is.
    pub(super) fn bring_back(&mut self) -> bool {
        let Some(rollback) = self.state.rollback.take() else {
            return false;
        };
        self.claim(
            rollback.deployment,
            rollback.candidate,
            rollback.origin,
            rollback.jobs,
            Some(Status::Queued),
        );
        true
    }

    /// What was to be stopped was never started: what a person wants back is there, if it was live before.
    pub(super) fn nothing_took_its_place(&mut self) {
        let Some(rollback) = &self.state.rollback else {
            return;
        };
        if !self.state.is_live(&rollback.candidate) {
            return;
        }
        let Some(rollback) = self.state.rollback.take() else {
            return;
        };
        let text = format!(
            "{} is live at `{}`: nothing had taken its place",
            rollback.candidate.describe(),
            self.target
        );
        let id = rollback.deployment;
        self.update(
            id,
            RecordChange {
                status: Some(Status::Succeeded),
                concluded_at: Some(self.at),
                reason: Some(text.clone()),
                ..RecordChange::default()
            },
        );
        self.announce(DetailType::Succeeded, id, &rollback.candidate, &text);
        let current = self.state.current.as_ref();
        let ending = Ending::Succeeded {
            task_definition: current.and_then(|current| current.task_definition.clone()),
            previous: current.map(|current| current.candidate.digest.clone()),
            candidate: rollback.candidate,
            aws_id: String::new(),
        };
        self.answer(rollback.jobs, id, ending);
        self.state.troubled_since = None;
    }

    fn note(&mut self, id: DeploymentId, by: &str, reason: Option<&str>, deed: Deed) {
        self.effects.push(Effect::Note(Box::new(Intervention {
            id,
            at: self.at,
            by: by.to_owned(),
            reason: reason.map(str::to_owned),
            deed,
        })));
    }
}
