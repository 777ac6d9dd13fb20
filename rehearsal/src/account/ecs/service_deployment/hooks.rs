//! Hooks that are functions: asked synchronously, and asked again while they are in progress (AWS-FACTS
//! 7.4, 7.5). The hooks of one stage run in parallel; one that wants a rollback gets it.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::behaviour::{HookBehaviour, HookPayload, ReturnedDetails, hook_behaviour};
use super::configuration::Native;
use super::hook_configuration::{Hook, HookAction, HookTarget};
use super::record::{HookExecution, HookStatus};
use super::runner::{Ended, Run};
use super::stage::Stage;
use super::traffic::Traffic;
use crate::account::functions::{FunctionError, uuid};
use crate::account::journal::Tone;

/// How many executions a deployment remembers.
const REMEMBERED: usize = 1000;
/// Until a function in progress is asked again, unless it says otherwise; and at most.
const ASKED_AGAIN_AFTER: f64 = 30.0;
const ASKED_AGAIN_WITHIN: f64 = 24.0 * 3600.0;

/// What a function said.
#[derive(Debug, PartialEq)]
enum Answer {
    Succeeded,
    /// It is to be asked again.
    InProgress {
        after: Duration,
        details: Option<Value>,
    },
    /// It failed, or did not answer properly; why.
    Failed(String),
}

/// How one hook ended.
pub(super) enum Verdict {
    Continue,
    Rollback {
        reason: String,
        /// Whether that is a failure, and not somebody's wish.
        failed: bool,
    },
}

impl Run {
    pub(super) fn hook_behaviour(&self) -> HookBehaviour {
        hook_behaviour(&self.account)
    }

    /// Asks all hooks of a stage and waits for all of them.
    pub(super) async fn hooks(
        &self,
        native: &Native,
        stage: Stage,
        traffic: Traffic,
    ) -> Result<(), Ended> {
        let hooks = native
            .hooks
            .iter()
            .filter(|hook| hook.stages.contains(&stage));
        let verdicts = join_all(hooks.map(|hook| async move {
            match &hook.target {
                HookTarget::Lambda(function) => self.lambda(hook, function, stage, traffic).await,
                HookTarget::Pause => self.wait_for_somebody(hook, stage).await,
            }
        }))
        .await;
        let verdicts = verdicts.into_iter().collect::<Result<Vec<_>, _>>()?;
        for verdict in verdicts {
            if let Verdict::Rollback { reason, failed } = verdict {
                let failed = failed && self.hook_behaviour().failure_event;
                return Err(Ended::RolledBack { reason, failed });
            }
        }
        Ok(())
    }

    /// Asks a function until it has made up its mind.
    async fn lambda(
        &self,
        hook: &Hook,
        function: &str,
        stage: Stage,
        traffic: Traffic,
    ) -> Result<Verdict, Ended> {
        let name = function.rsplit(':').next().unwrap_or(function);
        let id = self.begin_hook(hook, stage, "ecs-lambda");
        let execution = uuid(&self.account.unique());
        let deadline = self.account.clock().now().checked_add(hook.timeout());
        let deadline = deadline.unwrap_or(Timestamp::MAX);
        let mut details = hook.details.clone();
        loop {
            self.note(Tone::Neutral, format!("{} asks {name}", stage.name()));
            let payload = self.payload(&execution, stage, traffic, details.as_ref());
            let Some(answer) = self.invoke(function, payload, deadline).await? else {
                return Ok(self.timed_out(hook, &id));
            };
            match answer {
                Answer::Succeeded => {
                    self.end_hook(&id, HookStatus::Succeeded);
                    let text = format!("{}: {name} answers SUCCEEDED", stage.name());
                    self.note(Tone::Good, text);
                    return Ok(Verdict::Continue);
                }
                Answer::Failed(why) => {
                    self.end_hook(&id, HookStatus::Failed);
                    self.note(Tone::Bad, format!("{}: {name} {why}", stage.name()));
                    let reason = format!(
                        "Lifecycle hook {function} failed at {}: it {why}.",
                        stage.name()
                    );
                    let failed = true;
                    return Ok(Verdict::Rollback { reason, failed });
                }
                Answer::InProgress {
                    after,
                    details: returned,
                } => {
                    let text = format!(
                        "{}: {name} answers IN_PROGRESS, asked again in {} s",
                        stage.name(),
                        after.as_secs_f64()
                    );
                    self.note(Tone::Neutral, text);
                    let merge = self.hook_behaviour().details;
                    details = next_details(merge, hook.details.as_ref(), details, returned);
                    let left = remaining(self.account.clock().now(), deadline);
                    self.pause(after.min(left)).await?;
                    if after >= left {
                        return Ok(self.timed_out(hook, &id));
                    }
                }
            }
        }
    }

