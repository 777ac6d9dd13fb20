//! A value of a document together with its place, read strictly.
//!
//! Every reader returns `None` after it has added at least one problem, so that the caller goes
//! on with what else there is and all problems come out at once. Which keys exist is said in
//! [`super::parse`] and the modules below it.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Map, Value};

use super::description::{Mapping, listed, nearest};
use crate::duration;
use crate::problems::Problems;
use crate::text::excerpt;

/// How a document writes numbers, `true` and `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalars {
    /// As what they are.
    Typed,
    /// As texts, which is how CloudFormation hands on the properties of a resource.
    Texts,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    pub value: &'a Value,
    pub path: String,
    pub scalars: Scalars,
}

/// The values of a mapping whose keys were checked.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    path: String,
    mapping: &'static Mapping,
    scalars: Scalars,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value, scalars: Scalars) -> Self {
        Self {
            value,
            path: String::new(),
            scalars,
        }
    }

    /// The value where a number, `true` or `false` is wanted.
    pub(super) fn scalar(&self) -> Cow<'a, Value> {
        let text = self
            .value
            .as_str()
            .filter(|_| self.scalars == Scalars::Texts);
        match text.and_then(meant) {
            Some(meant) => Cow::Owned(meant),
            None => Cow::Borrowed(self.value),
        }
    }

    /// Adds that something else was expected here.
    pub(super) fn wrong(&self, expected: &str, out: &mut Problems) {
        out.add(
            &self.path,
            format!("expected {expected}, found {}", found(self.value)),
        );
    }

    /// A mapping with none but the keys of `mapping`.
    pub(super) fn fields(
        &self,
        mapping: &'static Mapping,
        out: &mut Problems,
    ) -> Option<Fields<'a>> {
        let Value::Object(map) = self.value else {
            self.wrong(&format!("a mapping with {}", listed(&mapping.names())), out);
            return None;
        };
        let fields = Fields {
            map,
            path: self.path.clone(),
            mapping,
            scalars: self.scalars,
        };
        for key in map.keys() {
            mapping.check(&place(&fields.path, key), key, out);
        }
        Some(fields)
    }

    /// A mapping with exactly one entry, whose key says what the entry is.
    pub(super) fn choice(
        &self,
        what: &str,
        mapping: &'static Mapping,
        out: &mut Problems,
    ) -> Option<(&'a str, Node<'a>)> {
        let fields = match self.value {
            Value::Object(map) if map.len() == 1 => self.fields(mapping, out)?,
            Value::String(text) if mapping.knows(text) => {
                out.add_with_hint(
                    &self.path,
                    format!("expected a mapping, found {}", found(self.value)),
                    format!("write `{{{text}: {{}}}}`"),
                );
                return None;
            }
            Value::Object(map) if map.len() > 1 => {
                let _ = self.fields(mapping, out);
                let names: Vec<String> = map
                    .keys()
                    .map(|key| format!("`{}`", excerpt(key, 40)))
                    .collect();
                out.add(
                    &self.path,
                    format!("expected exactly one {what}, found {}", names.join(", ")),
                );
                return None;
            }
            _ => {
                self.wrong(
                    &format!("a mapping with exactly one of {}", listed(&mapping.names())),
                    out,
                );
                return None;
            }
        };
        let (key, value) = fields.map.iter().next()?;
        mapping.knows(key).then(|| {
            (
                key.as_str(),
                Node {
                    value,
                    path: place(&fields.path, key),
                    scalars: self.scalars,
                },
            )
        })
    }

    /// All entries of a mapping whose keys are the document's own.
    pub(super) fn entries(
        &self,
        expected: &str,
        max: usize,
        out: &mut Problems,
    ) -> Option<Vec<(&'a str, Node<'a>)>> {
        let Value::Object(map) = self.value else {
            self.wrong(expected, out);
            return None;
        };
        if map.len() > max {
            out.add(
                &self.path,
                format!("expected at most {max} entries, found {}", map.len()),
            );
            return None;
        }
        Some(
            map.iter()
                .map(|(key, value)| {
                    (
                        key.as_str(),
                        Node {
                            value,
                            path: place(&self.path, key),
                            scalars: self.scalars,
                        },
                    )
                })
                .collect(),
        )
    }

    /// A list.
    pub(super) fn list(
        &self,
        what: &str,
        length: RangeInclusive<usize>,
        out: &mut Problems,
    ) -> Option<Vec<Node<'a>>> {
        let Value::Array(items) = self.value else {
            let path = &self.path;
            let message = format!("expected a list of {what}, found {}", found(self.value));
            match self.value {
                Value::String(text) => {
                    out.add_with_hint(path, message, format!("write `[{}]`", excerpt(text, 60)));
                }
                Value::Number(number) => {
                    out.add_with_hint(path, message, format!("write `[{number}]`"));
                }
                Value::Object(_) => out.add_with_hint(
                    path,
                    message,
                    "put `- ` before it, even if there is only one",
                ),
                _ => out.add(path, message),
            }
            return None;
        };
        if !length.contains(&items.len()) {
            let (least, most) = (length.start(), length.end());
            out.add(
                &self.path,
                format!("expected {least} to {most} {what}, found {}", items.len()),
            );
            return None;
        }
        let nodes = items.iter().enumerate();
        Some(
            nodes
                .map(|(index, value)| Node {
                    value,
                    path: format!("{}[{index}]", self.path),
                    scalars: self.scalars,
                })
                .collect(),
        )
    }

    /// A text of a bounded length without control characters.
    pub(super) fn text(
        &self,
        what: &str,
        length: RangeInclusive<usize>,
        out: &mut Problems,
    ) -> Option<&'a str> {
        let text = self.any_text(what, out)?;
        let fits = length.contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if !fits {
            let (least, most) = (length.start(), length.end());
            self.wrong(
                &format!("{what} ({least} to {most} printable characters)"),
                out,
            );
        }
        fits.then_some(text)
    }

    /// A text of at most so many bytes, with any characters.
    pub(super) fn bytes(&self, what: &str, most: usize, out: &mut Problems) -> Option<&'a str> {
        let text = self.any_text(what, out)?;
        if text.len() > most {
            out.add(
                &self.path,
                format!("expected at most {most} bytes, found {}", text.len()),
            );
            return None;
        }
        Some(text)
    }

    /// A text, whatever is in it.
    pub(super) fn any_text(&self, what: &str, out: &mut Problems) -> Option<&'a str> {
        match self.value {
            Value::String(text) => Some(text),
            // `tags: [1.10]` is a number in YAML, and the wrong one.
            Value::Number(number) => {
                let message = format!("expected {what}, found the number {number}");
                out.add_with_hint(&self.path, message, "put it in quotes");
                None
            }
            Value::Bool(value) => {
                let message = format!("expected {what}, found {value}");
                out.add_with_hint(&self.path, message, "put it in quotes");
                None
            }
            _ => {
                self.wrong(what, out);
                None
            }
        }
    }

    /// A text that means something.
    pub(super) fn parsed<T: FromStr<Err: Display>>(
        &self,
        what: &str,
        out: &mut Problems,
    ) -> Option<T> {
        let text = self.any_text(what, out)?;
        text.parse()
            .map_err(|error: T::Err| out.add(&self.path, error.to_string()))
            .ok()
    }

    pub(super) fn boolean(&self, out: &mut Problems) -> Option<bool> {
        let value = self.scalar().as_bool();
        if value.is_none() {
            self.wrong("`true` or `false`", out);
        }
        value
    }

    pub(super) fn number(&self, range: RangeInclusive<u32>, out: &mut Problems) -> Option<u32> {
        let number = self
            .scalar()
            .as_u64()
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| range.contains(n));
        if number.is_none() {
            self.wrong(
                &format!("a whole number from {} to {}", range.start(), range.end()),
                out,
            );
        }
        number
    }

    pub(super) fn decimal(&self, range: RangeInclusive<f64>, out: &mut Problems) -> Option<f64> {
        let number = self.scalar().as_f64().filter(|n| range.contains(n));
        if number.is_none() {
            let is_bounded = *range.end() < f64::MAX;
            let expected = if is_bounded {
                format!("a number from {} to {}", range.start(), range.end())
            } else {
                "a number".to_owned()
            };
            self.wrong(&expected, out);
        }
        number
    }

    pub(super) fn duration(
        &self,
        range: RangeInclusive<Duration>,
        out: &mut Problems,
    ) -> Option<Duration> {
        if let Value::Number(number) = self.value {
            let message = format!("expected a duration, found the number {number}");
            out.add_with_hint(
                &self.path,
                message,
                format!("write the unit, such as `{number}s`"),
            );
            return None;
        }
        let text = self.any_text("a duration", out)?;
        match duration::parse(text) {
            Ok(duration) if range.contains(&duration) => Some(duration),
            Ok(_) => {
                let (least, most) = (
                    duration::write(*range.start()),
                    duration::write(*range.end()),
                );
                self.wrong(&format!("a duration from {least} to {most}"), out);
                None
            }
            Err(error) => {
                out.add(&self.path, error.to_string());
                None
            }
        }
    }
}

