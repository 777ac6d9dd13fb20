//! The JSON Schema of the document, for editors: made from the description of its keys.
//!
//! It refuses nothing that [`super::parse()`] accepts. What it cannot tell (that names are unique, how long a
//! duration may be, what the parts of a target demand of each other) the parser alone knows.

use serde_json::{Map, Value, json};

use super::description::{Demand, Form, Key, Mapping, Names, Presence, Repeats, within};
use super::parse::DOCUMENT;

/// Printable characters, as the parser means it: none of Unicode's control characters.
const PRINTABLE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";
const DURATION: &str = "^[0-9]+(ms|s|m|h)$";

/// The schema of a file of targets, or of one target alone; JSON Schema, draft 2020-12.
pub fn schema() -> Value {
    let definitions: Map<String, Value> = within(DOCUMENT)
        .into_iter()
        .map(|mapping| (mapping.name.to_owned(), of_mapping(mapping)))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Targets of Greenlight",
        "description": "A mapping with `targets`, a list of targets, or one target alone.",
        "type": "object",
        "if": {"required": ["targets"]},
        "then": {"$ref": "#/$defs/document"},
        "else": {"$ref": "#/$defs/target"},
        "$defs": definitions,
    })
}

fn of_mapping(mapping: &Mapping) -> Value {
    let properties: Map<String, Value> = mapping
        .all()
        .map(|key| (key.name.to_owned(), of_key(key)))
        .collect();
    let required: Vec<&str> = mapping
        .all()
        .filter(|key| key.presence == Presence::Required)
        .map(|key| key.name)
        .collect();
    let mut schema = json!({
        "description": mapping.says,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let mut all = Vec::new();
    for demand in mapping.demands {
        match demand {
            Demand::OneEntry => {
                schema["minProperties"] = json!(1);
                schema["maxProperties"] = json!(1);
            }
            Demand::ExactlyOne(keys) => all.push(json!({"oneOf": each(keys)})),
            Demand::AtLeastOne(keys) => all.push(json!({"anyOf": each(keys)})),
            Demand::Only(key, with) => {
                all.push(json!({"if": there(key), "then": there(with)}));
            }
            Demand::Apart(key, others) => {
                all.push(json!({"if": there(key), "then": {"not": {"anyOf": each(others)}}}));
            }
            Demand::Unless(key, of, names) => {
                all.push(json!({"if": {"not": has_one(of, names)}, "then": there(key)}));
            }
            Demand::OnlyWhere(key, of, names) => {
                all.push(json!({"if": there(key), "then": has_one(of, names)}));
            }
        }
    }
    if !all.is_empty() {
        // Of a key without a value nothing is demanded: `required` holds for whatever is no mapping, so that of
        // alternatives all would.
        schema["if"] = json!({"type": "object"});
        schema["then"] = json!({"allOf": all});
    }
    schema
}

/// That a key has a value: one without counts as not there.
fn there(key: &str) -> Value {
    json!({"required": [key], "properties": {key: {"not": {"type": "null"}}}})
}

fn each(keys: &[&str]) -> Vec<Value> {
    keys.iter().map(|key| there(key)).collect()
}

/// That a key's value is a mapping with one of these keys, whatever is behind it.
fn has_one(key: &str, names: &[&str]) -> Value {
    let any: Vec<Value> = names
        .iter()
        .map(|name| json!({"required": [name]}))
        .collect();
    json!({"required": [key], "properties": {key: {"anyOf": any}}})
}

fn of_key(key: &Key) -> Value {
    let mut schema = of_form(&key.form);
    let mut says = key.says.to_owned();
    if let Presence::Optional(default) = key.presence {
        schema = or_null(schema);
        if !default.is_empty() {
            says = format!("{says}\n\nDefault: {default}.");
        }
    }
    if let Value::Object(schema) = &mut schema {
        schema.insert("description".to_owned(), json!(says));
        let example = key.example.map(serde_norway::from_str::<Value>);
        if let Some(Ok(example)) = example {
            schema.insert("examples".to_owned(), json!([example]));
        }
    }
    schema
}

fn or_null(mut schema: Value) -> Value {
    match schema.get("type").cloned() {
        Some(Value::String(known)) => {
            schema["type"] = json!([known, "null"]);
            if let Some(Value::Array(words)) = schema.get_mut("enum") {
                words.push(Value::Null);
            }
            schema
        }
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

fn of_form(form: &Form) -> Value {
    match form {
        Form::Text(least, most) => {
            json!({"type": "string", "minLength": least, "maxLength": most, "pattern": PRINTABLE})
        }
        Form::Bytes(most) => json!({"type": "string", "maxLength": most}),
        Form::Like(pattern, most, _) => {
            json!({"type": "string", "maxLength": most, "pattern": pattern})
        }
        Form::Meaning(_) => json!({"type": "string"}),
        Form::Words(words) => json!({"type": "string", "enum": words}),
        Form::Boolean => json!({"type": "boolean"}),
        Form::True => json!({"type": "boolean", "enum": [true]}),
        Form::Whole(least, most) => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Form::Decimal(_, most) if *most >= f64::MAX => json!({"type": "number"}),
        Form::Decimal(least, most) => {
            json!({"type": "number", "minimum": least, "maximum": most})
        }
        Form::Duration(..) => json!({"type": "string", "pattern": DURATION}),
        Form::List(of, least, most, repeats) => {
            let mut schema = json!({"type": "array", "items": of_form(of), "maxItems": most});
            if *least > 0 {
                schema["minItems"] = json!(least);
            }
            if *repeats == Repeats::Refused {
                schema["uniqueItems"] = json!(true);
            }
            schema
        }
        Form::Entries(names, of, most) => {
            let mut schema = json!({
                "type": "object",
                "additionalProperties": of_form(of),
                "maxProperties": most,
            });
            match names {
                Names::Any => {}
                Names::Like(pattern) => schema["propertyNames"] = json!({"pattern": pattern}),
                Names::Words(words) => {
                    schema["propertyNames"] = json!({"pattern": in_any_case(words)});
                }
            }
            schema
        }
        Form::Mapping(mapping) => reference(mapping),
        Form::MappingOrNothing(mapping) => or_null(reference(mapping)),
        Form::AnyMapping => json!({"type": "object"}),
        Form::Anything => json!({}),
        Form::Either(forms) => {
            json!({"anyOf": forms.iter().map(of_form).collect::<Vec<_>>()})
        }
    }
}

/// The type stands beside the reference, so that a key without a value needs no alternatives: of those, editors
/// do not tell which place is wrong.
fn reference(mapping: &Mapping) -> Value {
    json!({"type": "object", "$ref": format!("#/$defs/{}", mapping.name)})
}

/// A pattern for words of letters: ECMA-262 has no way to say that case does not matter.
fn in_any_case(words: &[&str]) -> String {
    let letter = |letter: char| {
        let (lower, upper) = (letter.to_ascii_lowercase(), letter.to_ascii_uppercase());
        ['[', lower, upper, ']']
    };
    let word = |word: &&str| -> String { word.chars().flat_map(letter).collect() };
    let words: Vec<String> = words.iter().map(word).collect();
    format!("^({})$", words.join("|"))
}
