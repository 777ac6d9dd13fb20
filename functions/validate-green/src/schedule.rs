//! The gates of CodeDeploy that go on: its hooks call once, so a schedule sees to those that are due.

use futures_util::future::join_all;
use greenlight_aws::table::GateKey;
use greenlight_deployer::Deployer;
use greenlight_runtime::{function::Invocation, must_answer::HookAddress};
use serde_json::{Value, json};

use crate::{Error, codedeploy::answer_to};

/// Whether a rule of EventBridge has sent this payload because it is time.
pub(crate) fn is_tick(payload: &Value) -> bool {
    payload.get("detail-type").and_then(Value::as_str) == Some("Scheduled Event")
}

/// Carries on what is due, all at once.
pub(crate) async fn carry_on(deployer: &Deployer, invocation: &Invocation) -> Result<Value, Error> {
    let due = deployer.due_gates().await?;
    let carried = due.iter().filter_map(address).map(|address| async move {
        let answer = answer_to(deployer, &address, invocation).await;
        answer.map(|answer| json!({ "deployment": address.deployment_id, "gate": answer }))
    });
    // What goes wrong with one keeps the others from nothing.
    let gates = join_all(carried).await;
    let gates = gates.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "gates": gates }))
}

fn address(key: &GateKey) -> Option<HookAddress> {
    Some(HookAddress {
        deployment_id: key.deployment.clone(),
        lifecycle_event_hook_execution_id: key.hook()?.as_str().to_owned(),
    })
}
