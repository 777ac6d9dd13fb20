//! JSON Schema of what each command prints with `--json`: what scripts may rely on.
//!
//! `schemas/cli/` holds them for others, and a test fails where one is stale. The tests of each command check what it
//! prints by [`assert_kept`]. The schemas are strict: a member more or less is a change of the promise, and is
//! made here, too.

mod primitive;
mod shape;
mod tests;

use serde_json::{Value, json};

use primitive::{
    any_of, anything, boolean, list, object, or_null, text, time, whole, with_image, words,
};
use shape::{
    approval, decision, ended, explained, handed_over, held, intervention, line_released,
    line_stopped, listed, plan, problem, record, record_status, report, status, unreadable,
};

/// Fails unless a command's output is as promised.
#[track_caller]
pub(super) fn assert_kept(command: &str, output: &Value) {
    let schema = schema(command).unwrap_or_else(|| panic!("nothing is promised of `{command}`"));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let error = validator.iter_errors(output).next();
    let error = error.map(|it| format!("{it} at `{}`", it.instance_path()));
    assert_eq!(
        error, None,
        "`{command}` does not print what is promised: {output:#}"
    );
}

/// The schema of a command's output; of a command of commands, by both names: `targets-check`.
fn schema(command: &str) -> Option<Value> {
    let mut schema = match command.strip_prefix("targets-") {
        Some(command) => of_targets(command)?,
        None => of_command(command)?,
    };
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(format!(
        "greenlight {} --json",
        command.replacen('-', " ", 1)
    ));
    Some(schema)
}

fn of_command(command: &str) -> Option<Value> {
    Some(match command {
        "status" => any_of([
            object([("targets", list(any_of([status(), unreadable()])))]),
            status(),
        ]),
        "history" => object([
            ("target", text()),
            ("deployments", list(record())),
            ("interventions", list(intervention())),
        ]),
        "where" => object([
            ("image", text()),
            (
                "targets",
                list(with_image([
                    ("target", text()),
                    ("deployment", text()),
                    ("since", time()),
                ])),
            ),
            (
                "before",
                list(with_image([
                    ("target", text()),
                    ("deployment", text()),
                    ("status", record_status()),
                    ("requested_at", time()),
                    ("concluded_at", or_null(time())),
                ])),
            ),
        ]),
        "explain" => object([("image", text()), ("targets", list(explained()))]),
        "diff" => plan(),
        "deploy" => any_of([plan(), ended()]),
        "rollback" => ended(),
        "continue" | "abort" => object([
            ("target", text()),
            ("deployment", or_null(text())),
            ("result", text()),
        ]),
        "approve" | "reject" => object([
            ("target", text()),
            ("approved", boolean()),
            ("who", text()),
            ("deployment", or_null(text())),
            ("result", text()),
            ("missing", whole()),
            ("gate", or_null(approval())),
        ]),
        "hold" => any_of([handed_over(), line_stopped()]),
        "release" => any_of([handed_over(), line_released()]),
        "promote" => object([
            ("target", text()),
            ("to", text()),
            ("deployment", text()),
            (
                "images",
                list(object([
                    ("repository", text()),
                    ("digest", text()),
                    ("previous", or_null(text())),
                ])),
            ),
        ]),
        "gates" => object([
            ("target", text()),
            ("deployment", text()),
            ("status", record_status()),
            ("gates", list(report())),
            ("decisions", list(decision())),
        ]),
        "verify" => object([
            ("target", text()),
            ("passed", boolean()),
            (
                "gates",
                list(object([("report", report()), ("skipped", list(text()))])),
            ),
        ]),
        _ => return None,
    })
}

/// Those of the commands of `targets`.
fn of_targets(command: &str) -> Option<Value> {
    Some(match command {
        "check" => object([
            ("file", text()),
            ("targets", list(text())),
            ("problems", list(problem())),
        ]),
        "schema" => json!({"type": "object", "required": ["$schema", "$defs"]}),
        "apply" => object([(
            "targets",
            list(object([
                ("target", text()),
                ("result", words(&["created", "changed", "unchanged"])),
                ("adopted", or_null(text())),
            ])),
        )]),
        "list" => object([("targets", list(any_of([listed(), unreadable()])))]),
        "show" => object([
            ("target", text()),
            ("repository", or_null(text())),
            ("version", whole()),
            ("document", anything()),
        ]),
        "remove" => object([("target", text()), ("result", words(&["removed"]))]),
        _ => return None,
    })
}
