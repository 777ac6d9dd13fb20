//! `Invoke` and `GetFunctionConfiguration`, with AWS's own SDK in front of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::BehaviorVersion;
use aws_sdk_lambda::error::ProvideErrorMetadata as _;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_types::region::Region;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::account::functions::{Configuration, FunctionError};
use crate::account::{Account, Settings};

fn client(account: &Account, key: &str) -> Client {
    let config = aws_sdk_lambda::Config::builder()
        .http_client(account.http_client())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
        .behavior_version(BehaviorVersion::latest());
    Client::from_conf(config.build())
}

/// An account with a function that answers what it was asked, or fails if that says so; and what it was asked.
fn open() -> (Account, Arc<Mutex<Vec<Value>>>) {
    let account = Account::new(Settings::for_tests());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    account.functions().register(
        "check",
        Arc::new(move |invocation| {
            seen.lock().unwrap().push(invocation.payload.clone());
            Box::pin(async move {
                match invocation.payload["fail"].as_str() {
                    Some("late") => std::future::pending().await,
                    Some(why) => Err(FunctionError::new("CheckFailed", why)),
                    None => Ok(json!({"verdict": "successful", "asked": invocation.payload})),
                }
            })
        }),
    );
    (account, asked)
}

fn blob(value: &Value) -> Blob {
    Blob::new(value.to_string())
}

