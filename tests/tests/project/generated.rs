//! What is checked in and generated from the code is what the code says now.
//!
//! `GREENLIGHT_WRITE_DOCS=1 cargo test --workspace --test project generated` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use greenlight_core::{
    record::{self, DetailType},
    target,
};
use greenlight_tests::event_contract::check_event;
use rehearsal::account::events::Pattern;
use serde_json::{Value, json};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compares a file with what it should be, or writes it.
pub(crate) fn is_current(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("GREENLIGHT_WRITE_DOCS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, expected).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "{path} is stale. hint: run `GREENLIGHT_WRITE_DOCS=1 cargo test --workspace --test project generated`"
    );
}

fn schema(value: &Value) -> String {
    jsonschema::meta::validate(value).unwrap();
    format!("{value:#}\n")
}

#[test]
fn the_schema_of_targets_is_current() {
    is_current("schemas/targets.schema.json", &schema(&target::schema()));
}

#[test]
fn the_reference_is_current() {
    is_current("docs/reference/targets.md", &target::reference::targets());
    is_current("docs/reference/gates.md", &target::reference::gates());
}

#[test]
fn the_schemas_of_events_are_current_and_no_others_are_there() {
    for kind in DetailType::ALL {
        let path = format!("schemas/events/{}.schema.json", kind.file_name());
        is_current(&path, &schema(&kind.schema()));
    }
    let files = std::fs::read_dir(root().join("schemas/events")).unwrap();
    assert_eq!(files.count(), DetailType::ALL.len());
    is_current("docs/events.md", &record::reference::page());
}

/// A detail-type that is added has a schema, or this does not hold.
#[test]
fn every_detail_type_is_in_the_list() {
    let source = root().join("shared/core/src/record/announcement.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let declared = source.matches("#[serde(rename = \"").count();
    assert_eq!(declared, DetailType::ALL.len());
    let names: BTreeSet<&str> = DetailType::ALL
        .into_iter()
        .map(DetailType::as_str)
        .collect();
    assert_eq!(names.len(), declared);
}

#[test]
fn the_examples_of_events_are_as_their_schemas_say() {
    for kind in DetailType::ALL {
        check_event(&kind.example()).unwrap();
    }
}

#[test]
fn an_event_with_a_field_more_or_less_is_not_as_its_schema_says() {
    for kind in DetailType::ALL {
        let mut more = kind.example();
        more["detail"]["colour"] = json!("green");
        let problem = check_event(&more).unwrap_err();
        assert!(problem.contains("colour"), "{problem}");
        let mut less = kind.example();
        less["detail"]
            .as_object_mut()
            .unwrap()
            .shift_remove("target");
        let problem = check_event(&less).unwrap_err();
        assert!(problem.contains("target"), "{problem}");
    }
    let mut other = DetailType::Held.example();
    other["detail-type"] = json!("Target Forgotten");
    assert!(check_event(&other).unwrap_err().contains("no schema"));
}

#[test]
fn each_pattern_takes_the_events_that_it_is_said_to_take() {
    for example in record::reference::PATTERNS {
        let pattern: Value = serde_json::from_str(example.pattern).unwrap();
        let pattern = Pattern::parse(&pattern).unwrap();
        let takes: Vec<DetailType> = DetailType::ALL
            .into_iter()
            .filter(|kind| pattern.matches(&kind.example()))
            .collect();
        assert_eq!(takes, example.takes, "{}", example.says);
    }
}

/// What takes none of the examples takes events that are otherwise alike.
#[test]
fn patterns_that_take_no_example_take_what_they_are_for() {
    let events = [
        (DetailType::Failed, "/detail/target", json!("api-prod")),
        (
            DetailType::Promoted,
            "/detail/promotion/to",
            json!("production"),
        ),
        (DetailType::Held, "/detail/until", Value::Null),
    ];
    let patterns = record::reference::PATTERNS
        .iter()
        .filter(|it| it.takes.is_empty());
    let mut taken = 0;
    for (example, (kind, place, value)) in patterns.zip(events) {
        let pattern: Value = serde_json::from_str(example.pattern).unwrap();
        let mut event = kind.example();
        *event.pointer_mut(place).unwrap() = value;
        assert!(
            Pattern::parse(&pattern).unwrap().matches(&event),
            "{}",
            example.says
        );
        taken += 1;
    }
    assert_eq!(taken, 3);
}

#[test]
fn every_example_is_a_document_that_editors_accept() {
    let validator = jsonschema::draft202012::new(&target::schema()).unwrap();
    let mut count = 0;
    for page in ["docs/targets.md", "docs/gates.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for sample in text.split("```yaml\n").skip(1) {
            let sample = sample.split("```").next().unwrap();
            let document: Value = serde_norway::from_str(sample).unwrap();
            let error = validator
                .iter_errors(&document)
                .next()
                .map(|it| it.to_string());
            assert_eq!(error, None, "{page}: {sample}");
            count += 1;
        }
    }
    assert!(count >= 20, "{count}");
}
