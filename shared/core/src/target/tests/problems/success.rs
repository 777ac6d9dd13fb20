//! `on_success` and `promote`.

use serde_json::{Value, json};

use super::{check, sample};
use crate::target::tests::one;

#[test]
fn a_target_must_not_follow_the_tags_that_it_gives() {
    check(
        "/on_success",
        json!({"tag": "test"}),
        "on_success.tag: images[0] takes the tag `test`, so that the target would deploy what it has \
         deployed\n  hint: give a tag that the target's own `tags` do not take",
    );
    check(
        "/promote",
        json!({"tag": "test", "after": "30m"}),
        "promote.tag: images[0] takes the tag `test`, so that the target would deploy what it has \
         deployed\n  hint: give a tag that the target's own `tags` do not take",
    );
}

#[test]
fn the_tag_of_a_promotion_is_not_given_before_its_time() {
    let mut document = sample()["targets"][0].clone();
    document["on_success"] = json!({"tag": "staging"});
    document["promote"] = json!({"tag": "staging", "after": "30m"});
    super::assert_problems(
        &document,
        "promote.tag: `staging` is given on success already, before any time has passed\n  hint: give \
         two different tags",
    );
}

#[test]
fn the_values_are_tags_names_and_bounded_times() {
    for (pointer, value, expected) in [
        ("/promote", json!({}), "promote: `tag` is missing"),
        (
            "/promote",
            json!({"tag": "staging", "after": "721h"}),
            "promote.after: expected a duration from 0s to 720h, found `721h`",
        ),
        (
            "/on_success",
            json!({"parameter": "a/b"}),
            "on_success.parameter: `a/b` is not the name of an SSM parameter (a name of several levels \
             begins with `/`)",
        ),
        (
            "/on_success",
            json!({"tags": "x"}),
            "on_success.tags: unknown key\n  hint: did you mean `tag`?",
        ),
    ] {
        check(pointer, value, expected);
    }
}

#[test]
fn with_several_repositories_each_container_has_a_parameter_of_its_own() {
    let mut document = sample()["targets"][0].clone();
    document["on_success"] = json!({"parameter": "/deployed/api"});
    let names = |document: &Value| -> Vec<(String, String)> {
        let target = one(document);
        let parameters = target.parameters();
        let named = parameters.iter();
        named
            .map(|(name, source)| (name.to_string(), source.container.clone()))
            .collect()
    };
    let pair = |name: &str, container: &str| (name.to_owned(), container.to_owned());
    assert_eq!(names(&document), [pair("/deployed/api", "api")]);
    document["images"] = json!([
        {"container": "api", "repository": "mco/api", "tags": ["test"]},
        {"container": "worker", "repository": "mco/api", "tags": ["test"]},
    ]);
    assert_eq!(names(&document), [pair("/deployed/api", "api")]);
    document["images"][1]["repository"] = json!("mco/proxy");
    assert_eq!(
        names(&document),
        [
            pair("/deployed/api/api", "api"),
            pair("/deployed/api/worker", "worker")
        ]
    );
    document["on_success"]["parameter"] = json!("flat");
    super::assert_problems(
        &document,
        "on_success.parameter: `flat/api` is not the name of an SSM parameter (a name of several levels \
         begins with `/`)\n  hint: with images of several repositories, each container has a parameter \
         below this one",
    );
}
