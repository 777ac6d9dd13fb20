//! JSON Schema of what each command prints with `--json`: what scripts may rely on.
//!
//! `schemas/cli/` holds them for others, and a test fails where one is stale. The tests of each command check what it
//! prints by [`assert_kept`]. The schemas are strict: a member more or less is a change of the promise, and is
//! made here, too.

use std::path::Path;

use clap::CommandFactory as _;
use serde_json::{Map, Value, json};

use crate::arguments::Arguments;

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
    let mut schema = match command {
        "targets-check" => object([
            ("file", text()),
            ("targets", list(text())),
            ("problems", list(problem())),
        ]),
        "targets-schema" => json!({"type": "object", "required": ["$schema", "$defs"]}),
        "targets-apply" => object([(
            "targets",
            list(object([
                ("target", text()),
                ("result", words(&["created", "changed", "unchanged"])),
                ("adopted", or_null(text())),
            ])),
        )]),
        "targets-list" => object([("targets", list(any_of([listed(), unreadable()])))]),
        "targets-show" => object([
            ("target", text()),
            ("repository", or_null(text())),
            ("version", whole()),
            ("document", anything()),
        ]),
        "targets-remove" => object([("target", text()), ("result", words(&["removed"]))]),
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
        "hold" => any_of([
            handed_over(),
            object([
                ("target", json!({"type": "null"})),
                ("who", text()),
                ("hold", held()),
                ("result", text()),
            ]),
        ]),
        "release" => any_of([
            handed_over(),
            object([
                ("target", json!({"type": "null"})),
                ("who", text()),
                ("result", text()),
                (
                    "started",
                    list(object([("target", text()), ("result", text())])),
                ),
            ]),
        ]),
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
    };
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(format!(
        "greenlight {} --json",
        command.replacen('-', " ", 1)
    ));
    Some(schema)
}

fn problem() -> Value {
    object([("path", text()), ("message", text()), ("hint?", text())])
}

fn unreadable() -> Value {
    object([("target", text()), ("problems", list(problem()))])
}

fn listed() -> Value {
    object([
        ("target", text()),
        ("repository", or_null(text())),
        ("document", anything()),
    ])
}

fn status() -> Value {
    let drift = object([
        ("found_at", time()),
        ("expected", text()),
        ("runs", text()),
        ("cause", or_null(text())),
        ("is_foreign", boolean()),
    ]);
    let waits = || with_image([("deployment", text()), ("reason", text())]);
    object([
        ("target", text()),
        (
            "service",
            or_null(object([("cluster", text()), ("name", text())])),
        ),
        ("repository", or_null(text())),
        (
            "current",
            or_null(with_image([
                ("deployment", text()),
                ("task_definition", or_null(text())),
                ("since", time()),
                ("drift?", drift),
                ("is_proved", boolean()),
            ])),
        ),
        (
            "active",
            or_null(with_image([
                ("deployment", text()),
                ("origin", origin()),
                ("phase", words(&["requested", "before", "started"])),
                ("aws_id", or_null(text())),
                ("progress", or_null(progress())),
            ])),
        ),
        ("queued", or_null(waits())),
        ("hold", or_null(held())),
        ("line", or_null(held())),
        ("window", or_null(text())),
        ("rollback", or_null(waits())),
        ("rejected", list(text())),
        ("asked", list(approval())),
        ("marks?", object([("text", text()), ("set", boolean())])),
        (
            "promotion?",
            object([
                ("to", text()),
                ("text", text()),
                ("done", boolean()),
                ("due_at", or_null(time())),
            ]),
        ),
    ])
}

fn progress() -> Value {
    let awaiting = object([
        ("what", text()),
        ("until", or_null(time())),
        ("otherwise", or_null(text())),
        ("remedy", or_null(text())),
    ]);
    object([
        ("deployment", text()),
        ("headline", text()),
        ("facts", list(text())),
        ("awaiting", or_null(awaiting)),
    ])
}

