use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::{Destination, Expectation, HttpCheck, HttpRequest, Load, StatusRange};

fn expecting(expect: Expectation) -> HttpRequest {
    HttpRequest {
        expect,
        latency: Some(Duration::from_secs(1)),
        ..HttpRequest::get(Destination::TestListener {
            path: "/health".into(),
        })
    }
}

#[track_caller]
fn check(expect: Expectation, status: u16, body: &str, outcome: Result<(), &str>) {
    let judged = expecting(expect).judge(status, &[], body.as_bytes(), Duration::from_millis(20));
    assert_eq!(
        judged.as_ref().map_err(String::as_str),
        outcome.as_ref().map(|()| &()).map_err(|text| *text)
    );
}

#[test]
fn the_status_has_to_be_in_the_set() {
    let set = || Expectation {
        status: vec![
            StatusRange { from: 200, to: 200 },
            StatusRange { from: 300, to: 399 },
        ],
        ..Expectation::default()
    };
    check(set(), 200, "", Ok(()));
    check(set(), 300, "", Ok(()));
    check(set(), 399, "", Ok(()));
    check(set(), 201, "", Err("status 201 instead of 200 or 300-399"));
    check(
        set(),
        503,
        "no\nway",
        Err("status 503 instead of 200 or 300-399 (body: `no way`)"),
    );
    check(Expectation::default(), 204, "", Ok(()));
    check(
        Expectation::default(),
        500,
        "",
        Err("status 500 instead of 200-299"),
    );
}

#[test]
fn a_redirect_that_was_not_expected_says_where_it_leads() {
    let headers = [(
        "Location".to_owned(),
        "https://example.org/login".to_owned(),
    )];
    let judged = expecting(Expectation::default()).judge(302, &headers, b"moved", Duration::ZERO);
    assert_eq!(
        judged,
        Err("status 302 instead of 200-299 (redirect to https://example.org/login)".into())
    );
}

#[test]
fn the_body_has_to_contain_and_match() {
    let contains = || Expectation {
        body_contains: Some("ok".into()),
        ..Expectation::default()
    };
    check(contains(), 200, "all ok", Ok(()));
    check(
        contains(),
        200,
        "down",
        Err("the body does not contain `ok`: `down`"),
    );
    check(
        contains(),
        200,
        "",
        Err("the body does not contain `ok`: it is empty"),
    );
    let matches = || Expectation {
        body_matches: Some("^v[0-9]+$".parse().unwrap()),
        ..Expectation::default()
    };
    check(matches(), 200, "v12", Ok(()));
    check(
        matches(),
        200,
        "v1x",
        Err("the body does not match `^v[0-9]+$`: `v1x`"),
    );
}

