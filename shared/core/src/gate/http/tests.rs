use proptest::prelude::*;

use super::*;
use crate::gate::Phase;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn load(requests: u32, success_ratio: f64, latency: &[(u16, u64)]) -> Load {
    Load {
        requests,
        rate: 20,
        warm_up: 0,
        success_ratio,
        latency: latency.iter().map(|&(at, limit)| (at, ms(limit))).collect(),
    }
}

fn good(milliseconds: u64) -> Sent {
    Sent::Good {
        latency: ms(milliseconds),
    }
}

fn bad(status: u16) -> Sent {
    Sent::Bad {
        latency: ms(5),
        cause: format!("status {status}"),
        told: format!("answered {status}"),
    }
}

fn unanswered() -> Sent {
    Sent::Unanswered {
        cause: "no answer".to_owned(),
        told: "connection refused".to_owned(),
    }
}

fn times(count: usize, sent: &Sent) -> Vec<Sent> {
    vec![sent.clone(); count]
}

fn tally(load: &Load, sent: impl IntoIterator<Item = Sent>) -> LoadTally {
    let mut tally = LoadTally::new(load);
    for one in sent {
        tally.record(one);
    }
    tally
}

#[test]
fn a_load_is_judged_by_ratio_and_percentiles() {
    let hundred: Vec<Sent> = (1..=100).map(good).collect();
    for (load, sent, phase, value, summary) in [
        (
            load(3, 1.0, &[]),
            times(3, &good(7)),
            Phase::Successful,
            Some(1.0),
            "3 of 3 requests (100%) were answered as expected",
        ),
        (
            load(20, 0.95, &[]),
            [times(19, &good(7)), vec![bad(503)]].concat(),
            Phase::Successful,
            Some(0.95),
            "19 of 20 requests (95%) were answered as expected; not as expected: status 503 (1)",
        ),
        (
            load(20, 0.951, &[]),
            [times(19, &good(7)), vec![bad(503)]].concat(),
            Phase::Failed,
            Some(0.95),
            "19 of 20 requests (95%) were answered as expected, fewer than 95.1%; \
             not as expected: status 503 (1)",
        ),
        (
            load(4, 1.0, &[]),
            vec![bad(500), unanswered(), good(1), unanswered()],
            Phase::Failed,
            Some(0.25),
            "1 of 4 requests (25%) were answered as expected, fewer than 100%; \
             not as expected: no answer (2), status 500 (1)",
        ),
        (
            load(2, 0.0, &[]),
            times(2, &unanswered()),
            Phase::Error,
            None,
            "none of 2 requests was answered: no answer (2)",
        ),
        (
            load(100, 1.0, &[(500, 50), (950, 95), (1000, 100)]),
            hundred.clone(),
            Phase::Successful,
            Some(1.0),
            "100 of 100 requests (100%) were answered as expected; p50 is 50 ms of 50ms; \
             p95 is 95 ms of 95ms; p100 is 100 ms of 100ms",
        ),
        (
            load(100, 1.0, &[(500, 49), (999, 100)]),
            hundred.clone(),
            Phase::Failed,
            Some(1.0),
            "100 of 100 requests (100%) were answered as expected; p50 is 50 ms, more than 49ms; \
             p99.9 is 100 ms of 100ms",
        ),
        // What is bad but answered has a latency; what is not answered has none.
        (
            load(3, 0.0, &[(1000, 6)]),
            vec![good(2), bad(404), unanswered()],
            Phase::Successful,
            Some(1.0 / 3.0),
            "1 of 3 requests (33.33%) were answered as expected; p100 is 5 ms of 6ms; \
             not as expected: no answer (1), status 404 (1)",
        ),
    ] {
        let found = tally(&load, sent).measurement();
        assert_eq!(found.summary, summary);
        assert_eq!((found.phase, found.value), (phase, value), "{summary}");
        assert!(!found.is_final, "{summary}");
    }
}

