use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;

use super::*;

/// What a runtime does: one request to the Runtime API.
async fn ask(api: &RuntimeApi, method: &str, path: &str, body: &str) -> (u16, HeaderMap, Value) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{}{PATHS}{path}", api.address()))
        .header("lambda-runtime-function-error-type", "Header.Type")
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let response = client.request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        parts.status.as_u16(),
        parts.headers,
        serde_json::from_slice(&body).unwrap(),
    )
}

fn invocation(id: &str) -> Invocation {
    Invocation {
        request_id: id.to_owned(),
        function_arn: "arn:aws:lambda:eu-west-1:123456789012:function:It".to_owned(),
        deadline: Timestamp::UNIX_EPOCH,
        until: Instant::now() + Duration::from_mins(1),
        payload: json!({"n": 1}),
    }
}

const ID: &str = "0123abcd-0123-0123-0123-0123456789ab";

#[tokio::test]
async fn an_invocation_is_handed_out_with_its_headers_and_its_answer_taken() {
    let api = RuntimeApi::open().unwrap();
    let answered = api.invoke(invocation(ID)).unwrap();
    let (status, headers, body) = ask(&api, "GET", "invocation/next", "").await;
    assert_eq!((status, body), (200, json!({"n": 1})));
    assert_eq!(headers["lambda-runtime-aws-request-id"], ID);
    assert_eq!(
        headers["lambda-runtime-invoked-function-arn"],
        invocation(ID).function_arn
    );
    assert!(
        headers["lambda-runtime-trace-id"]
            .to_str()
            .unwrap()
            .starts_with("Root=1-")
    );
    let deadline: u128 = headers["lambda-runtime-deadline-ms"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis();
    assert!(
        (50_000..=60_000).contains(&(deadline - now)),
        "{deadline} is not a minute after {now}"
    );

    assert_eq!(
        ask(&api, "POST", "invocation/other/response", "{}").await.0,
        400
    );
    assert_eq!(
        ask(
            &api,
            "POST",
            &format!("invocation/{ID}/response"),
            "{\"ok\":1}"
        )
        .await
        .0,
        202
    );
    assert_eq!(answered.await.unwrap(), Ok(json!({"ok": 1})));
    // Once is enough.
    assert_eq!(
        ask(&api, "POST", &format!("invocation/{ID}/response"), "{}")
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn errors_are_told_by_the_body_or_else_by_the_header() {
    let api = RuntimeApi::open().unwrap();
    for (body, error_type, message) in [
        (r#"{"errorType":"Mine","errorMessage":"no"}"#, "Mine", "no"),
        ("", "Header.Type", ""),
    ] {
        let answered = api.invoke(invocation(ID)).unwrap();
        ask(&api, "GET", "invocation/next", "").await;
        assert_eq!(
            ask(&api, "POST", &format!("invocation/{ID}/error"), body)
                .await
                .0,
            202
        );
        assert_eq!(
            answered.await.unwrap(),
            Err(FunctionError::new(error_type, message))
        );
    }
    assert_eq!(api.init_error(), None);
    assert_eq!(
        ask(
            &api,
            "POST",
            "init/error",
            r#"{"errorType":"Config.Invalid"}"#
        )
        .await
        .0,
        202
    );
    assert_eq!(
        api.init_error(),
        Some(FunctionError::new("Config.Invalid", ""))
    );
}

#[tokio::test]
async fn a_process_has_one_invocation_at_a_time_and_loses_it_by_asking_for_the_next() {
    let api = RuntimeApi::open().unwrap();
    let first = api.invoke(invocation("first")).unwrap();
    ask(&api, "GET", "invocation/next", "").await;
    let _second = api.invoke(invocation("second")).unwrap();
    assert!(api.invoke(invocation("third")).is_none());
    ask(&api, "GET", "invocation/next", "").await;
    assert!(first.await.is_err());
}

#[tokio::test]
async fn an_answer_that_is_not_json_or_too_large_is_an_error_of_the_function() {
    let api = RuntimeApi::open().unwrap();
    let large = format!("\"{}\"", "x".repeat(MOST_BYTES));
    for (body, status, error_type) in [
        ("not json", 202, "Runtime.MarshalError"),
        (large.as_str(), 413, "Function.ResponseSizeTooLarge"),
    ] {
        let answered = api.invoke(invocation(ID)).unwrap();
        ask(&api, "GET", "invocation/next", "").await;
        assert_eq!(
            ask(&api, "POST", &format!("invocation/{ID}/response"), body)
                .await
                .0,
            status
        );
        assert_eq!(answered.await.unwrap().unwrap_err().error_type, error_type);
    }
    assert_eq!(ask(&api, "GET", "elsewhere", "").await.0, 404);
}
