//! The normal form of a task definition: what ECS describes and what was registered, as one document.
//!
//! ECS answers more than was registered: it adds defaults, empty lists and fields of its own. In the
//! normal form, defaults are filled in, and what is empty or only answered is left out. It is made
//! for comparing ([`super::difference()`]), not for registering.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::schema;
use super::{RESPONSE_ONLY, is_aws_tag};

/// The normal form of a document that ECS described, or that could be registered.
pub fn normal_form(document: &Value) -> Value {
    let Some(root) = document.as_object() else {
        return document.clone();
    };
    let network = root.get("networkMode").and_then(Value::as_str);
    let members = root
        .iter()
        .filter(|(key, _)| !RESPONSE_ONLY.contains(&key.as_str()))
        .filter_map(|(key, value)| {
            let value = adjusted(key, value);
            Some((key.clone(), normal(&value, key, network)?))
        });
    Value::Object(sorted(members.collect()))
}

/// A member of the document before it is looked into.
fn adjusted<'v>(key: &str, value: &'v Value) -> Cow<'v, Value> {
    let adjusted = match (key, value) {
        ("cpu", value) => in_units(value, "vcpu"),
        ("memory", value) => in_units(value, "gb"),
        ("tags", Value::Array(tags)) => {
            // Registering with them is refused, so only an answer has them.
            let ours = tags.iter().filter(|tag| !is_aws_tag(tag));
            Some(ours.cloned().collect())
        }
        _ => None,
    };
    adjusted.map_or(Cow::Borrowed(value), Cow::Owned)
}

/// The normal form of what is at a place; `None` if that is the same as nothing.
fn normal(value: &Value, place: &str, network: Option<&str>) -> Option<Value> {
    let value = match value {
        Value::Null => return None,
        Value::Bool(_) | Value::String(_) => return Some(value.clone()),
        Value::Number(number) => {
            return Some(whole(number).map_or_else(|| value.clone(), Value::from));
        }
        Value::Array(items) => Value::Array(normal_list(items, place, network)),
        Value::Object(members) => {
            let members = members.iter().filter_map(|(key, value)| {
                let value = normal(value, &format!("{place}.{key}"), network)?;
                Some((key.clone(), value))
            });
            let mut members: Map<String, Value> = members.collect();
            fill_in(&mut members, place, network);
            Value::Object(sorted(members))
        }
    };
    let is_empty = match &value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    (!(is_empty && schema::is_absent_if_empty(place))).then_some(value)
}

fn normal_list(items: &[Value], place: &str, network: Option<&str>) -> Vec<Value> {
    let place_of_items = format!("{place}[]");
    // A null has a position in a list, so it is not the same as nothing.
    let items = items
        .iter()
        .map(|item| normal(item, &place_of_items, network).unwrap_or(Value::Null));
    let mut items: Vec<Value> = items.collect();
    if let Some(unordered) = schema::unordered(place) {
        // Stable: of two of the same name, the order may count.
        items.sort_by_cached_key(|item| unordered.label(item));
    }
    items
}

/// The defaults that ECS adds to an object.
fn fill_in(members: &mut Map<String, Value>, place: &str, network: Option<&str>) {
    let defaults: &[(&str, Value)] = match place {
        "containerDefinitions[]" => &[("essential", json!(true)), ("cpu", json!(0))],
        "containerDefinitions[].healthCheck" if members.contains_key("command") => &[
            ("interval", json!(30)),
            ("timeout", json!(5)),
            ("retries", json!(3)),
        ],
        "containerDefinitions[].portMappings[]" => {
            fill_in_host_port(members, network);
            &[("protocol", json!("tcp"))]
        }
        "volumes[].efsVolumeConfiguration" => &[("rootDirectory", json!("/"))],
        _ => &[],
    };
    for (key, value) in defaults {
        members.entry(*key).or_insert_with(|| value.clone());
    }
}

/// Under `awsvpc` and `host` the port of the host is that of the container; elsewhere it is found
/// when a task starts, which is written as 0.
fn fill_in_host_port(members: &mut Map<String, Value>, network: Option<&str>) {
    let Some(container_port) = members.get("containerPort").cloned() else {
        return;
    };
    let is_unsaid = members.get("hostPort").is_none_or(|port| *port == json!(0));
    if is_unsaid {
        let host_port = match network {
            Some("awsvpc" | "host") => container_port,
            _ => json!(0),
        };
        members.insert("hostPort".to_owned(), host_port);
    }
}

/// A task's CPU or memory as the text that ECS answers: `1 vCPU` is `1024`, and so is `1 GB`.
fn in_units(value: &Value, unit: &str) -> Option<Value> {
    let written = match value {
        Value::String(text) => text.trim().to_ascii_lowercase(),
        Value::Number(number) => {
            whole(number).map_or_else(|| number.to_string(), |it| it.to_string())
        }
        _ => return None,
    };
    let (number, factor) = match written.strip_suffix(unit) {
        Some(number) => (number.trim_end(), 1024.0),
        None => (written.as_str(), 1.0),
    };
    // `parse` would take `inf` and `1e9`, too.
    if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let units = number.parse::<f64>().ok()? * factor;
    (units.fract() == 0.0 && units < 1e12).then(|| json!(format!("{units:.0}")))
}

/// A number that is written with a fraction but has none, as YAML and some printers do.
fn whole(number: &serde_json::Number) -> Option<i64> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    // Below 2^53 every whole number is itself.
    let is_exact = float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
    is_exact.then(|| format!("{float:.0}").parse().unwrap_or_default())
}

fn sorted(members: Map<String, Value>) -> Map<String, Value> {
    let mut members = members;
    members.sort_keys();
    members
}