fn explained() -> Value {
    let past = || ("past", list(record()));
    any_of([
        object([
            ("target", text()),
            ("verdict", words(&["other_repository"])),
            ("repositories", list(text())),
            past(),
        ]),
        object([
            ("target", text()),
            ("verdict", words(&["not_understood"])),
            past(),
        ]),
        object([
            ("target", text()),
            ("verdict", words(&["no_such_image"])),
            ("repositories", list(text())),
            ("policy", or_null(text())),
            past(),
        ]),
        object([
            ("target", text()),
            (
                "verdict",
                words(&["taken", "ignored", "not_taken", "untagged", "archived"]),
            ),
            (
                "presence",
                or_null(words(&["live", "under_way", "waiting"])),
            ),
            ("repository", text()),
            ("digest", text()),
            ("pushed_at", or_null(time())),
            (
                "tags",
                list(object([
                    ("tag", text()),
                    ("verdict", words(&["taken", "ignored", "not_taken"])),
                    ("rule", text()),
                ])),
            ),
            ("decision", or_null(text())),
            ("rule", or_null(text())),
            ("text", text()),
            past(),
        ]),
    ])
}

/// What `diff` and `deploy --dry-run` show.
fn plan() -> Value {
    let task = object([
        ("container", or_null(text())),
        ("command", or_null(list(text()))),
        ("task_definition", or_null(text())),
    ]);
    let pipeline = object([
        ("name", text()),
        ("action", or_null(text())),
        ("variables", map(text())),
    ]);
    with_image([
        ("target", text()),
        ("decision", text()),
        ("rule", text()),
        ("live", or_null(text())),
        ("registers", boolean()),
        (
            "difference",
            or_null(list(object([
                ("path", text()),
                ("kind", words(&["added", "removed", "changed"])),
                ("old?", anything()),
                ("new?", anything()),
            ]))),
        ),
        ("pipeline", or_null(pipeline)),
        ("before", list(task)),
        ("gates", map(list(text()))),
        ("notes", list(text())),
        ("faults", list(text())),
        ("lacks_hook", boolean()),
    ])
}

/// What came of a deployment that was asked for.
fn ended() -> Value {
    object([
        ("decision", text()),
        ("rule", text()),
        ("deployment", record()),
        ("lines", list(object([("at", time()), ("text", text())]))),
    ])
}

fn record_status() -> Value {
    words(&[
        "queued",
        "requested",
        "started",
        "succeeded",
        "failed",
        "start_failed",
        "superseded",
    ])
}

fn record() -> Value {
    let image = |more: Vec<(&'static str, Value)>| {
        let mut members = vec![
            ("repository", text()),
            ("digest", text()),
            ("tag?", text()),
            ("ordered_at", time()),
            ("rank?", anything()),
        ];
        members.extend(more);
        object(members)
    };
    let candidate = image(vec![("with?", list(image(Vec::new()))), ("files?", text())]);
    object([
        ("id", text()),
        ("target", text()),
        ("candidate", candidate),
        ("origin", origin()),
        ("status", record_status()),
        ("requested_at", time()),
        ("started_at?", time()),
        ("concluded_at?", time()),
        ("aws_id?", text()),
        ("task_definition?", text()),
        ("previous?", text()),
        ("reason?", text()),
        ("evidence?", list(text())),
        ("gates", map(report())),
        ("decisions?", list(decision())),
    ])
}

fn origin() -> Value {
    let kind = |name: &str| ("kind", words(&[name]));
    any_of([
        object([kind("push")]),
        object([kind("person"), ("by", text()), ("overrides?", text())]),
        object([
            kind("pipeline"),
            ("pipeline?", text()),
            ("execution?", text()),
        ]),
        object([kind("adopted")]),
        object([kind("rollback"), ("of", text()), ("by?", text())]),
        object([kind("elsewhere"), ("creator", text())]),
    ])
}

fn report() -> Value {
    let verdict = || words(&["passed", "inconclusive", "error", "failed"]);
    let counts = object([
        ("successful", whole()),
        ("failed", whole()),
        ("errors", whole()),
        ("inconclusive", whole()),
    ]);
    let measured = object([
        ("at", time()),
        (
            "phase",
            words(&[
                "pending",
                "running",
                "successful",
                "failed",
                "error",
                "inconclusive",
            ]),
        ),
        ("summary", text()),
        ("value?", json!({"type": "number"})),
    ]);
    let check = object([
        ("check", text()),
        ("verdict", verdict()),
        ("summary", text()),
        ("counts", counts),
        ("limits?", text()),
        ("dry_run?", boolean()),
        ("measured?", list(measured)),
        ("evidence?", list(text())),
        ("started_at", time()),
        ("ended_at", time()),
    ]);
    object([
        ("point", text()),
        ("verdict", verdict()),
        ("stage?", text()),
        ("checks", list(check)),
        ("started_at", time()),
        ("ended_at", time()),
    ])
}

