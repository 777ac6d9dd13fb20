//! What is said about HTTP checks.

use serde_json::{Value, json};

use super::super::{parse, with_http};
use super::assert_problems;

/// The sample target with one parameter of an HTTP check.
#[track_caller]
fn check_http(key: &str, value: Value, expected: &str) {
    let mut parameters = json!({"path": "/health"});
    parameters[key] = value;
    let expected = expected.replace("http", "gates.before_traffic[0].http");
    assert_problems(&with_http(&parameters), &expected);
}

#[test]
fn the_parameters_of_the_http_check_have_bounds() {
    check_http(
        "follow_redirects",
        json!(true),
        "http.follow_redirects: expected a whole number from 0 to 10, found `true`",
    );
    check_http(
        "latency",
        json!(1),
        "http.latency: expected a duration, found the number 1\n  hint: write the unit, such as `1s`",
    );
    check_http(
        "latency",
        json!("fast"),
        "http.latency: `fast` is not a duration (a whole number and a unit, such as `500ms`, `10s`, `5m` or `1h`)",
    );
    check_http(
        "method",
        json!("get"),
        "http.method: expected one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, found `get`",
    );
    check_http(
        "body",
        json!("x"),
        "http.body: a GET request carries no body\n  hint: name the method, such as `method: POST`",
    );
    check_http(
        "body",
        json!("x".repeat(64 * 1024 + 1)),
        "http.body: expected at most 65536 bytes, found 65537",
    );
    check_http(
        "consecutive",
        json!(5),
        "http.consecutive: unknown key\n  hint: did you mean `consecutive_success`?",
    );
    check_http(
        "server_name",
        json!("api.example.org:443"),
        "http.server_name: expected a host name, without a port, found `api.example.org:443`",
    );
    check_http(
        "local_addresses",
        json!("yes"),
        "http.local_addresses: expected `true` or `false`, found `yes`",
    );
}

#[test]
fn several_requests_are_each_whole() {
    let several = |requests: Value| with_http(&json!({"requests": requests}));
    assert!(
        parse(&several(
            json!([{"path": "/a"}, {"url": "https://example.org/", "method": "PUT"}])
        ))
        .is_ok()
    );
    assert_problems(
        &several(json!([])),
        "gates.before_traffic[0].http.requests: expected 1 to 20 requests, found 0",
    );
    assert_problems(
        &several(json!([{"path": "/a"}, {"method": "POST"}, {"path": "/c", "interval": "1s"}])),
        "gates.before_traffic[0].http.requests[1]: expected `path` (on the test listener) or `url`, found neither\n\
         gates.before_traffic[0].http.requests[2].interval: unknown key\n  hint: known here: `path`, `url`, `method`, \
         `headers`, `body`, `expect`, `latency`",
    );
    assert_problems(
        &with_http(
            &json!({"requests": [{"path": "/a"}], "path": "/b", "expect": {"status": [200]}}),
        ),
        "gates.before_traffic[0].http.path: belongs to one request, and there are `requests`\n  \
         hint: write it into each of them\n\
         gates.before_traffic[0].http.expect: belongs to one request, and there are `requests`\n  \
         hint: write it into each of them",
    );
}

#[test]
fn a_wrong_request_does_not_hide_a_wrong_rule() {
    assert_problems(
        &with_http(&json!({"path": "health", "timeout": "24h"})),
        "gates.before_traffic[0].http.path: `health` is not a path that begins with `/`, without spaces and `#`\n\
         gates.before_traffic[0].http.timeout: expected a duration from 1s to 23h, found `24h`",
    );
}

