//! Somebody asks: the command line, the CDK, Terraform.
//!
//! | payload | answer |
//! |---|---|
//! | `{"action": "register", "target": {…}, "verify": true}` | `{"registered": true, "target", "applied", "report"}`, or `{"registered": false, "reason", "report"}` |
//! | `{"action": "verify", "target": {…} or "name"}` | `{"verified": …, "report"}`, or `{"verified": false, "reason"}` |
//! | `{"action": "remove", "target": "name"}` | `{"removed": …}` |
//!
//! That a target is refused is an answer, and no error of the function: a caller looks at the first field. Who has
//! registered a target is not asked: whoever may invoke the function stands where the command line does.

use greenlight_core::target::{Target, TargetName, parse};
use greenlight_deployer::{
    Deployer,
    register::RegisterError,
    targets::{Applied, TargetsError},
};
use serde_json::{Value, json};

use crate::Error;

/// Does what a caller wants.
pub(crate) async fn answer(
    deployer: &Deployer,
    action: &Value,
    payload: &Value,
) -> Result<Value, Error> {
    let target = &payload["target"];
    match action.as_str() {
        Some("register") => register(deployer, target, &payload["verify"]).await,
        Some("verify") => verify(deployer, target).await,
        Some("remove") => remove(deployer, target).await,
        _ => {
            let reason = "expected the action `register`, `verify` or `remove`";
            tracing::error!("dropped an event that cannot be read: {reason}");
            Ok(json!({ "dropped": reason }))
        }
    }
}

async fn register(deployer: &Deployer, target: &Value, verify: &Value) -> Result<Value, Error> {
    let verify = match verify {
        Value::Null => true,
        Value::Bool(verify) => *verify,
        _ => {
            let reason = "verify: expected true or false";
            return Ok(json!({ "registered": false, "reason": reason }));
        }
    };
    let target = match one(target) {
        Ok(target) => target,
        Err(reason) => return Ok(json!({ "registered": false, "reason": reason })),
    };
    let registered = match Box::pin(deployer.register(&target, verify)).await {
        Ok(registered) => registered,
        Err(RegisterError::Store(error)) => return Err(error.into()),
        Err(RegisterError::Refused { report }) => {
            let reason = format!("a deployment to `{}` would fail", report.target);
            return Ok(json!({ "registered": false, "reason": reason, "report": report }));
        }
    };
    if let Err(error) = Box::pin(deployer.adopt(&target.name)).await {
        let error = greenlight_runtime::logging::chain(&error);
        tracing::warn!(target = %target.name, error, "what runs could not be taken over");
    }
    let applied = match registered.applied {
        Applied::Created => "created",
        Applied::Changed => "changed",
        Applied::Unchanged => "unchanged",
    };
    Ok(json!({
        "registered": true,
        "target": target.name,
        "applied": applied,
        "report": registered.report,
    }))
}

/// Verifies a document, or what is registered under a name.
async fn verify(deployer: &Deployer, target: &Value) -> Result<Value, Error> {
    let refused = |reason: String| Ok(json!({ "verified": false, "reason": reason }));
    let target = match target {
        Value::String(name) => match name.parse::<TargetName>() {
            Ok(name) => match deployer.target(&name).await? {
                Some(Ok(stored)) => stored.target,
                Some(Err(bad)) => return refused(bad.to_string()),
                None => return refused(format!("there is no target `{name}`")),
            },
            Err(error) => return refused(format!("target: {error}")),
        },
        document => match one(document) {
            Ok(target) => target,
            Err(reason) => return refused(reason),
        },
    };
    let report = deployer.verify_target(&target).await;
    Ok(json!({ "verified": !report.is_refused(), "report": report }))
}

async fn remove(deployer: &Deployer, target: &Value) -> Result<Value, Error> {
    let name = target.as_str().ok_or("expected the name of a target");
    let name = name.and_then(|name| {
        name.parse::<TargetName>()
            .map_err(|_| "no target has that name")
    });
    match name {
        Ok(name) => {
            let removed: Result<bool, TargetsError> = deployer.remove(&name).await;
            Ok(json!({ "removed": removed? }))
        }
        Err(reason) => Ok(json!({ "removed": false, "reason": reason })),
    }
}

/// The one target of a document.
fn one(document: &Value) -> Result<Target, String> {
    let mut targets = parse(document).map_err(|problems| problems.to_string())?;
    match (targets.pop(), targets.is_empty()) {
        (Some(target), true) => Ok(target),
        _ => Err("expected one target, found several: ask for each by itself".to_owned()),
    }
}
