//! The gate: green tasks prove themselves before traffic shifts to them.
//!
//! Triggered by CodeDeploy at each lifecycle event, and by ECS at each stage of a blue/green, linear or canary
//! deployment of its own, whose hook it is. Each is answered in its own contract, whatever happens ([`codedeploy`],
//! [`ecs`]); which one it is, the fields of the payload say. The gate's report goes into the deployment's record. It
//! works for any ECS service: without a registered target it checks the tasks, their digests and the health of their
//! targets.
//!
//! A gate may take longer than an invocation: ECS is asked to call again; for CodeDeploy, which does not, a schedule carries
//! on what is due ([`schedule`]).
//!
//! **Retry contract.** `Err` only where CodeDeploy could not be given an answer, or its gates could not be looked for. A payload that does not say where the
//! answer goes is logged and dropped: nobody can be answered, now or later.

mod codedeploy;
mod ecs;
mod schedule;

use std::time::Duration;

use greenlight_aws::AwsError;
use greenlight_core::gate::is_ecs_hook;
use greenlight_deployer::{
    Deployer,
    gate::{AtGate, Call, ValidateError, Validated},
};
use greenlight_runtime::{
    function::{Failure, Invocation},
    logging::chain,
    must_answer::{HookVerdict, Unanswered},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A gate ends so long before the function does, so that its report is written and its verdict sent: a last measurement
/// that has just begun may take 12 seconds, and the verdict is sent in the last ten.
const RESERVE: SignedDuration = SignedDuration::from_secs(30);

/// What the function is made of.
#[derive(Debug)]
pub struct Context {
    /// The use cases.
    pub deployer: Deployer,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A hook could not be answered.
    #[error(transparent)]
    Unanswered(#[from] Unanswered<AwsError>),
    /// The gates that are due could not be found.
    #[error("failed to look for the gates that are due")]
    Due(#[from] AwsError),
}

impl Failure for Error {
    fn error_type(&self) -> &'static str {
        match self {
            Self::Unanswered(Unanswered::NoAddress(_)) => "ValidateGreen.NoAddress",
            Self::Unanswered(Unanswered::Refused(_)) => "ValidateGreen.Refused",
            Self::Unanswered(Unanswered::Failed { .. }) => "ValidateGreen.Failed",
            Self::Unanswered(Unanswered::TimedOut { .. }) => "ValidateGreen.TimedOut",
            Self::Due(_) => "ValidateGreen.Due",
        }
    }
}

/// Runs the gate of a hook and answers it.
///
/// Gives ECS its answer, `{"hookStatus": "SUCCEEDED" | "FAILED" | "IN_PROGRESS", …}`. For CodeDeploy, which does not
/// read what is given, `{"verdict": "Succeeded" | "Failed" | "InProgress", "reason": …, "answer": "taken" | "already
/// completed"}`; to the schedule `{"gates": [{"deployment": …, "gate": …}]}`.
pub async fn handle(context: &Context, invocation: Invocation) -> Result<Value, Error> {
    let deployer = &context.deployer;
    if schedule::is_tick(&invocation.payload) {
        return schedule::carry_on(deployer, &invocation).await;
    }
    if is_ecs_hook(&invocation.payload) {
        return Ok(ecs::answer(deployer, &invocation).await);
    }
    codedeploy::answer(deployer, &invocation).await
}

/// This invocation, for a gate.
fn call<'a>(deployer: &Deployer, invocation: &'a Invocation) -> Call<'a> {
    let ends_at = invocation.deadline_at(&deployer.clock);
    Call {
        id: &invocation.request_id,
        until: ends_at.checked_sub(RESERVE).unwrap_or(Timestamp::MIN),
        ends_at,
    }
}

/// What is answered. What could not be found out does not pass.
fn answered_to(at: Result<AtGate, ValidateError>) -> HookVerdict {
    match at {
        Ok(AtGate::Over(validated)) => over(validated),
        Ok(AtGate::Later { summary, after }) => HookVerdict::InProgress {
            summary,
            again_after: Duration::try_from(after).unwrap_or_default(),
        },
        Err(error) => HookVerdict::Failed {
            message: chain(&error),
        },
    }
}

fn over(validated: Validated) -> HookVerdict {
    if let Some(report) = &validated.report {
        let report = serde_json::to_string(report).unwrap_or_default();
        tracing::info!(report, "the gate has ended");
    }
    if validated.may_go_on {
        HookVerdict::Succeeded {
            summary: validated.summary,
        }
    } else {
        HookVerdict::Failed {
            message: validated.summary,
        }
    }
}
