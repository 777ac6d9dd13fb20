//! The Lambda Runtime API (version 2018-06-01): what a function's process talks to.
//!
//! One server per process, so that it is always clear which process asks, and one invocation at a time,
//! as in Lambda. The processes themselves are in [`crate::sandbox`].

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::account::functions::{FunctionError, Invocation};
use crate::account::network::{Stop, bind, serve};

/// What a function answered.
pub type Answer = Result<Value, FunctionError>;

/// The Runtime API of one process. Closes when dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    invocations: mpsc::Sender<(Invocation, oneshot::Sender<Answer>)>,
    shared: Arc<Shared>,
    stop: watch::Sender<Stop>,
}

#[derive(Debug)]
struct Shared {
    queue: tokio::sync::Mutex<mpsc::Receiver<(Invocation, oneshot::Sender<Answer>)>>,
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    invocation: Option<(String, oneshot::Sender<Answer>)>,
    /// What the process said to `/runtime/init/error`.
    init_error: Option<FunctionError>,
}

const PATHS: &str = "/2018-06-01/runtime/";

/// Lambda's limit for the answer of an invocation.
const MOST_BYTES: usize = 6 * 1024 * 1024;

impl RuntimeApi {
    /// Opens a Runtime API for one process.
    pub fn open() -> io::Result<Self> {
        let listener = bind(0)?;
        let address = listener.local_addr()?;
        let (invocations, queue) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            queue: tokio::sync::Mutex::new(queue),
            current: Mutex::default(),
        });
        let (stop, stopped) = watch::channel(Stop::Never);
        let handler = shared.clone();
        serve(listener, stopped, move |request| {
            let handler = handler.clone();
            async move { handler.answer(request).await }
        })?;
        Ok(Self {
            address,
            invocations,
            shared,
            stop,
        })
    }

    /// `127.0.0.1:<port>`, for `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Hands the process an invocation. The answer comes through the receiver; it is closed without one if
    /// the process asks for the next invocation instead of answering.
    pub fn invoke(&self, invocation: Invocation) -> Option<oneshot::Receiver<Answer>> {
        let (answer, answered) = oneshot::channel();
        self.invocations
            .try_send((invocation, answer))
            .ok()
            .map(|()| answered)
    }

    /// Why the process could not start, if it said so.
    pub fn init_error(&self) -> Option<FunctionError> {
        self.shared.current().init_error.clone()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.stop.send_replace(Stop::AtOnce);
    }
}

impl Shared {
    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let path = request
            .uri()
            .path()
            .strip_prefix(PATHS)
            .unwrap_or_default()
            .to_owned();
        let steps: Vec<&str> = path.split('/').collect();
        match (request.method(), steps.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => self.response(id, request.body()),
            (&Method::POST, ["invocation", id, "error"]) => {
                let error = function_error(request.headers(), request.body());
                self.finish(id, Err(error))
            }
            (&Method::POST, ["init", "error"]) => {
                self.current().init_error = Some(function_error(request.headers(), request.body()));
                accepted()
            }
            _ => refused(
                StatusCode::NOT_FOUND,
                "NotFound",
                "There is no such resource",
            ),
        }
    }

    /// Waits for an invocation, as long as it takes.
    async fn next(&self) -> Response<Bytes> {
        // A process that asks again has given up on what it had.
        self.current().invocation = None;
        let Some((invocation, answer)) = self.queue.lock().await.recv().await else {
            return refused(StatusCode::GONE, "Shutdown", "The function is shut down");
        };
        self.current().invocation = Some((invocation.request_id.clone(), answer));
        let mut response = Response::new(Bytes::from(invocation.payload.to_string()));
        *response.headers_mut() = headers_of(&invocation);
        response
    }

    fn response(&self, id: &str, body: &Bytes) -> Response<Bytes> {
        if body.len() > MOST_BYTES {
            let message = format!("Exceeded maximum allowed payload size ({MOST_BYTES} bytes).");
            let error = FunctionError::new("Function.ResponseSizeTooLarge", &message);
            self.finish(id, Err(error));
            return refused(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                &message,
            );
        }
        match serde_json::from_slice(body) {
            Ok(value) => self.finish(id, Ok(value)),
            Err(error) => {
                let message = format!("The function's answer is not JSON: {error}");
                self.finish(id, Err(FunctionError::new("Runtime.MarshalError", message)))
            }
        }
    }

    fn finish(&self, id: &str, answer: Answer) -> Response<Bytes> {
        let mut current = self.current();
        match current.invocation.take() {
            Some((expected, sender)) if expected == id => {
                // Nobody waits any more for an answer that comes too late.
                let _ = sender.send(answer);
                accepted()
            }
            other => {
                current.invocation = other;
                refused(
                    StatusCode::BAD_REQUEST,
                    "InvalidRequestID",
                    "Invalid request ID",
                )
            }
        }
    }
}

fn headers_of(invocation: &Invocation) -> HeaderMap {
    // The process lives in real time, so its deadline is told in that.
    let left = invocation.until.saturating_duration_since(Instant::now());
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let deadline = (now + left).as_millis().to_string();
    let id: String = invocation
        .request_id
        .chars()
        .filter(char::is_ascii_hexdigit)
        .collect();
    let trace = format!(
        "Root=1-{:08x}-{};Parent={};Sampled=0",
        now.as_secs(),
        id.get(..24).unwrap_or_default(),
        id.get(16..).unwrap_or_default()
    );
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    for (name, value) in [
        (
            "lambda-runtime-aws-request-id",
            invocation.request_id.as_str(),
        ),
        ("lambda-runtime-deadline-ms", &deadline),
        (
            "lambda-runtime-invoked-function-arn",
            &invocation.function_arn,
        ),
        ("lambda-runtime-trace-id", &trace),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    headers
}

/// The error that a process reports: in the body, or at least in the header.
fn function_error(headers: &HeaderMap, body: &Bytes) -> FunctionError {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |member: &str| body.get(member).and_then(Value::as_str).map(str::to_owned);
    let header = headers
        .get("lambda-runtime-function-error-type")
        .and_then(|value| value.to_str().ok());
    let error_type = text("errorType").or_else(|| header.map(str::to_owned));
    FunctionError {
        error_type: error_type.unwrap_or_else(|| "Runtime.Unknown".to_owned()),
        message: text("errorMessage").unwrap_or_default(),
    }
}

fn accepted() -> Response<Bytes> {
    respond(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn refused(status: StatusCode, error_type: &str, message: &str) -> Response<Bytes> {
    respond(
        status,
        &json!({"errorType": error_type, "errorMessage": message}),
    )
}

fn respond(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

#[cfg(test)]
#[path = "runtime_api_tests.rs"]
mod tests;
