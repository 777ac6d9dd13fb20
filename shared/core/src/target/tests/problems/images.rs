//! What is said about images and placeholders.

use serde_json::{Value, json};

use super::super::{parse, sample};
use super::{check, put};

#[test]
fn a_pattern_is_not_taken_for_a_tag() {
    check(
        "/images",
        json!([{"container": "api", "repository": "mco/api", "tags": ["rel-*"]}]),
        "images[0].tags[0]: `rel-*` is a pattern, not a tag\n  hint: write `{glob: \"rel-*\"}`",
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
            {"container": "api", "repository": "mco/web", "tags": ["b"]},
        ]),
        "images[1].container: the container `api` already takes another image",
    );
}

#[test]
fn images_of_one_repository_take_the_same_tags() {
    let images = |tags: Value| {
        json!([
            {"container": "api", "repository": "mco/api", "tags": ["test", "live"]},
            {"container": "proxy", "repository": "mco/proxy", "tags": ["stable"]},
            {"container": "worker", "repository": "mco/api", "tags": tags},
        ])
    };
    check(
        "/images",
        images(json!(["test"])),
        "images[2].tags: expected the same tags as those of images[0], which is of the same \
         repository: `test`, `live`, found `test`\n  hint: write the same list for every image of \
         a repository, or make a target of its own for the other tags",
    );
    let mut document = sample()["targets"][0].clone();
    put(&mut document, "/images", images(json!(["live", "test"])));
    assert!(parse(&document).is_ok());
}

#[test]
fn one_registry_under_two_host_names_is_one() {
    let host = |infix: &str| format!("123456789012.{infix}.eu-west-1.amazonaws.com/mco/api");
    check(
        "/images",
        json!([
            {"container": "api", "repository": host("dkr.ecr"), "tags": ["a"]},
            {"container": "worker", "repository": host("dkr.ecr-fips"), "tags": ["b"]},
        ]),
        "images[1].tags: expected the same tags as those of images[0], which is of the same \
         repository: `a`, found `b`\n  hint: write the same list for every image of a repository, \
         or make a target of its own for the other tags",
    );
}

#[test]
fn images_of_one_repository_ignore_the_same() {
    check(
        "/images",
        json!([
            {"container": "api", "repository": "mco/api", "tags": ["a"]},
            {"container": "worker", "repository": "mco/api", "tags": ["a"], "ignore": []},
        ]),
        "images[1].ignore: expected the same as that of images[0], which is of the same repository\n  \
         hint: write the same list for every image of a repository",
    );
}

/// The sample with a template, so that placeholders mean something.
#[track_caller]
fn check_placeholder(placeholder: Value, expected: &str) {
    let mut document = sample()["targets"][0].clone();
    put(&mut document, "/task_definition", json!("s3://bucket/key"));
    put(&mut document, "/images/0/placeholder", placeholder);
    super::assert_problems(&document, expected);
}

#[test]
fn a_placeholder_is_a_name_without_its_brackets() {
    check_placeholder(
        json!("<IMAGE1_NAME>"),
        "images[0].placeholder: `<IMAGE1_NAME>` is not the name of a placeholder (letters, digits, \
         `-` and `_`)\n  hint: write it without the angle brackets: `IMAGE1_NAME`",
    );
    check_placeholder(
        json!("IMAGE 1"),
        "images[0].placeholder: `IMAGE 1` is not the name of a placeholder (letters, digits, `-` \
         and `_`)",
    );
    check_placeholder(
        json!("<>"),
        "images[0].placeholder: `<>` is not the name of a placeholder (letters, digits, `-` and `_`)",
    );
    check_placeholder(
        json!("TASK_DEFINITION"),
        "images[0].placeholder: `TASK_DEFINITION` stands for the task definition\n  \
         hint: name the image's, such as `IMAGE1_NAME`",
    );
    check_placeholder(
        json!(""),
        "images[0].placeholder: expected the name of a placeholder (1 to 255 printable characters), \
         found an empty text",
    );
}

#[test]
fn a_placeholder_stands_for_one_image() {
    let mut document = sample()["targets"][0].clone();
    put(&mut document, "/task_definition", json!("s3://bucket/key"));
    put(
        &mut document,
        "/images",
        json!([
            {"container": "api", "repository": "mco/api", "tags": ["a"], "placeholder": "IMAGE"},
            {"container": "web", "repository": "mco/web", "tags": ["a"], "placeholder": "IMAGE"},
        ]),
    );
    super::assert_problems(
        &document,
        "images[1].placeholder: `IMAGE` already stands for another image",
    );
}

#[test]
fn a_placeholder_without_a_template_is_pointed_out() {
    let mut document = sample()["targets"][0].clone();
    put(&mut document, "/images/0/placeholder", json!("IMAGE1_NAME"));
    super::assert_problems(
        &document,
        "images[0].placeholder: means nothing without a template\n  hint: name one with \
         `task_definition: s3://bucket/key`, or leave the placeholder out",
    );
    for (key, value) in [
        ("/task_definition", json!("s3://bucket/key")),
        ("/appspec", json!("s3://bucket/key")),
        (
            "/before",
            json!([{"task": {"task_definition": "s3://bucket/key"}}]),
        ),
    ] {
        let mut document = document.clone();
        put(&mut document, key, value);
        assert!(parse(&document).is_ok(), "{key}");
    }
}
