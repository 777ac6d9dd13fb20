//! The probe against a real server on loopback: what it sends, and that nothing a server answers can
//! make it read, follow or wait without bound.

#![expect(
    clippy::unwrap_used,
    reason = "a test server that fails is a failed test"
)]

use greenlight_core::target::check::{Destination, HttpCheck};
use greenlight_deployer::probe::{Probe, ProbeError};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::Duration,
};

/// A server that answers the requests it gets, one after the other, with these texts; the requests
/// come back from the task.
async fn server(answers: Vec<String>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            requests.push(String::from_utf8_lossy(&request[..length]).into_owned());
            // The probe may have read enough and gone.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        requests
    });
    (url, served)
}

fn check(change: &serde_json::Value) -> HttpCheck {
    let mut http = json!({"url": "http://127.0.0.1/"});
    http.as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    let document = json!({"targets": [{
        "name": "probe",
        "images": [{"container": "api", "repository": "mco/api", "tags": ["test"]}],
        "service": {"cluster": "mco", "name": "api"},
        "deploy": {"codedeploy": {"application": "API", "group": "API"}},
        "gates": {"before_traffic": [{"http": http}]},
    }]});
    let targets = greenlight_core::target::parse(&document).unwrap();
    let point = greenlight_core::target::GatePoint::BeforeTraffic;
    match &targets[0].gates.get(point).unwrap()[0] {
        greenlight_core::target::Check::Http(http) => http.clone(),
        other => panic!("{other:?}"),
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    )
}

#[tokio::test]
async fn the_request_is_sent_as_the_check_says_and_without_credentials() {
    let (url, served) = server(vec![answer(
        "200 OK",
        "x-version: v2\r\n",
        "{\"status\":\"ok\"}",
    )])
    .await;
    let check = check(&json!({"method": "POST", "headers": {"x-probe": "1"}, "body": "ping"}));
    assert!(matches!(check.request.to, Destination::Url(_)));
    let answer = Probe::new()
        .ask(&check, &format!("{url}/health?deep=1"))
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(&answer.body[..], b"{\"status\":\"ok\"}");
    assert!(
        answer
            .headers
            .contains(&("x-version".to_owned(), "v2".to_owned()))
    );
    let request = served.await.unwrap().remove(0).to_lowercase();
    assert!(
        request.starts_with("post /health?deep=1 http/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("x-probe: 1\r\n") && request.ends_with("ping"),
        "{request}"
    );
    assert!(!request.contains("authorization"), "{request}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_unless_the_check_follows_it() {
    let redirect = || answer("302 Found", "location: /login\r\n", "");
    let (url, _) = server(vec![redirect()]).await;
    let found = Probe::new().ask(&check(&json!({})), &url).await.unwrap();
    assert_eq!(found.status, 302);

    let (url, served) = server(vec![redirect(), answer("200 OK", "", "in")]).await;
    let follow = check(&json!({"follow_redirects": 1}));
    let found = Probe::new().ask(&follow, &url).await.unwrap();
    assert_eq!((found.status, &found.body[..]), (200, &b"in"[..]));
    assert!(served.await.unwrap()[1].starts_with("GET /login "));

    let (url, _) = server(vec![redirect(), redirect()]).await;
    let error = Probe::new().ask(&follow, &url).await.unwrap_err();
    assert!(
        matches!(error, ProbeError::Redirects { limit: 1, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_redirect_to_something_else_than_http_is_refused() {
    let (url, _) = server(vec![answer(
        "302 Found",
        "location: file:///etc/passwd\r\n",
        "",
    )])
    .await;
    let error = Probe::new()
        .ask(&check(&json!({"follow_redirects": 3})), &url)
        .await
        .unwrap_err();
    assert!(matches!(error, ProbeError::Url { .. }), "{error}");
}

#[tokio::test]
async fn no_more_of_an_answer_is_read_than_the_bound() {
    let (url, _) = server(vec![answer("200 OK", "", &"x".repeat(300 * 1024))]).await;
    let error = Probe::new()
        .ask(&check(&json!({})), &url)
        .await
        .unwrap_err();
    assert!(matches!(error, ProbeError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn nobody_listening_is_said_with_the_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Probe::new()
        .ask(&check(&json!({})), &url)
        .await
        .unwrap_err();
    let told = greenlight_aws::chain(&error);
    assert!(
        told.contains("no answer from") && told.to_lowercase().contains("refused"),
        "{told}"
    );
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let check = check(&json!({"latency": "1ms"}));
    let error = Probe::new().ask(&check, &url).await.unwrap_err();
    assert!(
        matches!(error, ProbeError::Late { limit, .. } if limit <= Duration::from_secs(2)),
        "{error}"
    );
}
