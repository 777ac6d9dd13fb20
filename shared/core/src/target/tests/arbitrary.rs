//! Any target, any JSON, any place in it.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;

use crate::policy::TagPolicy;
use crate::target::check::{
    Check, Destination, DigestCheck, Expectation, HttpCheck, HttpRequest, Method, StatusRange,
    TargetsCheck, TasksCheck,
};
use crate::target::{
    CodeDeploy, GatePoint, ImageSource, OnFailure, Service, Strategy as Deploy, Target,
};

pub(super) fn target() -> impl Strategy<Value = Target> {
    let names = (
        "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?",
        "[A-Za-z0-9_-]{1,20}",
        "[A-Za-z0-9_-]{1,20}",
    );
    let deploy = (
        "\\PC{1,30}",
        "\\PC{1,30}",
        prop::option::of("[A-Za-z0-9]{1,30}"),
    );
    (
        names,
        images(),
        deploy,
        prop::collection::vec(gate(), 0..4),
        any::<bool>(),
    )
        .prop_map(
            |(
                (name, cluster, service),
                images,
                (application, group, config),
                gates,
                restore_tag,
            )| Target {
                name: name.parse().unwrap(),
                images,
                service: Service {
                    cluster,
                    name: service,
                },
                deploy: Deploy::CodeDeploy(CodeDeploy {
                    application,
                    group,
                    config,
                }),
                gates: gates.into_iter().collect(),
                on_failure: OnFailure { restore_tag },
            },
        )
}

fn images() -> impl Strategy<Value = Vec<ImageSource>> {
    let tags = prop::collection::btree_set("[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", 1..4);
    let containers = prop::collection::btree_map("[A-Za-z0-9_-]{1,12}", tags, 1..4);
    let repository = "(123456789012\\.dkr\\.ecr\\.us-east-1\\.amazonaws\\.com/)?[a-z0-9]{2,8}(/[a-z0-9]{1,8}){0,2}";
    (containers, repository).prop_map(|(containers, repository)| {
        let sources = containers.into_iter().map(|(container, tags)| ImageSource {
            container,
            repository: repository.parse().unwrap(),
            tags: tags
                .iter()
                .map(|tag| TagPolicy::Exact(tag.parse().unwrap()))
                .collect(),
        });
        sources.collect()
    })
}

fn gate() -> impl Strategy<Value = (GatePoint, Vec<Check>)> {
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

pub(super) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1.0e9..1.0e9).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z_/.-]{0,10}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        "[a-z_]{0,10}".boxed(),
        any::<String>().boxed(),
        prop::sample::select(vec![
            "targets", "name", "images", "gates", "http", "tags", "expect"
        ])
        .prop_map(str::to_owned)
        .boxed(),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// The JSON pointers of every value in a document.
pub(super) fn pointers(document: &Value) -> Vec<String> {
    let mut out = vec![String::new()];
    let children: Vec<(String, &Value)> = match document {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (index.to_string(), item))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        _ => Vec::new(),
    };
    for (part, child) in children {
        out.extend(
            pointers(child)
                .into_iter()
                .map(|below| format!("/{part}{below}")),
        );
    }
    out
}
