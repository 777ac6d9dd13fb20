//! Hooks: the functions that are called at lifecycle events, and their answers (AWS-FACTS 5.4).

use std::time::Duration;

use serde_json::{Value, json};

use super::deployment::{Deployment, ErrorInformation, Record};
use super::lifecycle::{Event, LineStatus};
use super::request;
use super::runner::{Ended, Run};
use crate::account::journal::Tone;
use crate::account::{Account, HookFailure, Members, ServiceError};

/// How long CodeDeploy waits for the answer.
const ANSWER_WITHIN: Duration = Duration::from_hours(1);

/// One call of a hook.
#[derive(Debug)]
pub(super) struct Execution {
    id: String,
    event: Event,
    outcome: Option<Outcome>,
}

/// How a hook ended.
#[derive(Debug, Clone)]
enum Outcome {
    Succeeded,
    Failed,
    /// The function itself failed before it answered.
    Broken(String),
}

impl Run {
    /// Calls the function and waits for its answer; what it returns is ignored.
    pub(super) async fn hook(&self, event: Event, function: &str) -> Result<(), Ended> {
        let functions = self.account.functions();
        if !functions.exists(function) {
            return Err(Ended::failed(
                "INVALID_LAMBDA_FUNCTION",
                format!(
                    "The Lambda function {function} for {} does not exist",
                    event.name()
                ),
            ));
        }
        // As AWS's: opaque, and long.
        let id = format!(
            "eyJlbmNyeXB0ZWREYXRhIjoi{}{}",
            self.account.unique(),
            self.account.unique()
        );
        self.deployment.change(|record| {
            record.hooks.push(Execution {
                id: id.clone(),
                event,
                outcome: None,
            });
        });
        self.note(Tone::Neutral, format!("{} calls {function}", event.name()));
        // Exactly these two.
        let payload = json!({"DeploymentId": self.id, "LifecycleEventHookExecutionId": id});
        let invoked = functions.invoke(function, payload);
        let (deployment, at_once) = (self.deployment.clone(), self.account.settings().hooks);
        tokio::spawn(async move {
            if let Err(error) = invoked.await
                && at_once == HookFailure::FailAtOnce
            {
                deployment
                    .change(|record| record.finish(event, Outcome::Broken(error.to_string())));
            }
        });
        let outcome = self
            .wait(ANSWER_WITHIN, |record| record.outcome(&id))
            .await?;
        let failed = |message: &str| {
            Ended::Failed(ErrorInformation {
                code: "HOOK_EXECUTION_FAILURE",
                message: message.to_owned(),
            })
        };
        match outcome {
            Some(Outcome::Succeeded) => Ok(()),
            Some(Outcome::Failed) => Err(failed(
                "The deployment failed because one or more of the lifecycle event validation functions failed.",
            )),
            Some(Outcome::Broken(error)) => {
                self.note(
                    Tone::Bad,
                    format!(
                        "{}: {function} ended without an answer: {error}",
                        event.name()
                    ),
                );
                Err(failed(
                    "The deployment failed because one or more of the lifecycle event validation functions failed.",
                ))
            }
            None => Err(Ended::failed(
                "TIMEOUT",
                "The deployment timed out while waiting for a status callback. CodeDeploy expects a status \
                 callback within one hour after a deployment hook is invoked.",
            )),
        }
    }
}

impl Record {
    fn outcome(&self, id: &str) -> Option<Outcome> {
        self.hooks
            .iter()
            .find(|execution| execution.id == id)?
            .outcome
            .clone()
    }

    /// The first outcome counts.
    fn finish(&mut self, event: Event, outcome: Outcome) {
        if let Some(execution) = self
            .hooks
            .iter_mut()
            .find(|execution| execution.event == event)
        {
            execution.outcome.get_or_insert(outcome);
        }
    }
}

/// `PutLifecycleEventHookExecutionStatus`
pub(super) fn put_status(account: &Account, input: &Value) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let deployment = request::deployment(account, members)?;
    let id = members
        .optional_string("lifecycleEventHookExecutionId")?
        .unwrap_or_default();
    let outcome = match members.optional_string("status")? {
        Some("Succeeded") => Outcome::Succeeded,
        Some("Failed") => Outcome::Failed,
        other => {
            let message = format!(
                "The status has to be Succeeded or Failed, not {}",
                other.unwrap_or("absent")
            );
            return Err(ServiceError::new(
                "InvalidLifecycleEventHookExecutionStatusException",
                message,
            ));
        }
    };
    let event = answer(&deployment, id, &outcome)?;
    let (tone, verdict) = match outcome {
        Outcome::Succeeded => (Tone::Good, "Succeeded"),
        Outcome::Failed | Outcome::Broken(_) => (Tone::Bad, "Failed"),
    };
    let note = format!(
        "{} {}: the hook answers {verdict}",
        deployment.id(),
        event.name()
    );
    account.journal().note("codedeploy", tone, note);
    Ok(json!({"lifecycleEventHookExecutionId": id}))
}

fn answer(deployment: &Deployment, id: &str, outcome: &Outcome) -> Result<Event, ServiceError> {
    deployment.change(|record| {
        let Some(execution) = record.hooks.iter().find(|execution| execution.id == id) else {
            let message = format!(
                "The deployment {} has no lifecycle event hook execution with this ID",
                record.id
            );
            return Err(ServiceError::new(
                "InvalidLifecycleEventHookExecutionIdException",
                message,
            ));
        };
        let (event, answered) = (execution.event, execution.outcome.is_some());
        // Nobody waits any more after a timeout or a stop.
        let waited_for = |line: &super::lifecycle::Line| {
            line.event == event && line.status == LineStatus::InProgress
        };
        if answered || !record.lifecycle.lines().iter().any(waited_for) {
            let message = format!(
                "The lifecycle event {} of {} is already completed",
                event.name(),
                record.id
            );
            return Err(ServiceError::new(
                "LifecycleEventAlreadyCompletedException",
                message,
            ));
        }
        record.finish(event, outcome.clone());
        Ok(event)
    })
}
