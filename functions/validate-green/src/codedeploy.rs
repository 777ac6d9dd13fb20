//! The hook of CodeDeploy, which is answered by a call of its own, now or by a later invocation.

use greenlight_aws::{codedeploy::HookAnswer, table::GateKey};
use greenlight_deployer::Deployer;
use greenlight_runtime::{
    function::Invocation,
    logging::chain,
    must_answer::{CodeDeployHook, Contract as _, HookAddress, HookVerdict, must_answer_to},
};
use serde_json::{Value, json};

use crate::{Error, answered_to, call};

/// A hook that calls.
pub(crate) async fn answer(deployer: &Deployer, invocation: &Invocation) -> Result<Value, Error> {
    match CodeDeployHook::address(&invocation.payload) {
        Ok(address) => answer_to(deployer, &address, invocation).await,
        Err(error) => {
            let reason = chain(&error);
            tracing::error!("dropped an event that nobody can be answered for: {reason}");
            Ok(json!({ "dropped": reason }))
        }
    }
}

/// Runs the gate of a hook, and answers if there is a verdict.
pub(crate) async fn answer_to(
    deployer: &Deployer,
    address: &HookAddress,
    invocation: &Invocation,
) -> Result<Value, Error> {
    let key = GateKey::of_codedeploy(
        &address.deployment_id,
        &address.lifecycle_event_hook_execution_id,
    );
    let call = call(deployer, invocation);
    let contract = CodeDeployHook(&deployer.clients);
    let answered = must_answer_to(&contract, address, invocation.deadline, |_| async {
        answered_to(deployer.validate(&key, call).await)
    })
    .await?;
    let (verdict, reason) = match answered.verdict {
        HookVerdict::Succeeded { summary } => ("Succeeded", summary),
        HookVerdict::Failed { message } => ("Failed", message),
        HookVerdict::InProgress { summary, .. } => ("InProgress", summary),
    };
    let answer = match answered.answer {
        Some(HookAnswer::Taken) => "taken",
        Some(HookAnswer::AlreadyCompleted) => "already completed",
        None => return Ok(json!({ "verdict": verdict, "reason": reason })),
    };
    deployer.gate_answered(&key).await;
    Ok(json!({ "verdict": verdict, "reason": reason, "answer": answer }))
}
