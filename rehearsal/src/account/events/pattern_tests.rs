use super::*;
use serde_json::json;

fn push_of(tag: &str) -> Value {
    json!({
        "version": "0", "id": "13cde686-328b-6117-af20-0e5566167482",
        "detail-type": "ECR Image Action", "source": "aws.ecr", "account": "123456789012",
        "time": "2026-11-16T01:54:34Z", "region": "eu-west-1", "resources": [],
        "detail": {"result": "SUCCESS", "repository-name": "mco/api",
                   "image-digest": "sha256:7f5b", "action-type": "PUSH", "image-tag": tag},
    })
}

#[track_caller]
fn check(pattern: &Value, event: &Value, expected: bool) {
    let parsed = Pattern::parse(pattern).unwrap();
    assert_eq!(parsed.matches(event), expected, "{pattern} against {event}");
}

#[test]
fn every_operator_matches_as_eventbridge_documents_it() {
    // Pattern of one field `a`, the value the event has there, and whether the rule takes it.
    let table = [
        (json!(["x"]), json!("x"), true),
        (json!(["x"]), json!("X"), false),
        (json!(["x", "y"]), json!("y"), true),
        (json!([1]), json!(1), true),
        (json!([1]), json!("1"), false),
        // Numbers are compared as they are written.
        (json!([300]), json!(300.0), false),
        (json!([null]), json!(null), true),
        (json!([null]), json!(""), false),
        (json!([true]), json!(true), true),
        // An array in the event: one common element suffices.
        (json!(["x"]), json!(["w", "x"]), true),
        (json!(["x"]), json!([]), false),
        (json!([{"prefix": "rel-"}]), json!("rel-7"), true),
        (json!([{"prefix": "rel-"}]), json!("Rel-7"), false),
        (
            json!([{"prefix": {"equals-ignore-case": "rel-"}}]),
            json!("Rel-7"),
            true,
        ),
        (json!([{"prefix": ""}]), json!("anything"), true),
        (json!([{"prefix": "1"}]), json!(12), false),
        (json!([{"suffix": ".sig"}]), json!("sha256-ab.sig"), true),
        (json!([{"suffix": ".sig"}]), json!("sha256-ab.SIG"), false),
        (
            json!([{"suffix": {"equals-ignore-case": ".sig"}}]),
            json!("sha256-ab.SIG"),
            true,
        ),
        (json!([{"equals-ignore-case": "TeSt"}]), json!("test"), true),
        (
            json!([{"equals-ignore-case": "TeSt"}]),
            json!("tests"),
            false,
        ),
        (json!([{"anything-but": "x"}]), json!("y"), true),
        (json!([{"anything-but": "x"}]), json!("x"), false),
        (json!([{"anything-but": ["x", "y"]}]), json!("y"), false),
        (json!([{"anything-but": [1, 2]}]), json!(3), true),
        (json!([{"anything-but": ""}]), json!(""), false),
        (
            json!([{"anything-but": {"prefix": "sha256-"}}]),
            json!("test"),
            true,
        ),
        (
            json!([{"anything-but": {"prefix": "sha256-"}}]),
            json!("sha256-ab"),
            false,
        ),
        (
            json!([{"anything-but": {"suffix": [".sig", ".att"]}}]),
            json!("x.att"),
            false,
        ),
        (
            json!([{"anything-but": {"equals-ignore-case": ["a", "b"]}}]),
            json!("B"),
            false,
        ),
        (
            json!([{"anything-but": {"wildcard": "*-dev-*"}}]),
            json!("api-dev-1"),
            false,
        ),
        (
            json!([{"anything-but": {"wildcard": "*-dev-*"}}]),
            json!("api-1"),
            true,
        ),
        (json!([{"numeric": [">", 0, "<=", 5]}]), json!(5), true),
        (json!([{"numeric": [">", 0, "<=", 5]}]), json!(0), false),
        (json!([{"numeric": ["=", 300]}]), json!(300.0), true),
        (json!([{"numeric": ["<", 10]}]), json!("9"), false),
        (json!([{"exists": true}]), json!(null), true),
        (json!([{"exists": false}]), json!("x"), false),
        // Only leaves exist.
        (json!([{"exists": true}]), json!({"b": 1}), false),
        (json!([{"wildcard": "mco/*"}]), json!("mco/api"), true),
        (json!([{"wildcard": "*/api"}]), json!("mco/api"), true),
        (json!([{"wildcard": "m*o*i"}]), json!("mco/api"), true),
        (json!([{"wildcard": "m*o*x"}]), json!("mco/api"), false),
        (json!([{"wildcard": "a\\*b"}]), json!("a*b"), true),
        (json!([{"wildcard": "a\\*b"}]), json!("axb"), false),
        (json!(["x", {"prefix": "y"}]), json!("yes"), true),
    ];
    for (pattern, value, expected) in table {
        check(&json!({ "a": pattern }), &json!({ "a": value }), expected);
    }
}

