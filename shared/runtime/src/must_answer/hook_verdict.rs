//! The verdict of a gate, for a lifecycle hook of CodeDeploy or ECS.

use super::{Fault, Verdict};
use std::time::Duration;

/// What a hook is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookVerdict {
    /// Go on.
    Succeeded {
        /// What was found, for people.
        summary: String,
    },
    /// Do not go on.
    Failed {
        /// Why, for people.
        message: String,
    },
    /// It is not known yet: ECS is to ask again, and CodeDeploy is told later.
    InProgress {
        /// What is waited for, for people.
        summary: String,
        /// After so long there is something to be done.
        again_after: Duration,
    },
}

impl Verdict for HookVerdict {
    fn of_fault(fault: &Fault) -> Self {
        let message = match fault {
            Fault::Panicked(said) => format!("a fault in Greenlight stopped the checks: {said}"),
            Fault::TimedOut(given) => {
                format!("the checks did not end within {} s", given.as_secs())
            }
        };
        Self::Failed { message }
    }

    fn log(&self) {
        match self {
            Self::Succeeded { summary } => tracing::info!(verdict = "succeeded", "{summary}"),
            Self::Failed { message } => tracing::warn!(verdict = "failed", "{message}"),
            Self::InProgress { summary, .. } => {
                tracing::info!(verdict = "in progress", "{summary}");
            }
        }
    }
}
