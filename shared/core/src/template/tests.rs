use proptest::prelude::*;
use serde_json::{Value, json};

use super::{LIMIT, Placeholders, TemplateError, resolve, text};

const FILE: &str = "s3://mco/taskdef.json";

fn placeholders() -> Placeholders {
    [
        ("IMAGE1_NAME", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:0a"),
        ("TASK_DEFINITION", "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:8"),
        ("sidecar-image", "router:3"),
    ]
    .into_iter()
    .collect()
}

fn resolved(text: &str) -> Value {
    resolve(text, FILE, &placeholders()).unwrap()
}

fn refused(text: &str, file: &str) -> String {
    resolve(text, file, &placeholders())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_placeholder_becomes_its_value_wherever_it_stands_in_a_string() {
    let check = |text: &str, expected: Value| assert_eq!(resolved(text), expected, "{text}");
    check(r#"{"image": "<IMAGE1_NAME>"}"#, json!({"image": placeholders().get("IMAGE1_NAME")}));
    check(r#"["a <sidecar-image> b<sidecar-image>"]"#, json!(["a router:3 brouter:3"]));
    check(r#"{"<sidecar-image>": 1}"#, json!({"router:3": 1}));
    check(r#"["\u003csidecar-image\u003e"]"#, json!(["router:3"]));
    check(r#"["<<sidecar-image>>"]"#, json!(["<router:3>"]));
}

#[test]
fn yaml_has_them_with_and_without_quotes() {
    let text = "# <NOT_A_PLACEHOLDER>: a comment is no part of the document\n\
                a: <sidecar-image>\nb: \"<sidecar-image>\"\nc: |\n  <sidecar-image>\n";
    let document = resolve(text, "appspec.yaml", &placeholders()).unwrap();
    assert_eq!(document, json!({"a": "router:3", "b": "router:3", "c": "router:3\n"}));
}

#[test]
fn angle_brackets_in_ordinary_text_stay() {
    for ordinary in [
        "a < b", "<html>", "</P>", "x<y>z", "<A", "A>", "<>", "< A >", "<A B>", "<-A>", "<a@b.c>",
        "1 << 2 >> 3", "<ÄÖ>", "<Html>", "<1>",
    ] {
        assert_eq!(resolved(&json!([ordinary]).to_string()), json!([ordinary]));
    }
}

#[test]
fn every_placeholder_without_a_value_is_reported_at_once_with_line_file_and_hint() {
    let text = r#"{
  "image": "<IMAGE_NAME>",
  "cpu": "<CPU>", "memory": "<sidecar-image><MEMORY>",
  "role": "<task_definition>",
  "again": ["<CPU>", "<IMAGE-1-NAME>", "\u003cESCAPED\u003e"]
}"#;
    insta::assert_snapshot!(refused(text, FILE), @"");
}

#[test]
fn without_any_value_the_hint_says_so() {
    let error = resolve("[\"<A>\"]", FILE, &Placeholders::default()).unwrap_err();
    insta::assert_snapshot!(error, @"");
}

#[test]
fn what_is_no_document_is_reported_with_line_and_column() {
    let all = [
        refused("{\n  \"a\": 1,\n}", FILE),
        refused("{\"image\":\n    <IMAGE1_NAME>}", FILE),
        refused("{\"a\": 1", FILE),
        refused("", FILE),
        refused("a: [1\nb: 2", "appspec.yaml"),
        refused("a: 1\n\tb: 2", "s3://mco/appspec"),
        refused("{\"a\": 1,,}", "appspec.yml"),
        refused("not JSON", "taskdef.JSON"),
    ];
    insta::assert_snapshot!(all.join("\n"), @"");
}

#[test]
fn json_under_a_yaml_name_and_with_a_byte_order_mark_is_read() {
    let text = "\u{feff}{\n\t\"a\": \"<sidecar-image>\"\n}";
    let document = resolve(text, "appspec.yaml", &placeholders()).unwrap();
    assert_eq!(document, json!({"a": "router:3"}));
}

#[test]
fn a_file_that_is_no_text_or_too_long_is_refused() {
    insta::assert_snapshot!(text(b"ab\xff", FILE).unwrap_err(), @"");
    let long = " ".repeat(LIMIT + 1);
    insta::assert_snapshot!(text(long.as_bytes(), FILE).unwrap_err(), @"");
    assert!(matches!(resolve(&long, FILE, &placeholders()), Err(TemplateError::TooLong { .. })));
    assert_eq!(text(b"{}", FILE), Ok("{}"));
}

#[test]
fn an_alias_bomb_is_an_error() {
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for i in 1..30 {
        let refs = vec![format!("*a{}", i - 1); 10].join(",");
        bomb.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
    }
    assert!(resolve(&bomb, "a.yaml", &placeholders()).is_err());
}

proptest! {
    #[test]
    fn no_value_can_break_the_document(value in any::<String>(), before in "[^<>]{0,8}", after in "[^<>]{0,8}") {
        let template = json!({"a": format!("{before}<X>{after}"), "b": ["<X>", 1, null], "c": "<Y>"}).to_string();
        let placeholders: Placeholders = [("X", value.as_str()), ("Y", "<X>")].into_iter().collect();
        let expected = json!({"a": format!("{before}{value}{after}"), "b": [value, 1, null], "c": "<X>"});
        prop_assert_eq!(resolve(&template, FILE, &placeholders).unwrap(), expected.clone());
        let yaml = serde_norway::to_string(&serde_json::from_str::<Value>(&template).unwrap()).unwrap();
        prop_assert_eq!(resolve(&yaml, "t.yaml", &placeholders).unwrap(), expected);
    }

    #[test]
    fn a_document_without_placeholders_comes_out_as_it_went_in(strings in prop::collection::vec("[^A-Z]{0,20}", 0..5)) {
        let document = json!({"list": strings});
        prop_assert_eq!(resolve(&document.to_string(), FILE, &Placeholders::default()).unwrap(), document);
    }

    #[test]
    fn the_line_is_that_of_the_text(lines in 0_usize..50, name in "[A-Z][A-Z0-9_]{0,10}") {
        let template = format!("{{{}\"a\":\n\"<{name}>\"}}", "\n".repeat(lines));
        let Err(TemplateError::Unresolved(found)) = resolve(&template, FILE, &Placeholders::default()) else {
            return Err(TestCaseError::fail("resolved"));
        };
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].line, Some(lines + 2));
        prop_assert_eq!(&found[0].name, &name);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[<>A-Z\\-_\u{e000}\u{e001}0-9 :\"\\[\\]{}\n,a-c]{0,60}") {
        let _ = resolve(&text, "t.yaml", &placeholders());
        let _ = resolve(&text, FILE, &placeholders());
        let _ = resolve(&json!([text]).to_string(), FILE, &placeholders());
    }
}
