//! The HTTP check: what is asked, and what the answer has to be.
//!
//! Asking is in `shared/deployer`; [`HttpRequest::judge`] looks at one answer and nothing else.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::Pattern;
use crate::duration;
use crate::text::excerpt;

/// How much of an answer a message quotes.
const EXCERPT: usize = 160;

/// Requests that have to be answered as expected.
///
/// A measurement is the requests one after the other, or, under load, many of them at a rate.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpCheck {
    /// At least one; under load they take turns.
    pub requests: Vec<HttpRequest>,
    /// The name that is asked for in the TLS handshake (SNI, and the certificate has to be of it) and in
    /// the header `Host`, instead of the one in the URL.
    pub server_name: Option<String>,
    /// How many redirects of one request are followed.
    pub follow_redirects: u32,
    /// Many requests instead of one of each.
    pub load: Option<Load>,
    /// Whether link-local and loopback addresses may be asked.
    pub local_addresses: bool,
}

/// Many requests, of which most have to be answered as expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// How many, without those of the warm-up.
    pub requests: u32,
    /// How many a second.
    pub rate: u32,
    /// So many are sent before, and do not count.
    pub warm_up: u32,
    /// The share of them that has to be answered as expected: 0 to 1.
    pub success_ratio: f64,
    /// Percentile, in thousandths (`p99.9` is 999), and the latency that it may have.
    pub latency: BTreeMap<u16, Duration>,
}

impl HttpCheck {
    pub const MAX_REQUESTS: usize = 20;
    /// A single request is given up after this long, so no limit can be longer.
    pub const MAX_LATENCY: Duration = Duration::from_secs(10);
    pub const MAX_REDIRECTS: u32 = 10;

    /// Whether any request goes to the test listener.
    pub fn needs_test_listener(&self) -> bool {
        self.requests
            .iter()
            .any(|request| matches!(request.to, Destination::TestListener { .. }))
    }
}

impl Load {
    pub const MAX_REQUESTS: u32 = 10_000;
    pub const MAX_RATE: u32 = 200;
    pub const DEFAULT_RATE: u32 = 20;
    /// One measurement is made within one invocation.
    pub const LONGEST: Duration = Duration::from_mins(10);
    pub const DEFAULT_SUCCESS_RATIO: f64 = 1.0;

    /// How long the requests take at their rate.
    pub fn lasts(&self) -> Duration {
        let requests = self.requests.saturating_add(self.warm_up);
        Duration::from_secs(requests.div_ceil(self.rate.max(1)).into())
    }

    /// `p95`, `p99.9`
    pub fn percentile_name(thousandths: u16) -> String {
        match (thousandths / 10, thousandths % 10) {
            (whole, 0) => format!("p{whole}"),
            (whole, tenth) => format!("p{whole}.{tenth}"),
        }
    }
}

/// What is sent, and what the answer has to be.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRequest {
    pub to: Destination,
    pub method: Method,
    pub headers: BTreeMap<String, String>,
    pub body: Option<String>,
    pub expect: Expectation,
    /// The longest that an answer may take to arrive whole.
    pub latency: Option<Duration>,
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
            expect: Expectation::default(),
            latency: None,
        }
    }

    /// Looks at one answer; says why it is not the expected one.
    pub fn judge(
        &self,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
        latency: Duration,
    ) -> Result<(), String> {
        self.expect.judge_status(status, headers, body)?;
        self.expect.judge_headers(headers)?;
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

    fn judge_headers(&self, headers: &[(String, String)]) -> Result<(), String> {
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
        if self.json.is_empty() && self.json_matches.is_empty() {
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
