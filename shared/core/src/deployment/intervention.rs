//! What follows from a person's hand: holding, releasing, going back.

use super::{
    Candidate, Decision, DeploymentId, Effect, Hold, Phase, Queued, Rule, Stop, Transition,
    step::{Step, superseded},
};
use crate::record::{Deed, Intervention, Origin, RecordChange, Status};

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
        by: String,
        reason: Option<String>,
    ) -> Transition {
        if self.state.hold.take().is_none() {
            let text = format!("`{}` is not held", self.target);
            return self.end(Decision::Skip, Rule::AlreadyKnown, text);
        }
        let mut text = format!("`{}` is released by {by}", self.target);
        self.note(id, &by, reason.as_deref(), Deed::Released);
        if let Some(started) = self.start_queued() {
            text = format!("{text}: {started}");
        }
        self.end(Decision::Record, Rule::HandedOver, text)
    }

    /// What is under way is stopped first; what is live is rejected at once.
    pub(super) fn rolled_back(
        mut self,
        id: DeploymentId,
        to: Candidate,
        by: String,
        reason: Option<String>,
    ) -> Transition {
        let active = self.state.active.as_ref();
        let under_way = active.map(|active| (active.deployment, active.candidate.clone()));
        let current = self.state.current.as_ref();
        let live = current.map(|current| (current.deployment, current.candidate.clone()));
        let is_under_way = under_way.is_some();
        let Some((of, from)) = under_way.or(live) else {
            let text = format!("nothing is live at `{}`", self.target);
            return self.end(Decision::Skip, Rule::AlreadyKnown, text);
        };
        if !is_under_way && self.state.is_live(&to) {
            let text = format!("{} is already live at `{}`", to.describe(), self.target);
            return self.end(Decision::Skip, Rule::AlreadyLive, text);
        }
        let text = format!(
            "{by} goes back from {} to {} at `{}`",
            from.describe(),
            to.describe(),
            self.target
        );
        self.state.reject_unlike(&from, &to);
        let deed = Deed::RolledBack {
            deployment: id,
            from: from.describe(),
            to: to.describe(),
        };
        self.note(id, &by, reason.as_deref(), deed);
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
        if let Some(earlier) = self.state.rollback.take() {
            self.update(earlier.deployment, superseded(self.at, &text));
        }
        self.state.rollback = Some(Queued {
            deployment: id,
            candidate: to,
            reason: text.clone(),
            origin,
            jobs: Vec::new(),
        });
        if let Some(active) = &mut self.state.active {
            active.stop = Some(Stop { by, reason });
        }
        self.stop_if_wanted();
        self.end(Decision::Queue, Rule::RolledBack, text)
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
        let reason = stop.reason.as_deref().unwrap_or("no reason given");
        let reason = format!("rolled back by {}: {reason}", stop.by);
        self.effects.push(Effect::Stop {
            deployment: active.deployment,
            reason,
        });
    }

    /// Deploys what a person wants back, if there is anything; whether it was claimed.
    pub(super) fn bring_back(&mut self) -> bool {
        let Some(rollback) = self.state.rollback.take() else {
            return false;
        };
        if self.state.is_live(&rollback.candidate) {
            let reason = "it is live: AWS has rolled back to it, or nothing had taken its place";
            self.update(
                rollback.deployment,
                RecordChange {
                    status: Some(Status::Succeeded),
                    concluded_at: Some(self.at),
                    reason: Some(reason.to_owned()),
                    ..RecordChange::default()
                },
            );
            return false;
        }
        self.claim(
            rollback.deployment,
            rollback.candidate,
            rollback.origin,
            Vec::new(),
            Some(Status::Queued),
        );
        true
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
