//! Each kind of assertion, and several requests in sequence, as measurements.

use greenlight_core::gate::{Measurement, Phase};
use greenlight_deployer::probe::Probe;
use serde_json::{Value, json};

use crate::document::check;
use crate::server::{Server, answer, ok};

async fn measured(answer: String, keys: &Value) -> Measurement {
    let server = Server::answering(vec![answer]).await;
    let mut keys = keys.clone();
    keys["url"] = json!(server.url);
    Probe::new().measure(&check(&keys), None).await
}

#[tokio::test]
async fn every_kind_of_assertion_decides() {
    let body = "{\"status\":\"ok\",\"version\":\"2.4.1\",\"queue\":3}";
    let healthy = || answer("200 OK", "x-version: v2\r\nset-cookie: s3cret\r\n", body);
    for (expect, reason) in [
        (json!({"status": [200, "300-399"]}), None),
        (json!({"status": [204]}), Some("status 200 instead of 204")),
        (json!({"headers": {"X-Version": "^v[0-9]+$"}}), None),
        (
            json!({"headers": {"x-version": "^v3$"}}),
            Some("the header `x-version` does not match `^v3$`"),
        ),
        (
            json!({"headers": {"x-other": "."}}),
            Some("there is no header `x-other` in the answer"),
        ),
        (json!({"body_contains": "\"ok\""}), None),
        (
            json!({"body_contains": "down"}),
            Some("the body does not contain `down`"),
        ),
        (json!({"body_matches": "2\\.[0-9]\\."}), None),
        (
            json!({"body_matches": "^$"}),
            Some("the body does not match `^$`"),
        ),
        (json!({"json": {"/status": "ok", "/queue": 3}}), None),
        (
            json!({"json": {"/queue": 0}}),
            Some("`/queue` is 3 instead of 0"),
        ),
        (json!({"json_matches": {"/version": "^2\\."}}), None),
        (
            json!({"json_matches": {"/version": "^3\\."}}),
            Some("`/version` is `2.4.1`, which does not match `^3\\.`"),
        ),
        (
            json!({"json": {"/missing": 0}}),
            Some("there is no `/missing` in the body"),
        ),
    ] {
        let found = measured(healthy(), &json!({"expect": expect})).await;
        let all = format!("{} {:?}", found.summary, found.evidence);
        match reason {
            None => assert_eq!(found.phase, Phase::Successful, "{all}"),
            Some(reason) => {
                assert_eq!(found.phase, Phase::Failed, "{all}");
                assert!(found.summary.contains(reason), "{all}");
            }
        }
        assert!(found.evidence[0].contains("answered 200"), "{all}");
        assert!(found.evidence[0].contains("\"status\":\"ok\""), "{all}");
        assert!(!all.contains("s3cret"), "{all}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_slow_is_measured_and_bad() {
    let probe = Probe::simulated(|_| {
        Box::pin(async {
            tokio::time::sleep(std::time::Duration::from_millis(700)).await;
            Ok(http::Response::new("ok".into()))
        })
    });
    let check = check(&json!({"url": "http://api.example.org/", "latency": "500ms"}));
    tokio::time::pause();
    let found = probe.measure(&check, None).await;
    assert_eq!(found.phase, Phase::Failed);
    assert!(
        found.summary.ends_with(" ms, more than the allowed 500ms"),
        "{}",
        found.summary
    );
}

#[tokio::test]
async fn requests_in_sequence_are_judged_one_by_one() {
    let made = answer("201 Created", "", "{\"id\":7}");
    let server = Server::answering(vec![made, ok(), answer("503 No", "", "overloaded")]).await;
    let of = |statuses: [u16; 3]| {
        let requests: Vec<_> = ["POST", "GET", "DELETE"]
            .iter()
            .zip(statuses)
            .map(|(method, status)| {
                let url = format!("{}/orders?key=s3cret", server.url);
                json!({"url": url, "method": method, "expect": {"status": [status]}})
            })
            .collect();
        check(&json!({"requests": requests}))
    };
    let found = Probe::new().measure(&of([201, 200, 503]), None).await;
    assert_eq!(found.phase, Phase::Successful, "{}", found.summary);
    assert!(
        found
            .summary
            .starts_with("all 3 requests were answered as expected, in "),
        "{}",
        found.summary
    );
    assert_eq!(found.evidence.len(), 3);
    let methods: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| asked.text.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(methods, ["post", "get", "delete"]);

    let found = Probe::new().measure(&of([201, 204, 503]), None).await;
    assert_eq!(found.phase, Phase::Failed);
    let expected = format!(
        "request 2 of 3: GET {}/orders: status 200 instead of 204 (body: `ok`)",
        server.url
    );
    assert_eq!(found.summary, expected);
    assert_eq!(server.asked().len(), 5, "the third is not sent any more");
    assert_eq!(found.evidence.len(), 1);
}

#[tokio::test]
async fn a_request_in_a_sequence_that_nobody_answers_is_an_error() {
    let server = Server::answering(vec![ok()]).await;
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}/", gone.local_addr().unwrap());
    drop(gone);
    let check = check(&json!({"requests": [{"url": server.url}, {"url": nobody}]}));
    let found = Probe::new().measure(&check, None).await;
    assert_eq!((found.phase, found.is_final), (Phase::Error, false));
    assert!(
        found.summary.starts_with("request 2 of 2: no answer from"),
        "{}",
        found.summary
    );
}

#[tokio::test]
async fn a_path_goes_to_the_test_listener() {
    let server = Server::answering(vec![ok()]).await;
    let check = check(&json!({"path": "/health?deep=1", "local_addresses": false}));
    let found = Probe::new().measure(&check, Some(&server.url)).await;
    assert_eq!(found.phase, Phase::Successful, "{}", found.summary);
    assert!(
        server.asked()[0]
            .text
            .starts_with("get /health?deep=1 http/1.1\r\n")
    );
    let found = Probe::new().measure(&check, None).await;
    assert_eq!((found.phase, found.is_final), (Phase::Error, true));
}
