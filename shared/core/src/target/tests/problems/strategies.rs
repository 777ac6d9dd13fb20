//! What is said about strategies.

use serde_json::json;

use super::super::sample;
use super::{assert_problems, check};

#[test]
fn a_strategy_is_exactly_one() {
    check(
        "/deploy",
        json!({"codedeploy": {"application": "A", "group": "G"}, "rolling": {}}),
        "deploy: expected exactly one strategy, found `codedeploy`, `rolling`",
    );
    check(
        "/deploy",
        json!({}),
        "deploy: expected a mapping with exactly one of `codedeploy`, `rolling`, `native`, `task`, `pipeline`, \
         found a mapping",
    );
}

#[test]
fn a_strategy_written_as_a_word_is_explained() {
    check(
        "/deploy",
        json!("rolling"),
        "deploy: expected a mapping, found `rolling`\n  hint: write `{rolling: {}}`",
    );
    check(
        "/deploy",
        json!({"roling": {}}),
        "deploy.roling: unknown key\n  hint: did you mean `rolling`?",
    );
}

#[test]
fn rolling_and_native_have_no_parameters() {
    for kind in ["rolling", "native"] {
        let mut document = sample()["targets"][0].clone();
        document.as_object_mut().unwrap().shift_remove("gates");
        document["deploy"] = json!({kind: {"bake": "5m"}});
        assert_problems(
            &document,
            &format!("deploy.{kind}.bake: unknown key; nothing is expected here"),
        );
        document["deploy"] = json!({kind: true});
        assert_problems(
            &document,
            &format!("deploy.{kind}: expected a mapping with nothing, found `true`"),
        );
    }
}

#[test]
fn a_strategy_of_a_service_needs_the_service() {
    for deploy in [
        json!({"codedeploy": {"application": "A", "group": "G"}}),
        json!({"rolling": {}}),
        json!({"native": null}),
    ] {
        let mut document = sample()["targets"][0].clone();
        let map = document.as_object_mut().unwrap();
        map.shift_remove("service");
        map.shift_remove("gates");
        map.insert("deploy".into(), deploy);
        assert_problems(&document, "`service` is missing");
    }
}

#[test]
fn a_service_that_a_strategy_can_do_without_is_checked_all_the_same() {
    let mut document = sample()["targets"][0].clone();
    document.as_object_mut().unwrap().shift_remove("gates");
    document["deploy"] = json!({"task": {}});
    document["service"] = json!({"cluster": "mco"});
    assert_problems(&document, "service: `name` is missing");
}

#[test]
fn a_role_is_named_by_its_arn() {
    check(
        "/role_arn",
        json!("deploys"),
        "role_arn: `deploys` is not the ARN of an IAM role (such as \
         `arn:aws:iam::123456789012:role/greenlight-deploys`)",
    );
    check(
        "/role_arn",
        json!({}),
        "role_arn: expected the ARN of an IAM role, found a mapping",
    );
}
