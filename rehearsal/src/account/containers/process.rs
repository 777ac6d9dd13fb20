//! The process in a container: an HTTP handler that behaves as its image says.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::json;

use super::{Behaviour, ImageSpec};
use crate::clock::Clock;

/// A running process.
#[derive(Debug)]
pub(crate) struct Process {
    version: String,
    behaviour: Behaviour,
    clock: Clock,
    /// How many answers it has given that were not for `/ping`.
    answers: AtomicU32,
}

impl Process {
    pub(crate) fn new(image: &ImageSpec, clock: Clock) -> Self {
        Self {
            version: image.version.clone(),
            behaviour: image.behaviour.clone(),
            clock,
            answers: AtomicU32::new(0),
        }
    }

    /// How long it takes to answer.
    pub(crate) const fn latency(&self) -> Duration {
        self.behaviour.latency
    }

    /// Whether this is one of the answers that a flaky application fails.
    fn fails_now(&self, path: &str) -> bool {
        let Some(every) = self.behaviour.fails_every.filter(|_| path != "/ping") else {
            return false;
        };
        let before = self.answers.fetch_add(1, Ordering::Relaxed);
        before.wrapping_add(1) % every == 0
    }

    /// Answers a request.
    pub(crate) async fn respond<B>(&self, request: &Request<B>) -> Response<Bytes> {
        if !self.behaviour.latency.is_zero() {
            self.clock.sleep(self.behaviour.latency).await;
        }
        let path = request.uri().path();
        let (status, body) = match (self.behaviour.answers.get(path), path) {
            _ if self.fails_now(path) => (500, "{\"status\":\"error\"}".to_owned()),
            (Some((status, body)), _) => (*status, body.clone()),
            (None, "/") => (200, self.version.clone()),
            (None, "/ping") => (200, "pong".to_owned()),
            (None, "/health") => (
                200,
                json!({"status": "ok", "version": self.version}).to_string(),
            ),
            (None, _) => (404, "not found".to_owned()),
        };
        let kind = if body.starts_with('{') {
            "application/json"
        } else {
            "text/plain"
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flaky_application_fails_every_so_many_th_answer_but_not_the_health_check() {
        let clock = Clock::scaled(jiff::Timestamp::UNIX_EPOCH, 1.0);
        let process = Process::new(&ImageSpec::flaky("v2", 3), clock);
        let ask = async |path: &str| {
            let request = Request::get(path).body(()).unwrap();
            process.respond(&request).await.status().as_u16()
        };
        let mut statuses = Vec::new();
        for path in ["/", "/ping", "/health", "/ping", "/ping", "/", "/ping", "/"] {
            statuses.push(ask(path).await);
        }
        assert_eq!(statuses, [200, 200, 200, 200, 200, 500, 200, 200]);
        assert_eq!((ask("/health").await, ask("/nowhere").await), (200, 500));
    }
}
