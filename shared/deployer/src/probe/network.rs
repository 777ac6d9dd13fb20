//! The network as it is: names, connections, and bytes that are counted.
//!
//! A name is resolved here, its addresses are looked at, and one of them is dialled as it is written, so that no
//! second look-up can lead elsewhere. A server is held to its name by TLS, whatever was dialled.

use std::{
    collections::BTreeMap,
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use bytes::Bytes;
use http::{Request, Uri, response};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector};
use hyper_util::{
    client::legacy::{self, Client, ResponseFuture, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::time::{Duration, Instant};
use url::{Host, Url};

use super::{
    ProbeError,
    address::{self, Reach},
    error::shown,
};

/// The longest that one address may take to accept a connection, so that there is time for the next.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// Of the addresses of one name, so many are tried.
const ADDRESSES: usize = 3;
/// The header block of an answer, and whatever else is read at once, in bytes.
const BUFFER: usize = 16 * 1024;
const MAX_HEADERS: usize = 100;
/// Connections are kept for the next request, not for the next measurement: the machine may sleep in between.
const IDLE: Duration = Duration::from_secs(4);
const IDLE_CONNECTIONS: usize = 50;
/// Names are asked for again after this long: a load balancer changes its addresses.
const NAMES_KEPT: Duration = Duration::from_secs(5);
/// A server can name as many others as it likes.
const KEPT: usize = 16;

/// What a probe would otherwise take from the machine that it runs on.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Whose certificates are trusted; without, the system's.
    pub roots: Option<Vec<CertificateDer<'static>>>,
    /// Names and where they lead, before anybody else is asked.
    pub hosts: BTreeMap<String, Vec<IpAddr>>,
}

/// Connects, keeps connections, and reads within bounds.
#[derive(Default)]
pub(super) struct Network {
    surroundings: Surroundings,
    tls: OnceLock<Arc<rustls::ClientConfig>>,
    /// By the name that the server has to prove; plain HTTP by none.
    clients: Mutex<BTreeMap<String, AnyClient>>,
    names: tokio::sync::Mutex<BTreeMap<String, (Instant, Vec<IpAddr>)>>,
}

/// A request, and how to get it to its server.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    pub(super) url: &'a Url,
    /// The name to ask for, if it is not the URL's.
    pub(super) server_name: Option<&'a str>,
    pub(super) reach: Reach,
    /// With the whole URL.
    pub(super) request: Request<Bytes>,
    /// Of the answer's body, so many bytes are read.
    pub(super) limit: usize,
}

#[derive(Clone)]
enum AnyClient {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl AnyClient {
    fn request(&self, request: Request<Full<Bytes>>) -> ResponseFuture {
        match self {
            Self::Plain(client) => client.request(request),
            Self::Tls(client) => client.request(request),
        }
    }
}

impl Network {
    pub(super) fn within(surroundings: Surroundings) -> Self {
        Self {
            surroundings,
            ..Self::default()
        }
    }

    /// Sends a request and reads the answer.
    pub(super) async fn exchange(
        &self,
        outgoing: Outgoing<'_>,
    ) -> Result<(response::Parts, Bytes), ProbeError> {
        let Outgoing {
            url,
            server_name,
            reach,
            request,
            limit,
        } = outgoing;
        let name = server_name
            .or(url.host_str())
            .unwrap_or_default()
            .to_owned();
        let client = self.client(url, &name)?;
        let mut addresses = self.addresses(url, reach).await?.into_iter();
        let answer = loop {
            let Some(address) = addresses.next() else {
                return Err(no_answer(url, "the name has no address".into()));
            };
            let request = aimed(request.clone(), url, address)?;
            match client.request(request).await {
                Ok(answer) => break answer,
                // Nobody has seen the request, so that it can be sent to the next address.
                Err(error) if error.is_connect() && addresses.len() > 0 => {}
                Err(error) => return Err(ProbeError::on_the_way(url, &name, error.into())),
            }
        };
        let (parts, body) = answer.into_parts();
        let body = read(body, limit)
            .await
            .map_err(|error| no_answer(url, error))?;
        let body = body.ok_or_else(|| ProbeError::TooLarge {
            url: shown(url),
            limit,
        })?;
        Ok((parts, body))
    }

