//! Who listens where, and how a request gets there.
//!
//! Addresses are those of the simulated VPC (`10.0.1.7:8080`) in both networks. On loopback each has a
//! real server behind it; in memory a request is a function call. What listens is `containers`' and
//! `elb`'s affair.

mod serve;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::watch;
use tokio::time::Instant;

use super::containers::Process;
use super::{Account, Network, cloudformation, ecr, elb};
pub(crate) use serve::{BODY_LIMIT, Stop, bind, serve};

/// On loopback, real time that even the fastest clock leaves for an answer: what takes longer is the
/// machine's fault and not the container's.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who listens where.
#[derive(Default)]
pub(crate) struct State {
    servers: BTreeMap<Address, Server>,
    client: Option<Client<HttpConnector, Full<Bytes>>>,
    hosts: u32,
}

/// An address in the simulated VPC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) ip: String,
    pub(crate) port: u16,
}

struct Server {
    process: Arc<Process>,
    socket: Option<SocketAddr>,
    stop: watch::Sender<Stop>,
}

/// Nobody listens there, or whoever did is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("connection refused")]
pub struct ConnectionRefused;

/// How long an answer took, among its extensions: of the container's own time so much as its image says, and
/// of the machine's so much as it really took, however fast the account's clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Took(pub(crate) Duration);

/// Why a request was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unanswered {
    Refused,
    TimedOut,
}

impl State {
    /// The next free address of the VPC's subnet.
    pub(crate) fn next_ip(&mut self) -> String {
        self.hosts += 1;
        // 10.0.0.0/9 is not used up in a rehearsal; afterwards addresses repeat.
        Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 1, 4).to_bits() + self.hosts % 0x7f_0000)
            .to_string()
    }
}

impl Account {
    /// In memory: what a client gets that resolves `to`'s authority, the name of the load balancer, of the
    /// host of image layers, or of the bucket of answers to CloudFormation.
    pub async fn request(
        &self,
        to: Uri,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, ConnectionRefused> {
        let host = to.host().ok_or(ConnectionRefused)?;
        if let Some(layer) = ecr::layer_at(self, host, &request) {
            return Ok(layer);
        }
        if let Some(taken) = cloudformation::answered(self, host, &request) {
            return Ok(taken);
        }
        let port = to.port_u16().unwrap_or(80);
        let listener = elb::listener_at(self, host, port).ok_or(ConnectionRefused)?;
        Ok(elb::route(self, &listener, request).await)
    }
}

/// Lets a process listen on an address.
pub(crate) fn listen(account: &Account, address: Address, process: Arc<Process>) -> io::Result<()> {
    let (stop, stopped) = watch::channel(Stop::Never);
    let socket = match account.settings().network {
        Network::InMemory => None,
        Network::Loopback => {
            let listener = bind(0)?;
            let socket = listener.local_addr()?;
            let process = Arc::clone(&process);
            serve(listener, stopped, move |request| {
                let process = Arc::clone(&process);
                async move { process.respond(&request).await }
            })?;
            Some(socket)
        }
    };
    account.state().network.servers.insert(
        address,
        Server {
            process,
            socket,
            stop,
        },
    );
    Ok(())
}

/// Ends what listens on an address: at once if it crashed, else after the answers that it is working on.
pub(crate) fn close(account: &Account, address: &Address, how: Stop) {
    if let Some(server) = account.state().network.servers.remove(address) {
        server.stop.send_replace(how);
    }
}

/// Sends a request to an address and waits for the answer, for `timeout` of simulated time.
pub(crate) async fn exchange(
    account: &Account,
    address: &Address,
    request: Request<Bytes>,
    timeout: Duration,
) -> Result<Response<Bytes>, Unanswered> {
    let (process, remote, mut stopped) = {
        let mut state = account.state();
        let network = &mut state.network;
        let server = network.servers.get(address).ok_or(Unanswered::Refused)?;
        let connect = || Client::builder(TokioExecutor::new()).build_http();
        let client = &mut network.client;
        let remote = server
            .socket
            .map(|it| (it, client.get_or_insert_with(connect).clone()));
        (Arc::clone(&server.process), remote, server.stop.subscribe())
    };
    let begun = Instant::now();
    let latency = process.latency();
    let timed = |mut response: Response<Bytes>| {
        let machine = begun
            .elapsed()
            .saturating_sub(account.clock().real(latency));
        response.extensions_mut().insert(Took(latency + machine));
        response
    };
    // Whether an answer is late is decided in simulated time, so that a busy machine does not decide it.
    if latency > timeout {
        account.clock().sleep(timeout).await;
        return Err(Unanswered::TimedOut);
    }
    let Some((socket, client)) = remote else {
        return tokio::select! {
            biased;
            response = process.respond(&request) => Ok(timed(response)),
            () = aborted(&mut stopped) => Err(Unanswered::Refused),
        };
    };
    let request = addressed(request, socket).ok_or(Unanswered::Refused)?;
    let answer = async {
        let response = client
            .request(request)
            .await
            .map_err(|_| Unanswered::Refused)?;
        let (mut parts, body) = response.into_parts();
        remove_hop_by_hop(&mut parts.headers);
        let body = Limited::new(body, BODY_LIMIT)
            .collect()
            .await
            .map_err(|_| Unanswered::Refused)?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    };
    let patience = account.clock().real(timeout).max(PATIENCE);
    let answer = tokio::time::timeout(patience, answer).await;
    answer.unwrap_or(Err(Unanswered::TimedOut)).map(timed)
}

fn addressed(request: Request<Bytes>, socket: SocketAddr) -> Option<Request<Full<Bytes>>> {
    let (mut parts, body) = request.into_parts();
    let path = parts
        .uri
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    parts.uri = format!("http://{socket}{path}").parse().ok()?;
    parts.version = http::Version::HTTP_11;
    remove_hop_by_hop(&mut parts.headers);
    Some(Request::from_parts(parts, Full::new(body)))
}

/// Headers that are about one connection only, and not for whoever is behind it.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in [
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ] {
        headers.remove(name);
    }
}

/// Waits for a process to be cut off. One that ends gracefully finishes what it is answering.
async fn aborted(stop: &mut watch::Receiver<Stop>) {
    if stop.wait_for(|stop| *stop == Stop::AtOnce).await.is_err() {
        std::future::pending::<()>().await;
    }
}
