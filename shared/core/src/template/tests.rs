use proptest::prelude::*;
use serde_json::{Value, json};

use super::{LIMIT, Placeholders, TemplateError, resolve, text};

const FILE: &str = "s3://mco/taskdef.json";

fn placeholders() -> Placeholders {
    [
        (
            "IMAGE1_NAME",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:0a",
        ),
        (
            "TASK_DEFINITION",
            "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:8",
        ),
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
    check(
        r#"{"image": "<IMAGE1_NAME>"}"#,
        json!({"image": placeholders().get("IMAGE1_NAME")}),
    );
    check(
        r#"["a <sidecar-image> b<sidecar-image>"]"#,
        json!(["a router:3 brouter:3"]),
    );
    check(r#"{"<sidecar-image>": 1}"#, json!({"router:3": 1}));
    check(r#"["\u003csidecar-image\u003e"]"#, json!(["router:3"]));
    check(r#"["<<sidecar-image>>"]"#, json!(["<router:3>"]));
}

#[test]
fn yaml_has_them_with_and_without_quotes() {
    let text = "# <NOT_A_PLACEHOLDER>: a comment is no part of the document\n\
                a: <sidecar-image>\nb: \"<sidecar-image>\"\nc: |\n  <sidecar-image>\n";
    let document = resolve(text, "appspec.yaml", &placeholders()).unwrap();
    assert_eq!(
        document,
        json!({"a": "router:3", "b": "router:3", "c": "router:3\n"})
    );
}

#[test]
fn angle_brackets_in_ordinary_text_stay() {
    for ordinary in [
        "a < b",
        "<html>",
        "</P>",
        "x<y>z",
        "<A",
        "A>",
        "<>",
        "< A >",
        "<A B>",
        "<-A>",
        "<a@b.c>",
        "1 << 2 >> 3",
        "<ÄÖ>",
        "<Html>",
        "<1>",
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
    insta::assert_snapshot!(refused(text, FILE), @"
    s3://mco/taskdef.json: the placeholder `<ESCAPED>` has no value
      hint: placeholders that have a value: `<IMAGE1_NAME>`, `<TASK_DEFINITION>`, `<sidecar-image>`
    s3://mco/taskdef.json:2: the placeholder `<IMAGE_NAME>` has no value
      hint: did you mean `<IMAGE1_NAME>`?
    s3://mco/taskdef.json:3: the placeholder `<CPU>` has no value
      hint: placeholders that have a value: `<IMAGE1_NAME>`, `<TASK_DEFINITION>`, `<sidecar-image>`
    s3://mco/taskdef.json:3: the placeholder `<MEMORY>` has no value
      hint: placeholders that have a value: `<IMAGE1_NAME>`, `<TASK_DEFINITION>`, `<sidecar-image>`
    s3://mco/taskdef.json:4: the placeholder `<task_definition>` has no value
      hint: did you mean `<TASK_DEFINITION>`?
    s3://mco/taskdef.json:5: the placeholder `<CPU>` has no value
      hint: placeholders that have a value: `<IMAGE1_NAME>`, `<TASK_DEFINITION>`, `<sidecar-image>`
    s3://mco/taskdef.json:5: the placeholder `<IMAGE-1-NAME>` has no value
      hint: did you mean `<IMAGE1_NAME>`?
    ");
}

#[test]
fn without_any_value_the_hint_says_so() {
    let error = resolve("[\"<A>\"]", FILE, &Placeholders::default()).unwrap_err();
    insta::assert_snapshot!(error, @"
    s3://mco/taskdef.json:1: the placeholder `<A>` has no value
      hint: no placeholder has a value here
    ");
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
    insta::assert_snapshot!(all.join("\n"), @r#"
    s3://mco/taskdef.json:3:1: not JSON: trailing comma
    s3://mco/taskdef.json:2:5: not JSON: expected value
      hint: a placeholder stands between quotes: `"<IMAGE1_NAME>"`
    s3://mco/taskdef.json:1:7: not JSON: EOF while parsing an object
    s3://mco/taskdef.json:1:1: not JSON: EOF while parsing a value
    appspec.yaml:2:2: not YAML: did not find expected ',' or ']'
    s3://mco/appspec:2:1: not YAML: found a tab character that violates indentation
    appspec.yml:1:9: not YAML: did not find expected node content
    taskdef.JSON:1:2: not JSON: expected ident
    "#);
}

#[test]
fn json_under_a_yaml_name_and_with_a_byte_order_mark_is_read() {
    let text = "\u{feff}{\n\t\"a\": \"<sidecar-image>\"\n}";
    let document = resolve(text, "appspec.yaml", &placeholders()).unwrap();
    assert_eq!(document, json!({"a": "router:3"}));
}

#[test]
fn a_file_that_is_no_text_or_too_long_is_refused() {
    insta::assert_snapshot!(text(b"ab\xff", FILE).unwrap_err(), @"s3://mco/taskdef.json: the file is not UTF-8 text; the first bad byte is at offset 2");
    let long = " ".repeat(LIMIT + 1);
    insta::assert_snapshot!(text(long.as_bytes(), FILE).unwrap_err(), @"s3://mco/taskdef.json: the file has 1048577 bytes; a template may have 1048576");
    assert!(matches!(
        resolve(&long, FILE, &placeholders()),
        Err(TemplateError::TooLong { .. })
    ));
    assert_eq!(text(b"{}", FILE), Ok("{}"));
}

#[test]
fn an_alias_bomb_is_an_error() {
    let mut bomb = vec!["a0: &a0 [x]".to_owned()];
    for i in 1..30 {
        let refs = vec![format!("*a{}", i - 1); 10].join(",");
        bomb.push(format!("a{i}: &a{i} [{refs}]"));
    }
    assert!(resolve(&bomb.join("\n"), "a.yaml", &placeholders()).is_err());
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
