//! The gate: green tasks prove themselves before traffic shifts to them.
//!
//! Triggered by CodeDeploy at each lifecycle event whose hook it is. It answers the hook with
//! `Succeeded` or `Failed`, whatever happens, and writes the gate's report into the deployment's
//! record. It works for any ECS service that CodeDeploy deploys to: without a registered target it
//! checks the tasks, their digests and the health of their targets.
//!
//! **Retry contract.** `Err` only where no answer could be given. A payload that does not say where
//! the answer goes is logged and dropped: nobody can be answered, now or later.

use greenlight_aws::codedeploy::HookAnswer;
use greenlight_deployer::{
    Deployer,
    gate::{ValidateError, Validated},
    probe::Probe,
};
use greenlight_runtime::{
    function::{Failure, Invocation},
    logging::chain,
    must_answer::{CodeDeployHook, Unanswered, Verdict, must_answer},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// A gate ends so long before the function does, so that its report is written and its verdict sent.
const RESERVE: SignedDuration = SignedDuration::from_secs(20);

/// What the function is made of.
#[derive(Debug)]
pub struct Context {
    /// The use cases.
    pub deployer: Deployer,
    /// Asks the green tasks.
    pub probe: Probe,
}

/// Why a hook could not be answered.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Unanswered<greenlight_aws::AwsError>);

impl Failure for Error {
    fn error_type(&self) -> &'static str {
        match self.0 {
            Unanswered::NoAddress(_) => "ValidateGreen.NoAddress",
            Unanswered::Refused(_) => "ValidateGreen.Refused",
            Unanswered::Failed { .. } => "ValidateGreen.Failed",
            Unanswered::TimedOut { .. } => "ValidateGreen.TimedOut",
        }
    }
}

/// Runs the gate of a CodeDeploy hook and answers it.
///
/// Gives `{"verdict": "Succeeded" | "Failed", "reason": …, "answer": "taken" | "already completed"}`.
/// CodeDeploy does not read it (AWS-FACTS 5.4).
pub async fn handle(context: &Context, invocation: Invocation) -> Result<Value, Error> {
    let contract = CodeDeployHook(&context.deployer.clients);
    let until = invocation
        .deadline_at(&context.deployer.clock)
        .checked_sub(RESERVE);
    let until = until.unwrap_or(jiff::Timestamp::MIN);
    let answered = must_answer(
        &contract,
        &invocation.payload,
        invocation.deadline,
        |hook| {
            let deployment = hook.deployment_id.clone();
            async move {
                let validated = context
                    .deployer
                    .validate(&deployment, &context.probe, until)
                    .await;
                verdict(validated)
            }
        },
    )
    .await;
    let answered = match answered {
        Err(Unanswered::NoAddress(error)) => {
            let reason = chain(&error);
            tracing::error!("dropped an event that nobody can be answered for: {reason}");
            return Ok(json!({ "dropped": reason }));
        }
        answered => answered?,
    };
    let (verdict, reason) = match answered.verdict {
        Verdict::Succeeded { summary } => ("Succeeded", summary),
        Verdict::Failed { message } => ("Failed", message),
    };
    let answer = match answered.answer {
        HookAnswer::Taken => "taken",
        HookAnswer::AlreadyCompleted => "already completed",
    };
    Ok(json!({ "verdict": verdict, "reason": reason, "answer": answer }))
}

/// What could not be found out does not pass.
fn verdict(validated: Result<Validated, ValidateError>) -> Verdict {
    match validated {
        Ok(validated) => {
            if let Some(report) = &validated.report {
                let report = serde_json::to_string(report).unwrap_or_default();
                tracing::info!(report, "the gate has ended");
            }
            if validated.may_go_on {
                Verdict::Succeeded {
                    summary: validated.summary,
                }
            } else {
                Verdict::Failed {
                    message: validated.summary,
                }
            }
        }
        Err(error) => Verdict::Failed {
            message: chain(&error),
        },
    }
}
