//! Any HTTP check.

use std::time::Duration;

use proptest::prelude::*;

use super::json;
use crate::target::check::{
    Destination, Expectation, HttpCheck, HttpRequest, Load, Method, Pattern, StatusRange,
};

pub(super) fn http() -> impl Strategy<Value = HttpCheck> {
    (
        prop::collection::vec(request(), 1..4),
        prop::option::of("[a-z]{1,8}(\\.[a-z0-9-]{1,8}){0,2}"),
        0..=HttpCheck::MAX_REDIRECTS,
        prop::option::of(load()),
        any::<bool>(),
    )
        .prop_map(
            |(requests, server_name, follow_redirects, load, local_addresses)| HttpCheck {
                requests,
                server_name,
                follow_redirects,
                load,
                local_addresses,
            },
        )
}

fn latency() -> impl Strategy<Value = Duration> {
    (1_u64..=10_000).prop_map(Duration::from_millis)
}

fn load() -> impl Strategy<Value = Load> {
    let ratio = prop_oneof![Just(1.0), 0.0..=1.0];
    (
        1..=200_u32,
        1..=Load::MAX_RATE,
        0..=100_u32,
        ratio,
        prop::collection::btree_map(1_u16..=1000, latency(), 0..4),
    )
        .prop_map(|(requests, rate, warm_up, success_ratio, latency)| Load {
            requests,
            rate,
            warm_up,
            success_ratio,
            latency,
        })
}

fn request() -> impl Strategy<Value = HttpRequest> {
    let to = prop_oneof![
        "/[a-z0-9/._~?=&%-]{0,30}".prop_map(|path| Destination::TestListener { path }),
        "https?://[a-z]{1,8}(\\.[a-z]{1,8}){0,2}(:[1-9][0-9]{0,3})?(/[a-z/]{0,8})?"
            .prop_map(Destination::Url),
    ];
    let headers = prop::collection::btree_map("x-[a-z0-9-]{1,12}", "[ -~]{0,20}", 0..3);
    let method = prop::sample::select(Method::ALL.to_vec());
    (
        to,
        method,
        headers,
        prop::option::of(any::<String>()),
        expectation(),
        prop::option::of(latency()),
    )
        .prop_map(|(to, method, headers, body, expect, latency)| HttpRequest {
            to,
            method,
            headers,
            body: body.filter(|_| method.takes_body()),
            expect,
            latency,
        })
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop::sample::select(vec!["^ok$", "v[0-9]+", ".*", "(?i)healthy"])
        .prop_map(|pattern| pattern.parse().unwrap())
}

fn expectation() -> impl Strategy<Value = Expectation> {
    let range = (100_u16..=599, 100_u16..=599).prop_map(|(one, other)| StatusRange {
        from: one.min(other),
        to: one.max(other),
    });
    let pointer = "(/[a-z0-9]{0,5}(~[01])?){0,3}";
    (
        prop::option::of(prop::collection::vec(range, 1..4)),
        prop::collection::btree_map("[a-z][a-z0-9-]{0,12}", pattern(), 0..3),
        prop::option::of(any::<String>()),
        prop::option::of(pattern()),
        prop::collection::btree_map(pointer, json(), 0..3),
        prop::collection::btree_map(pointer, pattern(), 0..3),
    )
        .prop_map(
            |(status, headers, body_contains, body_matches, json, json_matches)| Expectation {
                status: status.unwrap_or_else(|| Expectation::default().status),
                headers,
                body_contains,
                body_matches,
                json,
                json_matches,
            },
        )
}
