//! What registering one task definition after another would change, for people to read.
//!
//! Normal forms are compared ([`normal_form`]), so that what ECS adds is no difference. Values whose
//! names tell that they are secret are not in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value, json};

use super::schema::{self, Unordered};
use super::{TaskDefinition, normal_form};
use crate::text::excerpt;

/// Stands where a secret would.
const HIDDEN: &str = "(hidden)";

/// What an element's value is called where it has a name and a value: in the environment, secrets,
/// tags, dependencies.
const VALUES: [&str; 3] = ["value", "valueFrom", "condition"];

/// Everything that differs, ordered by path; nothing if registering would change nothing.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Difference(Vec<Change>);

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Change {
    /// Such as `containerDefinitions[api].environment[LOG_LEVEL].value`.
    pub path: String,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum What {
    Added { new: Value },
    Removed { old: Value },
    Changed { old: Value, new: Value },
}

/// What is different in `new`.
pub fn difference(live: &TaskDefinition, new: &TaskDefinition) -> Difference {
    let (live, new) = (normal_form(live.as_value()), normal_form(new.as_value()));
    let mut comparison = Comparison::default();
    comparison.values(&Place::root(), Some(&live), Some(&new));
    Difference(comparison.changes)
}

/// Whether registering `new` after `live` would change nothing.
pub fn is_same(live: &TaskDefinition, new: &TaskDefinition) -> bool {
    normal_form(live.as_value()) == normal_form(new.as_value())
}

impl Difference {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, change) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{change}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.what {
            What::Added { new } => write!(f, "+ {path}: {}", shown(new)),
            What::Removed { old } => write!(f, "- {path}: {}", shown(old)),
            What::Changed { old, new } => write!(f, "~ {path}: {} → {}", shown(old), shown(new)),
        }
    }
}

/// A value on one line. A text is quoted only if it could be taken for something else.
fn shown(value: &Value) -> String {
    let Some(text) = value.as_str() else {
        return excerpt(&value.to_string(), 400);
    };
    let is_plain = !text.is_empty()
        && text.trim() == text
        && !text.contains(|c: char| c.is_control() || c == '"' || c == '→')
        && serde_json::from_str::<Value>(text).is_err();
    if is_plain {
        excerpt(text, 400)
    } else {
        excerpt(&value.to_string(), 400)
    }
}

/// Where a comparison is: for the schema, and for people.
#[derive(Debug, Clone)]
struct Place {
    /// Such as `containerDefinitions[].environment[]`.
    schema: String,
    /// Such as `containerDefinitions[api].environment[LOG_LEVEL]`.
    path: String,
    /// Whether a secret is here.
    is_secret: bool,
}

impl Place {
    fn root() -> Self {
        Self {
            schema: String::new(),
            path: String::new(),
            is_secret: false,
        }
    }

    fn member(&self, key: &str, is_secret: bool) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let path = if !key.is_empty() && key.bytes().all(is_word) {
            format!("{}{dot}{key}", self.path)
        } else {
            format!("{}[{}]", self.path, json!(excerpt(key, 120)))
        };
        Self {
            schema: format!("{}{dot}{key}", self.schema),
            path,
            is_secret: self.is_secret || is_secret,
        }
    }

    fn element(&self, label: &str) -> Self {
        Self {
            schema: format!("{}[]", self.schema),
            path: format!("{}[{}]", self.path, excerpt(label, 120)),
            is_secret: self.is_secret,
        }
    }
}

#[derive(Debug, Default)]
struct Comparison {
    changes: Vec<Change>,
}

