//! The wire between a function and the simulated account: it counts, takes its time, and fails where
//! it is told to. The account itself knows nothing of faults.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings};
use aws_smithy_runtime_api::client::{
    http::{
        HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
};
use tokio::{
    sync::Notify,
    time::{Duration, sleep},
};

/// Every call takes so long in each direction, so that calls that run together overlap.
const LATENCY: Duration = Duration::from_millis(5);

/// What is to happen to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The function dies before the call reaches AWS.
    CrashBefore,
    /// The function dies after AWS has done the call, before the answer arrives.
    CrashAfter,
    /// AWS does the call, but the answer is lost on the way; the function lives.
    AnswerLost,
}

/// One call as the wire saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `X-Amz-Target`'s operation, `Action` of a query, or `GetObject`.
    pub operation: String,
    /// 1 for calls that waited for no other, 2 for those that waited for one of these, …
    pub round: u32,
}

/// A wire. Clones are the same.
#[derive(Debug, Clone)]
pub struct Wire {
    state: Arc<Mutex<State>>,
    crash: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    seen: Vec<Seen>,
    rounds_done: u32,
    fault: Option<(usize, Fault)>,
    delay: Option<(String, Duration)>,
}

impl Wire {
    /// A wire without faults.
    #[expect(
        clippy::new_without_default,
        reason = "an empty wire is no value that is expected by default"
    )]
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
            crash: Arc::new(Notify::new()),
        }
    }

    /// The `number`th call from now on (0 is the next) meets `fault`, once.
    pub fn inject(&self, number: usize, fault: Fault) {
        let mut state = self.lock();
        let at = state.seen.len() + number;
        state.fault = Some((at, fault));
    }

    /// From now on, each call of `operation` reaches AWS so much later.
    pub fn delay(&self, operation: &str, by: Duration) {
        self.lock().delay = Some((operation.to_owned(), by));
    }

    /// Whether an injected fault has happened.
    pub fn has_struck(&self) -> bool {
        self.lock().fault.is_none()
    }

    /// The calls so far, and how many had to be made one after the other.
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// Forgets the calls so far.
    pub fn forget(&self) {
        *self.lock() = State::default();
    }

    /// Waits until a crash is to happen.
    pub async fn crashed(&self) {
        self.crash.notified().await;
    }

    /// `client` behind this wire.
    pub fn client(&self, client: SharedHttpClient) -> SharedHttpClient {
        let wire = self.clone();
        http_client_fn(move |settings: &HttpConnectorSettings, components| {
            SharedHttpConnector::new(Connector {
                inner: client.http_connector(settings, components),
                wire: wire.clone(),
            })
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, operation: &str) -> (u32, Option<Fault>, Duration) {
        let mut state = self.lock();
        let round = state.rounds_done + 1;
        let number = state.seen.len();
        state.seen.push(Seen {
            operation: operation.to_owned(),
            round,
        });
        let fault = state
            .fault
            .take_if(|(at, _)| *at == number)
            .map(|(_, fault)| fault);
        let delay = state.delay.as_ref().filter(|(slow, _)| slow == operation);
        let delay = delay.map_or(Duration::ZERO, |(_, by)| *by);
        (round, fault, delay)
    }

    fn end(&self, round: u32) {
        let mut state = self.lock();
        state.rounds_done = state.rounds_done.max(round);
    }

    /// The function dies: whoever runs it drops it, and this never returns.
    async fn die(&self) {
        self.crash.notify_one();
        std::future::pending::<()>().await;
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    wire: Wire,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = operation(&request);
        let (inner, wire) = (self.inner.clone(), self.wire.clone());
        HttpConnectorFuture::new(async move {
            let (round, fault, delay) = wire.begin(&operation);
            sleep(LATENCY + delay).await;
            if fault == Some(Fault::CrashBefore) {
                wire.die().await;
            }
            let answer = inner.call(request).await;
            match fault {
                Some(Fault::CrashAfter) => wire.die().await,
                Some(Fault::AnswerLost) => {
                    return Err(ConnectorError::io("connection reset by peer".into()));
                }
                Some(Fault::CrashBefore) | None => {}
            }
            sleep(LATENCY).await;
            wire.end(round);
            answer
        })
    }
}

fn operation(request: &HttpRequest) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.rsplit('.').next().unwrap_or(target).to_owned();
    }
    let body = request.body().bytes().unwrap_or_default();
    let body = String::from_utf8_lossy(body);
    let action = body
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="));
    // S3 has no operation in its requests, and Greenlight only reads from it.
    let otherwise = if request.method() == "GET" {
        "GetObject"
    } else {
        "unknown"
    };
    action.unwrap_or(otherwise).to_owned()
}
