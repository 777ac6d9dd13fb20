//! What is said about documents that are wrong.

use serde_json::{Value, json};

use super::{parse, sample, with_http};

/// The sample target with one value put in or replaced at a JSON pointer.
#[track_caller]
fn check(pointer: &str, value: Value, expected: &str) {
    let mut document = sample()["targets"][0].clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .insert(key.to_owned(), value);
    assert_problems(&document, expected);
}

/// The same for one parameter of an HTTP check.
#[track_caller]
fn check_http(key: &str, value: Value, expected: &str) {
    let mut parameters = json!({"path": "/health"});
    parameters[key] = value;
    let expected = expected.replace("http", "gates.before_traffic[0].http");
    assert_problems(&with_http(&parameters), &expected);
}

#[track_caller]
fn assert_problems(document: &Value, expected: &str) {
    match parse(document) {
        Ok(_) => panic!("accepted: {document}"),
        Err(problems) => assert_eq!(problems.to_string(), expected),
    }
}

#[test]
fn all_problems_come_out_at_once_with_their_places() {
    let document: Value = serde_norway::from_str(
        "
targets:
  - name: Api
    images:
      - {container: api, repositry: mco/api, tags: test}
    service: {cluster: arn:aws:ecs:eu-west-1:123456789012:cluster/mco}
    deploy: {codedeploy: {application: API, group: API, config: CodeDeployDefault.ECSAllAtonce}}
    gates:
      before_trafic: []
      before_traffic:
        - tasks: {timeout: 10}
        - latency: {}
        - http: {path: health, latncy: 1s, expect: {status: 200}}
    windows: []
  - name: Api
",
    )
    .unwrap();
    insta::assert_snapshot!(parse(&document).unwrap_err(), @r"
    targets[0].windows: not supported yet; supported here: `name`, `images`, `service`, `deploy`, `task_definition`, `appspec`, `gates`, `on_failure`
    targets[0].name: `Api` is not a target name (lower-case letters, digits and `-`, not beginning or ending with `-`, at most 64)
    targets[0].images[0].repositry: unknown key
      hint: did you mean `repository`?
    targets[0].images[0].tags: expected a list of tags, found `test`
      hint: write `[test]`
    targets[0].service.cluster: `arn:aws:ecs:eu-west-1:123456789012:cluster/mco` is not a cluster name (letters, digits, `-` and `_`)
      hint: write the name, not the ARN: `mco`
    targets[0].service: `name` is missing
    targets[0].deploy.codedeploy.config: `CodeDeployDefault.ECSAllAtonce` is not one of AWS's configurations for ECS
      hint: did you mean `CodeDeployDefault.ECSAllAtOnce`?
    targets[0].gates.before_trafic: unknown key
      hint: did you mean `before_traffic`?
    targets[0].gates.before_traffic[0].tasks.timeout: expected a duration, found the number 10
      hint: write the unit, such as `10s`
    targets[0].gates.before_traffic[1].latency: unknown key
      hint: known here: `tasks`, `digest`, `targets`, `http`
    targets[0].gates.before_traffic[2].http.latncy: unknown key
      hint: did you mean `latency`?
    targets[0].gates.before_traffic[2].http.path: `health` is not a path that begins with `/`, without spaces and `#`
    targets[0].gates.before_traffic[2].http.expect.status: expected a list of statuses, found the number 200
      hint: write `[200]`
    targets[1].name: `Api` is not a target name (lower-case letters, digits and `-`, not beginning or ending with `-`, at most 64)
    targets[1]: `images` is missing
    targets[1]: `service` is missing
    targets[1]: `deploy` is missing
    targets[1].name: another target is already called `Api`
    ");
}

#[test]
fn the_document_has_to_be_one() {
    assert_problems(
        &json!(null),
        "expected a mapping with `targets`, found nothing",
    );
    assert_problems(
        &json!([]),
        "expected a mapping with `targets`, found an empty list",
    );
    assert_problems(&json!("x"), "expected a mapping with `targets`, found `x`");
    assert_problems(
        &json!({"targets": []}),
        "targets: expected 1 to 500 targets, found 0",
    );
    assert_problems(&json!({"targets": null}), "`targets` is missing");
    assert_problems(
        &json!({"target": []}),
        "target: unknown key\n  hint: did you mean `targets`?",
    );
    assert_problems(
        &json!({"targets": {"name": "x"}}),
        "targets: expected a list of targets, found a mapping\n  hint: put `- ` before it, even if there is only one",
    );
    assert_problems(
        &json!({"targets": [3]}),
        "targets[0]: expected a mapping with `name`, `images`, `service`, `deploy`, `task_definition`, \
         `appspec`, `gates`, `on_failure`, found the number 3",
    );
}

#[test]
fn what_a_later_version_brings_is_not_supported_yet() {
    let known = "`name`, `images`, `service`, `deploy`, `task_definition`, `appspec`, `gates`, `on_failure`";
    for key in ["role_arn", "on_success", "promote", "windows"] {
        check(
            &format!("/{key}"),
            json!({}),
            &format!("{key}: not supported yet; supported here: {known}"),
        );
    }
    for key in ["rolling", "native", "task", "pipeline"] {
        let expected = format!("deploy.{key}: not supported yet; supported here: `codedeploy`");
        check("/deploy", json!({key: {}}), &expected);
    }
    for key in ["alarms", "metric"] {
        let expected = format!(
            "gates.before_traffic[0].{key}: not supported yet; supported here: `tasks`, `digest`, `targets`, `http`"
        );
        check("/gates", json!({"before_traffic": [{key: {}}]}), &expected);
    }
    for key in ["task_definition", "appspec"] {
        let expected =
            format!("{key}: templates in S3 are not supported yet; supported here: `service`");
        check(&format!("/{key}"), json!("s3://bucket/key"), &expected);
    }
    for (policy, key) in [
        (json!({"glob": "rel-*"}), "glob"),
        (json!({"regex": "^v", "order": "numeric"}), "regex"),
        (json!({"semver": ">=1"}), "semver"),
    ] {
        let images = json!([{"container": "api", "repository": "mco/api", "tags": [policy]}]);
        let expected = format!(
            "images[0].tags[0]: `{key}` is not supported yet; supported here: exact tags, such as `test`"
        );
        check("/images", images, &expected);
    }
}

#[test]
fn a_pattern_is_not_taken_for_a_tag() {
    check(
        "/images",
        json!([{"container": "api", "repository": "mco/api", "tags": ["rel-*"]}]),
        "images[0].tags[0]: patterns such as `rel-*` are not supported yet\n  hint: name the exact tags",
    );
}

#[test]
fn a_number_is_not_taken_for_a_tag() {
    check(
        "/images",
        json!([{"container": "api", "repository": "mco/api", "tags": [1.1]}]),
        "images[0].tags[0]: expected a tag, found the number 1.1\n  hint: put it in quotes",
    );
}

#[test]
fn images_of_two_repositories_are_refused() {
    check(
        "/images",
        json!([
            {"container": "api", "repository": "mco/api", "tags": ["test"]},
            {"container": "web", "repository": "mco/web", "tags": ["test"]},
        ]),
        "images[1].repository: images from more than one repository in one target are not supported: \
         `mco/web` here, `mco/api` in the first\n  hint: deploy containers of one repository together; \
         a container of another repository keeps the image that the task definition names",
    );
}

#[test]
fn nothing_is_named_twice() {
    check(
        "/images",
        json!([
            {"container": "api", "repository": "mco/api", "tags": ["a", "b", "a"]},
        ]),
        "images[0].tags[2]: `a` is already in the list",
    );
    check(
        "/images",
        json!([
            {"container": "api", "repository": "mco/api", "tags": ["a"]},
            {"container": "api", "repository": "mco/api", "tags": ["b"]},
        ]),
        "images[1].container: the container `api` already takes another image",
    );
    let target = sample()["targets"][0].clone();
    assert_problems(
        &json!({"targets": [target, target]}),
        "targets[1].name: another target is already called `api-test`",
    );
}

#[test]
fn a_strategy_is_exactly_one() {
    check(
        "/deploy",
        json!({"codedeploy": {"application": "A", "group": "G"}, "rolling": {}}),
        "deploy.rolling: not supported yet; supported here: `codedeploy`\n\
         deploy: expected exactly one strategy, found `codedeploy`, `rolling`",
    );
    check(
        "/deploy",
        json!({}),
        "deploy: expected a mapping with exactly one of `codedeploy`, found a mapping",
    );
}

#[test]
fn a_check_is_not_run_where_it_cannot_pass() {
    for kind in ["tasks", "digest", "targets"] {
        check(
            "/gates",
            json!({"before_install": [{kind: {}}]}),
            &format!(
                "gates.before_install[0].{kind}: cannot pass at before_install: the green tasks are not created yet"
            ),
        );
    }
    check(
        "/gates",
        json!({"after_install": [{"http": {"path": "/"}}]}),
        "gates.after_install[0].http: cannot pass at after_install: \
         the test listener does not lead to the green tasks yet",
    );
}

#[test]
fn a_check_written_as_a_word_is_explained() {
    check(
        "/gates",
        json!({"before_traffic": ["tasks"]}),
        "gates.before_traffic[0]: expected a mapping, found `tasks`\n  hint: write `{tasks: {}}`",
    );
}

#[test]
fn the_parameters_of_the_http_check_have_bounds() {
    check_http(
        "consecutive",
        json!(0),
        "http.consecutive: expected a whole number from 1 to 100, found the number 0",
    );
    check_http(
        "consecutive",
        json!(101),
        "http.consecutive: expected a whole number from 1 to 100, found the number 101",
    );
    check_http(
        "follow_redirects",
        json!(true),
        "http.follow_redirects: expected a whole number from 0 to 10, found `true`",
    );
    check_http(
        "timeout",
        json!("61m"),
        "http.timeout: expected a duration from 1s to 1h, found `61m`",
    );
    check_http(
        "interval",
        json!("10ms"),
        "http.interval: expected a duration from 100ms to 5m, found `10ms`",
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
        json!(100),
        "http: can never pass: the pauses of 100 answers in a row take 198s, the whole check may take 2m\n  \
         hint: lengthen `timeout`, or shorten `interval` or `consecutive`",
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
        &with_http(&json!({"url": "https://user:secret@example.org/"})),
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
        json!({"statsu": [200]}),
        "http.expect.statsu: unknown key\n  hint: did you mean `status`?",
    );
}

#[test]
fn a_document_too_large_to_store_is_refused() {
    let check = json!({"http": {"path": "/", "method": "POST", "body": "x".repeat(60_000)}});
    let mut document = sample()["targets"][0].clone();
    document["gates"] = json!({"before_traffic": [check, check, check, check]});
    assert_problems(&document, "expected at most 200 KiB, found 234");
}

#[test]
fn strange_keys_are_quoted_and_cut() {
    check(
        "/service",
        json!({"cluster": "c", "name": "s", "": 1}),
        "service[\"\"]: unknown key\n  hint: known here: `cluster`, `name`",
    );
    let long = "k".repeat(100_000);
    let mut document = sample()["targets"][0].clone();
    document["service"][&long] = json!(1);
    assert!(parse(&document).unwrap_err().to_string().len() < 1_000);
}
