//! The things that commands print, each as several of them do.

use serde_json::{Value, json};

use super::primitive::{
    any_of, anything, boolean, list, map, object, or_null, text, time, whole, with_image, words,
};

pub(super) fn problem() -> Value {
    object([("path", text()), ("message", text()), ("hint?", text())])
}

pub(super) fn unreadable() -> Value {
    object([("target", text()), ("problems", list(problem()))])
}

pub(super) fn listed() -> Value {
    object([
        ("target", text()),
        ("repository", or_null(text())),
        ("document", anything()),
    ])
}

pub(super) fn status() -> Value {
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

pub(super) fn progress() -> Value {
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

pub(super) fn explained() -> Value {
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
pub(super) fn plan() -> Value {
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
pub(super) fn ended() -> Value {
    object([
        ("decision", text()),
        ("rule", text()),
        ("deployment", record()),
        ("lines", list(object([("at", time()), ("text", text())]))),
    ])
}

pub(super) fn record_status() -> Value {
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

pub(super) fn record() -> Value {
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

pub(super) fn origin() -> Value {
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

pub(super) fn report() -> Value {
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

pub(super) fn decision() -> Value {
    object([
        ("who", text()),
        ("approved", boolean()),
        ("reason?", text()),
        ("at", time()),
    ])
}

pub(super) fn approval() -> Value {
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

pub(super) fn held() -> Value {
    object([
        ("by", text()),
        ("reason?", text()),
        ("since", time()),
        ("until?", time()),
    ])
}

pub(super) fn handed_over() -> Value {
    object([
        ("target", text()),
        ("who", text()),
        ("decision", text()),
        ("rule", text()),
        ("result", text()),
    ])
}

/// Every target is held.
pub(super) fn line_stopped() -> Value {
    object([
        ("target", json!({"type": "null"})),
        ("who", text()),
        ("hold", held()),
        ("result", text()),
    ])
}

/// Every target is released.
pub(super) fn line_released() -> Value {
    let started = object([("target", text()), ("result", text())]);
    object([
        ("target", json!({"type": "null"})),
        ("who", text()),
        ("result", text()),
        ("started", list(started)),
    ])
}

pub(super) fn intervention() -> Value {
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
pub(super) fn with_image(more: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
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