#[test]
fn a_request_goes_to_one_place_that_is_one() {
    assert_problems(
        &with_http(&json!({})),
        "gates.before_traffic[0].http: expected `path` (on the test listener) or `url`, found neither",
    );
    check_http(
        "url",
        json!("http://x/"),
        "http: expected either `path` (on the test listener) or `url`, found both",
    );
    for path in ["health", "/a b", "/ä", "/a#b"] {
        let expected = format!(
            "http.path: `{path}` is not a path that begins with `/`, without spaces and `#`"
        );
        check_http("path", json!(path), &expected);
    }
    for url in [
        "ftp://x/",
        "http://",
        "https:///x",
        "http://a b/",
        "x",
        "http://[::1/",
        "http://x:0/",
        "http://x:99999/",
        "http://x:/",
        "http://a..b/",
        "http://x/#top",
    ] {
        let expected = format!(
            "gates.before_traffic[0].http.url: `{url}` is not a URL with `http://` or `https://` and a host"
        );
        assert_problems(&with_http(&json!({"url": url})), &expected);
    }
    for url in [
        "http://x",
        "https://x.example.org:1/",
        "http://[::1]:8080/x",
        "http://10.0.0.1/?a=b",
        "http://x?a",
    ] {
        assert!(parse(&with_http(&json!({"url": url}))).is_ok(), "{url}");
    }
    assert_problems(
        &with_http(&json!({"url": "https://user:secret@example.org/"})), // pragma: allowlist secret
        "gates.before_traffic[0].http.url: a URL with credentials in it is not accepted",
    );
}

#[test]
fn headers_are_those_that_can_be_sent() {
    check_http(
        "headers",
        json!({"a b": "x"}),
        "http.headers[\"a b\"]: `a b` is not a header name",
    );
    check_http(
        "headers",
        json!({"Content-Length": "3"}),
        "http.headers.Content-Length: the header `content-length` cannot be set",
    );
    check_http(
        "headers",
        json!({"x": "a\r\nb"}),
        "http.headers.x: a header value holds printable ASCII characters only",
    );
    check_http(
        "headers",
        json!({"x": 3}),
        "http.headers.x: expected the header's value as text, found the number 3\n  hint: put it in quotes",
    );
    check_http(
        "headers",
        json!({"x": "1", "X": "2"}),
        "http.headers.X: the header is there twice; its name's case does not matter",
    );
}

#[test]
fn expectations_are_those_that_can_be_met() {
    let status = |value: Value| json!({"status": value});
    for wrong in [
        json!(99),
        json!(600),
        json!("200"),
        json!("299-200"),
        json!("2xx"),
        json!(200.5),
        json!("+20-299"),
    ] {
        let expected = format!(
            "http.expect.status[0]: expected a status from 100 to 599 or a range such as \"200-299\", found {wrong}"
        );
        check_http("expect", status(json!([wrong])), &expected);
    }
    check_http(
        "expect",
        status(json!(200)),
        "http.expect.status: expected a list of statuses, found the number 200\n  hint: write `[200]`",
    );
    check_http(
        "expect",
        json!({"body_matches": "("}),
        "http.expect.body_matches: the regular expression does not parse: unclosed group",
    );
    check_http(
        "expect",
        json!({"body_matches": "((a{1000}){1000}){1000}"}),
        "http.expect.body_matches: the regular expression is too large when compiled (more than 256 KiB)",
    );
    for pointer in ["status", "/a~2", "$.x"] {
        let place = if pointer == "status" {
            ".status".to_owned()
        } else {
            format!("[\"{pointer}\"]")
        };
        let expected = format!(
            "http.expect.json{place}: `{pointer}` is not a JSON pointer\n  \
             hint: a pointer begins with `/`, such as `/status` or `/checks/0/name`"
        );
        check_http("expect", json!({"json": {pointer: 1}}), &expected);
    }
    check_http(
        "expect",
        json!({"json_matches": {"/v": 1}}),
        "http.expect.json_matches[\"/v\"]: expected a regular expression, found the number 1\n  hint: put it in quotes",
    );
    check_http(
        "expect",
        json!({"headers": {"x-version": "["}}),
        "http.expect.headers.x-version: the regular expression does not parse: unclosed character class",
    );
    check_http(
        "expect",
        json!({"headers": {"x y": "."}}),
        "http.expect.headers[\"x y\"]: `x y` is not a header name",
    );
    check_http(
        "expect",
        json!({"headers": {"x-v": "1", "X-V": "2"}}),
        "http.expect.headers.X-V: the header is there twice; its name's case does not matter",
    );
    check_http(
        "expect",
        json!({"statsu": [200]}),
        "http.expect.statsu: unknown key\n  hint: did you mean `status`?",
    );
}
