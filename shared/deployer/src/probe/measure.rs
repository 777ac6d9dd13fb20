//! One measurement of the check `http`: its requests one after the other.

use greenlight_aws::chain;
use greenlight_core::{
    gate::{Measurement, answer_line},
    target::check::{Destination, HttpCheck, HttpRequest},
};

use super::{Probe, error::shown_text};

/// A request of a check, and the URL that it goes to.
#[derive(Debug, Clone)]
pub(super) struct Placed<'a> {
    pub(super) request: &'a HttpRequest,
    pub(super) url: String,
}

impl Placed<'_> {
    /// For a message.
    pub(super) fn told(&self) -> String {
        format!("{} {}", self.request.method, shown_text(&self.url))
    }
}

impl Probe {
    /// Measures once. `listener` is the base URL of the test listener, for a check that needs it.
    pub async fn measure(&self, check: &HttpCheck, listener: Option<&str>) -> Measurement {
        let mut requests = Vec::with_capacity(check.requests.len());
        for request in &check.requests {
            let url = match (&request.to, listener) {
                (Destination::Url(url), _) => url.clone(),
                (Destination::TestListener { path }, Some(base)) => format!("{base}{path}"),
                (Destination::TestListener { .. }, None) => {
                    let problem = "nothing tells where the test listener is";
                    return Measurement::error(problem).for_good();
                }
            };
            requests.push(Placed { request, url });
        }
        match &check.load {
            Some(load) => self.measure_load(check, load, &requests).await,
            None => self.measure_sequence(check, &requests).await,
        }
    }

    async fn measure_sequence(&self, check: &HttpCheck, requests: &[Placed<'_>]) -> Measurement {
        let mut lines = Vec::new();
        for (index, placed) in requests.iter().enumerate() {
            let which = match requests.len() {
                1 => String::new(),
                all => format!("request {} of {all}: ", index + 1),
            };
            let told = placed.told();
            let answer = match self.ask(check, placed.request, &placed.url).await {
                Ok(answer) => answer,
                Err(error) => {
                    let measurement = Measurement::error(format!("{which}{}", chain(&error)));
                    return if error.is_final() {
                        measurement.for_good()
                    } else {
                        measurement
                    };
                }
            };
            let line = answer_line(&told, answer.status, answer.latency, &answer.body);
            let judged =
                placed
                    .request
                    .judge(answer.status, &answer.headers, &answer.body, answer.latency);
            if let Err(reason) = judged {
                return Measurement::failed(format!("{which}{told}: {reason}"))
                    .with_evidence([line]);
            }
            lines.push((told, answer.status, answer.latency, line));
        }
        let summary = match lines.as_slice() {
            [] => return Measurement::error("there is no request").for_good(),
            [(told, status, latency, _)] => {
                format!("{told} answered {status} in {} ms", latency.as_millis())
            }
            all => {
                let latency: std::time::Duration = all.iter().map(|(_, _, it, _)| *it).sum();
                format!(
                    "all {} requests were answered as expected, in {} ms",
                    all.len(),
                    latency.as_millis()
                )
            }
        };
        let lines = lines.into_iter().map(|(.., line)| line);
        Measurement::successful(summary).with_evidence(lines)
    }
}
