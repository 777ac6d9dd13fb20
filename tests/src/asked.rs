//! What the functions asked of AWS, as the account's journal has it.

use rehearsal::account::journal::Call;
use serde_json::Value;

use crate::world::{
    DEPLOY_ON_PUSH, PIPELINE_ACTION, RECONCILE, RECORD_DEPLOYMENT, VALIDATE_GREEN, World,
};

/// The functions' calls, whether under their own roles or under one that they assumed, oldest first.
pub fn calls(world: &World) -> Vec<Call> {
    let functions = [
        DEPLOY_ON_PUSH,
        RECORD_DEPLOYMENT,
        VALIDATE_GREEN,
        PIPELINE_ACTION,
        RECONCILE,
    ];
    let mut calls = world.sample.account.journal().calls();
    calls.retain(|call| {
        functions.contains(&call.caller.as_str()) || call.caller.starts_with("role:")
    });
    calls
}

/// Those of one operation that AWS has answered with success.
pub fn done(world: &World, operation: &str) -> Vec<Call> {
    let mut calls = calls(world);
    calls.retain(|call| call.operation == operation && call.status == 200);
    calls
}

/// What they asked of one operation.
pub fn requests(world: &World, operation: &str) -> Vec<Value> {
    let done = done(world, operation).into_iter();
    done.map(|call| call.request).collect()
}

/// In which order they have called these operations.
pub fn order(world: &World, operations: &[&str]) -> Vec<String> {
    let calls = calls(world).into_iter().map(|call| call.operation);
    calls
        .filter(|operation| operations.contains(&operation.as_str()))
        .collect()
}
