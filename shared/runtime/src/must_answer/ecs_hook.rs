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
mod tests {
    use super::super::must_answer;
    use super::*;
    use tokio::time::Instant;

    fn payload() -> Value {
        let sample = include_str!("../../../../events/hook/ecs-native-with-hook-details.json");
        serde_json::from_str(sample).unwrap()
    }

    async fn answer_to<H>(handler: impl FnOnce(&HookDetails) -> H + Send) -> Value
    where
        H: Future<Output = HookVerdict> + Send,
    {
        let deadline = Instant::now() + Duration::from_mins(15);
        let answered = must_answer(&EcsHook, &payload(), deadline, handler).await;
        assert!(Instant::now() < deadline);
        answered.unwrap().answer
    }

    #[tokio::test(start_paused = true)]
    async fn a_verdict_is_the_value_that_is_returned() {
        let succeeded = HookVerdict::Succeeded {
            summary: "3 checks passed".to_owned(),
        };
        let failed = HookVerdict::Failed {
            message: "answered 500".to_owned(),
        };
        for (verdict, status) in [(succeeded, "SUCCEEDED"), (failed, "FAILED")] {
            let answer = answer_to(|_| async { verdict }).await;
            assert_eq!(answer, json!({ "hookStatus": status }));
        }
    }

    fn going_on(again_after: Duration) -> HookVerdict {
        HookVerdict::InProgress {
            summary: "1 of 2 green tasks run".to_owned(),
            again_after,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_gate_that_goes_on_is_called_again_in_time_and_gives_back_what_it_was_given() {
        for (again_after, delay) in [(0, 5), (12, 12), (3600, 30)] {
            let verdict = going_on(Duration::from_secs(again_after));
            let answer = answer_to(|_| async { verdict }).await;
            let expected = json!({
                "hookStatus": "IN_PROGRESS",
                "callBackDelay": delay,
                "hookDetails": {"team": "payments", "severity": 2},
            });
            assert_eq!(answer, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_details_none_are_given_back() {
        let hook = EcsHook;
        let answer = hook
            .answer(&HookDetails(None), &going_on(Duration::ZERO))
            .await;
        let answer = answer.unwrap();
        assert_eq!(answer.get("hookDetails"), None, "{answer}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_and_checks_that_do_not_end_are_failures() {
        let failed = json!({ "hookStatus": "FAILED" });
        let panicked = answer_to(|_| async { panic!("index out of range") }).await;
        assert_eq!(panicked, failed);
        let at_once =
            answer_to(|_| -> std::future::Ready<HookVerdict> { panic!("no client") }).await;
        assert_eq!(at_once, failed);
        assert_eq!(answer_to(|_| std::future::pending()).await, failed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_whose_time_is_over_already_is_answered() {
        let payload = payload();
        let handler = |_: &HookDetails| std::future::pending();
        let answered = must_answer(&EcsHook, &payload, Instant::now(), handler).await;
        assert_eq!(answered.unwrap().answer, json!({ "hookStatus": "FAILED" }));
    }

    #[test]
    fn the_address_is_found_in_whatever_looks_as_if_it_was_of_ecs() {
        for payload in [
            json!({"lifecycleStage": null}),
            json!({"resourceArn": []}),
            json!({"executionDetails": 1, "hookDetails": 2}),
        ] {
            assert!(EcsHook::address(&payload).is_ok(), "{payload}");
        }
        for foreign in [json!({"DeploymentId": "d-1"}), json!([]), json!(null)] {
            let missing = EcsHook::address(&foreign).unwrap_err().missing;
            assert!(missing.contains("`lifecycleStage`"), "{missing}");
        }
    }
}