impl<'a> Fields<'a> {
    /// The value of a key, if it is there. A key without a value counts as not there.
    pub(super) fn optional(&self, key: &str) -> Option<Node<'a>> {
        let value = self.map.get(key).filter(|value| !value.is_null())?;
        Some(Node {
            value,
            path: place(&self.path, key),
            scalars: self.scalars,
        })
    }

    pub(super) fn required(&self, key: &str, out: &mut Problems) -> Option<Node<'a>> {
        let node = self.optional(key);
        // A mistyped key is one mistake: it was pointed out with this key as the hint.
        let mistyped =
            |other: &String| nearest(other, &[key]).is_some() && !self.mapping.knows(other);
        if node.is_none() && !self.map.keys().any(mistyped) {
            out.add(&self.path, format!("`{key}` is missing"));
        }
        node
    }
}

/// The number, `true` or `false` that a text stands for. (`serde_json` would read some decimals as their neighbours.)
fn meant(text: &str) -> Option<Value> {
    let whole = || text.parse::<u64>().ok().map(Value::from);
    let decimal = || text.parse::<f64>().ok().map(Value::from);
    match text {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
            whole().or_else(decimal)
        }
        _ => None,
    }
}

/// What a value means, or what it means that it is not there.
pub(super) fn or_default<'a, T>(
    node: Option<Node<'a>>,
    default: T,
    read: impl FnOnce(Node<'a>) -> Option<T>,
) -> Option<T> {
    match node {
        Some(node) => read(node),
        None => Some(default),
    }
}

/// The place of a key of the mapping at `path`.
fn place(path: &str, key: &str) -> String {
    let plain = key
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    match (plain && (1..=64).contains(&key.len()), path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{}]", Value::from(excerpt(key, 60))),
    }
}

/// What a value is, for a message.
fn found(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.is_empty() => "an empty text".to_owned(),
        Value::String(text) => format!("`{}`", excerpt(text, 60)),
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}
