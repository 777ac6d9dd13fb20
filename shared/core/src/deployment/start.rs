//! What follows from an attempt to start the AWS deployment.

use super::{
    Active, Decision, DeploymentId, Ending, Obstacle, Phase, Queued, Rule, Transition,
    step::{Step, superseded},
};
use crate::record::{DetailType, Origin, RecordChange, Status};

impl Step<'_> {
    pub(super) fn started(
        mut self,
        id: DeploymentId,
        aws_id: String,
        task_definition: Option<String>,
    ) -> Transition {
        let Some(active) = self
            .state
            .active
            .as_mut()
            .filter(|active| active.deployment == id)
        else {
            return self.not_active(id);
        };
        if matches!(&active.phase, Phase::Started { aws_id: known, .. } if *known == aws_id) {
            let text = format!("deployment {id} is already bound to {aws_id}");
            return self.end(Decision::Skip, Rule::AlreadyKnown, text);
        }
        active.phase = Phase::Started {
            aws_id: aws_id.clone(),
            task_definition: task_definition.clone(),
        };
        let candidate = active.candidate.clone();
        let text = format!(
            "deployment {id} of {} runs as {aws_id}",
            candidate.describe()
        );
        self.update(
            id,
            RecordChange {
                status: Some(Status::Started),
                started_at: Some(self.at),
                aws_id: Some(aws_id),
                task_definition,
                previous: self
                    .state
                    .current
                    .as_ref()
                    .map(|current| current.candidate.digest.clone()),
                ..RecordChange::default()
            },
        );
        self.announce(DetailType::Started, id, &candidate, &text);
        self.stop_if_wanted();
        self.end(Decision::Record, Rule::Bound, text)
    }

    pub(super) fn start_failed(
        mut self,
        id: DeploymentId,
        obstacle: Obstacle,
        reason: String,
    ) -> Transition {
        // What is known to run did start, whatever whoever tried it has seen.
        let is_being_started = |active: &mut Active| {
            active.deployment == id && matches!(active.phase, Phase::Requested { .. })
        };
        let Some(active) = self.state.active.take_if(is_being_started) else {
            return self.not_active(id);
        };
        let (obstacle, reason) = match &active.stop {
            Some(stop) => (Obstacle::Person, format!("{}: {reason}", stop.describe())),
            None => (obstacle, reason),
        };
        self.update(
            id,
            RecordChange {
                status: Some(Status::StartFailed),
                concluded_at: Some(self.at),
                reason: Some(reason.clone()),
                ..RecordChange::default()
            },
        );
        self.announce(DetailType::Failed, id, &active.candidate, &reason);
        let ending = Ending::NotStarted {
            obstacle,
            reason: reason.clone(),
        };
        self.answer(active.jobs, id, ending);
        if active.stop.is_some() {
            self.nothing_took_its_place();
        }
        self.start_queued();
        self.end(Decision::Record, Rule::StartFailed, reason)
    }

    pub(super) fn start_deferred(mut self, id: DeploymentId, reason: String) -> Transition {
        let is_stopped = self
            .state
            .active
            .as_ref()
            .is_some_and(|active| active.deployment == id && active.stop.is_some());
        if is_stopped {
            return self.start_failed(id, Obstacle::Person, reason);
        }
        let Some(active) = self.state.active.take_if(|active| active.deployment == id) else {
            return self.not_active(id);
        };
        // What a person wants back gives way to nothing.
        if let Origin::Rollback { by: Some(_), .. } = &active.origin {
            self.state.rollback = Some(self.put_off(active, &reason));
            return self.end(Decision::Queue, Rule::BusyElsewhere, reason);
        }
        if let Some(queued) = &self.state.queued {
            let text = format!("{} is newer and waits", queued.candidate.describe());
            let newer = queued.candidate.clone();
            self.update(id, superseded(self.at, &text));
            self.hand_over(active.jobs, id, &active.candidate, &newer, &text);
            self.wait_for_queued();
            return self.end(Decision::Supersede, Rule::BusyElsewhere, text);
        }
        self.state.queued = Some(self.put_off(active, &reason));
        self.end(Decision::Queue, Rule::BusyElsewhere, reason)
    }

    /// What was to start waits instead, and that is told.
    fn put_off(&mut self, active: Active, reason: &str) -> Queued {
        let id = active.deployment;
        self.update(
            id,
            RecordChange {
                status: Some(Status::Queued),
                reason: Some(reason.to_owned()),
                ..RecordChange::default()
            },
        );
        self.announce(DetailType::Queued, id, &active.candidate, reason);
        Queued {
            deployment: id,
            candidate: active.candidate,
            reason: reason.to_owned(),
            origin: active.origin,
            jobs: active.jobs,
        }
    }
}