fn payload(blob: Option<&Blob>) -> Value {
    serde_json::from_slice(blob.unwrap().as_ref()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_function_is_invoked_by_name_arn_or_part_of_it_and_answers() {
    let (account, asked) = open();
    let key = account.add_caller("ValidateGreen");
    let client = client(&account, &key);
    let arn = account.functions().arn("check");
    for name in [
        "check",
        &arn,
        "123456789012:function:check",
        "check:live",
        &format!("{arn}:7"),
    ] {
        let asked = json!({"name": name});
        let invoked = client.invoke().function_name(name).payload(blob(&asked));
        let got = invoked.send().await.unwrap();
        assert_eq!(
            (got.status_code(), got.function_error()),
            (200, None),
            "{name}"
        );
        let expected = json!({"verdict": "successful", "asked": {"name": name}});
        assert_eq!(payload(got.payload()), expected);
        let version = if name.ends_with(":7") { "7" } else { "$LATEST" };
        assert_eq!(got.executed_version(), Some(version));
    }
    let qualified = client.invoke().function_name("check").qualifier("live");
    qualified.send().await.unwrap();
    assert_eq!(asked.lock().unwrap().last(), Some(&json!({})));
    let calls = account.journal().calls_of("ValidateGreen", "lambda:Invoke");
    assert_eq!(calls.len(), 6);
    let expected = json!({"FunctionName": "check", "Payload": {"name": "check"}});
    assert_eq!(calls[0].request, expected);
    assert_eq!(calls[0].response["StatusCode"], 200);
    assert_eq!(calls[0].response["Payload"]["verdict"], "successful");
    assert_eq!(calls[5].request["Qualifier"], "live");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_fails_or_does_not_answer_is_an_answer_with_an_error() {
    let (account, _) = open();
    let configuration = Configuration {
        timeout: Duration::from_secs(3),
        ..Configuration::default()
    };
    account.functions().configure("check", configuration);
    let client = client(&account, "AKIAX");
    let cases = [("no database", "CheckFailed"), ("late", "Sandbox.Timedout")];
    for (why, error_type) in cases {
        let invoked = client.invoke().function_name("check");
        let got = invoked
            .payload(blob(&json!({"fail": why})))
            .send()
            .await
            .unwrap();
        assert_eq!(
            (got.status_code(), got.function_error()),
            (200, Some("Unhandled"))
        );
        assert_eq!(payload(got.payload())["errorType"], error_type);
    }
    let calls = account.journal().calls();
    assert_eq!(calls[0].response["X-Amz-Function-Error"], "Unhandled");
}

#[tokio::test(start_paused = true)]
async fn a_function_is_described_by_name_and_arn_without_being_run() {
    let (account, asked) = open();
    let configuration = Configuration {
        timeout: Duration::from_secs(3),
        ..Configuration::default()
    };
    account.functions().configure("check", configuration);
    let key = account.add_caller("RegisterTarget");
    let client = client(&account, &key);
    let arn = account.functions().arn("check");
    let live = format!("{arn}:live");
    for (name, expected) in [
        ("check", &arn),
        (&*arn, &arn),
        ("check:live", &live),
        (&*live, &live),
    ] {
        let described = client.get_function_configuration().function_name(name);
        let got = described.send().await.unwrap();
        assert_eq!(got.function_arn(), Some(&**expected), "{name}");
        assert_eq!((got.timeout(), got.version()), (Some(3), Some("$LATEST")));
        assert_eq!(got.state().unwrap().as_str(), "Active");
    }
    assert!(asked.lock().unwrap().is_empty());
    let calls = account
        .journal()
        .calls_of("RegisterTarget", "lambda:GetFunctionConfiguration");
    assert_eq!(calls.len(), 4);
    assert_eq!(calls[0].request, json!({"FunctionName": "check"}));
    assert_eq!(calls[0].response["FunctionName"], "check");
    let other = client.get_function_configuration().function_name("other");
    let error = other.send().await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
    account.deny("RegisterTarget", "lambda:GetFunctionConfiguration");
    let refused = client.get_function_configuration().function_name("check");
    let refused = refused.send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("AccessDeniedException"));
    assert!(
        refused
            .message()
            .unwrap()
            .contains("GetFunctionConfiguration")
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_is_accepted_and_tried_again_and_a_dry_run_runs_nothing() {
    let (account, asked) = open();
    let client = client(&account, "AKIAX");
    let invoke = |kind: InvocationType, event: Value| {
        let invoked = client.invoke().function_name("check").invocation_type(kind);
        invoked.payload(blob(&event)).send()
    };
    let got = invoke(InvocationType::DryRun, json!({})).await.unwrap();
    assert_eq!(got.status_code(), 204);
    let got = invoke(InvocationType::Event, json!({"fail": "no"}))
        .await
        .unwrap();
    assert_eq!((got.status_code(), got.executed_version()), (202, None));
    account.clock().sleep(Duration::from_mins(5)).await;
    assert_eq!(asked.lock().unwrap().len(), 3);
    assert_eq!(
        account.journal().calls()[1].request["X-Amz-Invocation-Type"],
        "Event"
    );
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_not_there_is_not_found() {
    let (account, _) = open();
    let client = client(&account, "AKIAX");
    for name in [
        "other",
        "arn:aws:lambda:us-east-1:123456789012:function:check",
        "arn:aws:lambda:eu-west-1:210987654321:function:check",
        "210987654321:function:check",
    ] {
        let error = client.invoke().function_name(name).send().await;
        let error = error.unwrap_err().into_service_error();
        assert!(error.is_resource_not_found_exception(), "{error:?}");
        assert!(
            error
                .message()
                .unwrap()
                .contains("Function not found: arn:aws:lambda:")
        );
    }
    assert_eq!(account.journal().calls()[0].status, 404);
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_invoke_functions_is_told_the_action() {
    let (account, asked) = open();
    let key = account.add_caller("ValidateGreen");
    account.deny("ValidateGreen", "lambda:InvokeFunction");
    let client = client(&account, &key);
    let refused = client
        .invoke()
        .function_name("check")
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 403);
    let refused = refused.into_service_error();
    assert_eq!(refused.code(), Some("AccessDeniedException"));
    assert!(refused.message().unwrap().contains("lambda:InvokeFunction"));
    assert!(asked.lock().unwrap().is_empty());
    account.allow("ValidateGreen", "lambda:InvokeFunction");
    client.invoke().function_name("check").send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_not_simulated_or_not_right_is_refused_by_name() {
    let (account, _) = open();
    let path = "/2015-03-31/functions/check/invocations";
    let send = async |request: http::request::Builder, body: &[u8]| {
        let request = request.body(Bytes::copy_from_slice(body)).unwrap();
        let response = account.handle(request).await;
        let code = response.headers()["x-amzn-errortype"]
            .to_str()
            .unwrap()
            .to_owned();
        (response.status().as_u16(), code)
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());
    let got = send(Request::get("/2015-03-31/functions/check"), b"").await;
    assert_eq!(got, refused(400, "UnknownOperationException"));
    let got = send(Request::post(path), b"{").await;
    assert_eq!(got, refused(400, "InvalidRequestContentException"));
    let with = |name, value| Request::post(path).header(name, value);
    let got = send(with("x-amz-invocation-type", "Sometimes"), b"").await;
    assert_eq!(got, refused(400, "InvalidParameterValueException"));
    let got = send(with("x-amz-log-type", "Tail"), b"").await;
    assert_eq!(got, refused(400, "InvalidParameterValueException"));
    let large = vec![b' '; (1 << 20) + 1];
    let got = send(with("x-amz-invocation-type", "Event"), &large).await;
    assert_eq!(got, refused(413, "RequestTooLargeException"));
}
