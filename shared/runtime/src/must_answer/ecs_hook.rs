//! The lifecycle hook of ECS's own deployments, to which the function's return value is the answer.
//!
//! Source: AWS-FACTS 7.5. A call that ends with an error, with no status or not at all rolls the deployment back; one
//! that is answered `IN_PROGRESS` is repeated.

use super::{Contract, HookVerdict, NoAddress, NotTaken};
use greenlight_core::gate::is_ecs_hook;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;

/// ECS is asked to call again after so long at the least, and at the most.
const SOONEST: Duration = Duration::from_secs(5);
const LATEST: Duration = Duration::from_secs(30);

/// Gives the value that has to be returned.
#[derive(Debug)]
pub struct EcsHook;

/// The `hookDetails` of a payload, which the service declares for the hook.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HookDetails(Option<Value>);

impl Contract for EcsHook {
    type Address = HookDetails;
    type Verdict = HookVerdict;
    type Answer = Value;
    type Error = Infallible;

    fn address(payload: &Value) -> Result<HookDetails, NoAddress> {
        if !is_ecs_hook(payload) {
            return Err(NoAddress {
                missing: "expected an event of a lifecycle hook of ECS, with `lifecycleStage` and `resourceArn`".to_owned(),
            });
        }
        let nested = payload
            .get("executionDetails")
            .and_then(|details| details.get("hookDetails"));
        Ok(HookDetails(payload.get("hookDetails").or(nested).cloned()))
    }

    async fn answer(
        &self,
        address: &HookDetails,
        verdict: &HookVerdict,
    ) -> Result<Value, NotTaken<Infallible>> {
        Ok(match verdict {
            HookVerdict::Succeeded { .. } => json!({ "hookStatus": "SUCCEEDED" }),
            HookVerdict::Failed { .. } => json!({ "hookStatus": "FAILED" }),
            HookVerdict::InProgress { again_after, .. } => {
                let delay = (*again_after).clamp(SOONEST, LATEST);
                let mut answer = json!({
                    "hookStatus": "IN_PROGRESS",
                    "callBackDelay": delay.as_secs(),
                });
                // Whether ECS merges or replaces them is not certain, so it gets all of them back.
                if let Some(details) = &address.0 {
                    answer["hookDetails"] = details.clone();
                }
                answer
            }
        })
    }
}

#[cfg(test)]
mod tests {}
