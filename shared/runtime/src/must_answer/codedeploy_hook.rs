//! The lifecycle hook of CodeDeploy, which waits up to an hour for its answer.
//!
//! Source: AWS-FACTS 5.4. The payload has exactly two fields, and both are the address; which lifecycle event of which
//! service it is about, the handler asks CodeDeploy.

use super::{Contract, HookVerdict, NoAddress, NotTaken};
use greenlight_aws::codedeploy::{HookAnswer, answer_hook};
use greenlight_aws::{AwsError, Clients};
use serde::Deserialize;
use serde_json::Value;

/// Answers by `PutLifecycleEventHookExecutionStatus`.
#[derive(Debug)]
pub struct CodeDeployHook<'a>(pub &'a Clients);

/// What CodeDeploy tells a hook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HookAddress {
    /// `d-…`
    pub deployment_id: String,
    /// What the answer must name. Not for logs: whoever has it can answer.
    pub lifecycle_event_hook_execution_id: String,
}

impl Contract for CodeDeployHook<'_> {
    type Address = HookAddress;
    type Verdict = HookVerdict;
    /// Nothing where the gate goes on, and is answered by a later invocation.
    type Answer = Option<HookAnswer>;
    type Error = AwsError;

    fn address(payload: &Value) -> Result<HookAddress, NoAddress> {
        let missing = |why: &str| NoAddress {
            missing: format!(
                "expected an event of a CodeDeploy lifecycle hook, with `DeploymentId` and \
                 `LifecycleEventHookExecutionId`: {why}"
            ),
        };
        let address =
            HookAddress::deserialize(payload).map_err(|error| missing(&error.to_string()))?;
        if address.deployment_id.is_empty() || address.lifecycle_event_hook_execution_id.is_empty()
        {
            return Err(missing("one of them is empty"));
        }
        Ok(address)
    }

    async fn answer(
        &self,
        address: &HookAddress,
        verdict: &HookVerdict,
    ) -> Result<Option<HookAnswer>, NotTaken<AwsError>> {
        let succeeded = match verdict {
            HookVerdict::Succeeded { .. } => true,
            HookVerdict::Failed { .. } => false,
            HookVerdict::InProgress { .. } => return Ok(None),
        };
        let execution = &address.lifecycle_event_hook_execution_id;
        match answer_hook(self.0, &address.deployment_id, execution, succeeded).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_retryable() => Err(NotTaken::TryAgain(error)),
            Err(error) => Err(NotTaken::Refused(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_address_is_found_in_what_codedeploy_sends_even_with_fields_that_are_new() {
        let mut event: Value =
            serde_json::from_str(include_str!("../../../../events/hook/codedeploy.json")).unwrap();
        let expected = HookAddress {
            deployment_id: event["DeploymentId"].as_str().unwrap().to_owned(),
            lifecycle_event_hook_execution_id: event["LifecycleEventHookExecutionId"]
                .as_str()
                .unwrap()
                .to_owned(),
        };
        assert_eq!(CodeDeployHook::address(&event), Ok(expected.clone()));
        event["Something"] = json!({"new": [1]});
        assert_eq!(CodeDeployHook::address(&event), Ok(expected));
    }

    #[test]
    fn an_event_that_is_not_a_hooks_says_what_was_expected() {
        for foreign in [
            json!({"DeploymentId": "d-1"}),
            json!({"DeploymentId": "", "LifecycleEventHookExecutionId": "e"}),
            json!({"Records": []}),
            json!("text"),
            json!(null),
        ] {
            let missing = CodeDeployHook::address(&foreign).unwrap_err().missing;
            assert!(
                missing.contains("`LifecycleEventHookExecutionId`"),
                "{missing}"
            );
        }
    }
}
