//! The hook of CodeDeploy, which is answered by a call of its own.

use greenlight_aws::codedeploy::HookAnswer;
use greenlight_deployer::Deployer;
use greenlight_runtime::{
    function::Invocation,
    logging::chain,
    must_answer::{CodeDeployHook, HookVerdict, Unanswered, must_answer},
};
use serde_json::{Value, json};

use crate::{Error, gate_until, not_found_out, over};

pub(crate) async fn answer(deployer: &Deployer, invocation: &Invocation) -> Result<Value, Error> {
    let contract = CodeDeployHook(&deployer.clients);
    let until = gate_until(deployer, invocation);
    let answered = must_answer(
        &contract,
        &invocation.payload,
        invocation.deadline,
        |hook| {
            let deployment = hook.deployment_id.clone();
            async move {
                match deployer.validate(&deployment, until).await {
                    Ok(validated) => over(validated),
                    Err(error) => not_found_out(&error),
                }
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
        HookVerdict::Succeeded { summary } => ("Succeeded", summary),
        HookVerdict::Failed { message }
        // CodeDeploy's gates are not asked again; the contract has failed it.
        | HookVerdict::InProgress { summary: message, .. } => ("Failed", message),
    };
    let answer = match answered.answer {
        HookAnswer::Taken => "taken",
        HookAnswer::AlreadyCompleted => "already completed",
    };
    Ok(json!({ "verdict": verdict, "reason": reason, "answer": answer }))
}
