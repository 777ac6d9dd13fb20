//! What follows from the tasks that have to succeed before the service is touched.

use super::{Decision, DeploymentId, Obstacle, Phase, Preparation, Rule, Transition, step::Step};
use crate::record::RecordChange;

impl Step<'_> {
    pub(super) fn before_started(
        mut self,
        id: DeploymentId,
        number: u32,
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
        let is_next =
            matches!(&active.phase, Phase::Requested { prepared, .. } if prepared.done == number);
        if !is_next {
            let text = format!("task {number} before deployment {id} is known already");
            return self.end(Decision::Skip, Rule::AlreadyKnown, text);
        }
        let text = format!(
            "task {aws_id} has to succeed before {} is deployed",
            active.candidate.describe()
        );
        active.phase = Phase::Before {
            step: number,
            aws_id,
            task_definition: task_definition.clone(),
        };
        self.update(
            id,
            RecordChange {
                task_definition,
                reason: Some(text.clone()),
                ..RecordChange::default()
            },
        );
        self.stop_if_wanted();
        self.end(Decision::Record, Rule::BeforeStarted, text)
    }

    /// The task may have ended before its start was noted.
    pub(super) fn before_succeeded(
        mut self,
        id: DeploymentId,
        number: u32,
        ran: Option<String>,
    ) -> Transition {
        let lease_until = self.lease_until;
        let Some(active) = self
            .state
            .active
            .as_mut()
            .filter(|active| active.deployment == id)
        else {
            return self.revisited();
        };
        let task_definition = match &active.phase {
            Phase::Before {
                step,
                task_definition,
                ..
            } if *step == number => task_definition.clone(),
            Phase::Requested { prepared, .. } if prepared.done == number => {
                prepared.task_definition.clone().or(ran)
            }
            _ => return self.revisited(),
        };
        let prepared = Preparation {
            done: number + 1,
            task_definition,
        };
        active.phase = Phase::Requested {
            lease_until,
            prepared,
        };
        if active.stop.is_some() {
            let reason = "the service was not touched yet".to_owned();
            return self.start_failed(id, Obstacle::Person, reason);
        }
        let candidate = &active.candidate;
        let text = format!(
            "the task before has succeeded, and {} goes on",
            candidate.describe()
        );
        self.update(
            id,
            RecordChange {
                reason: Some(text.clone()),
                ..RecordChange::default()
            },
        );
        self.order_start(false);
        self.end(Decision::Start, Rule::BeforeSucceeded, text)
    }
}
