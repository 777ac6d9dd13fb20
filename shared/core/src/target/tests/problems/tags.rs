//! What is said about the rules in `tags` and `ignore`.

use serde_json::{Value, json};

use super::super::{parse, sample};
use super::{assert_problems, put};

#[track_caller]
fn check(tags: Value, expected: &str) {
    let mut document = sample()["targets"][0].clone();
    put(&mut document, "/images/0/tags", tags);
    assert_problems(&document, expected);
}

#[test]
fn an_entry_is_of_one_kind() {
    let kinds =
        "images[0].tags[0]: expected exactly one of `glob`, `regex`, `semver`, `newest`, found";
    check(json!([{}]), &format!("{kinds} nothing"));
    check(
        json!([{"glob": "a*", "newest": true}]),
        &format!("{kinds} `glob`, `newest`"),
    );
    check(
        json!([{"glob": "a*", "order": "numeric"}]),
        "images[0].tags[0].order: belongs to `regex`, not to `glob`",
    );
    check(
        json!([{"newest": true, "prefix": "v"}]),
        "images[0].tags[0].prefix: belongs to `semver`, not to `newest`",
    );
    check(
        json!([{"newest": false}]),
        "images[0].tags[0].newest: expected `true`, or another kind of entry",
    );
    check(
        json!([{"globb": "a*", "glob": "b*"}]),
        "images[0].tags[0].globb: unknown key\n  hint: did you mean `glob`?",
    );
}

#[test]
fn a_bad_pattern_is_refused() {
    check(
        json!([{"glob": "rel-[0-9]*"}]),
        "images[0].tags[0].glob: `rel-[0-9]*` is no pattern of tags (letters, digits, `_`, `.`, `-`, \
         `*` and `?`, 1 to 128 characters)\n  hint: what these cannot say, a `regex` can",
    );
    check(
        json!([{"regex": "v(\\d+"}]),
        "images[0].tags[0].regex: the regular expression does not parse: unclosed group",
    );
    check(
        json!([{"regex": "(\\w{100}){50}"}]),
        "images[0].tags[0].regex: the regular expression is too large when compiled (more than 256 KiB)",
    );
    check(
        json!([{"regex": "a".repeat(501)}]),
        &format!(
            "images[0].tags[0].regex: expected a regular expression (1 to 500 printable characters), \
             found `{}…`",
            "a".repeat(60)
        ),
    );
    check(
        json!([{"semver": ">=1.2 || <1"}]),
        "images[0].tags[0].semver: `>=1.2 || <1` is no range of versions: expected comma after minor \
         version number, found '|'\n  hint: write it as in `>=1.2, <2`, `^1.4` or `*`",
    );
    check(
        json!([{"semver": 1.2}]),
        "images[0].tags[0].semver: expected a range of versions, found the number 1.2\n  \
         hint: put it in quotes",
    );
    check(
        json!([{"semver": ">=1.0.0-rc.1"}]),
        "images[0].tags[0].semver: `>=1.0.0-rc.1` names a pre-release, and pre-releases are not \
         taken\n  hint: write `prerelease: true`",
    );
    check(
        json!([{"semver": "*", "prefix": "-"}]),
        "images[0].tags[0].prefix: expected the beginning of a tag, such as `v`, found `-`",
    );
}

#[test]
fn an_order_needs_something_to_order_by() {
    let hint = r"name what to order by: `(?<version>\d+)`, or leave `order` out to order by time";
    check(
        json!([{"regex": "v(\\d+)", "order": "numeric"}]),
        &format!("images[0].tags[0].regex: there is no named group to order by\n  hint: {hint}"),
    );
    check(
        json!([{"regex": "(?<a>\\d+)(?<b>\\d+)", "order": "lexical"}]),
        &format!(
            "images[0].tags[0].regex: there are several named groups, and none is called `version`\n  \
             hint: {hint}"
        ),
    );
    check(
        json!([{"regex": "v(?<version>\\d+)", "order": "semantic"}]),
        "images[0].tags[0].order: expected `numeric` or `lexical`, found `semantic`",
    );
}

#[test]
fn all_rules_of_a_list_order_in_one_way() {
    let rest = "so that of two images neither would be the newer\n  hint: make a target of its own for \
                each order";
    check(
        json!([{"semver": "*"}, "test"]),
        &format!(
            "images[0].tags[1]: `test` orders by the time of the push, but semver `*` by version, {rest}"
        ),
    );
    check(
        json!([
            {"regex": "v(?<n>\\d+)", "order": "numeric"}, {"regex": "v(?<n>\\d+)", "order": "lexical"},
        ]),
        &format!(
            "images[0].tags[1]: regex `v(?<n>\\d+)` orders by text, but regex `v(?<n>\\d+)` by number, \
             {rest}"
        ),
    );
}

#[test]
fn what_is_ignored_is_a_list_of_patterns_and_no_tag_that_is_named() {
    check(
        json!(["main", "main.sig"]),
        "images[0].tags[1]: `main.sig` is ignored by `*.sig`, and would never be taken\n  hint: write \
         an `ignore` list of your own without it",
    );
    let mut document = sample()["targets"][0].clone();
    put(&mut document, "/images/0/ignore", json!(["*.{sig,att}"]));
    assert_problems(
        &document,
        "images[0].ignore[0]: `*.{sig,att}` is no pattern of tags (letters, digits, `_`, `.`, `-`, `*` \
         and `?`, 1 to 128 characters)\n  hint: what these cannot say, a `regex` can",
    );
    put(&mut document, "/images/0/tags", json!(["main.sig"]));
    put(&mut document, "/images/0/ignore", json!([]));
    assert!(parse(&document).is_ok());
}
