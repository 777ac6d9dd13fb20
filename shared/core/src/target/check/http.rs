//! The HTTP check: what is asked, and what the answer has to be.
//!
//! Asking is in `shared/deployer`; [`HttpRequest::judge`] looks at one answer and nothing else.

mod expectation;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::duration;

pub(crate) use expectation::quoted;
pub use expectation::{Expectation, StatusRange};

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
#[derive(Clone, PartialEq)]
pub struct HttpRequest {
    pub to: Destination,
    pub method: Method,
    pub headers: BTreeMap<String, String>,
    pub body: Option<String>,
    pub expect: Expectation,
    /// The longest that an answer may take to arrive whole.
    pub latency: Option<Duration>,
}

impl fmt::Debug for HttpRequest {
    /// Without what may be a secret: the headers' values and the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("to", &self.to)
            .field("method", &self.method)
            .field("headers", &self.headers.keys())
            .field("body", &self.body.as_ref().map(String::len))
            .field("expect", &self.expect)
            .field("latency", &self.latency)
            .finish()
    }
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
        self.judge_with_cause(status, headers, body, latency)
            .map_err(|(_, reason)| reason)
    }

    /// The same, with the kind of what is wrong, by which many answers are counted.
    pub fn judge_with_cause(
        &self,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
        latency: Duration,
    ) -> Result<(), (Cause, String)> {
        self.expect
            .judge_status(status, headers, body)
            .map_err(|reason| (Cause::Status(status), reason))?;
        self.expect
            .judge_headers(headers)
            .map_err(|reason| (Cause::Header, reason))?;
        self.expect
            .judge_body(body)
            .map_err(|reason| (Cause::Body, reason))?;
        match self.latency {
            Some(limit) if latency > limit => Err((
                Cause::Slow,
                format!(
                    "the answer took {} ms, more than the allowed {}",
                    latency.as_millis(),
                    duration::write(limit)
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It has this status.
    Status(u16),
    Header,
    Body,
    /// It took too long.
    Slow,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::Header => f.write_str("a header"),
            Self::Body => f.write_str("the body"),
            Self::Slow => f.write_str("too slow"),
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

#[cfg(test)]
mod tests;
