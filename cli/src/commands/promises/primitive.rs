//! What schemas are made of.

use serde_json::{Map, Value, json};

/// An object with none but these members; those whose name ends in `?` may be missing.
pub(super) fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
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

fn with(kind: &str, key: &str, of: Value) -> Value {
    let mut schema = json!({"type": kind});
    schema[key] = of;
    schema
}

pub(super) fn map(of: Value) -> Value {
    with("object", "additionalProperties", of)
}

pub(super) fn list(of: Value) -> Value {
    with("array", "items", of)
}

pub(super) fn any_of(schemas: impl IntoIterator<Item = Value>) -> Value {
    json!({"anyOf": schemas.into_iter().collect::<Vec<_>>()})
}

pub(super) fn or_null(schema: Value) -> Value {
    any_of([schema, json!({"type": "null"})])
}

pub(super) fn words(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

/// A point in time, in UTC.
pub(super) fn time() -> Value {
    json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}([.][0-9]{1,9})?Z$"})
}

pub(super) fn boolean() -> Value {
    json!({"type": "boolean"})
}

pub(super) fn whole() -> Value {
    json!({"type": "integer", "minimum": 0})
}

pub(super) fn anything() -> Value {
    json!({})
}
