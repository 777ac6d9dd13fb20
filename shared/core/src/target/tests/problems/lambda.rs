//! What is said about checks by a function of the team's own.

use serde_json::{Value, json};

use super::super::{check_of, one, sample};
use super::assert_problems;
use crate::target::check::{CheckKind, LambdaCheck};

fn document(parameters: &Value) -> Value {
    let mut document = sample()["targets"][0].clone();
    document["gates"] = json!({"before_traffic": [{"lambda": parameters}]});
    document
}

#[track_caller]
fn refused(parameters: &Value, expected: &str) {
    let expected = expected.replacen("lambda", "gates.before_traffic[0].lambda", 1);
    assert_problems(&document(parameters), &expected);
}

#[test]
fn every_key_of_the_check_is_read() {
    for function in [
        "smoke-test",
        "smoke_test:live",
        "smoke-test:$LATEST",
        "123456789012:function:smoke-test",
        "arn:aws:lambda:eu-west-1:123456789012:function:smoke-test:7",
    ] {
        let parameters = json!({"orders": [1, null], "deep": {"er": true}});
        let target = one(&document(
            &json!({"function": function, "parameters": parameters}),
        ));
        assert_eq!(
            check_of(&target).kind,
            CheckKind::Lambda(LambdaCheck {
                function: function.into(),
                parameters: parameters.as_object().unwrap().clone(),
            })
        );
    }
}

#[test]
fn a_function_is_named() {
    refused(&json!({}), "lambda: `function` is missing");
    for wrong in ["a b", "a/b", "f\u{e4}", "https://x"] {
        refused(
            &json!({"function": wrong}),
            "lambda.function: expected the name or the ARN of a function\n  \
             hint: letters, digits, `-`, `_`; a version or alias behind `:`",
        );
    }
    let long = "f".repeat(171);
    refused(
        &json!({"function": long}),
        &format!(
            "lambda.function: expected a function's name or ARN (1 to 170 printable characters), found `{}…`",
            "f".repeat(60)
        ),
    );
}

#[test]
fn parameters_are_a_mapping_of_bounded_size() {
    refused(
        &json!({"function": "f", "parameters": [1]}),
        "lambda.parameters: expected a mapping, found a list",
    );
    refused(
        &json!({"function": "f", "parameters": {"a": "x".repeat(16 * 1024)}}),
        "lambda.parameters: expected at most 16 KiB as JSON, found 16392 bytes",
    );
}
