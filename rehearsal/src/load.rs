//! The load generator: what clients of the service see while it is deployed.
//!
//! A bounded, steady rate of requests to the production listener, half of them on connections that are
//! kept and half on new ones. A request is lost if the connection fails, the answer takes too long, is an
//! error of the server, or comes from something that is not the application.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// Requests a second.
pub const RATE: u32 = 50;

/// Most requests that wait for an answer at one time; beyond that none are sent.
const MOST_WAITING: usize = 256;

/// How long a client waits for its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many lost requests are described.
const DESCRIBED: usize = 20;

/// A running load generator.
#[derive(Debug)]
pub struct Load {
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

/// What became of the requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// How many were sent and are answered or lost.
    pub sent: u64,
    /// How many of those were lost.
    pub lost: u64,
    /// Why the first of them were lost.
    pub losses: Vec<String>,
}

impl Requests {
    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.sent += others.sent;
        self.lost += others.lost;
        self.losses.extend(others.losses);
        self
    }
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    lost: AtomicU64,
    losses: Mutex<Vec<String>>,
}

type HttpClient = Client<HttpConnector, Empty<Bytes>>;

impl Load {
    /// Starts to send `rate` requests a second to `url`; `is_ours` knows the application's answers.
    pub fn start(url: &str, rate: u32, is_ours: fn(&str) -> bool) -> Self {
        let counts = Arc::new(Counts::default());
        let task = tokio::spawn(generate(
            url.to_owned(),
            rate.clamp(1, 1000),
            is_ours,
            counts.clone(),
        ));
        Self { counts, task }
    }

    /// What became of the requests until now.
    pub fn requests(&self) -> Requests {
        let losses = self
            .counts
            .losses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Requests {
            sent: self.counts.sent.load(Ordering::Relaxed),
            lost: self.counts.lost.load(Ordering::Relaxed),
            losses,
        }
    }

    /// Sends no more. Requests that wait for their answer count no more either.
    pub fn stop(self) -> Requests {
        self.task.abort();
        self.requests()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn generate(url: String, rate: u32, is_ours: fn(&str) -> bool, counts: Arc<Counts>) {
    let kept: HttpClient = Client::builder(TokioExecutor::new()).build_http();
    let fresh: HttpClient = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build_http();
    let slots = Arc::new(Semaphore::new(MOST_WAITING));
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    // After a stall of the machine, a burst would measure the burst.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0_u64.. {
        ticks.tick().await;
        let Ok(slot) = slots.clone().try_acquire_owned() else {
            continue;
        };
        let client = if number.is_multiple_of(2) {
            kept.clone()
        } else {
            fresh.clone()
        };
        let (url, counts) = (url.clone(), counts.clone());
        tokio::spawn(async move {
            let _slot = slot;
            let sent = send(&client, &url, !number.is_multiple_of(2), is_ours);
            let outcome = tokio::time::timeout(PATIENCE, sent).await;
            counts.count(
                outcome
                    .unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs()))),
            );
        });
    }
}

async fn send(
    client: &HttpClient,
    url: &str,
    close: bool,
    is_ours: fn(&str) -> bool,
) -> Result<(), String> {
    let mut request = Request::builder().uri(url);
    if close {
        request = request.header(header::CONNECTION, "close");
    }
    let request = request
        .body(Empty::new())
        .map_err(|error| error.to_string())?;
    let response = client
        .request(request)
        .await
        .map_err(|error| format!("connection: {error:?}"))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), 64 * 1024)
        .collect()
        .await;
    let body = body.map_err(|error| format!("body: {error}"))?.to_bytes();
    let body = String::from_utf8_lossy(&body);
    if status.is_server_error() {
        return Err(format!("status {status}"));
    }
    if !is_ours(&body) {
        return Err(format!(
            "status {status}, not our application: {}",
            body.chars().take(60).collect::<String>()
        ));
    }
    Ok(())
}

impl Counts {
    fn count(&self, outcome: Result<(), String>) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        if let Err(reason) = outcome {
            self.lost.fetch_add(1, Ordering::Relaxed);
            let mut losses = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
            if losses.len() < DESCRIBED {
                losses.push(reason);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{Response, StatusCode};
    use tokio::sync::watch;

    use super::*;
    use crate::account::network::{Stop, bind, serve};

    /// A server that answers each request by its number, and what the load generator says of it.
    async fn measured(answer: fn(u64) -> (u16, &'static str)) -> Requests {
        let listener = bind(0).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (_stop, stopped) = watch::channel(Stop::Never);
        let number = AtomicU64::new(0);
        serve(listener, stopped, move |_| {
            let (status, body) = answer(number.fetch_add(1, Ordering::SeqCst));
            let mut response = Response::new(Bytes::from_static(body.as_bytes()));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            async move { response }
        })
        .unwrap();
        let load = Load::start(&url, 200, |body| body == "v1");
        while load.requests().sent < 20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        load.stop()
    }

    #[tokio::test]
    async fn answers_of_the_application_are_not_lost() {
        let requests = measured(|_| (200, "v1")).await;
        assert_eq!(
            (requests.lost, requests.losses.len()),
            (0, 0),
            "{:?}",
            requests.losses
        );
    }

    #[tokio::test]
    async fn server_errors_and_foreign_answers_are_lost() {
        let requests = measured(|number| {
            if number.is_multiple_of(2) {
                (503, "v1")
            } else {
                (200, "else")
            }
        })
        .await;
        assert_eq!(requests.lost, requests.sent);
        assert!(requests.losses.iter().any(|it| it.contains("status 503")));
        assert!(
            requests
                .losses
                .iter()
                .any(|it| it.contains("not our application: else"))
        );
    }

    #[tokio::test]
    async fn a_refused_connection_is_lost() {
        let port = bind(0).unwrap().local_addr().unwrap().port();
        let load = Load::start(&format!("http://127.0.0.1:{port}/"), 200, |_| true);
        while load.requests().sent < 5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let requests = load.stop();
        assert_eq!(requests.lost, requests.sent);
    }
}
