//! Asking over HTTP, as a gate's check says: bounded in time, bytes and redirects, and without any
//! credentials.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use greenlight_core::target::check::{HttpCheck, HttpRequest};
use http::{Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{Duration, Instant, timeout};
use url::Url;

/// Of an answer's body, so much is read.
const BODY_LIMIT: usize = 256 * 1024;
/// The longest that one request may take, where the check sets no shorter latency.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// Asks over HTTP.
#[derive(Clone)]
pub struct Probe(Network);

/// What a simulated network answers to a request.
pub type SimulatedAnswer = Pin<Box<dyn Future<Output = Result<Response<Bytes>, String>> + Send>>;
type Simulated = Arc<dyn Fn(Request<Bytes>) -> SimulatedAnswer + Send + Sync>;

#[derive(Clone)]
enum Network {
    Real(Arc<std::sync::OnceLock<HttpClient>>),
    Simulated(Simulated),
}

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The URL cannot be asked.
    #[error("`{url}` cannot be asked: {reason}")]
    Url {
        /// The URL.
        url: String,
        /// Why not.
        reason: String,
    },
    /// No answer came.
    #[error("no answer from `{url}`")]
    NoAnswer {
        /// The URL.
        url: String,
        /// Why not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// No answer came in time.
    #[error("no answer from `{url}` within {} ms", .limit.as_millis())]
    Late {
        /// The URL.
        url: String,
        /// The time that there was.
        limit: Duration,
    },
    /// The answer is larger than a probe reads.
    #[error("the answer from `{url}` is larger than {BODY_LIMIT} bytes")]
    TooLarge {
        /// The URL.
        url: String,
    },
    /// There were more redirects than are followed.
    #[error("`{url}` redirects more often than {limit} times")]
    Redirects {
        /// The URL.
        url: String,
        /// How many are followed.
        limit: u32,
    },
}

impl Probe {
    /// Asks over the network. Nothing is set up before the first request.
    pub fn new() -> Self {
        Self(Network::Real(Arc::default()))
    }

    /// Asks a simulated network, which gets each request with its whole URL.
    pub fn simulated(
        answer: impl Fn(Request<Bytes>) -> SimulatedAnswer + Send + Sync + 'static,
    ) -> Self {
        Self(Network::Simulated(Arc::new(answer)))
    }

    /// Sends the check's request to `url`, following as many redirects as the check allows.
    pub async fn ask(
        &self,
        check: &HttpCheck,
        request: &HttpRequest,
        url: &str,
    ) -> Result<Answer, ProbeError> {
        let limit = request.latency.unwrap_or(REQUEST_LIMIT).min(REQUEST_LIMIT);
        // A request that is too slow is measured (and told with its latency) up to the limit, so the
        // limit of the whole is a little longer than the latency that is allowed.
        let limit = limit.saturating_add(Duration::from_secs(1));
        timeout(limit, self.follow(check, request, url))
            .await
            .unwrap_or_else(|_| {
                Err(ProbeError::Late {
                    url: url.to_owned(),
                    limit,
                })
            })
    }

    /// What `url` holds, by one plain request. The query of such a URL may be a signature, so that no
    /// message shows it.
    pub(crate) async fn fetch(&self, url: &str) -> Result<Bytes, ProbeError> {
        let shown = url.split('?').next().unwrap_or_default();
        let unusable = |reason: String| ProbeError::Url {
            url: shown.to_owned(),
            reason,
        };
        let request = Request::get(url)
            .header(header::USER_AGENT, "greenlight")
            .body(Bytes::new())
            .map_err(|error| unusable(error.to_string()))?;
        let answer = timeout(REQUEST_LIMIT, self.exchange(request, shown))
            .await
            .unwrap_or_else(|_| {
                Err(ProbeError::Late {
                    url: shown.to_owned(),
                    limit: REQUEST_LIMIT,
                })
            })?;
        if answer.status == 200 {
            Ok(answer.body)
        } else {
            Err(unusable(format!("it answers {}", answer.status)))
        }
    }

    async fn follow(
        &self,
        check: &HttpCheck,
        request: &HttpRequest,
        url: &str,
    ) -> Result<Answer, ProbeError> {
        let started = Instant::now();
        let mut at = parse(url)?;
        for _ in 0..=check.follow_redirects {
            let mut answer = self.send(request, &at).await?;
            answer.latency = started.elapsed();
            let location = answer
                .headers
                .iter()
                .find(|(name, _)| name == header::LOCATION.as_str())
                .map(|(_, value)| value);
            let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
            match location {
                Some(location) if is_redirect && check.follow_redirects > 0 => {
                    at = at.join(location).map_err(|error| ProbeError::Url {
                        url: location.chars().take(200).collect(),
                        reason: error.to_string(),
                    })?;
                }
                _ => return Ok(answer),
            }
        }
        Err(ProbeError::Redirects {
            url: url.to_owned(),
            limit: check.follow_redirects,
        })
    }

    async fn send(&self, asked: &HttpRequest, url: &Url) -> Result<Answer, ProbeError> {
        let unusable = |reason: &dyn fmt::Display| ProbeError::Url {
            url: url.to_string(),
            reason: reason.to_string(),
        };
        let uri: Uri = url.as_str().parse().map_err(|error| unusable(&error))?;
        let mut request = Request::builder()
            .method(asked.method.as_str())
            .uri(uri)
            .header(header::USER_AGENT, "greenlight");
        for (name, value) in &asked.headers {
            request = request.header(name, value);
        }
        let body = Bytes::from(asked.body.clone().unwrap_or_default());
        let request = request.body(body).map_err(|error| unusable(&error))?;
        self.exchange(request, url.as_str()).await
    }

    /// Sends a request and reads the answer; `url` is what messages show.
    async fn exchange(&self, request: Request<Bytes>, url: &str) -> Result<Answer, ProbeError> {
        let no_answer = |source: Box<dyn Error + Send + Sync>| ProbeError::NoAnswer {
            url: url.to_owned(),
            source,
        };
        let (parts, body) = match &self.0 {
            Network::Simulated(answer) => {
                let (parts, body) = answer(request)
                    .await
                    .map_err(|reason| no_answer(reason.into()))?
                    .into_parts();
                (parts, body.slice(..body.len().min(BODY_LIMIT)))
            }
            Network::Real(client) => {
                let client = if let Some(client) = client.get() {
                    client
                } else {
                    let new = https_client().map_err(|error| no_answer(error.into()))?;
                    client.get_or_init(|| new)
                };
                let answer = client
                    .request(request.map(Full::new))
                    .await
                    .map_err(|error| no_answer(error.into()))?;
                let (parts, body) = answer.into_parts();
                let body = Limited::new(body, BODY_LIMIT)
                    .collect()
                    .await
                    .map_err(|error| {
                        if error.is::<http_body_util::LengthLimitError>() {
                            ProbeError::TooLarge {
                                url: url.to_owned(),
                            }
                        } else {
                            no_answer(error)
                        }
                    })?;
                (parts, body.to_bytes())
            }
        };
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| {
                    (
                        name.to_string(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                })
                .collect(),
            body,
            latency: Duration::ZERO,
        })
    }
}

impl Default for Probe {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Network::Real(_) => "Probe(network)",
            Network::Simulated(_) => "Probe(simulated)",
        })
    }
}

/// Trusts what the system trusts: a service's certificate may be of any authority. A machine without
/// any root can still ask over plain HTTP.
fn https_client() -> Result<HttpClient, rustls::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

fn parse(url: &str) -> Result<Url, ProbeError> {
    let unusable = |reason: String| ProbeError::Url {
        url: url.to_owned(),
        reason,
    };
    let parsed = Url::parse(url).map_err(|error| unusable(error.to_string()))?;
    match parsed.scheme() {
        "http" | "https" => Ok(parsed),
        other => Err(unusable(format!("`{other}` is not a scheme that is asked"))),
    }
}
