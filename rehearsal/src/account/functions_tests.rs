use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::account::Settings;
use crate::account::queue::Attributes;

fn account() -> Account {
    Account::new(Settings::for_tests())
}

/// Fails the first `failures` times, then answers with the number of the attempt.
fn failing(failures: usize) -> (Handler, Arc<AtomicUsize>) {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = attempts.clone();
    let handler: Handler = Arc::new(move |_| {
        let attempt = counted.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            if attempt > failures {
                Ok(json!(attempt))
            } else {
                Err(FunctionError::new("Oops", "no"))
            }
        }
        .boxed()
    });
    (handler, attempts)
}

#[tokio::test(start_paused = true)]
async fn a_function_is_found_by_name_and_by_arn_and_sees_its_payload() {
    let functions = account().functions();
    functions.register(
        "Echo",
        Arc::new(|it: Invocation| async move { Ok(json!([it.function_arn, it.payload])) }.boxed()),
    );
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:Echo";
    for name in [
        "Echo",
        arn,
        "arn:aws:lambda:eu-west-1:123456789012:function:Echo:live",
    ] {
        assert_eq!(functions.invoke(name, json!(7)).await, Ok(json!([arn, 7])));
    }
    let error = functions.invoke("Nobody", json!(7)).await.unwrap_err();
    assert_eq!(error.error_type, "ResourceNotFoundException");
    assert_eq!(
        error.message,
        "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:Nobody"
    );
}

#[tokio::test(start_paused = true)]
async fn a_function_that_does_not_answer_is_timed_out_at_its_deadline() {
    let account = account();
    let functions = account.functions();
    functions.configure(
        "Slow",
        Configuration {
            timeout: Duration::from_secs(3),
            ..Default::default()
        },
    );
    functions.register("Slow", Arc::new(|_| std::future::pending().boxed()));
    let before = account.clock().now();
    let error = functions.invoke("Slow", json!({})).await.unwrap_err();
    assert_eq!(error.error_type, "Sandbox.Timedout");
    assert!(
        error.message.ends_with("Task timed out after 3.00 seconds"),
        "{error}"
    );
    assert_eq!(account.clock().now().duration_since(before).as_secs(), 3);
    assert_eq!(functions.pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_of_the_invocation_and_nothing_else() {
    let functions = account().functions();
    functions.register(
        "Panics",
        Arc::new(|_| async { panic!("at the disco") }.boxed()),
    );
    let error = functions.invoke("Panics", json!({})).await.unwrap_err();
    assert_eq!(error, FunctionError::new("panic", "at the disco"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_asynchronous_invocation_is_tried_again_after_one_and_two_minutes() {
    let account = account();
    let (handler, attempts) = failing(2);
    account.functions().register("Flaky", handler);
    account.functions().invoke_async("Flaky", json!({}));
    for (seconds, expected) in [(1, 1), (58, 1), (2, 2), (118, 2), (2, 3), (3600, 3)] {
        account.clock().sleep(Duration::from_secs(seconds)).await;
        assert_eq!(
            attempts.load(Ordering::SeqCst),
            expected,
            "after {seconds} s more"
        );
    }
    assert_eq!(account.functions().pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_invocation_that_never_succeeds_goes_to_the_failure_queues() {
    let account = account();
    account.add_queue("failed", Attributes::default()).unwrap();
    account.add_queue("dead", Attributes::default()).unwrap();
    account.functions().configure(
        "Broken",
        Configuration {
            on_failure: Some("failed".to_owned()),
            dead_letters: Some("dead".to_owned()),
            ..Default::default()
        },
    );
    let (handler, attempts) = failing(usize::MAX);
    account.functions().register("Broken", handler);
    account.functions().invoke_async("Broken", json!({"a": 1}));
    account.clock().sleep(Duration::from_mins(10)).await;
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
    let record: Value =
        serde_json::from_str(&account.queue("failed").unwrap().bodies()[0]).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(record["requestPayload"], json!({"a": 1}));
    assert_eq!(record["responsePayload"]["errorType"], "Oops");
    assert_eq!(account.queue("dead").unwrap().bodies(), [r#"{"a":1}"#]);
}
