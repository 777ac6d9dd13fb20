//! A gate that outlasts one call of ECS: what it has measured, given to ECS to be brought back with the next.
//!
//! ECS keeps the `hookDetails` of an answer for the next call of the same hook (AWS-FACTS 7.5), so that a gate needs no
//! store of its own. What comes back has been in other hands: where it cannot be ours, the gate begins anew.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{CheckReport, EcsHook, Progress, Verdict};
use crate::text::excerpt;

/// The key in `hookDetails` that is ours.
pub const FOR_NEXT_CALL: &str = "greenlight";

/// After so long ECS is asked to call again.
pub const CALL_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// Of a summary, so many characters are carried.
const SUMMARY_LIMIT: usize = 300;
/// `hookDetails` that are written as text are read up to so many bytes.
const TEXT_LIMIT: usize = 64 * 1024;
/// A call that comes so late is not the next one: the gate had ended, and this is another run of it.
const TOO_LATE: SignedDuration = SignedDuration::from_mins(10);

/// A gate that has to be carried on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The ARN of the service deployment.
    pub deployment: String,
    /// The ARN of the green service revision.
    pub revision: Option<String>,
    /// [`EcsHook::stage_in_words`], which tells the steps of a shift apart.
    pub stage: String,
    /// When the gate began.
    pub started_at: Timestamp,
    /// When ECS was asked to call again.
    pub again_at: Timestamp,
    /// The checks that have passed.
    pub checks: Vec<CheckReport>,
    /// The check that is being measured.
    pub running: Progress,
}

impl Unfinished {
    /// A gate that is broken off at `hook`, with as much as is to be carried.
    pub fn at(
        hook: &EcsHook,
        started_at: Timestamp,
        again_at: Timestamp,
        mut checks: Vec<CheckReport>,
        running: Progress,
    ) -> Self {
        for check in &mut checks {
            check.summary = excerpt(&check.summary, SUMMARY_LIMIT);
        }
        Self {
            deployment: hook.deployment.clone(),
            revision: hook.target_revision.clone(),
            stage: hook.stage_in_words(),
            started_at,
            again_at,
            checks,
            running,
        }
    }

    /// Whether it is the gate that is asked for now, with these checks.
    fn is_of(&self, hook: &EcsHook, checks: &[&str], now: Timestamp) -> bool {
        let is_here = self.deployment == hook.deployment
            && self.revision == hook.target_revision
            && self.stage == hook.stage_in_words();
        let late = now.duration_since(self.again_at);
        let is_next = self.started_at <= now && late < TOO_LATE;
        let have_passed = self.checks.len() < checks.len()
            && self
                .checks
                .iter()
                .zip(checks)
                .all(|(found, name)| found.check == **name && found.verdict == Verdict::Passed);
        let is_running = checks.get(self.checks.len()).copied() == Some(self.running.check());
        is_here && is_next && have_passed && is_running
    }
}

/// The `hookDetails` of a payload: what the service declares for the hook, and what the last answer added.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HookDetails(Map<String, Value>);

impl HookDetails {
    /// Those of a payload; nothing where there are none that could be added to.
    pub fn of(payload: &Value) -> Self {
        let nested = payload
            .get("executionDetails")
            .and_then(|details| details.get("hookDetails"));
        match payload.get("hookDetails").or(nested) {
            Some(Value::Object(details)) => Self(details.clone()),
            // CloudFormation writes them as text.
            Some(Value::String(text)) if text.len() <= TEXT_LIMIT => {
                Self(serde_json::from_str(text).unwrap_or_default())
            }
            _ => Self::default(),
        }
    }

    /// All of them together with what is to be brought back: whether ECS merges or replaces them is not certain.
    pub fn with(&self, for_next_call: Value) -> Value {
        let mut details = self.0.clone();
        details.insert(FOR_NEXT_CALL.to_owned(), for_next_call);
        Value::Object(details)
    }

    /// The gate that is to be carried on, if there is one that is asked for now with these checks.
    pub fn unfinished(
        &self,
        hook: &EcsHook,
        checks: &[&str],
        now: Timestamp,
    ) -> Option<Unfinished> {
        let carried = self.0.get(FOR_NEXT_CALL)?;
        let unfinished = Unfinished::deserialize(carried).ok()?;
        unfinished.is_of(hook, checks, now).then_some(unfinished)
    }
}

#[cfg(test)]
mod tests;