    /// Invokes the function and waits for what it returns; nothing, if the time of the hook is over before.
    /// A stop does not end the invocation, only the wait.
    async fn invoke(
        &self,
        function: &str,
        payload: Value,
        deadline: Timestamp,
    ) -> Result<Option<Answer>, Ended> {
        let invoked = tokio::spawn(self.account.functions().invoke(function, payload));
        let left = remaining(self.account.clock().now(), deadline);
        tokio::select! {
            result = invoked => {
                let gone = |error: tokio::task::JoinError| FunctionError::new("panic", error.to_string());
                let result = result.map_err(gone).and_then(|result| result);
                Ok(Some(Answer::of(result)))
            }
            stopped = self.pause(left) => stopped.map(|()| None),
        }
    }

    fn payload(
        &self,
        execution: &str,
        stage: Stage,
        traffic: Traffic,
        details: Option<&Value>,
    ) -> Value {
        let (resource, blue) = self
            .deployment
            .read(|record| (record.arn.clone(), record.blue.clone()));
        let arns = self.service(|service| {
            let arn = |id: &str| service.revision(id).map(|revision| revision.arn.clone());
            (
                service.arn.clone(),
                arn(&self.place.task_set).unwrap_or_default(),
                blue.as_deref().and_then(arn),
            )
        });
        let (service, green, blue) = arns.unwrap_or_default();
        let (test, production) = traffic.weights(&green, blue.as_deref());
        let mut payload = json!({
            "executionId": execution,
            "lifecycleStage": stage.name(),
            "resourceArn": resource,
        });
        let mut inner = json!({
            "serviceArn": service,
            "targetServiceRevisionArn": green,
            "testTrafficWeights": test,
            "productionTrafficWeights": production,
        });
        match self.hook_behaviour().payload {
            HookPayload::Nested => payload["executionDetails"] = inner,
            HookPayload::Flat => {
                if let (Some(payload), Some(inner)) =
                    (payload.as_object_mut(), inner.as_object_mut())
                {
                    payload.append(inner);
                }
            }
        }
        if let Some(details) = details {
            payload["hookDetails"] = details.clone();
        }
        payload
    }
}

/// What every hook does.
impl Run {
    /// Remembers that a hook began. Returns its id.
    pub(super) fn begin_hook(&self, hook: &Hook, stage: Stage, prefix: &str) -> String {
        let id = format!("{prefix}-{}", uuid(&self.account.unique()));
        let now = self.account.clock().now();
        let execution = HookExecution {
            id: id.clone(),
            kind: hook.target.kind(),
            target: match &hook.target {
                HookTarget::Lambda(function) => Some(function.clone()),
                HookTarget::Pause => None,
            },
            stage,
            status: match hook.target {
                HookTarget::Lambda(_) => HookStatus::InProgress,
                HookTarget::Pause => HookStatus::AwaitingAction,
            },
            expires: now.checked_add(hook.timeout()).unwrap_or(Timestamp::MAX),
            timeout_action: hook.on_timeout.name(),
        };
        self.change(|record| {
            record.hooks.push(execution);
            if record.hooks.len() > REMEMBERED {
                record.hooks.remove(0);
            }
        });
        id
    }

