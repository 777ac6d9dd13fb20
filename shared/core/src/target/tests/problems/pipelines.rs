//! What is said about pipelines.

use serde_json::{Value, json};

use super::super::{parse, sample};
use super::assert_problems;

fn with_pipeline(parameters: Value) -> Value {
    let target = &sample()["targets"][0];
    let mut document = json!({"name": "api-prod", "images": target["images"]});
    document["deploy"]["pipeline"] = parameters;
    document
}

#[track_caller]
fn check_pipeline(parameters: Value, expected: &str) {
    let expected = expected.replace("pipeline.", "deploy.pipeline.");
    assert_problems(&with_pipeline(parameters), &expected);
}

#[test]
fn pipelines_actions_and_variables_are_named_as_codepipeline_does() {
    check_pipeline(
        json!({"name": "a b", "action": "So/urce"}),
        "pipeline.name: `a b` is not the name of a pipeline (letters, digits, `.`, `@`, `_` and `-`)\n\
         pipeline.action: `So/urce` is not the name of a source action (letters, digits, `.`, `@`, `_` and `-`)",
    );
    check_pipeline(
        json!({"name": "", "action": "x"}),
        "pipeline.name: expected the name of a pipeline (1 to 100 printable characters), found an empty text",
    );
    check_pipeline(
        json!({"name": "p", "action": "x".repeat(101)}),
        &format!(
            "pipeline.action: expected the name of a source action (1 to 100 printable characters), found `{}…`",
            "x".repeat(60)
        ),
    );
    check_pipeline(
        json!({"name": "p", "variables": {"a b": "{image}", "": "x", "IMAGE.URI": "y"}}),
        "pipeline.variables[\"a b\"]: `a b` is not the name of a variable (1 to 128 letters, digits, `@`, `_` and `-`)\n\
         pipeline.variables[\"\"]: `` is not the name of a variable (1 to 128 letters, digits, `@`, `_` and `-`)\n\
         pipeline.variables[\"IMAGE.URI\"]: `IMAGE.URI` is not the name of a variable (1 to 128 letters, digits, `@`, `_` and `-`)",
    );
    let long = "V".repeat(129);
    check_pipeline(
        json!({"name": "p", "variables": {long: "{image}"}}),
        &format!(
            "pipeline.variables[\"{}…\"]: `{}…` is not the name of a variable (1 to 128 letters, digits, `@`, `_` and `-`)",
            "V".repeat(60),
            "V".repeat(80)
        ),
    );
    check_pipeline(
        json!({"action": "Source"}),
        "deploy.pipeline: `name` is missing",
    );
}

#[test]
fn a_variable_has_a_value_of_a_thousand_characters() {
    check_pipeline(
        json!({"name": "p", "variables": {"I": "{image}", "A": "", "B": "x".repeat(1001), "C": 3}}),
        &format!(
            "pipeline.variables.A: expected the variable's value (1 to 1000 printable characters), found an empty text\n\
             pipeline.variables.B: expected the variable's value (1 to 1000 printable characters), found `{}…`\n\
             pipeline.variables.C: expected the variable's value, found the number 3\n  hint: put it in quotes",
            "x".repeat(60)
        ),
    );
    let variables: serde_json::Map<_, _> = (0..51)
        .map(|number| (format!("V{number}"), json!("{image}")))
        .collect();
    check_pipeline(
        json!({"name": "p", "variables": variables}),
        "pipeline.variables: expected at most 50 entries, found 51",
    );
    check_pipeline(
        json!({"name": "p", "variables": []}),
        "pipeline.variables: expected a mapping of variables and values, found an empty list",
    );
}

#[test]
fn a_word_that_stands_for_nothing_is_pointed_out() {
    check_pipeline(
        json!({"name": "p", "variables": {"A": "{digset}", "B": "{url} {Tag}", "C": "{\"tag\": \"{tag}\"}"}}),
        "pipeline.variables.A: `{digset}` stands for nothing\n  hint: did you mean `{digest}`?\n\
         pipeline.variables.B: `{url}` stands for nothing\n  hint: known here: `{image}`, `{repository}`, \
         `{digest}`, `{tag}`, `{target}`, `{deployment}`\n\
         pipeline.variables.B: `{Tag}` stands for nothing\n  hint: did you mean `{tag}`?",
    );
}

#[test]
fn the_image_has_to_reach_the_pipeline() {
    let expected = "deploy.pipeline: the image would not reach the pipeline\n  hint: name its ECR source \
                    `action`, or give one of its `variables` a value with `{image}`, `{digest}` or `{tag}`";
    assert_problems(&with_pipeline(json!({"name": "p"})), expected);
    assert_problems(
        &with_pipeline(json!({"name": "p", "variables": {
            "A": "{repository} {target} {deployment}", "B": "image",
        }})),
        expected,
    );
    for parameters in [
        json!({"name": "p", "action": "Source"}),
        json!({"name": "p", "variables": {"A": "{image}"}}),
        json!({"name": "p", "variables": {"A": "x-{tag}"}}),
        json!({"name": "p", "variables": {"A": "{repository}@{digest}"}}),
    ] {
        assert!(
            parse(&with_pipeline(parameters.clone())).is_ok(),
            "{parameters}"
        );
    }
}

#[test]
fn a_pipeline_is_told_of_one_image() {
    let mut document = with_pipeline(json!({"name": "p", "action": "Source"}));
    document["images"] = json!([
        {"container": "api", "repository": "mco/api", "tags": ["test"]},
        {"container": "worker", "repository": "mco/api", "tags": ["test"]},
        {"container": "proxy", "repository": "mco/proxy", "tags": ["test"]},
    ]);
    assert_problems(
        &document,
        "images[2].repository: a pipeline takes images of one repository, and the first is of \
         `mco/api`\n  hint: make a target of its own for each repository",
    );
}