#[test]
fn an_absent_field_matches_only_exists_false() {
    let event = json!({"b": "x"});
    check(&json!({"a": [{"exists": false}]}), &event, true);
    check(&json!({"a": [{"exists": true}]}), &event, false);
    check(&json!({"a": [{"anything-but": "x"}]}), &event, false);
    check(&json!({"a": {"c": [{"exists": false}]}}), &event, true);
    check(&json!({"a": {"c": ["x"]}}), &event, false);
}

#[test]
fn all_fields_must_match_and_one_alternative_of_each_or() {
    let pattern = json!({
        "source": ["aws.ecr"],
        "detail": {
            "result": ["SUCCESS"],
            "$or": [{"image-tag": ["test"]}, {"image-tag": [{"prefix": "rel-"}], "action-type": ["PUSH"]}],
        },
    });
    check(&pattern, &push_of("test"), true);
    check(&pattern, &push_of("rel-1"), true);
    check(&pattern, &push_of("dev"), false);
    let mut deleted = push_of("rel-1");
    deleted["detail"]["action-type"] = json!("DELETE");
    check(&pattern, &deleted, false);
}

#[test]
fn an_array_of_objects_matches_if_one_element_does() {
    let event = json!({"detail": {"items": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}});
    check(
        &json!({"detail": {"items": {"a": [3], "b": [4]}}}),
        &event,
        true,
    );
    check(&json!({"detail": {"items": {"a": [5]}}}), &event, false);
}

#[test]
fn an_untagged_push_is_left_out_by_anything_but_an_empty_tag() {
    let pattern = json!({"detail": {"action-type": ["PUSH"], "image-tag": [{"anything-but": ""}]}});
    check(&pattern, &push_of("test"), true);
    check(&pattern, &push_of(""), false);
}

#[test]
fn a_wrong_pattern_is_refused_with_the_place_and_the_reason() {
    let refused = |pattern: Value| Pattern::parse(&pattern).unwrap_err().to_string();
    let table = [
        (json!({}), "``: an empty pattern"),
        (json!([]), "``: a pattern is a JSON object"),
        (
            json!({"a": "x"}),
            "`a`: a value must be an object or an array",
        ),
        (json!({"a": []}), "`a`: an empty array"),
        (json!({"a": {}}), "`a`: an empty object"),
        (
            json!({"a": {"b": [["x"]]}}),
            "`a.b`: an array inside an array",
        ),
        (
            json!({"a": [{"cidr": "10.0.0.0/24"}]}),
            "operator `cidr` is not supported here",
        ),
        (
            json!({"a": [{"prefix": "x", "suffix": "y"}]}),
            "exactly one key",
        ),
        (json!({"a": [{"prefix": 1}]}), "`prefix` takes a string"),
        (
            json!({"a": [{"exists": "yes"}]}),
            "`exists` takes true or false",
        ),
        (json!({"a": [{"numeric": [">"]}]}), "`numeric` takes pairs"),
        (
            json!({"a": [{"numeric": ["~", 1]}]}),
            "`numeric` takes pairs",
        ),
        (json!({"a": [{"wildcard": "a**"}]}), "consecutive wildcard"),
        (json!({"a": [{"wildcard": "a\\x"}]}), "may only escape"),
        (json!({"a": [{"anything-but": []}]}), "at least one value"),
        (
            json!({"a": [{"anything-but": true}]}),
            "strings and numbers",
        ),
        (json!({"$or": [{"a": ["x"]}]}), "at least two alternatives"),
    ];
    for (pattern, part) in table {
        let message = refused(pattern.clone());
        assert!(message.contains(part), "{pattern}: {message}");
    }
}
