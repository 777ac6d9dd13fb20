//! What follows from looking at what really runs, and from telling it outside.

use super::{
    Candidate, Current, Decision, DeploymentId, Drift, Effect, Rule, Transition, step::Step,
};
use crate::record::{DetailType, Origin, Status};

impl Step<'_> {
    /// What runs is recorded as what it is, with what the record had said.
    pub(super) fn drifted(
        mut self,
        id: DeploymentId,
        running: Option<&Candidate>,
        runs: String,
        task_definition: Option<String>,
        cause: Option<String>,
    ) -> Transition {
        let known = match (&self.state.current, running) {
            // Nothing was recorded, so nothing can differ.
            (None, _) => true,
            (Some(current), None) => current
                .drift
                .as_ref()
                .is_some_and(|drift| drift.is_foreign && drift.runs == runs),
            (Some(_), Some(running)) => self.state.is_live(running),
        };
        if self.state.active.is_some() || known {
            return self.revisited();
        }
        let Some(current) = self.state.current.clone() else {
            return self.revisited();
        };
        let recorded = match &current.drift {
            Some(drift) => drift.recorded.as_deref(),
            None => Some(&current),
        };
        if let (Some(recorded), Some(running)) = (recorded, &running)
            && running.is_within(&recorded.candidate)
        {
            let recorded = recorded.clone();
            return self.back_as_recorded(recorded, task_definition);
        }
        let recorded = recorded.cloned().map(Box::new);
        let expected = current.candidate.describe();
        let by = cause
            .as_ref()
            .map_or_else(String::new, |cause| format!(" ({cause})"));
        let text = format!("`{}` runs {runs}, not {expected}{by}", self.target);
        let candidate = running.cloned().unwrap_or(current.candidate);
        let drift = Drift {
            found_at: self.at,
            expected,
            runs,
            cause: cause.clone(),
            is_foreign: running.is_none(),
            recorded,
        };
        let origin = Origin::Elsewhere {
            creator: cause.unwrap_or_else(|| "unknown".to_owned()),
        };
        let mut record = self.record(id, &candidate, Status::Succeeded, Some(&text), origin);
        record.task_definition.clone_from(&task_definition);
        // A foreign image has no record of its own: the event tells of it.
        if !drift.is_foreign {
            self.effects.push(Effect::Create(Box::new(record)));
        }
        self.announce(DetailType::Drifted, id, &candidate, &text);
        self.state.current = Some(Current {
            deployment: if drift.is_foreign {
                current.deployment
            } else {
                id
            },
            candidate,
            task_definition,
            since: self.at,
            is_proved: false,
            drift: Some(drift),
        });
        self.start_queued();
        self.end(Decision::Record, Rule::Drifted, text)
    }

    /// What had drifted is as the record said, as it was before.
    fn back_as_recorded(
        mut self,
        recorded: Current,
        task_definition: Option<String>,
    ) -> Transition {
        let text = format!(
            "`{}` runs {} again, as {} had brought it",
            self.target,
            recorded.candidate.describe(),
            recorded.deployment
        );
        self.state.current = Some(Current {
            task_definition,
            since: self.at,
            ..recorded
        });
        self.start_queued();
        self.end(Decision::Record, Rule::DriftEnded, text)
    }

    pub(super) fn marked(mut self, deployment: DeploymentId) -> Transition {
        if !self.is_current(deployment) || self.state.marked == Some(deployment) {
            return self.told_already(deployment);
        }
        self.state.marked = Some(deployment);
        let text = format!("the marks outside say what {deployment} has brought");
        self.end(Decision::Record, Rule::Marked, text)
    }

    pub(super) fn promoted(mut self, deployment: DeploymentId) -> Transition {
        if !self.is_current(deployment) || self.state.promoted == Some(deployment) {
            return self.told_already(deployment);
        }
        self.state.promoted = Some(deployment);
        let text = format!("what {deployment} has brought was promoted");
        self.end(Decision::Record, Rule::Marked, text)
    }

    fn is_current(&self, deployment: DeploymentId) -> bool {
        let current = self.state.current.as_ref();
        current.is_some_and(|current| current.deployment == deployment)
    }

    fn told_already(self, deployment: DeploymentId) -> Transition {
        let text = format!("that of {deployment} is known, or past");
        self.end(Decision::Skip, Rule::AlreadyKnown, text)
    }
}
