//! Many requests of a check at a rate, of which not too many are under way at once.

use futures_util::{StreamExt, stream::FuturesUnordered};
use greenlight_aws::chain;
use greenlight_core::{
    gate::{LoadTally, Measurement, Sent, answer_line},
    target::check::{HttpCheck, Load},
};
use tokio::time::{Duration, Instant, sleep_until};

use super::{Probe, ProbeError, measure::Placed};

/// So many requests are under way at once, at most.
const IN_FLIGHT: usize = 50;

impl Probe {
    pub(super) async fn measure_load(
        &self,
        check: &HttpCheck,
        load: &Load,
        requests: &[Placed<'_>],
    ) -> Measurement {
        let mut warm_up = LoadTally::new(load);
        let warmed = self
            .send_at_rate(check, load.warm_up, load.rate, requests, |sent| {
                warm_up.record(sent);
                warm_up.is_silent()
            })
            .await;
        let mut tally = LoadTally::new(load);
        let sent = match warmed {
            Ok(()) => {
                self.send_at_rate(check, load.requests, load.rate, requests, |sent| {
                    tally.record(sent);
                    tally.is_lost()
                })
                .await
            }
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => tally.measurement(),
            Err(error) => Measurement::error(chain(&error)).for_good(),
        }
    }

    /// Sends so many, in turn, until `until` has seen enough; or breaks off with an error that all would have. Where
    /// too many are under way, the next ones wait, and are not sent faster afterwards.
    async fn send_at_rate(
        &self,
        check: &HttpCheck,
        count: u32,
        rate: u32,
        requests: &[Placed<'_>],
        mut until: impl FnMut(Sent) -> bool + Send,
    ) -> Result<(), ProbeError> {
        let pause = Duration::from_secs(1) / rate.max(1);
        let mut turns = requests.iter().cycle().take(count as usize).peekable();
        let mut next_at = Instant::now();
        let mut in_flight = FuturesUnordered::new();
        loop {
            let may_send = turns.peek().is_some() && in_flight.len() < IN_FLIGHT;
            if !may_send && in_flight.is_empty() {
                return Ok(());
            }
            tokio::select! {
                biased;
                Some(sent) = in_flight.next(), if !in_flight.is_empty() => {
                    if until(sent?) {
                        return Ok(());
                    }
                }
                () = sleep_until(next_at), if may_send => {
                    if let Some(placed) = turns.next() {
                        in_flight.push(self.send_one(check, placed));
                    }
                    next_at = (next_at + pause).max(Instant::now());
                }
            }
        }
    }

    async fn send_one(&self, check: &HttpCheck, placed: &Placed<'_>) -> Result<Sent, ProbeError> {
        let answer = match self.ask(check, placed.request, &placed.url).await {
            Ok(answer) => answer,
            Err(error) if error.is_final() => return Err(error),
            Err(error) => {
                return Ok(Sent::Unanswered {
                    cause: error.cause().to_owned(),
                    told: chain(&error),
                });
            }
        };
        let (status, latency) = (answer.status, answer.latency);
        let judged =
            placed
                .request
                .judge_with_cause(status, &answer.headers, &answer.body, latency);
        Ok(match judged {
            Ok(()) => Sent::Good { latency },
            Err((cause, reason)) => Sent::Bad {
                latency,
                cause: cause.to_string(),
                told: format!(
                    "{} ({reason})",
                    answer_line(&placed.told(), status, latency, &answer.body)
                ),
            },
        })
    }
}
