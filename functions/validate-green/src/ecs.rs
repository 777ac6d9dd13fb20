//! The hook of ECS's own deployments, whose answer is what the function returns. An error would roll the deployment
//! back without a word, so there is none.

use greenlight_core::gate::EcsHook;
use greenlight_deployer::Deployer;
use greenlight_runtime::{
    function::Invocation,
    logging::chain,
    must_answer::{self, HookVerdict, must_answer},
};
use serde_json::{Value, json};

use crate::{answered_to, call};

pub(crate) async fn answer(deployer: &Deployer, invocation: &Invocation) -> Value {
    let answered = must_answer(
        &must_answer::EcsHook,
        &invocation.payload,
        invocation.deadline,
        |_| verdict(deployer, invocation),
    )
    .await;
    match answered {
        Ok(answered) => answered.answer,
        Err(error) => {
            tracing::error!("{}", chain(&error));
            json!({ "hookStatus": "FAILED" })
        }
    }
}

async fn verdict(deployer: &Deployer, invocation: &Invocation) -> HookVerdict {
    let hook = match EcsHook::parse(&invocation.payload) {
        Ok(hook) => hook,
        Err(error) => {
            return HookVerdict::Failed {
                message: chain(&error),
            };
        }
    };
    let call = call(deployer, invocation);
    answered_to(deployer.validate_stage(&hook, call).await)
}