#[test]
fn the_share_is_never_rounded_up() {
    assert_eq!(percent(9_999, 10_000), "99.99%");
    assert_eq!(percent(99_999, 100_000), "99.99%");
    assert_eq!(percent(0, 10), "0%");
    assert_eq!(percent(10, 10), "100%");
    assert_eq!(percent_of_ratio(0.999), "99.9%");
}

#[test]
fn the_first_bad_answers_are_evidence() {
    let sent = [times(3, &good(1)), (500..520).map(bad).collect()].concat();
    let found = tally(&load(23, 0.0, &[]), sent).measurement();
    let expected: Vec<String> = (500..505).map(|at| format!("answered {at}")).collect();
    assert_eq!(found.evidence, expected);
    assert!(found.summary.ends_with(", …"), "{}", found.summary);
}

#[test]
fn a_load_that_is_lost_is_given_up_once_there_is_enough_to_tell() {
    let of_many = load(1000, 0.9, &[]);
    assert!(!tally(&of_many, times(49, &bad(500))).is_lost());
    assert!(!tally(&of_many, times(100, &bad(500))).is_lost());
    let lost = tally(&of_many, times(101, &bad(500)));
    assert!(lost.is_lost());
    let found = lost.measurement();
    assert_eq!(found.phase, Phase::Failed);
    assert_eq!(
        found.summary,
        "0 of 101 requests (0%) were answered as expected, fewer than 90% (the other 899 could not change it, \
         and were not sent); not as expected: status 500 (101)"
    );
    assert!(tally(&of_many, times(50, &unanswered())).is_silent());
    assert!(!tally(&of_many, times(49, &unanswered())).is_silent());
    assert!(!tally(&of_many, [times(50, &unanswered()), vec![good(1)]].concat()).is_silent());
}

#[test]
fn an_answer_is_shown_in_one_line() {
    assert_eq!(
        answer_line("GET /health", 200, ms(12), b"{\"status\":\n\"ok\"}"),
        "GET /health answered 200 in 12 ms: `{\"status\": \"ok\"}`"
    );
    assert_eq!(
        answer_line("GET /", 204, ms(0), b""),
        "GET / answered 204 in 0 ms: it is empty"
    );
    assert!(
        answer_line("GET /", 200, ms(0), &vec![0xff; 100_000])
            .chars()
            .count()
            < 250
    );
}

proptest! {
    /// By definition: at least so many of them are at most the percentile, and fewer are below it.
    #[test]
    fn the_percentile_is_that_of_the_nearest_rank(
        mut latencies in prop::collection::vec(0_u64..50, 1..200),
        thousandths in 1_u16..=1000,
    ) {
        latencies.sort_unstable();
        let sorted: Vec<_> = latencies.iter().copied().map(ms).collect();
        let found = nearest_rank(&sorted, thousandths).unwrap();
        let share = |count: usize| count * 1000;
        let wanted = sorted.len() * usize::from(thousandths);
        prop_assert!(share(sorted.iter().filter(|it| **it <= found).count()) >= wanted);
        prop_assert!(share(sorted.iter().filter(|it| **it < found).count()) < wanted);
    }

    /// Stopping early gives the verdict that going on would have given, whatever would have come.
    #[test]
    fn what_is_lost_stays_lost(
        results in prop::collection::vec(any::<bool>(), 60..150),
        ratio in 0.0_f64..=1.0,
    ) {
        let load = load(u32::try_from(results.len()).unwrap(), ratio, &[]);
        let mut tally = LoadTally::new(&load);
        let mut was_lost = false;
        for is_good in results {
            was_lost |= tally.is_lost();
            if was_lost {
                prop_assert_eq!(tally.clone().measurement().phase, Phase::Failed);
            }
            tally.record(if is_good { good(1) } else { bad(500) });
        }
        if was_lost {
            prop_assert_eq!(tally.measurement().phase, Phase::Failed);
        }
    }
}
