//! The HTTP check: what is asked, and what the answer has to be.
//!
//! Asking is in `shared/deployer`; [`HttpCheck::judge`] looks at one answer and nothing else.
//! How many good answers in a row are wanted, and until when, is the asker's loop.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::Pattern;
use crate::duration;
use crate::text::excerpt;

/// How much of an answer a message quotes.
const EXCERPT: usize = 160;

/// Requests that have to be answered as expected, several times in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpCheck {
    pub request: HttpRequest,
    pub expect: Expectation,
    /// The longest that an answer may take to arrive whole.
    pub latency: Option<Duration>,
    /// How many good answers in a row are wanted.
    pub consecutive: u32,
    /// The pause between two requests.
    pub interval: Duration,
    /// How long the whole check may take.
    pub timeout: Duration,
    /// How many redirects of one request are followed.
    pub follow_redirects: u32,
}

impl HttpCheck {
    pub const DEFAULT_CONSECUTIVE: u32 = 3;
    pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(2);
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(2);
    pub const MAX_CONSECUTIVE: u32 = 100;
    /// A single request is given up after this long, so no limit can be longer.
    pub const MAX_LATENCY: Duration = Duration::from_secs(10);
    pub const MAX_REDIRECTS: u32 = 10;

    /// Looks at one answer; says why it is not the expected one.
    pub fn judge(
        &self,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
        latency: Duration,
    ) -> Result<(), String> {
        self.expect.judge_status(status, headers, body)?;
        self.expect.judge_body(body)?;
        match self.latency {
            Some(limit) if latency > limit => Err(format!(
                "the answer took {} ms, more than the allowed {}",
                latency.as_millis(),
                duration::write(limit)
            )),
            _ => Ok(()),
        }
    }
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    pub to: Destination,
    pub method: Method,
    pub headers: BTreeMap<String, String>,
    pub body: Option<String>,
}

impl HttpRequest {
    /// The largest body that a document may ask to send.
    pub const MAX_BODY: usize = 64 * 1024;
    pub const MAX_HEADERS: usize = 50;

    /// `GET` of a destination, with nothing else.
    pub fn get(to: Destination) -> Self {
        Self {
            to,
            method: Method::Get,
            headers: BTreeMap::new(),
            body: None,
        }
    }
}

/// Where it is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// This path of the deployment group's test listener, which leads to the green tasks.
    TestListener { path: String },
    /// This URL, wherever it leads.
    Url(String),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TestListener { path } => write!(f, "{path} on the test listener"),
            Self::Url(url) => f.write_str(url),
        }
    }
}

/// The request's method.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    pub const ALL: [Self; 7] = [
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::Options,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }

    /// Whether a request of this method may carry a body.
    pub const fn takes_body(self) -> bool {
        !matches!(self, Self::Get | Self::Head)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the answer has to be. All that is named has to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// At least one.
    pub status: Vec<StatusRange>,
    pub body_contains: Option<String>,
    pub body_matches: Option<Pattern>,
    /// JSON pointers into the body, and the value that has to be there.
    pub json: BTreeMap<String, Value>,
}

/// Any success, whatever the body.
impl Default for Expectation {
    fn default() -> Self {
        Self {
            status: vec![StatusRange { from: 200, to: 299 }],
            body_contains: None,
            body_matches: None,
            json: BTreeMap::new(),
        }
    }
}

impl Expectation {
    fn judge_status(
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
            Some((_, location)) => format!(" (redirect to {})", excerpt(location, EXCERPT)),
            None if body.is_empty() => String::new(),
            None => format!(" (body: {})", quoted(body)),
        };
        Err(format!(
            "status {status} instead of {}{seen}",
            expected.join(" or ")
        ))
    }

    fn judge_body(&self, body: &[u8]) -> Result<(), String> {
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
        if self.json.is_empty() {
            return Ok(());
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
                None => {
                    return Err(format!(
                        "there is no `{pointer}` in the body: {}",
                        quoted(body)
                    ));
                }
            }
        }
        Ok(())
    }
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

fn quoted(body: &[u8]) -> String {
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
mod tests;
