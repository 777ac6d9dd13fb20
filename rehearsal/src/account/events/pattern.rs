//! EventBridge event patterns: which events a rule takes.
//!
//! A pattern is parsed once, so that a mistake in it is an error when the rule is made, as in
//! `PutRule`, and not an event that silently never matches. The operators are those that
//! Greenlight's template and its users need: exact values, `prefix`, `suffix`, `anything-but`,
//! `exists`, `numeric`, `wildcard`, `equals-ignore-case` and `$or`; another one is refused by name.
//! Which rule sends an event where is `events`' business.

use serde_json::{Map, Number, Value};

/// A rule's event pattern, ready to be matched.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern(Fields);

/// Why a pattern was refused; `PutRule` calls it `InvalidEventPatternException`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event pattern is not valid at `{path}`: {reason}")]
pub struct InvalidPattern {
    /// Where in the pattern, as dotted keys.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}

/// All of these must hold; so must one of each `$or`.
#[derive(Debug, Clone, PartialEq, Default)]
struct Fields {
    keys: Vec<(String, Field)>,
    alternatives: Vec<Vec<Fields>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Field {
    Nested(Fields),
    Values(Vec<Matcher>),
}

#[derive(Debug, Clone, PartialEq)]
enum Matcher {
    Exact(Value),
    Text(Text),
    AnythingBut(Vec<Value>),
    AnythingButText(Vec<Text>),
    Numeric(Vec<(Comparison, f64)>),
    Exists(bool),
}

#[derive(Debug, Clone, PartialEq)]
enum Text {
    EqualsIgnoreCase(String),
    Prefix { prefix: String, ignore_case: bool },
    Suffix { suffix: String, ignore_case: bool },
    Wildcard(Vec<Glob>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Glob {
    Any,
    Char(char),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Pattern {
    /// Parses a pattern as it stands in a rule.
    pub fn parse(pattern: &Value) -> Result<Self, InvalidPattern> {
        let Value::Object(pattern) = pattern else {
            return Err(invalid("", "a pattern is a JSON object"));
        };
        if pattern.is_empty() {
            return Err(invalid("", "an empty pattern is not allowed"));
        }
        parse_fields(pattern, "").map(Self)
    }

    /// Does the rule with this pattern take this event?
    pub fn matches(&self, event: &Value) -> bool {
        self.0.match_value(event)
    }
}

fn invalid(path: &str, reason: impl Into<String>) -> InvalidPattern {
    InvalidPattern {
        path: path.to_owned(),
        reason: reason.into(),
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn parse_fields(pattern: &Map<String, Value>, path: &str) -> Result<Fields, InvalidPattern> {
    let mut fields = Fields::default();
    for (key, value) in pattern {
        let path = join(path, key);
        if key == "$or" {
            fields.alternatives.push(parse_alternatives(value, &path)?);
            continue;
        }
        let field = match value {
            Value::Object(nested) if nested.is_empty() => {
                return Err(invalid(&path, "an empty object is not allowed"));
            }
            Value::Object(nested) => Field::Nested(parse_fields(nested, &path)?),
            Value::Array(values) if values.is_empty() => {
                return Err(invalid(&path, "an empty array is not allowed"));
            }
            Value::Array(values) => Field::Values(
                values
                    .iter()
                    .map(|value| parse_matcher(value, &path))
                    .collect::<Result<_, _>>()?,
            ),
            _ => return Err(invalid(&path, "a value must be an object or an array")),
        };
        fields.keys.push((key.clone(), field));
    }
    Ok(fields)
}

fn parse_alternatives(value: &Value, path: &str) -> Result<Vec<Fields>, InvalidPattern> {
    let Value::Array(alternatives) = value else {
        return Err(invalid(path, "must be an array of patterns"));
    };
    if alternatives.len() < 2 {
        return Err(invalid(path, "needs at least two alternatives"));
    }
    let parse = |alternative: &Value| match alternative {
        Value::Object(pattern) if !pattern.is_empty() => parse_fields(pattern, path),
        _ => Err(invalid(path, "each alternative is a pattern object")),
    };
    alternatives.iter().map(parse).collect()
}

fn parse_matcher(value: &Value, path: &str) -> Result<Matcher, InvalidPattern> {
    let Value::Object(operator) = value else {
        return match value {
            Value::Array(_) => Err(invalid(path, "an array inside an array is not allowed")),
            exact => Ok(Matcher::Exact(exact.clone())),
        };
    };
    let mut entries = operator.iter();
    let (Some((name, operand)), None) = (entries.next(), entries.next()) else {
        return Err(invalid(path, "an operator object has exactly one key"));
    };
    match name.as_str() {
        "anything-but" => parse_anything_but(operand, path),
        "numeric" => parse_numeric(operand, path).map(Matcher::Numeric),
        "exists" => operand
            .as_bool()
            .map(Matcher::Exists)
            .ok_or_else(|| invalid(path, "`exists` takes true or false")),
        _ => parse_text(name, operand, path).map(Matcher::Text),
    }
}

fn parse_text(name: &str, operand: &Value, path: &str) -> Result<Text, InvalidPattern> {
    let text = |operand: &Value| {
        operand
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| invalid(path, format!("`{name}` takes a string")))
    };
    let text_or_ignoring_case = |operand: &Value| match operand.get("equals-ignore-case") {
        Some(ignoring_case) => Ok((text(ignoring_case)?, true)),
        None => Ok((text(operand)?, false)),
    };
    match name {
        "equals-ignore-case" => Ok(Text::EqualsIgnoreCase(text(operand)?)),
        "prefix" => text_or_ignoring_case(operand).map(|(prefix, ignore_case)| Text::Prefix {
            prefix,
            ignore_case,
        }),
        "suffix" => text_or_ignoring_case(operand).map(|(suffix, ignore_case)| Text::Suffix {
            suffix,
            ignore_case,
        }),
        "wildcard" => parse_wildcard(&text(operand)?, path).map(Text::Wildcard),
        other => Err(invalid(
            path,
            format!("operator `{other}` is not supported here"),
        )),
    }
}

fn parse_wildcard(text: &str, path: &str) -> Result<Vec<Glob>, InvalidPattern> {
    let mut glob = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' if glob.last() == Some(&Glob::Any) => {
                return Err(invalid(
                    path,
                    "consecutive wildcard characters are not allowed",
                ));
            }
            '*' => glob.push(Glob::Any),
            '\\' => match characters.next() {
                Some(escaped @ ('*' | '\\')) => glob.push(Glob::Char(escaped)),
                _ => return Err(invalid(path, "`\\` may only escape `*` and `\\`")),
            },
            other => glob.push(Glob::Char(other)),
        }
    }
    Ok(glob)
}

fn parse_anything_but(operand: &Value, path: &str) -> Result<Matcher, InvalidPattern> {
    match operand {
        Value::Object(operator) => {
            let mut entries = operator.iter();
            let (Some((name, operand)), None) = (entries.next(), entries.next()) else {
                return Err(invalid(path, "`anything-but` takes one operator"));
            };
            let operands = match operand {
                Value::Array(several) if !several.is_empty() => several.as_slice(),
                one => std::slice::from_ref(one),
            };
            let texts = operands
                .iter()
                .map(|operand| parse_text(name, operand, path));
            Ok(Matcher::AnythingButText(texts.collect::<Result<_, _>>()?))
        }
        Value::Array(values) if values.is_empty() => {
            Err(invalid(path, "`anything-but` needs at least one value"))
        }
        Value::Array(values) if values.iter().any(|v| !(v.is_string() || v.is_number())) => {
            Err(invalid(path, "`anything-but` takes strings and numbers"))
        }
        Value::Array(values) => Ok(Matcher::AnythingBut(values.clone())),
        Value::String(_) | Value::Number(_) => Ok(Matcher::AnythingBut(vec![operand.clone()])),
        _ => Err(invalid(path, "`anything-but` takes strings and numbers")),
    }
}

fn parse_numeric(operand: &Value, path: &str) -> Result<Vec<(Comparison, f64)>, InvalidPattern> {
    let refuse = || invalid(path, "`numeric` takes pairs such as [\">\", 0, \"<=\", 5]");
    let Value::Array(parts) = operand else {
        return Err(refuse());
    };
    if parts.is_empty() || parts.len() > 4 || !parts.len().is_multiple_of(2) {
        return Err(refuse());
    }
    let pair = |pair: &[Value]| {
        let comparison = match pair[0].as_str().ok_or_else(refuse)? {
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            "=" => Comparison::Equal,
            ">=" => Comparison::AtLeast,
            ">" => Comparison::More,
            _ => return Err(refuse()),
        };
        Ok((comparison, pair[1].as_f64().ok_or_else(refuse)?))
    };
    parts.chunks(2).map(pair).collect()
}

impl Fields {
    /// An array of objects matches if one of its elements does.
    fn match_value(&self, value: &Value) -> bool {
        match value {
            Value::Object(object) => self.match_object(object),
            Value::Array(elements) => elements.iter().any(|element| self.match_value(element)),
            _ => false,
        }
    }

