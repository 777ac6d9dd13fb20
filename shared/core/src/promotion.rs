//! Whether an image is promoted by itself now, and who promotes.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    deployment::{DeploymentId, Hold, TargetState},
    image::Tag,
    target::{Promote, TargetName},
};

/// Who gives an image the tag that another target watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Promoter {
    /// Nobody but the target's own `promote`.
    Rule,
    /// A person.
    Person {
        /// Who, as far as that is known.
        by: String,
    },
    /// A pipeline's job.
    Pipeline {
        /// Which, where it is known.
        name: Option<String>,
    },
}

impl fmt::Display for Promoter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule => f.write_str("the target's own rule"),
            Self::Person { by } => f.write_str(by),
            Self::Pipeline { name: Some(name) } => write!(f, "pipeline {name}"),
            Self::Pipeline { name: None } => f.write_str("a pipeline"),
        }
    }
}

/// What an event says of a promotion beside the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PromotionNote {
    /// The target that has the image live and proved.
    pub from: TargetName,
    /// The tag that the image was given.
    pub to: Tag,
    /// Who gave it.
    pub by: String,
}

/// How an automatic promotion stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// What is live is promoted now.
    Due {
        /// The deployment that brought it.
        deployment: DeploymentId,
    },
    /// It has to be live for a while longer.
    Soaking {
        /// When it will be due, if nothing changes until then.
        due: Timestamp,
    },
    /// Nothing is promoted now, for this reason.
    Not {
        /// For people.
        reason: String,
    },
    /// What is live was promoted.
    Done,
}

/// How the automatic promotion of a target stands. `line` is the hold on every target.
pub fn next(promote: &Promote, state: &TargetState, line: Option<&Hold>, now: Timestamp) -> Next {
    let not = |reason: String| Next::Not { reason };
    let Some(current) = &state.current else {
        return not("nothing is live".to_owned());
    };
    if state.promoted == Some(current.deployment) {
        return Next::Done;
    }
    if let Some(drift) = &current.drift {
        return not(format!(
            "{} runs by no deployment of Greenlight",
            drift.runs
        ));
    }
    if !current.is_proved {
        return not("no deployment of Greenlight has proved what is live".to_owned());
    }
    if let Some(active) = &state.active {
        return not(format!("deployment {} is under way", active.deployment));
    }
    if let Some(wanted) = &state.rollback {
        return not(format!("deployment {} goes back", wanted.deployment));
    }
    let held = |hold: &&Hold| hold.holds_at(now);
    if let Some(hold) = line.filter(held).or(state.hold.as_ref().filter(held)) {
        return not(hold.describe());
    }
    match current.since.checked_add(promote.after) {
        Ok(due) if due <= now => Next::Due {
            deployment: current.deployment,
        },
        Ok(due) => Next::Soaking { due },
        Err(_) => not("it would be due after the end of time".to_owned()),
    }
}

#[cfg(test)]
mod tests;
