use std::sync::Arc;

use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::*;
use crate::account::Settings;

/// A dashboard whose board gives back what it was given.
fn dashboard() -> Dashboard {
    let account = Account::new(Settings::for_tests());
    account.functions().register(
        "board",
        Arc::new(|invocation| {
            let echo = format!(
                "<p onclick='x()'>{}</p><script>x()</script>",
                invocation.payload
            );
            async move { Ok(Value::String(echo)) }.boxed()
        }),
    );
    Dashboard::open(&account, "board", 0).unwrap()
}

async fn send(dashboard: &Dashboard, request: http::request::Builder, body: &str) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    let answer = client.request(request.unwrap()).await.unwrap();
    assert!(dashboard.url().starts_with("http://127.0.0.1:"));
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

fn post(dashboard: &Dashboard, path: &str) -> http::request::Builder {
    Request::post(format!("{}{path}", dashboard.url())).header("content-type", "application/json")
}

#[tokio::test]
async fn the_board_is_called_as_cloudwatch_calls_it_and_its_html_is_sanitised() {
    let dashboard = dashboard();
    let call = r#"{"parameters": {"target": "api"}, "forms": {"by": "alice"}, "theme": "dark", "width": 400}"#;
    let (status, body) = send(&dashboard, post(&dashboard, "widget"), call).await;
    assert_eq!(status, 200);
    let shown: Value = serde_json::from_str(&body).unwrap();
    let html = shown["html"].as_str().unwrap();
    let event = html
        .strip_prefix("<p>")
        .unwrap()
        .strip_suffix("</p>")
        .unwrap();
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!(event["target"], "api");
    let context = &event["widgetContext"];
    assert_eq!(context["forms"]["all"]["by"], "alice");
    assert_eq!(
        (context["theme"].as_str(), context["width"].as_u64()),
        (Some("dark"), Some(400))
    );
}

#[tokio::test]
async fn pages_of_others_are_refused() {
    let dashboard = dashboard();
    let call = r#"{"parameters": {}, "forms": {}, "theme": "light", "width": 400}"#;
    let foreign_host = post(&dashboard, "widget").header("host", "evil.example:80");
    assert_eq!(send(&dashboard, foreign_host, call).await.0, 403);
    let foreign_origin = post(&dashboard, "widget").header("origin", "https://evil.example");
    assert_eq!(send(&dashboard, foreign_origin, call).await.0, 403);
    // What a form of another site can send without being asked.
    let plain =
        Request::post(format!("{}widget", dashboard.url())).header("content-type", "text/plain");
    assert_eq!(send(&dashboard, plain, call).await.0, 403);
    let page = Request::get(dashboard.url());
    assert_eq!(send(&dashboard, page, "").await.0, 200);
}