    fn match_object(&self, object: &Map<String, Value>) -> bool {
        let one_of = |alternatives: &Vec<Self>| alternatives.iter().any(|a| a.match_object(object));
        self.keys
            .iter()
            .all(|(key, field)| field.matches(object.get(key)))
            && self.alternatives.iter().all(one_of)
    }

    /// Only `exists: false` can hold where there is no object at all.
    fn match_absent(&self) -> bool {
        self.match_object(&Map::new())
    }
}

impl Field {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Nested(fields), Some(value)) => fields.match_value(value),
            (Self::Nested(fields), None) => fields.match_absent(),
            (Self::Values(matchers), value) => {
                let leaves = leaves(value);
                matchers.iter().any(|matcher| matcher.matches(&leaves))
            }
        }
    }
}

/// EventBridge compares leaves: an array stands for its elements, and an object has no value.
fn leaves(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Object(_)) => Vec::new(),
        Some(Value::Array(elements)) => elements.iter().flat_map(|e| leaves(Some(e))).collect(),
        Some(leaf) => vec![leaf],
    }
}

impl Matcher {
    fn matches(&self, leaves: &[&Value]) -> bool {
        if let Self::Exists(expected) = self {
            return *expected != leaves.is_empty();
        }
        leaves.iter().any(|leaf| self.matches_leaf(leaf))
    }

