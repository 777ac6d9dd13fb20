//! What is said about where task definitions and `AppSpec`s come from.

use serde_json::{Value, json};

use super::super::{parse, sample};
use super::{assert_problems, check, put};

#[test]
fn a_source_is_one_of_three() {
    check(
        "/task_definition",
        json!("live"),
        "task_definition: expected `service`, `family:<name>` or `s3://bucket/key`, found `live`",
    );
    check(
        "/task_definition",
        json!({"s3": "x"}),
        "task_definition: expected `service`, `family:<name>` or `s3://bucket/key`, found a mapping",
    );
    check(
        "/appspec",
        json!("appspec.yaml"),
        "appspec: expected `service` or `s3://bucket/key`, found `appspec.yaml`",
    );
    check(
        "/appspec",
        json!("family:api"),
        "appspec: expected `service` or `s3://bucket/key`, found `family:api`",
    );
}

#[test]
fn a_bucket_and_a_key_are_what_s3_takes() {
    let long = "b".repeat(64);
    for bucket in [
        "",
        "ab",
        "Bucket",
        "my_bucket",
        "-bucket",
        "bucket-",
        ".bucket",
        "a..b",
        &long,
        "b ck",
    ] {
        check(
            "/task_definition",
            json!(format!("s3://{bucket}/key")),
            &format!(
                "task_definition: `{bucket}` is not the name of a bucket (3 to 63 lower-case \
                 letters, digits, `.` and `-`, beginning and ending with a letter or digit)"
            ),
        );
    }
    for (place, found) in [
        ("s3://bucket", "nothing"),
        ("s3://bucket/", "nothing"),
        ("s3://bucket/a\nb", "`a b`"),
    ] {
        for source in ["task_definition", "appspec"] {
            check(
                &format!("/{source}"),
                json!(place),
                &format!(
                    "{source}: expected a key of 1 to 1024 bytes without control characters behind \
                     `s3://bucket/`, found {found}"
                ),
            );
        }
    }
    check(
        "/appspec",
        json!(format!("s3://bucket/{}", "ü".repeat(513))),
        &format!(
            "appspec: expected a key of 1 to 1024 bytes without control characters behind \
             `s3://bucket/`, found `{}…`",
            "ü".repeat(60)
        ),
    );
    let longest = format!("s3://{}/{}", "b".repeat(63), "ü".repeat(512));
    let mut document = sample()["targets"][0].clone();
    for place in ["s3://a.b-1/x", "s3://bucket//", &longest] {
        put(&mut document, "/task_definition", json!(place));
        assert!(parse(&document).is_ok(), "{place}");
    }
}

/// A target that runs a task of its own, from this.
fn with_family(source: &str) -> Value {
    let mut document = sample()["targets"][0].clone();
    document.as_object_mut().unwrap().shift_remove("gates");
    document["deploy"] = json!({"task": {}});
    document["task_definition"] = json!(source);
    document
}

#[test]
fn a_family_is_a_name_without_a_revision() {
    for (family, name) in [
        ("api:7", "api"),
        (
            "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:7",
            "api",
        ),
    ] {
        assert_problems(
            &with_family(&format!("family:{family}")),
            &format!(
                "task_definition: `{family}` is not the family of a task definition (1 to 255 \
                 letters, digits, `-` and `_`)\n  hint: its newest active revision is taken: write \
                 `family:{name}`"
            ),
        );
    }
    for family in ["", "a b", "api:x", "api:"] {
        assert_problems(
            &with_family(&format!("family:{family}")),
            &format!(
                "task_definition: `{family}` is not the family of a task definition (1 to 255 \
                 letters, digits, `-` and `_`)"
            ),
        );
    }
    assert!(parse(&with_family("family:nightly_1-x")).is_ok());
}

#[test]
fn a_service_does_not_run_a_family() {
    for deploy in [
        json!({"codedeploy": {"application": "A", "group": "G"}}),
        json!({"rolling": {}}),
        json!({"native": {}}),
    ] {
        let mut document = with_family("family:api");
        let kind = deploy.as_object().unwrap().keys().next().unwrap().clone();
        document["deploy"] = deploy;
        assert_problems(
            &document,
            &format!(
                "task_definition: `family:` is for tasks that run once; `{kind}` takes `service` or \
                 `s3://bucket/key`"
            ),
        );
        document["task_definition"] = json!("s3://bucket/key");
        assert!(parse(&document).is_ok(), "{kind}");
    }
}

#[test]
fn a_pipeline_has_its_own_task_definition() {
    for source in ["family:api", "s3://bucket/key"] {
        let mut document = with_family(source);
        document["deploy"] = json!({"pipeline": {"name": "p", "action": "Source"}});
        assert_problems(
            &document,
            "task_definition: means nothing here: the pipeline registers what it deploys\n  \
             hint: a task `before` the pipeline has a `task_definition` of its own",
        );
    }
}

#[test]
fn only_codedeploy_has_an_appspec() {
    for (kind, parameters) in [
        ("rolling", json!({})),
        ("native", json!({})),
        ("task", json!({})),
        ("pipeline", json!({"name": "p", "action": "Source"})),
    ] {
        for source in ["service", "s3://bucket/key"] {
            let mut document = with_family("service");
            document["deploy"] = json!({kind: parameters});
            document["appspec"] = json!(source);
            assert_problems(
                &document,
                &format!(
                    "appspec: only `codedeploy` has an AppSpec, and the strategy here is `{kind}`"
                ),
            );
        }
    }
}
