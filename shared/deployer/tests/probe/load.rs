//! Many requests at a rate, on virtual time.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use greenlight_core::gate::{Measurement, Phase};
use greenlight_deployer::probe::Probe;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use crate::document::check;
use crate::server::{Server, ok};

/// What a simulated server has seen.
#[derive(Default)]
struct Seen {
    /// When, after the first, and what path.
    at: Mutex<Vec<(Duration, String)>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

/// A server that answers the n-th request (from 0) with a status after a while, or with nothing.
fn server(
    answer: impl Fn(usize) -> (Duration, Option<u16>) + Send + Sync + 'static,
) -> (Probe, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let kept = seen.clone();
    let (answer, began) = (Arc::new(answer), Instant::now());
    let probe = Probe::simulated(move |request| {
        let (seen, answer) = (kept.clone(), answer.clone());
        Box::pin(async move {
            let nth = {
                let mut at = seen.at.lock().unwrap();
                at.push((began.elapsed(), request.uri().path().to_owned()));
                at.len() - 1
            };
            let now = seen.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            seen.most.fetch_max(now, Ordering::SeqCst);
            let (pause, status) = answer(nth);
            sleep(pause).await;
            seen.under_way.fetch_sub(1, Ordering::SeqCst);
            let status = status.ok_or("connection refused")?;
            let answer = http::Response::builder().status(status);
            answer
                .body("seen".into())
                .map_err(|error| error.to_string())
        })
    });
    (probe, seen)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

async fn measured(probe: &Probe, load: Value) -> (Measurement, Duration) {
    let check = check(&json!({"url": "http://api.example.org/a", "load": load}));
    let began = Instant::now();
    let found = probe.measure(&check, None).await;
    (found, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn requests_are_sent_at_the_rate() {
    let (probe, seen) = server(|_| (ms(30), Some(200)));
    let (found, took) = measured(&probe, json!({"requests": 100, "rate": 10})).await;
    assert_eq!(found.phase, Phase::Successful, "{}", found.summary);
    assert_eq!(
        found.summary,
        "100 of 100 requests (100%) were answered as expected"
    );
    assert_eq!(found.value, Some(1.0));
    assert!(took >= ms(9_900) && took < ms(10_100), "{took:?}");
    let at = seen.at.lock().unwrap();
    for (nth, (at, _)) in (0_u64..).zip(at.iter()) {
        assert!(
            at.abs_diff(ms(nth * 100)) < ms(10),
            "request {nth} at {at:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_than_fifty_are_under_way_and_nothing_is_made_up_for() {
    let (probe, seen) = server(|nth| (if nth < 50 { ms(5_000) } else { ms(1) }, Some(200)));
    let (found, took) = measured(&probe, json!({"requests": 250, "rate": 200})).await;
    assert_eq!(found.phase, Phase::Successful, "{}", found.summary);
    assert_eq!(seen.most.load(Ordering::SeqCst), 50);
    // 200 are sent after the wait, at 200 a second.
    assert!(took > ms(5_900), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_warm_up_is_sent_first_and_does_not_count() {
    let (probe, seen) = server(|nth| {
        if nth < 20 {
            (ms(900), Some(503))
        } else {
            (ms(9), Some(200))
        }
    });
    let load = json!({"requests": 30, "warm_up": 20, "latency": {"p100": "10ms"}});
    let (found, _) = measured(&probe, load).await;
    assert_eq!(found.phase, Phase::Successful, "{}", found.summary);
    assert!(
        found.summary.starts_with("30 of 30 requests"),
        "{}",
        found.summary
    );
    assert!(found.evidence.is_empty());
    assert_eq!(seen.at.lock().unwrap().len(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_warm_up_that_nobody_answers_is_not_gone_on_with() {
    let (probe, seen) = server(|_| (ms(1), None));
    let load = json!({"requests": 20, "warm_up": 10_000, "rate": 100});
    let (found, _) = measured(&probe, load).await;
    assert_eq!(found.phase, Phase::Error);
    assert_eq!(
        found.summary,
        "none of 20 requests was answered: no answer (20)"
    );
    assert!(
        found.evidence[0].contains("connection refused"),
        "{:?}",
        found.evidence
    );
    assert!(seen.at.lock().unwrap().len() < 100);
}

#[tokio::test(start_paused = true)]
async fn ratio_and_percentiles_decide() {
    // Every tenth is bad, every twentieth is not answered at all, and each third is slow.
    let answer = |nth: usize| {
        let pause = if nth.is_multiple_of(3) {
            ms(400)
        } else {
            ms(40)
        };
        match nth {
            _ if nth % 20 == 19 => (pause, None),
            _ if nth % 10 == 9 => (pause, Some(500)),
            _ => (pause, Some(200)),
        }
    };
    for (ratio, latency, phase, told) in [
        (
            0.9,
            json!({}),
            Phase::Successful,
            "180 of 200 requests (90%)",
        ),
        (
            0.91,
            json!({}),
            Phase::Failed,
            "were answered as expected, fewer than 91%",
        ),
        (
            0.5,
            json!({"p50": "50ms"}),
            Phase::Successful,
            "p50 is 40 ms of 50ms",
        ),
        (
            0.5,
            json!({"p95": "300ms"}),
            Phase::Failed,
            "p95 is 400 ms, more than 300ms",
        ),
    ] {
        let (probe, _) = server(answer);
        let load = json!({"requests": 200, "success_ratio": ratio, "latency": latency});
        let (found, _) = measured(&probe, load).await;
        assert_eq!(found.phase, phase, "{}", found.summary);
        assert!(found.summary.contains(told), "{}", found.summary);
        assert!(
            found.summary.contains("status 500 (10)") && found.summary.contains("no answer ("),
            "{}",
            found.summary
        );
        assert!(
            (found.value.unwrap() - 0.9).abs() < 0.01,
            "{}",
            found.summary
        );
        assert_eq!(found.evidence.len(), 5);
        assert_eq!(
            found.evidence[0],
            "GET http://api.example.org/a answered 500 in 400 ms: `seen` \
             (status 500 instead of 200-299 (body: `seen`))"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_is_bad_long_before_all_were_sent() {
    let (probe, seen) = server(|nth| {
        if nth == 0 {
            (ms(1), Some(200))
        } else {
            (ms(60_000), Some(200))
        }
    });
    let load = json!({"requests": 10_000, "rate": 200, "success_ratio": 0.999});
    let (found, took) = measured(&probe, load).await;
    assert_eq!(found.phase, Phase::Failed, "{}", found.summary);
    assert!(
        found.summary.contains("no answer in time"),
        "{}",
        found.summary
    );
    assert!(took < ms(30_000), "{took:?}");
    assert!(seen.at.lock().unwrap().len() < 200);
}

#[tokio::test(start_paused = true)]
async fn requests_take_turns() {
    let (probe, seen) = server(|_| (ms(1), Some(200)));
    let urls = ["a", "b", "c"].map(|it| json!({"url": format!("http://api.example.org/{it}")}));
    let check = check(&json!({"requests": urls, "load": {"requests": 7}}));
    let found = probe.measure(&check, None).await;
    assert_eq!(found.phase, Phase::Successful, "{}", found.summary);
    let at = seen.at.lock().unwrap();
    let paths: Vec<_> = at.iter().map(|(_, path)| path.as_str()).collect();
    assert_eq!(paths, ["/a", "/b", "/c", "/a", "/b", "/c", "/a"]);
}

#[tokio::test]
async fn a_load_works_on_a_real_network() {
    let server = Server::answering(vec![ok()]).await;
    let load = json!({"requests": 40, "rate": 200, "warm_up": 5, "latency": {"p99": "5s"}});
    let check = check(&json!({"path": "/health", "load": load, "local_addresses": false}));
    let found = Probe::new().measure(&check, Some(&server.url)).await;
    assert_eq!(found.phase, Phase::Successful, "{}", found.summary);
    assert_eq!(server.asked().len(), 45);
}