impl Comparison {
    fn values(&mut self, place: &Place, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (Some(old), Some(new)) if old == new => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) => self.objects(place, old, new),
            (Some(Value::Array(old)), Some(Value::Array(new))) => self.lists(place, old, new),
            // A list that is new as a whole: each element by itself is easier to read.
            (Some(Value::Array(old)), None) if schema::unordered(&place.schema).is_some() => {
                self.lists(place, old, &[]);
            }
            (None, Some(Value::Array(new))) if schema::unordered(&place.schema).is_some() => {
                self.lists(place, &[], new);
            }
            (old, new) => self.add(place, old, new),
        }
    }

    fn objects(&mut self, place: &Place, old: &Map<String, Value>, new: &Map<String, Value>) {
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let is_secret = schema::is_secret(&place.schema, old, key)
                || schema::is_secret(&place.schema, new, key);
            self.values(&place.member(key, is_secret), old.get(key), new.get(key));
        }
    }

    fn lists(&mut self, place: &Place, old: &[Value], new: &[Value]) {
        if let Some(unordered) = schema::unordered(&place.schema) {
            return self.unordered_lists(place, unordered, old, new);
        }
        let is_simple = |value: &Value| !value.is_object() && !value.is_array();
        if old.iter().chain(new).all(is_simple) {
            // A command reads better as a whole.
            return self.add_list(place, old, new);
        }
        for index in 0..old.len().max(new.len()) {
            let element = place.element(&index.to_string());
            self.values(&element, old.get(index), new.get(index));
        }
    }

    fn unordered_lists(
        &mut self,
        place: &Place,
        unordered: Unordered,
        old: &[Value],
        new: &[Value],
    ) {
        let (old, new) = (labelled(unordered, old), labelled(unordered, new));
        let labels: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        for label in labels {
            let (old, new) = (old.get(label).copied(), new.get(label).copied());
            let element = match (unordered, label) {
                // The value says it all.
                (Unordered::Whole, _) => place.element(""),
                (Unordered::By(_), (label, 0)) => place.element(label),
                (Unordered::By(_), (label, before)) => {
                    place.element(&format!("{label}#{}", before + 1))
                }
            };
            match (old, new) {
                (Some(_), Some(_)) => self.values(&element, old, new),
                (one, other) => self.add_element(&element, unordered, one, other),
            }
        }
    }

    /// An element that only one side has. One that has nothing but a value beside its name is shown
    /// by the value, as it would be if the value had changed.
    fn add_element(
        &mut self,
        place: &Place,
        unordered: Unordered,
        old: Option<&Value>,
        new: Option<&Value>,
    ) {
        let element = old.or(new).and_then(Value::as_object);
        let mut members = element
            .into_iter()
            .flatten()
            .filter(|(key, _)| !unordered.is_key(key));
        let value = members
            .next()
            .filter(|(key, _)| VALUES.contains(&key.as_str()));
        match (element, value, members.next()) {
            (Some(element), Some((key, _)), None) => {
                let is_secret = schema::is_secret(&place.schema, element, key);
                let place = place.member(key, is_secret);
                let of = |element: Option<&Value>| element.and_then(|it| it.get(key)).cloned();
                self.add(&place, of(old).as_ref(), of(new).as_ref());
            }
            _ => self.add(place, old, new),
        }
    }

    fn add_list(&mut self, place: &Place, old: &[Value], new: &[Value]) {
        let [old, new] = [old, new].map(|items| Value::Array(items.to_vec()));
        self.add(place, Some(&old), Some(&new));
    }

    fn add(&mut self, place: &Place, old: Option<&Value>, new: Option<&Value>) {
        let without_secrets = |value: &Value| {
            if place.is_secret {
                json!(HIDDEN)
            } else {
                without_secrets(value, &place.schema)
            }
        };
        let what = match (old.map(without_secrets), new.map(without_secrets)) {
            (Some(old), Some(new)) => What::Changed { old, new },
            (Some(old), None) => What::Removed { old },
            (None, Some(new)) => What::Added { new },
            (None, None) => return,
        };
        self.changes.push(Change {
            path: place.path.clone(),
            what,
        });
    }
}

/// The elements by what they are called, and how many of that name stood before.
fn labelled(unordered: Unordered, items: &[Value]) -> BTreeMap<(String, usize), &Value> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let labelled = items.iter().map(|item| {
        let label = unordered.label(item);
        let count = seen.entry(label.clone()).or_default();
        *count += 1;
        ((label, *count - 1), item)
    });
    labelled.collect()
}

fn without_secrets(value: &Value, place: &str) -> Value {
    match value {
        Value::Array(items) => {
            let place = format!("{place}[]");
            items
                .iter()
                .map(|item| without_secrets(item, &place))
                .collect()
        }
        Value::Object(members) => {
            let dot = if place.is_empty() { "" } else { "." };
            let members = members.iter().map(|(key, value)| {
                let value = if schema::is_secret(place, members, key) {
                    json!(HIDDEN)
                } else {
                    without_secrets(value, &format!("{place}{dot}{key}"))
                };
                (key.clone(), value)
            });
            Value::Object(members.collect())
        }
        _ => value.clone(),
    }
}