#[test]
fn json_values_have_to_be_equal() {
    let wants = |pointer: &str, value: serde_json::Value| Expectation {
        json: [(pointer.to_owned(), value)].into(),
        ..Expectation::default()
    };
    check(
        wants("/status", json!("ok")),
        200,
        r#"{"status":"ok"}"#,
        Ok(()),
    );
    check(wants("/n", json!(1)), 200, r#"{"n":1.0}"#, Ok(()));
    check(
        wants("", json!({"a": 1, "b": [2]})),
        200,
        r#"{"b":[2.0],"a":1}"#,
        Ok(()),
    );
    check(
        wants("/status", json!("ok")),
        200,
        r#"{"status":"down"}"#,
        Err("`/status` is \"down\" instead of \"ok\""),
    );
    check(
        wants("/n", json!("1")),
        200,
        r#"{"n":1}"#,
        Err("`/n` is 1 instead of \"1\""),
    );
    check(
        wants("/a/0", json!(1)),
        200,
        r#"{"a":[]}"#,
        Err("there is no `/a/0` in the body: `{\"a\":[]}`"),
    );
    check(
        wants("/a", json!(1)),
        200,
        "<html>",
        Err("the body is not JSON (expected value at line 1 column 1): `<html>`"),
    );
}

#[test]
fn a_header_has_to_match_in_one_of_its_values() {
    let expect = Expectation {
        headers: [("x-version".to_owned(), "^v[0-9]+$".parse().unwrap())].into(),
        ..Expectation::default()
    };
    let judge = |headers: &[(&str, &str)]| {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        expecting(expect.clone()).judge(200, &headers, b"", Duration::ZERO)
    };
    assert_eq!(judge(&[("X-Version", "v12")]), Ok(()));
    assert_eq!(judge(&[("x-version", "old"), ("x-version", "v2")]), Ok(()));
    assert_eq!(
        judge(&[("x-other", "v1")]),
        Err("there is no header `x-version` in the answer".into())
    );
    let wrong = judge(&[("x-version", "session-0123456789")]).unwrap_err();
    assert_eq!(wrong, "the header `x-version` does not match `^v[0-9]+$`");
}

#[test]
fn json_values_have_to_match_as_they_are_written() {
    let wants = |pointer: &str, pattern: &str| Expectation {
        json_matches: [(pointer.to_owned(), pattern.parse().unwrap())].into(),
        ..Expectation::default()
    };
    check(wants("/v", "^1\\."), 200, r#"{"v":"1.2"}"#, Ok(()));
    check(wants("/n", "^[0-9]+$"), 200, r#"{"n":42}"#, Ok(()));
    check(wants("/ok", "true"), 200, r#"{"ok":true}"#, Ok(()));
    check(
        wants("/v", "^1"),
        200,
        r#"{"v":"2.0"}"#,
        Err("`/v` is `2.0`, which does not match `^1`"),
    );
    check(
        wants("/v", "^1"),
        200,
        "{}",
        Err("there is no `/v` in the body: `{}`"),
    );
    check(
        wants("/v", "^1"),
        200,
        "",
        Err("the body is not JSON (EOF while parsing a value at line 1 column 0): it is empty"),
    );
}

#[test]
fn a_percentile_is_written_as_it_is_read() {
    for (thousandths, name) in [(500, "p50"), (999, "p99.9"), (1000, "p100"), (1, "p0.1")] {
        assert_eq!(Load::percentile_name(thousandths), name);
    }
}

#[test]
fn a_load_lasts_as_long_as_its_rate_has_it() {
    let load = Load {
        requests: 100,
        rate: 20,
        warm_up: 1,
        success_ratio: 1.0,
        latency: [].into(),
    };
    assert_eq!(load.lasts(), Duration::from_secs(6));
}

#[test]
fn one_request_by_path_needs_the_test_listener() {
    let url = HttpRequest::get(Destination::Url("https://example.org/".into()));
    let check = |requests: Vec<HttpRequest>| HttpCheck {
        requests,
        server_name: None,
        follow_redirects: 0,
        load: None,
        local_addresses: false,
    };
    assert!(!check(vec![url.clone()]).needs_test_listener());
    assert!(check(vec![url, expecting(Expectation::default())]).needs_test_listener());
}

#[test]
fn an_answer_that_takes_too_long_is_not_good() {
    let slow = |milliseconds| {
        expecting(Expectation::default()).judge(200, &[], b"", Duration::from_millis(milliseconds))
    };
    assert_eq!(slow(1_000), Ok(()));
    assert_eq!(
        slow(1_001),
        Err("the answer took 1001 ms, more than the allowed 1s".into())
    );
}

#[test]
fn a_message_quotes_only_the_beginning_of_a_long_body() {
    let body = "ä".repeat(1_000_000);
    let judged = expecting(Expectation::default()).judge(500, &[], body.as_bytes(), Duration::ZERO);
    assert!(judged.unwrap_err().len() < 500);
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(
        status in any::<u16>(),
        body in prop::collection::vec(any::<u8>(), 0..800),
        text in "\\PC{0,8}",
        pointer in "(/[a-z~]{0,3}){0,3}",
        headers in prop::collection::vec(("[A-Za-z-]{1,5}", "\\PC{0,8}"), 0..4),
    ) {
        let expect = Expectation {
            body_contains: Some(text),
            json: [(pointer.clone(), json!(1))].into(),
            json_matches: [(pointer, ".".parse().unwrap())].into(),
            headers: [("te".to_owned(), "x".parse().unwrap())].into(),
            ..Expectation::default()
        };
        let judged = expecting(expect).judge(status, &headers, &body, Duration::ZERO);
        if let Err(message) = judged {
            prop_assert!(message.len() < 2_000 && !message.contains('\n'));
        }
    }
}