    pub(super) fn end_hook(&self, id: &str, status: HookStatus) {
        self.change(|record| {
            if let Some(hook) = record.hooks.iter_mut().find(|hook| hook.id == id) {
                hook.status = status;
            }
        });
    }

    /// Nobody decided in time.
    pub(super) fn timed_out(&self, hook: &Hook, id: &str) -> Verdict {
        self.end_hook(id, HookStatus::TimedOut);
        let action = hook.on_timeout.name();
        self.note(Tone::Bad, format!("hook {id} timed out: {action}"));
        match hook.on_timeout {
            HookAction::Continue => Verdict::Continue,
            HookAction::Rollback => Verdict::Rollback {
                reason: format!("Lifecycle hook {id} timed out."),
                failed: true,
            },
        }
    }
}

impl Answer {
    /// Anything but a proper answer is a failure, and not asked again (AWS-FACTS 7.5).
    fn of(result: Result<Value, FunctionError>) -> Self {
        let returned = match result {
            Ok(returned) => returned,
            Err(error) => return Self::Failed(format!("ended with {error}")),
        };
        match returned["hookStatus"].as_str() {
            Some("SUCCEEDED") => Self::Succeeded,
            Some("FAILED") => Self::Failed("answers FAILED".to_owned()),
            Some("IN_PROGRESS") => {
                let seconds = returned["callBackDelay"].as_f64();
                let seconds = seconds.unwrap_or(ASKED_AGAIN_AFTER);
                Self::InProgress {
                    // Never at once, so that a function cannot keep the account busy.
                    after: Duration::from_secs_f64(seconds.clamp(1.0, ASKED_AGAIN_WITHIN)),
                    details: returned
                        .get("hookDetails")
                        .filter(|it| !it.is_null())
                        .cloned(),
                }
            }
            Some(other) => Self::Failed(format!("answers the unknown hookStatus {other}")),
            None => Self::Failed("returns no hookStatus".to_owned()),
        }
    }
}

/// The `hookDetails` of the next invocation.
fn next_details(
    behaviour: ReturnedDetails,
    configured: Option<&Value>,
    current: Option<Value>,
    returned: Option<Value>,
) -> Option<Value> {
    let Some(mut returned) = returned else {
        return current;
    };
    if behaviour == ReturnedDetails::Merge
        && let (Some(Value::Object(configured)), Value::Object(returned)) =
            (configured, &mut returned)
    {
        for (name, value) in configured {
            returned.entry(name).or_insert_with(|| value.clone());
        }
    }
    Some(returned)
}

fn remaining(now: Timestamp, deadline: Timestamp) -> Duration {
    now.duration_until(deadline)
        .max(SignedDuration::ZERO)
        .unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_but_a_proper_answer_is_a_failure() {
        let of = |returned: Value| Answer::of(Ok(returned));
        assert_eq!(of(json!({"hookStatus": "SUCCEEDED"})), Answer::Succeeded);
        for broken in [
            json!(null),
            json!("SUCCEEDED"),
            json!({}),
            json!({"hookStatus": "succeeded"}),
            json!({"hookStatus": 1}),
            json!([{"hookStatus": "SUCCEEDED"}]),
        ] {
            assert!(matches!(of(broken.clone()), Answer::Failed(_)), "{broken}");
        }
        let error = Answer::of(Err(FunctionError::new("Sandbox.Timedout", "x")));
        assert!(matches!(error, Answer::Failed(_)));
    }

    #[test]
    fn a_function_in_progress_says_when_it_is_asked_again() {
        let after = |delay: Value| match Answer::of(Ok(
            json!({"hookStatus": "IN_PROGRESS", "callBackDelay": delay}),
        )) {
            Answer::InProgress { after, .. } => after.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!(after(json!(60)), 60);
        assert_eq!(after(Value::Null), 30);
        assert_eq!(after(json!(-5)), 1);
        assert_eq!(after(json!(1e300)), 86_400);
    }
}
