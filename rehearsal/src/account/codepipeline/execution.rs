//! An execution of a pipeline, and what became of its actions.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::artifact::Artifact;
use super::pipeline::{Failure, Outcome, Picked};
use super::variables::Known;

/// An execution.
#[derive(Debug, Clone)]
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) status: Status,
    /// `statusSummary`
    pub(super) summary: Option<String>,
    /// Who started it: `triggerDetail`.
    pub(super) trigger: String,
    pub(super) started: Timestamp,
    pub(super) updated: Timestamp,
    /// Source action → digest or commit that the start names.
    pub(super) overrides: BTreeMap<String, String>,
    pub(super) picked: Picked,
    pub(super) revisions: Vec<Revision>,
    /// What actions have put out, by name.
    pub(super) artifacts: BTreeMap<String, Artifact>,
    /// The output variables of actions that have a namespace, by that.
    pub(super) outputs: Known,
    /// Oldest first.
    pub(super) actions: Vec<ActionExecution>,
    /// Stage → where it is, for those that began.
    pub(super) stages: BTreeMap<String, Status>,
    pub(super) stop: Option<Stop>,
}

/// What a source action picked.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    pub(super) artifact: String,
    /// A digest, or a commit.
    pub(super) id: String,
    pub(super) summary: Option<String>,
    pub(super) created: Timestamp,
}

/// How an execution is to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stop {
    /// Without waiting for its actions.
    pub(super) abandon: bool,
    pub(super) reason: Option<String>,
}

/// The status of an execution or stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Stopping,
    Stopped,
    Succeeded,
    Superseded,
    Failed,
}

/// One run of an action.
#[derive(Debug, Clone)]
pub(super) struct ActionExecution {
    pub(super) id: String,
    pub(super) stage: String,
    pub(super) action: String,
    pub(super) started: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) state: ActionState,
    /// The configuration with values in the place of references, as far as it came.
    pub(super) configuration: Vec<(String, String)>,
    pub(super) inputs: Vec<Artifact>,
    pub(super) outputs: Vec<Artifact>,
    /// What a job says that goes on.
    pub(super) progress: Progress,
}

/// What is known of an action that is not over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) summary: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) percent: Option<i64>,
}

/// Where an action is.
#[derive(Debug, Clone)]
pub(super) enum ActionState {
    InProgress,
    Abandoned,
    Succeeded(Outcome),
    Failed(Failure),
}

impl Status {
    pub(super) const fn is_over(self) -> bool {
        !matches!(self, Self::InProgress | Self::Stopping)
    }

    /// As the API says it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Succeeded => "Succeeded",
            Self::Superseded => "Superseded",
            Self::Failed => "Failed",
        }
    }

    /// As the events say it (AWS-FACTS 3.5).
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::InProgress => "STARTED",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
            Self::Succeeded => "SUCCEEDED",
            Self::Superseded => "SUPERSEDED",
            Self::Failed => "FAILED",
        }
    }
}

impl ActionExecution {
    /// `externalExecutionId`
    pub(super) fn external_id(&self) -> Option<&str> {
        let ended = match &self.state {
            ActionState::InProgress | ActionState::Abandoned => None,
            ActionState::Succeeded(outcome) => outcome.external_id.as_deref(),
            ActionState::Failed(failure) => failure.external_id.as_deref(),
        };
        ended.or(self.progress.external_id.as_deref())
    }

    /// `externalExecutionSummary`
    pub(super) fn summary(&self) -> Option<&str> {
        let ended = match &self.state {
            ActionState::InProgress | ActionState::Abandoned => None,
            ActionState::Succeeded(outcome) => Some(outcome.summary.as_str()),
            ActionState::Failed(failure) => Some(failure.message.as_str()),
        };
        let ended = ended.filter(|summary| !summary.is_empty());
        ended.or(self.progress.summary.as_deref())
    }

    /// What went wrong, if it did.
    pub(super) const fn failure(&self) -> Option<&Failure> {
        match &self.state {
            ActionState::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

impl ActionState {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Abandoned => "Abandoned",
            Self::Succeeded(_) => "Succeeded",
            Self::Failed(_) => "Failed",
        }
    }

    pub(super) const fn event(&self) -> &'static str {
        match self {
            Self::InProgress => "STARTED",
            Self::Abandoned => "ABANDONED",
            Self::Succeeded(_) => "SUCCEEDED",
            Self::Failed(_) => "FAILED",
        }
    }
}
