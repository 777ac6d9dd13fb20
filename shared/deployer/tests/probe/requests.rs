//! What is sent, and what is told when nothing comes back.

use greenlight_aws::chain;
use greenlight_deployer::probe::{Probe, ProbeError};
use serde_json::json;
use tokio::{net::TcpListener, time::Duration};

use crate::document::check;
use crate::server::{Server, answer, ok};

#[tokio::test]
async fn the_request_is_sent_as_the_check_says_and_without_credentials() {
    let answers = vec![answer("200 OK", "x-version: v2\r\n", "{\"status\":\"ok\"}")];
    let server = Server::answering(answers).await;
    let check = check(&json!({"method": "POST", "headers": {"x-probe": "1"}, "body": "ping"}));
    let url = format!("{}/health?deep=1", server.url);
    let answer = Probe::new()
        .ask(&check, &check.requests[0], &url)
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(&answer.body[..], b"{\"status\":\"ok\"}");
    let version = ("x-version".to_owned(), "v2".to_owned());
    assert!(answer.headers.contains(&version));
    let request = server.asked().remove(0).text;
    assert!(
        request.starts_with("post /health?deep=1 http/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("x-probe: 1\r\n") && request.ends_with("ping"),
        "{request}"
    );
    assert!(
        request.contains(&format!("host: {}\r\n", server.address)),
        "{request}"
    );
    for never in ["authorization", "cookie", "x-amz", "accept-encoding"] {
        assert!(!request.contains(never), "{request}");
    }
}

#[tokio::test]
async fn nobody_listening_is_said_with_the_reason_and_without_the_query() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/health?token=s3cret",
        listener.local_addr().unwrap()
    );
    drop(listener);
    let check = check(&json!({}));
    let error = Probe::new()
        .ask(&check, &check.requests[0], &url)
        .await
        .unwrap_err();
    let told = chain(&error);
    assert!(
        told.contains("no answer from") && told.contains("/health"),
        "{told}"
    );
    assert!(told.to_lowercase().contains("refused"), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?token=s3cret", listener.local_addr().unwrap());
    let check = check(&json!({"latency": "1ms"}));
    let error = Probe::new()
        .ask(&check, &check.requests[0], &url)
        .await
        .unwrap_err();
    let told = error.to_string();
    assert!(
        matches!(error, ProbeError::Late { limit, .. } if limit <= Duration::from_secs(2)),
        "{told}"
    );
    assert!(!told.contains("s3cret"), "{told}");
}

#[tokio::test]
async fn the_next_address_of_a_name_is_tried_where_the_first_does_not_connect() {
    let server = Server::answering(vec![ok()]).await;
    let hosts = [(
        "lb.example.org".to_owned(),
        // Nothing listens on that port of the first.
        vec!["127.0.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()],
    )];
    let probe = Probe::within(greenlight_deployer::probe::Surroundings {
        hosts: hosts.into(),
        ..Default::default()
    });
    let check = check(&json!({}));
    let url = format!("http://lb.example.org:{}/", server.address.port());
    let answer = probe.ask(&check, &check.requests[0], &url).await.unwrap();
    assert_eq!(answer.status, 200);
    let host = format!("host: lb.example.org:{}\r\n", server.address.port());
    assert!(server.asked()[0].text.contains(&host));
}

#[tokio::test]
async fn what_is_printed_of_an_answer_holds_no_header_value_and_no_body() {
    let server =
        Server::answering(vec![answer("200 OK", "set-cookie: s3cret\r\n", "s3cret")]).await;
    let check = check(&json!({}));
    let answer = Probe::new()
        .ask(&check, &check.requests[0], &server.url)
        .await
        .unwrap();
    let printed = format!("{answer:?}");
    assert!(
        printed.contains("set-cookie") && !printed.contains("s3cret"),
        "{printed}"
    );
}
