//! Asking over HTTP, as a gate's check says: bounded in time, bytes, redirects and connections, at no address that is
//! not meant, and without any credentials.
//!
//! Which addresses are asked is in `probe/address.rs`, what a redirect leaves of a request in `probe/hop.rs`; no proxy is
//! taken from the environment, no cookie is kept, nothing is decompressed.

mod address;
mod error;
mod hop;
mod load;
mod measure;
mod network;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use greenlight_core::target::check::{HttpCheck, HttpRequest};
use http::{Request, Response, header};
use tokio::time::{Duration, Instant, timeout};
use url::Host;

use address::Reach;
use error::shown;
use hop::Hop;
use network::{Network, Outgoing};

pub use error::ProbeError;
pub use network::Surroundings;

/// Of an answer's body, so much is read.
const BODY_LIMIT: usize = 256 * 1024;
/// The same where many answers are read at once.
const BODY_LIMIT_UNDER_LOAD: usize = 64 * 1024;
/// The longest that one request may take, where the check sets no shorter latency.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// Asks over HTTP.
#[derive(Clone)]
pub struct Probe(Way);

/// What a simulated network answers to a request.
pub type SimulatedAnswer = Pin<Box<dyn Future<Output = Result<Response<Bytes>, String>> + Send>>;
type Simulated = Arc<dyn Fn(Request<Bytes>) -> SimulatedAnswer + Send + Sync>;

#[derive(Clone)]
enum Way {
    Real(Arc<Network>),
    Simulated(Simulated),
}

/// An answer, whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, up to 256 KiB of it.
    pub body: Bytes,
    /// From the first request to the last byte.
    pub latency: Duration,
}

impl fmt::Debug for Answer {
    /// Without the headers' values, which may carry a session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body", &self.body.len())
            .field("latency", &self.latency)
            .finish()
    }
}

impl Probe {
    /// Asks over the network. Nothing is set up before the first request.
    pub fn new() -> Self {
        Self::within(Surroundings::default())
    }

    /// The same, with names and roots that the machine does not know.
    pub fn within(surroundings: Surroundings) -> Self {
        Self(Way::Real(Arc::new(Network::within(surroundings))))
    }

    /// Asks a simulated network, which gets each request with its whole URL.
    pub fn simulated(
        answer: impl Fn(Request<Bytes>) -> SimulatedAnswer + Send + Sync + 'static,
    ) -> Self {
        Self(Way::Simulated(Arc::new(answer)))
    }

    /// Sends the check's request to `url`, following as many redirects as the check allows.
    pub async fn ask(
        &self,
        check: &HttpCheck,
        request: &HttpRequest,
        url: &str,
    ) -> Result<Answer, ProbeError> {
        let first = Hop::first(check, request, url)?;
        let limit = request.latency.unwrap_or(REQUEST_LIMIT).min(REQUEST_LIMIT);
        // A request that is too slow is measured (and told with its latency) up to the limit, so the
        // limit of the whole is a little longer than the latency that is allowed.
        let limit = limit.saturating_add(Duration::from_secs(1));
        let url = shown(&first.url);
        timeout(limit, self.follow(check, first))
            .await
            .unwrap_or(Err(ProbeError::Late { url, limit }))
    }

    /// What `url` holds, by one plain request. AWS has told the URL.
    pub(crate) async fn fetch(&self, url: &str) -> Result<Bytes, ProbeError> {
        let url = hop::parse(url)?;
        let unusable = |reason: String| ProbeError::Url {
            url: shown(&url),
            reason,
        };
        let outgoing = Outgoing {
            url: &url,
            server_name: None,
            reach: Reach::AwayOrLoopback,
            request: hop::plain("GET", &url, None)?,
            limit: BODY_LIMIT,
        };
        let answer = timeout(REQUEST_LIMIT, self.exchange(outgoing))
            .await
            .unwrap_or_else(|_| {
                Err(ProbeError::Late {
                    url: shown(&url),
                    limit: REQUEST_LIMIT,
                })
            })?;
        if answer.status == 200 {
            Ok(answer.body)
        } else {
            Err(unusable(format!("it answers {}", answer.status)))
        }
    }

    /// Puts `body` at `url`, once, and gives the status code; a redirect is not followed. AWS has told the URL, and
    /// has signed it for an empty content type.
    pub async fn put(&self, url: &str, body: Bytes) -> Result<u16, ProbeError> {
        let url = hop::parse(url)?;
        let mut request = hop::plain("PUT", &url, None)?;
        let nothing = header::HeaderValue::from_static("");
        request.headers_mut().insert(header::CONTENT_TYPE, nothing);
        *request.body_mut() = body;
        let outgoing = Outgoing {
            url: &url,
            server_name: None,
            reach: Reach::AwayOrLoopback,
            request,
            limit: BODY_LIMIT,
        };
        Ok(self.exchange(outgoing).await?.status)
    }

    async fn follow(&self, check: &HttpCheck, first: Hop<'_>) -> Result<Answer, ProbeError> {
        let started = Instant::now();
        let limit = match check.load {
            Some(_) => BODY_LIMIT_UNDER_LOAD,
            None => BODY_LIMIT,
        };
        let url = shown(&first.url);
        let mut hop = first;
        let mut from = None;
        for _ in 0..=check.follow_redirects {
            let sent = match hop.outgoing(limit) {
                Ok(outgoing) => self.exchange(outgoing).await,
                Err(error) => Err(error),
            };
            let mut answer = sent.map_err(|error| error.after(from.as_deref()))?;
            answer.latency = started.elapsed();
            let location = answer
                .headers
                .iter()
                .find(|(name, _)| name == header::LOCATION.as_str())
                .map(|(_, value)| value);
            let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
            match location {
                Some(location) if is_redirect && check.follow_redirects > 0 => {
                    let at = shown(&hop.url);
                    hop = hop
                        .redirected(answer.status, location)
                        .map_err(|error| error.after(Some(&at)))?;
                    from = Some(at);
                }
                _ => return Ok(answer),
            }
        }
        Err(ProbeError::Redirects {
            url,
            limit: check.follow_redirects,
        })
    }

    /// Sends a request and reads the answer.
    async fn exchange(&self, outgoing: Outgoing<'_>) -> Result<Answer, ProbeError> {
        let (parts, body) = match &self.0 {
            Way::Simulated(answer) => simulated(answer, outgoing).await?,
            Way::Real(network) => network.exchange(outgoing).await?,
        };
        let headers = parts.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.to_string(), value)
        });
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body,
            latency: Duration::ZERO,
        })
    }
}

/// By the rules of the real network, as far as there are addresses.
async fn simulated(
    answer: &Simulated,
    outgoing: Outgoing<'_>,
) -> Result<(http::response::Parts, Bytes), ProbeError> {
    let Outgoing {
        url,
        reach,
        request,
        limit,
        ..
    } = outgoing;
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        Some(Host::Domain(_)) | None => None,
    };
    if let Some(address) = address {
        address::allow(url.host_str().unwrap_or_default(), address, reach)?;
    }
    let (parts, body) = answer(request)
        .await
        .map_err(|reason| ProbeError::NoAnswer {
            url: shown(url),
            source: reason.into(),
        })?
        .into_parts();
    if body.len() > limit {
        return Err(ProbeError::TooLarge {
            url: shown(url),
            limit,
        });
    }
    Ok((parts, body))
}

impl Default for Probe {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Way::Real(_) => "Probe(network)",
            Way::Simulated(_) => "Probe(simulated)",
        })
    }
}
