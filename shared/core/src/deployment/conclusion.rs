//! What follows from the end of an AWS deployment.

use super::{
    Aftermath, Candidate, Current, Decision, DeploymentId, Effect, Ending, Foreign, Outcome, Rule,
    Transition, step::Step,
};
use crate::record::{DetailType, Origin, RecordChange, Status};

impl Step<'_> {
    pub(super) fn concluded(
        mut self,
        id: DeploymentId,
        aws_id: &str,
        outcome: Outcome,
    ) -> Transition {
        let Some(active) = self.state.active.take_if(|active| active.deployment == id) else {
            return self.revisited();
        };
        let candidate = active.candidate;
        let image = candidate.describe();
        let mut change = RecordChange {
            concluded_at: Some(self.at),
            aws_id: Some(aws_id.to_owned()),
            ..RecordChange::default()
        };
        match outcome {
            Outcome::Succeeded { task_definition } => {
                let text = format!("{image} is live at `{}` ({aws_id})", self.target);
                change.status = Some(Status::Succeeded);
                change.task_definition.clone_from(&task_definition);
                change.reason = Some(text.clone());
                self.update(id, change);
                self.announce(DetailType::Succeeded, id, &candidate, &text);
                let previous = self.state.current.as_ref();
                let ending = Ending::Succeeded {
                    candidate: candidate.clone(),
                    aws_id: aws_id.to_owned(),
                    task_definition: task_definition.clone(),
                    previous: previous.map(|it| it.candidate.digest.clone()),
                };
                self.answer(active.jobs, id, ending);
                // What was to be stopped was too far gone: it stays rejected.
                if active.stop.is_none() {
                    self.state.pardon(&candidate);
                    self.state.troubled_since = None;
                }
                self.state.current = Some(Current {
                    deployment: id,
                    candidate: self.state.with_live(candidate),
                    task_definition,
                    since: self.at,
                    is_proved: true,
                    drift: None,
                });
                self.start_queued();
                self.end(Decision::Record, Rule::Succeeded, text)
            }
            Outcome::Failed {
                reason,
                evidence,
                aftermath,
            } => {
                let reason = match &active.stop {
                    Some(stop) => format!("{}: {reason}", stop.describe()),
                    None => reason,
                };
                if aftermath != Aftermath::Unproved {
                    self.state.troubled_since.get_or_insert(self.at);
                }
                change.status = Some(Status::Failed);
                change.reason = Some(reason.clone());
                change.evidence = Some(evidence.clone());
                self.update(id, change);
                self.announce(DetailType::Failed, id, &candidate, &reason);
                let ending = Ending::Failed {
                    reason: reason.clone(),
                    evidence,
                    aws_id: aws_id.to_owned(),
                };
                self.answer(active.jobs, id, ending);
                match aftermath {
                    Aftermath::Over => {
                        self.state.reject(&candidate);
                        self.start_queued();
                    }
                    Aftermath::RollingBack => self.state.reject(&candidate),
                    Aftermath::Restore => {
                        self.restore(id, &candidate, aws_id);
                        self.state.reject(&candidate);
                        self.start_queued();
                    }
                    Aftermath::Unproved => {
                        self.start_queued();
                    }
                }
                self.end(Decision::Record, Rule::Failed, reason)
            }
        }
    }

    /// Deploys what was live before again, unless it is just that which failed.
    fn restore(&mut self, failed: DeploymentId, candidate: &Candidate, aws_id: &str) {
        let Some(current) = &self.state.current else {
            return;
        };
        // What a person wants back goes in its place.
        if self.state.is_live(candidate) || self.state.rollback.is_some() {
            return;
        }
        let previous = current.candidate.clone();
        let id = DeploymentId::of_cause(self.at, &[&failed.to_string(), "restore"]);
        let text = format!(
            "{} is deployed again to `{}` in the place of {}",
            previous.describe(),
            self.target,
            candidate.describe()
        );
        let origin = Origin::Rollback {
            of: aws_id.to_owned(),
            by: None,
        };
        self.create(
            id,
            &previous,
            Status::Requested,
            Some(&text),
            origin.clone(),
        );
        let was = Some(Status::Requested);
        self.claim(id, previous, origin, Vec::new(), was);
    }

    pub(super) fn adopted(
        mut self,
        id: DeploymentId,
        candidate: Candidate,
        task_definition: Option<String>,
    ) -> Transition {
        if self.state.current.is_some() {
            return self.revisited();
        }
        let text = format!(
            "{} was live at `{}` when Greenlight came",
            candidate.describe(),
            self.target
        );
        let mut record = self.record(
            id,
            &candidate,
            Status::Succeeded,
            Some(&text),
            Origin::Adopted,
        );
        record.task_definition.clone_from(&task_definition);
        self.effects.push(Effect::Create(Box::new(record)));
        self.state.accept(&candidate, &Origin::Adopted);
        self.state.current = Some(Current {
            deployment: id,
            candidate,
            task_definition,
            since: self.at,
            is_proved: false,
            drift: None,
        });
        self.end(Decision::Record, Rule::Adopted, text)
    }

    pub(super) fn revisited(mut self) -> Transition {
        if self.is_start_broken_off() {
            return self.resume();
        }
        // The call that stops it may have been lost.
        self.stop_if_wanted();
        if let Some(text) = self.start_queued() {
            return self.end(Decision::Start, Rule::TurnCame, text);
        }
        let text = "this has been dealt with before".to_owned();
        self.end(Decision::Skip, Rule::AlreadyKnown, text)
    }

    pub(super) fn concluded_elsewhere(mut self, foreign: Foreign) -> Transition {
        let Foreign {
            deployment,
            aws_id,
            origin,
            running,
            outcome,
        } = foreign;
        let mut is_busy = false;
        let (status, text, evidence, task_definition) = match outcome {
            Outcome::Succeeded { task_definition } => {
                let what = match &origin {
                    Origin::Rollback { of, .. } => format!("{aws_id} rolled {of} back"),
                    Origin::Push
                    | Origin::Person { .. }
                    | Origin::Pipeline { .. }
                    | Origin::Adopted
                    | Origin::Elsewhere { .. } => {
                        format!("{aws_id}, which Greenlight did not start, succeeded")
                    }
                };
                let now = running.as_ref().map_or(
                    "an image of another repository".to_owned(),
                    Candidate::describe,
                );
                (
                    Status::Succeeded,
                    format!("{what}: {now} is live"),
                    Vec::new(),
                    task_definition,
                )
            }
            Outcome::Failed {
                reason,
                evidence,
                aftermath,
            } => {
                is_busy = aftermath == Aftermath::RollingBack;
                (Status::Failed, reason, evidence, None)
            }
        };
        if let Some(candidate) = running {
            let mut record = self.record(deployment, &candidate, status, Some(&text), origin);
            record.aws_id = Some(aws_id);
            record.concluded_at = Some(self.at);
            record.task_definition.clone_from(&task_definition);
            record.evidence = evidence;
            self.effects.push(Effect::Create(Box::new(record)));
            if status == Status::Succeeded && !self.state.is_live(&candidate) {
                self.announce(DetailType::Succeeded, deployment, &candidate, &text);
                self.state.pardon(&candidate);
                self.state.current = Some(Current {
                    deployment,
                    candidate,
                    task_definition,
                    since: self.at,
                    is_proved: false,
                    drift: None,
                });
            }
        }
        if !is_busy {
            self.start_queued();
        }
        self.end(Decision::Record, Rule::EndedElsewhere, text)
    }
}