    /// Where a URL leads to. If one of the addresses is not to be asked, none is.
    async fn addresses(&self, url: &Url, reach: Reach) -> Result<Vec<SocketAddr>, ProbeError> {
        let port = url.port_or_known_default().unwrap_or_default();
        let addresses = match url.host() {
            Some(Host::Ipv4(address)) => vec![IpAddr::V4(address)],
            Some(Host::Ipv6(address)) => vec![IpAddr::V6(address)],
            Some(Host::Domain(name)) => self
                .resolve(name)
                .await
                .map_err(|error| no_answer(url, error.into()))?,
            None => Vec::new(),
        };
        let host = url.host_str().unwrap_or_default();
        for address in &addresses {
            address::allow(host, *address, reach)?;
        }
        let addresses = addresses.into_iter().take(ADDRESSES);
        Ok(addresses.map(|it| SocketAddr::new(it, port)).collect())
    }

    async fn resolve(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        if let Some(addresses) = self.surroundings.hosts.get(name) {
            return Ok(addresses.clone());
        }
        // Held while the system is asked, so that many requests at once ask it once.
        let mut names = self.names.lock().await;
        if let Some((at, addresses)) = names.get(name)
            && at.elapsed() < NAMES_KEPT
        {
            return Ok(addresses.clone());
        }
        let found = tokio::net::lookup_host((name, 0)).await?;
        let addresses: Vec<_> = found.map(|address| address.ip()).collect();
        if names.len() >= KEPT {
            names.clear();
        }
        names.insert(name.to_owned(), (Instant::now(), addresses.clone()));
        Ok(addresses)
    }

    fn client(&self, url: &Url, name: &str) -> Result<AnyClient, ProbeError> {
        let is_plain = url.scheme() == "http";
        let key = if is_plain { "" } else { name };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(key) {
            return Ok(client.clone());
        }
        let client = if is_plain {
            AnyClient::Plain(builder().build(connector()))
        } else {
            let unusable = |reason: String| ProbeError::Url {
                url: shown(url),
                reason,
            };
            // An IPv6 address is bracketed in a URL.
            let bare = name.trim_start_matches('[').trim_end_matches(']');
            let server = ServerName::try_from(bare.to_owned())
                .map_err(|error| unusable(format!("`{name}`: {error}")))?;
            let tls = self.tls().map_err(|error| unusable(error.to_string()))?;
            let mut connector = connector();
            connector.enforce_http(false);
            let server = Arc::new(FixedServerNameResolver::new(server));
            AnyClient::Tls(builder().build(HttpsConnector::new(connector, tls, true, server)))
        };
        if clients.len() >= KEPT {
            clients.clear();
        }
        clients.insert(key.to_owned(), client.clone());
        Ok(client)
    }

    /// Trusts what the system trusts: a service's certificate may be of any authority.
    fn tls(&self) -> Result<Arc<rustls::ClientConfig>, rustls::Error> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(match &self.surroundings.roots {
            Some(roots) => roots.clone(),
            None => rustls_native_certs::load_native_certs().certs,
        });
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(self.tls.get_or_init(|| Arc::new(tls)).clone())
    }
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_LIMIT));
    connector
}

fn builder() -> legacy::Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .http1_max_buf_size(BUFFER)
        .http1_max_headers(MAX_HEADERS)
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS);
    builder
}

/// The request with the address in place of the name; the header `Host` has the name.
fn aimed(
    request: Request<Bytes>,
    url: &Url,
    address: SocketAddr,
) -> Result<Request<Full<Bytes>>, ProbeError> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |it| it.as_str());
    parts.uri = Uri::builder()
        .scheme(url.scheme())
        .authority(address.to_string())
        .path_and_query(path)
        .build()
        .map_err(|error| ProbeError::Url {
            url: shown(url),
            reason: error.to_string(),
        })?;
    Ok(Request::from_parts(parts, Full::new(body)))
}

/// The body, or nothing if it is larger than the limit. It is copied: a piece of one byte would otherwise keep all that
/// was read with it.
async fn read<B>(mut body: B, limit: usize) -> Result<Option<Bytes>, Box<dyn Error + Send + Sync>>
where
    B: BodyExt<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        return Ok(None);
    }
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(Into::into)?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        let length = read.len() + data.len();
        if length > limit {
            return Ok(None);
        }
        if length > read.capacity() {
            // Twice as much as before, but never more than the limit.
            let wanted = length.max(2 * read.capacity()).min(limit);
            read.reserve_exact(wanted - read.len());
        }
        read.extend_from_slice(data);
    }
    Ok(Some(read.into()))
}

fn no_answer(url: &Url, source: Box<dyn Error + Send + Sync>) -> ProbeError {
    ProbeError::NoAnswer {
        url: shown(url),
        source,
    }
}
