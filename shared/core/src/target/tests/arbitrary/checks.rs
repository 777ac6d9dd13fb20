//! Any gate that its point can have.

use std::time::Duration;

use proptest::prelude::*;

use super::json;
use crate::target::check::{
    Check, Destination, DigestCheck, Expectation, HttpCheck, HttpRequest, Method, StatusRange,
    TargetsCheck, TasksCheck,
};
use crate::target::{GatePoint, Gates, Strategy as Deploy};

/// Those of the gates that the strategy has, with the checks that fit into its time.
pub(super) fn of_strategy(gates: &Gates, deploy: &Deploy) -> Gates {
    let of_rolling = |checks: &[Check]| {
        let mut left = Duration::from_mins(10);
        let mut kept = Vec::new();
        for check in checks {
            let on_test_listener = matches!(check, Check::Http(http)
                if matches!(http.request.to, Destination::TestListener { .. }));
            if !on_test_listener && check.timeout() <= left {
                left -= check.timeout();
                kept.push(check.clone());
            }
        }
        kept
    };
    gates
        .iter()
        .filter_map(|(point, checks)| match deploy {
            Deploy::CodeDeploy(_) | Deploy::Native => Some((point, checks.to_vec())),
            Deploy::Rolling => {
                (point == GatePoint::AfterTraffic).then(|| (point, of_rolling(checks)))
            }
            Deploy::Task(_) | Deploy::Pipeline(_) => None,
        })
        .collect()
}

pub(super) fn gate() -> impl Strategy<Value = (GatePoint, Vec<Check>)> {
    let point = prop::sample::select(GatePoint::ALL.to_vec());
    (point, prop::collection::vec(check(), 0..4)).prop_map(|(point, mut checks)| {
        checks.retain(|check| check.impossible_at(point).is_none());
        (point, checks)
    })
}

fn timeout() -> impl Strategy<Value = Duration> {
    (1_000_u64..=3_600_000).prop_map(Duration::from_millis)
}

fn check() -> impl Strategy<Value = Check> {
    prop_oneof![
        timeout().prop_map(|timeout| Check::Tasks(TasksCheck { timeout })),
        timeout().prop_map(|timeout| Check::Digest(DigestCheck { timeout })),
        Just(Check::Targets(TargetsCheck::default())),
        http().prop_map(Check::Http),
    ]
}

fn http() -> impl Strategy<Value = HttpCheck> {
    let pace = (
        1_u32..=100,
        100_u64..=20_000,
        0_u32..=10,
        prop::option::of(1_u64..=10_000),
    );
    (request(), expectation(), pace, timeout()).prop_map(
        |(request, expect, (consecutive, interval, follow_redirects, latency), timeout)| {
            let interval = Duration::from_millis(interval);
            // As many as there is time for.
            let most = timeout.as_millis() / interval.as_millis();
            HttpCheck {
                request,
                expect,
                latency: latency.map(Duration::from_millis),
                consecutive: consecutive.min(u32::try_from(most).unwrap()).max(1),
                interval,
                timeout,
                follow_redirects,
            }
        },
    )
}

fn request() -> impl Strategy<Value = HttpRequest> {
    let to = prop_oneof![
        "/[a-z0-9/._~?=&%-]{0,30}".prop_map(|path| Destination::TestListener { path }),
        "https?://[a-z]{1,8}(\\.[a-z]{1,8}){0,2}(:[1-9][0-9]{0,3})?(/[a-z/]{0,8})?"
            .prop_map(Destination::Url),
    ];
    let headers = prop::collection::btree_map("x-[a-z0-9-]{1,12}", "[ -~]{0,20}", 0..3);
    let method = prop::sample::select(Method::ALL.to_vec());
    (to, method, headers, prop::option::of(any::<String>())).prop_map(
        |(to, method, headers, body)| HttpRequest {
            to,
            method,
            headers,
            body: body.filter(|_| method.takes_body()),
        },
    )
}

fn expectation() -> impl Strategy<Value = Expectation> {
    let range = (100_u16..=599, 100_u16..=599).prop_map(|(one, other)| StatusRange {
        from: one.min(other),
        to: one.max(other),
    });
    let pattern = prop::sample::select(vec!["^ok$", "v[0-9]+", ".*", "(?i)healthy"]);
    (
        prop::collection::vec(range, 1..4),
        prop::option::of(any::<String>()),
        prop::option::of(pattern),
        prop::collection::btree_map("(/[a-z0-9]{0,5}(~[01])?){0,3}", json(), 0..3),
    )
        .prop_map(|(status, body_contains, pattern, json)| Expectation {
            status,
            body_contains,
            body_matches: pattern.map(|pattern| pattern.parse().unwrap()),
            json,
        })
}