    fn matches_leaf(&self, leaf: &Value) -> bool {
        match self {
            Self::Exact(value) => leaf == value,
            Self::Text(text) => leaf.as_str().is_some_and(|leaf| text.matches(leaf)),
            Self::AnythingBut(values) => !values.contains(leaf),
            Self::AnythingButText(texts) => leaf
                .as_str()
                .is_some_and(|leaf| !texts.iter().any(|text| text.matches(leaf))),
            Self::Numeric(comparisons) => {
                leaf.as_number()
                    .and_then(Number::as_f64)
                    .is_some_and(|number| {
                        comparisons
                            .iter()
                            .all(|(comparison, than)| comparison.holds(number, *than))
                    })
            }
            Self::Exists(_) => false,
        }
    }
}

impl Text {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::EqualsIgnoreCase(expected) => lower(text) == lower(expected),
            Self::Prefix {
                prefix,
                ignore_case: true,
            } => lower(text).starts_with(&lower(prefix)),
            Self::Prefix {
                prefix,
                ignore_case: false,
            } => text.starts_with(prefix.as_str()),
            Self::Suffix {
                suffix,
                ignore_case: true,
            } => lower(text).ends_with(&lower(suffix)),
            Self::Suffix {
                suffix,
                ignore_case: false,
            } => text.ends_with(suffix.as_str()),
            Self::Wildcard(glob) => {
                let text: Vec<char> = text.chars().collect();
                glob_matches(glob, &text)
            }
        }
    }
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// Linear in practice: after a `*` only the latest one is ever tried again.
fn glob_matches(glob: &[Glob], text: &[char]) -> bool {
    let (mut at_glob, mut at_text) = (0, 0);
    let mut latest_star: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match glob.get(at_glob) {
            Some(Glob::Char(character)) if *character == text[at_text] => {
                at_glob += 1;
                at_text += 1;
            }
            Some(Glob::Any) => {
                latest_star = Some((at_glob, at_text));
                at_glob += 1;
            }
            _ => {
                let Some((star, from)) = latest_star else {
                    return false;
                };
                latest_star = Some((star, from + 1));
                at_glob = star + 1;
                at_text = from + 1;
            }
        }
    }
    glob[at_glob..].iter().all(|rest| *rest == Glob::Any)
}

impl Comparison {
    #[expect(
        clippy::float_cmp,
        reason = "EventBridge's `=` means the very same number"
    )]
    fn holds(self, number: f64, than: f64) -> bool {
        match self {
            Self::Less => number < than,
            Self::AtMost => number <= than,
            Self::Equal => number == than,
            Self::AtLeast => number >= than,
            Self::More => number > than,
        }
    }
}

#[cfg(test)]
#[path = "pattern_tests.rs"]
mod tests;