fn decision() -> Value {
    object([
        ("who", text()),
        ("approved", boolean()),
        ("reason?", text()),
        ("at", time()),
    ])
}

fn approval() -> Value {
    object([
        ("point", text()),
        ("aws_id", text()),
        ("label?", text()),
        ("deployment?", text()),
        ("needed", whole()),
        ("question?", text()),
        ("images", text()),
        ("asked_at", time()),
        ("until", time()),
        ("decisions", list(decision())),
        ("is_announced", boolean()),
    ])
}

fn held() -> Value {
    object([
        ("by", text()),
        ("reason?", text()),
        ("since", time()),
        ("until?", time()),
    ])
}

fn handed_over() -> Value {
    object([
        ("target", text()),
        ("who", text()),
        ("decision", text()),
        ("rule", text()),
        ("result", text()),
    ])
}

fn intervention() -> Value {
    let members = |deed: &str, more: Vec<(&'static str, Value)>| {
        let mut members = vec![
            ("id", text()),
            ("at", time()),
            ("by", text()),
            ("reason?", text()),
            ("deed", words(&[deed])),
        ];
        members.extend(more);
        object(members)
    };
    any_of([
        members("held", vec![("until?", time())]),
        members("released", Vec::new()),
        members(
            "rolled_back",
            vec![("deployment", text()), ("from", text()), ("to", text())],
        ),
    ])
}

/// An image, and those that go with it, with more members.
fn with_image(more: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let image = || {
        vec![
            ("image", text()),
            ("repository", text()),
            ("tag", or_null(text())),
            ("digest", text()),
        ]
    };
    let mut members = image();
    members.push(("with?", list(object(image()))));
    members.extend(more);
    object(members)
}

/// An object with none but these members; those whose name ends in `?` may be missing.
fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, schema) in members {
        let plain = name.trim_end_matches('?');
        properties.insert(plain.to_owned(), schema);
        required.extend((plain == name).then_some(plain));
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn map(of: Value) -> Value {
    json!({"type": "object", "additionalProperties": of})
}

fn list(of: Value) -> Value {
    json!({"type": "array", "items": of})
}

fn any_of(schemas: impl IntoIterator<Item = Value>) -> Value {
    json!({"anyOf": schemas.into_iter().collect::<Vec<_>>()})
}

fn or_null(schema: Value) -> Value {
    any_of([schema, json!({"type": "null"})])
}

fn words(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

fn text() -> Value {
    json!({"type": "string"})
}

/// A point in time, in UTC.
fn time() -> Value {
    json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}([.][0-9]{1,9})?Z$"})
}

fn boolean() -> Value {
    json!({"type": "boolean"})
}

fn whole() -> Value {
    json!({"type": "integer", "minimum": 0})
}

fn anything() -> Value {
    json!({})
}

/// Every command that there is, commands of commands by both names.
fn commands() -> Vec<String> {
    let arguments = Arguments::command();
    let mut found = Vec::new();
    for command in arguments.get_subcommands() {
        let name = command.get_name();
        if command.has_subcommands() {
            let inner = command.get_subcommands();
            found.extend(inner.map(|inner| format!("{name}-{}", inner.get_name())));
        } else {
            found.push(name.to_owned());
        }
    }
    found
}

#[test]
fn every_command_has_a_schema_and_it_is_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/cli");
    let writes = std::env::var_os("GREENLIGHT_WRITE_DOCS").is_some();
    let commands = commands();
    for command in &commands {
        let schema = schema(command);
        let schema = schema.unwrap_or_else(|| panic!("nothing is promised of `{command}`"));
        jsonschema::meta::validate(&schema).unwrap();
        let expected = format!("{schema:#}\n");
        let file = folder.join(format!("{command}.schema.json"));
        if writes {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(file, expected).unwrap();
        } else {
            let found = std::fs::read_to_string(file).unwrap_or_default();
            assert!(
                found == expected,
                "schemas/cli/{command}.schema.json is stale. hint: run this test once with \
                 GREENLIGHT_WRITE_DOCS=1"
            );
        }
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), commands.len());
}

#[test]
fn a_member_more_or_less_breaks_the_promise() {
    let schema = schema("continue").unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let good = json!({"target": "t", "deployment": null, "result": "r"});
    assert!(validator.is_valid(&good));
    let mut more = good.clone();
    more["colour"] = json!("green");
    assert!(!validator.is_valid(&more));
    assert!(!validator.is_valid(&json!({"target": "t", "result": "r"})));
}
