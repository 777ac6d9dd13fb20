//! What is said about documents that are wrong.

use serde_json::{Value, json};

use super::{parse, sample};

mod alarms;
mod approval;
mod gates;
mod http;
mod images;
mod lambda;
mod load;
mod metric;
mod pipelines;
mod rules;
mod scan;
mod sources;
mod strategies;
mod success;
mod tags;
mod task_check;
mod tasks;
mod windows;

/// The sample target with one value put in or replaced at a JSON pointer.
#[track_caller]
fn check(pointer: &str, value: Value, expected: &str) {
    let mut document = sample()["targets"][0].clone();
    put(&mut document, pointer, value);
    assert_problems(&document, expected);
}

/// Puts in or replaces one value.
#[track_caller]
fn put(document: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .insert(key.to_owned(), value);
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
    promote: {}
  - name: Api
",
    )
    .unwrap();
    insta::assert_snapshot!(parse(&document).unwrap_err(), @r"
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
      hint: known here: `tasks`, `digest`, `targets`, `http`, `alarms`, `metric`, `scan`, `lambda`, `task`, `approval`
    targets[0].gates.before_traffic[2].http.latncy: unknown key
      hint: did you mean `latency`?
    targets[0].gates.before_traffic[2].http.path: `health` is not a path that begins with `/`, without spaces and `#`
    targets[0].gates.before_traffic[2].http.expect.status: expected a list of statuses, found the number 200
      hint: write `[200]`
    targets[0].promote: `tag` is missing
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
    let target = sample()["targets"][0].clone();
    assert_problems(
        &json!({"targets": [target, target]}),
        "targets[1].name: another target is already called `api-test`",
    );
    assert_problems(
        &json!({"targets": [3]}),
        "targets[0]: expected a mapping with `name`, `images`, `service`, `deploy`, `task_definition`, \
         `appspec`, `role_arn`, `before`, `gates`, `on_failure`, `windows`, `on_success`, `promote`, `timeout`, found the number 3",
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
