//! What an answer has to be, and whether one is.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::target::check::Pattern;
use crate::text::excerpt;

/// How much of an answer a message quotes.
const EXCERPT: usize = 160;
/// Of a body that is read as JSON: a value of two bytes takes hundreds of them in memory.
const MAX_VALUES: usize = 10_000;

/// What the answer has to be. All that is named has to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// At least one.
    pub status: Vec<StatusRange>,
    /// Header, in lower case, and the pattern that one of its values has to match.
    pub headers: BTreeMap<String, Pattern>,
    pub body_contains: Option<String>,
    pub body_matches: Option<Pattern>,
    /// JSON pointers into the body, and the value that has to be there.
    pub json: BTreeMap<String, Value>,
    /// JSON pointers into the body, and the pattern that the text (or number, as it is written) there has
    /// to match.
    pub json_matches: BTreeMap<String, Pattern>,
}

/// Any success, whatever the body.
impl Default for Expectation {
    fn default() -> Self {
        Self {
            status: vec![StatusRange { from: 200, to: 299 }],
            headers: BTreeMap::new(),
            body_contains: None,
            body_matches: None,
            json: BTreeMap::new(),
            json_matches: BTreeMap::new(),
        }
    }
}

impl Expectation {
    pub(super) fn judge_status(
        &self,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<(), String> {
        if self.status.iter().any(|range| range.contains(status)) {
            return Ok(());
        }
        let expected: Vec<String> = self.status.iter().map(ToString::to_string).collect();
        let location = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("location"));
        let seen = match location {
            // A query may hold a token.
            Some((_, location)) => {
                let place = location.split(['?', '#']).next().unwrap_or_default();
                format!(" (redirect to {})", excerpt(place, EXCERPT))
            }
            None if body.is_empty() => String::new(),
            None => format!(" (body: {})", quoted(body)),
        };
        Err(format!(
            "status {status} instead of {}{seen}",
            expected.join(" or ")
        ))
    }

    pub(super) fn judge_headers(&self, headers: &[(String, String)]) -> Result<(), String> {
        for (name, pattern) in &self.headers {
            let mut values = headers
                .iter()
                .filter(|(found, _)| found.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
                .peekable();
            // What was found is not quoted: a header may carry a session.
            if values.peek().is_none() {
                return Err(format!("there is no header `{name}` in the answer"));
            }
            if !values.any(|value| pattern.is_match(value)) {
                return Err(format!(
                    "the header `{name}` does not match `{}`",
                    excerpt(pattern.as_str(), EXCERPT)
                ));
            }
        }
        Ok(())
    }

    pub(super) fn judge_body(&self, body: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(body);
        if let Some(wanted) = &self.body_contains
            && !text.contains(wanted.as_str())
        {
            return Err(format!(
                "the body does not contain `{}`: {}",
                excerpt(wanted, EXCERPT),
                quoted(body)
            ));
        }
        if let Some(pattern) = &self.body_matches
            && !pattern.is_match(&text)
        {
            return Err(format!(
                "the body does not match `{}`: {}",
                excerpt(pattern.as_str(), EXCERPT),
                quoted(body)
            ));
        }
        if self.json.is_empty() && self.json_matches.is_empty() {
            return Ok(());
        }
        if values(body) > MAX_VALUES {
            return Err(format!(
                "the body holds more than {MAX_VALUES} JSON values, and is not looked into: {}",
                quoted(body)
            ));
        }
        let document: Value = serde_json::from_slice(body)
            .map_err(|error| format!("the body is not JSON ({error}): {}", quoted(body)))?;
        for (pointer, wanted) in &self.json {
            let wanted_text = excerpt(&wanted.to_string(), EXCERPT);
            match document.pointer(pointer) {
                Some(found) if same(found, wanted) => {}
                Some(found) => {
                    let found = excerpt(&found.to_string(), EXCERPT);
                    return Err(format!("`{pointer}` is {found} instead of {wanted_text}"));
                }
                None => return Err(missing(pointer, body)),
            }
        }
        for (pointer, pattern) in &self.json_matches {
            let found = match document.pointer(pointer) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => return Err(missing(pointer, body)),
            };
            if !pattern.is_match(&found) {
                return Err(format!(
                    "`{pointer}` is `{}`, which does not match `{}`",
                    excerpt(&found, EXCERPT),
                    excerpt(pattern.as_str(), EXCERPT)
                ));
            }
        }
        Ok(())
    }
}

/// How many values a JSON text has, or more: each but the first comes after a comma or opens an array or an object.
fn values(json: &[u8]) -> usize {
    let (mut values, mut in_text, mut is_escaped) = (1, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b',' | b'[' | b'{' if !in_text => values += 1,
            _ => {}
        }
    }
    values
}

fn missing(pointer: &str, body: &[u8]) -> String {
    format!("there is no `{pointer}` in the body: {}", quoted(body))
}

/// JSON values that a reader takes for the same: `1` and `1.0` are one number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        _ => left == right,
    }
}

/// An excerpt of a body, for a message.
pub(crate) fn quoted(body: &[u8]) -> String {
    if body.is_empty() {
        return "it is empty".to_owned();
    }
    // A character has at most four bytes, so this is enough for the excerpt whatever they are.
    let start = &body[..body.len().min(EXCERPT * 4 + 4)];
    format!("`{}`", excerpt(&String::from_utf8_lossy(start), EXCERPT))
}

/// Statuses from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    pub from: u16,
    pub to: u16,
}

impl StatusRange {
    pub const fn contains(self, status: u16) -> bool {
        self.from <= status && status <= self.to
    }
}

impl fmt::Display for StatusRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            write!(f, "{}", self.from)
        } else {
            write!(f, "{}-{}", self.from, self.to)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn expecting_json() -> Expectation {
        Expectation {
            json: [("/0".to_owned(), json!(0))].into(),
            ..Expectation::default()
        }
    }

    #[test]
    fn a_body_of_too_many_values_is_not_read_as_json() {
        let of = |count: usize| format!("[{}0]", "0,".repeat(count));
        assert_eq!(expecting_json().judge_body(of(9_990).as_bytes()), Ok(()));
        let reason = expecting_json().judge_body(of(10_000).as_bytes());
        let reason = reason.unwrap_err();
        assert!(
            reason.starts_with("the body holds more than 10000 JSON values"),
            "{reason}"
        );
        // What is not JSON is not mistaken for it.
        let open = "[".repeat(20_000);
        assert!(expecting_json().judge_body(open.as_bytes()).is_err());
        // Without a look into the JSON the body may be of any kind.
        let any = Expectation::default();
        assert_eq!(any.judge_body(of(10_000).as_bytes()), Ok(()));
    }

    #[test]
    fn a_comma_in_a_text_is_not_a_value() {
        for (text, expected) in [
            ("0", 1),
            ("{\"a\":[1,2]}", 4),
            ("\"a,b,c[[{\"", 1),
            ("[\"\\\",,\",1]", 3),
        ] {
            assert_eq!(values(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_redirect_is_told_without_the_query() {
        let headers = [("location".to_owned(), "/login?token=s3cret#top".to_owned())];
        let reason = Expectation::default().judge_status(302, &headers, b"");
        assert_eq!(
            reason,
            Err("status 302 instead of 200-299 (redirect to /login)".to_owned())
        );
    }
}
