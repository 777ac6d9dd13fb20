mod arbitrary;
mod problems;
mod properties;
mod reference;
mod schema;
mod strategies;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::check::{CheckKind, Destination, HttpCheck, Method, StatusRange};
use super::{Check, GatePoint, OnFailure, Strategy, Target, TargetName, parse};
use crate::image::Registry;

/// The document of the design, as far as it is supported.
const SAMPLE: &str = r#"
targets:
  - name: api-test
    images: [{container: api, repository: mco/api, tags: [test]}]
    service: {cluster: mco, name: api}
    deploy: {codedeploy: {application: API, group: API, config: CodeDeployDefault.ECSCanary10Percent5Minutes}}
    gates:
      before_traffic:
        - tasks: {}
        - digest: {}
        - targets: {}
        - http: {path: /health, expect: {status: [200], body_contains: "ok"}, consecutive_success: 3, interval: 1s, timeout: 30s, latency: 1s}
    on_failure: {restore_tag: true}
"#;

fn sample() -> Value {
    serde_norway::from_str(SAMPLE).unwrap()
}

fn one(document: &Value) -> Target {
    let mut targets = parse(document).unwrap();
    assert_eq!(targets.len(), 1);
    targets.remove(0)
}

/// The sample's target with an HTTP check of these parameters before traffic.
fn with_http(parameters: &Value) -> Value {
    let mut document = sample()["targets"][0].clone();
    document["gates"] = json!({"before_traffic": [{"http": parameters}]});
    document
}

fn check_of(target: &Target) -> &Check {
    match target.gates.get(GatePoint::BeforeTraffic) {
        Some([check]) => check,
        other => panic!("expected one check, found {other:?}"),
    }
}

fn http_of(target: &Target) -> &HttpCheck {
    match &check_of(target).kind {
        CheckKind::Http(http) => http,
        other => panic!("expected an HTTP check, found {other:?}"),
    }
}

#[test]
fn the_sample_document_means_what_it_says() {
    let target = one(&sample());
    assert_eq!(target.name.as_str(), "api-test");
    assert_eq!(target.service.as_ref().unwrap().to_string(), "mco/api");
    assert_eq!(target.on_failure, OnFailure { restore_tag: true });
    let Strategy::CodeDeploy(codedeploy) = &target.deploy else {
        panic!("expected CodeDeploy, found {}", target.deploy.name());
    };
    assert_eq!(
        codedeploy.config.as_deref(),
        Some("CodeDeployDefault.ECSCanary10Percent5Minutes")
    );
    let names: Vec<_> = target
        .gates
        .get(GatePoint::BeforeTraffic)
        .unwrap()
        .iter()
        .map(Check::name)
        .collect();
    assert_eq!(names, ["tasks", "digest", "targets", "http"]);
    let home = Registry::of("123456789012", "eu-west-1").unwrap();
    assert_eq!(
        target.repositories(&home),
        ["123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
            .parse()
            .unwrap()]
    );
}

#[test]
fn the_sample_target_is_written_as_it_was_read_without_defaults() {
    let mut expected = sample()["targets"][0].clone();
    // Three in a row is the default.
    let http = expected
        .pointer_mut("/gates/before_traffic/3/http")
        .unwrap();
    http.as_object_mut()
        .unwrap()
        .shift_remove("consecutive_success");
    assert_eq!(one(&sample()).to_value(), expected);
}

#[test]
fn one_target_alone_is_a_document() {
    assert_eq!(one(&sample()["targets"][0]), one(&sample()));
}

#[test]
fn what_is_not_written_has_its_default() {
    let target = one(&json!({
        "name": "t",
        "images": [{"container": "c", "repository": "r/r", "tags": ["x"]}],
        "service": {"cluster": "c", "name": "s"},
        "deploy": {"codedeploy": {"application": "A", "group": "G"}},
    }));
    assert!(target.gates.is_empty());
    assert_eq!(target.on_failure, OnFailure { restore_tag: false });
    let target = one(&with_http(&json!({"path": "/"})));
    let rules = &check_of(&target).rules;
    assert_eq!(rules.consecutive_success, Some(3));
    assert_eq!(rules.interval, Duration::from_secs(2));
    assert_eq!(rules.timeout, Duration::from_mins(2));
    let check = http_of(&target);
    assert_eq!(check.follow_redirects, 0);
    assert_eq!(check.load, None);
    let [request] = check.requests.as_slice() else {
        panic!("expected one request, found {check:?}");
    };
    assert_eq!(request.latency, None);
    assert_eq!(request.method, Method::Get);
    assert_eq!(request.expect.status, [StatusRange { from: 200, to: 299 }]);
}

#[test]
fn every_parameter_of_the_http_check_is_read() {
    let target = one(&with_http(&json!({
        "url": "https://api.example.org:8443/v1/echo?x=1",
        "method": "POST",
        "headers": {"Content-Type": "application/json"},
        "body": "{}\n",
        "expect": {
            "status": [200, "301-302"],
            "body_contains": "ok",
            "body_matches": "o.",
            "json": {"/status": "ok", "/n": 1.5, "/none": null}
        },
        "latency": "250ms", "consecutive_success": 1, "interval": "1s", "timeout": "55m", "follow_redirects": 2,
    })));
    let check = http_of(&target);
    let request = &check.requests[0];
    assert_eq!(
        request.to,
        Destination::Url("https://api.example.org:8443/v1/echo?x=1".into())
    );
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.body.as_deref(), Some("{}\n"));
    assert_eq!(request.expect.status[1], StatusRange { from: 301, to: 302 });
    assert_eq!(request.expect.json["/none"], Value::Null);
    assert_eq!(check.follow_redirects, 2);
    assert_eq!(one(&target.to_value()), target);
}

#[test]
fn a_check_without_parameters_may_be_left_empty() {
    let mut document = sample()["targets"][0].clone();
    document["gates"] = json!({"before_traffic": [{"tasks": null}]});
    assert_eq!(
        one(&document)
            .gates
            .get(GatePoint::BeforeTraffic)
            .map(<[_]>::len),
        Some(1)
    );
}

#[test]
fn a_point_with_no_checks_is_not_a_point_left_out() {
    let mut document = sample()["targets"][0].clone();
    document["gates"] = json!({"before_traffic": []});
    let target = one(&document);
    assert_eq!(target.gates.get(GatePoint::BeforeTraffic), Some(&[][..]));
    assert_eq!(target.gates.get(GatePoint::AfterTraffic), None);
    assert_eq!(one(&target.to_value()), target);
}

#[test]
fn containers_take_images_of_one_repository_or_of_several() {
    let mut document = sample()["targets"][0].clone();
    document["images"] = json!([
        {"container": "api", "repository": "mco/api", "tags": ["test"]},
        {"container": "worker", "repository": "mco/api", "tags": ["test"]},
        {"container": "proxy", "repository": "mco/proxy", "tags": ["live", "test"]},
    ]);
    let target = one(&document);
    assert_eq!(target.images.len(), 3);
    let home = Registry::of("123456789012", "eu-west-1").unwrap();
    assert_eq!(target.repositories(&home).len(), 2);
}

#[test]
fn every_hook_of_codedeploy_is_a_gate_point_and_nothing_else_is() {
    for point in GatePoint::ALL {
        assert_eq!(
            GatePoint::of_codedeploy_event(point.codedeploy_event()),
            Some(point)
        );
        assert_eq!(GatePoint::of_name(point.name()), Some(point));
        assert_eq!(serde_json::to_value(point).unwrap(), point.name());
    }
    assert_eq!(
        GatePoint::of_codedeploy_event("BeforeAllowTraffic"),
        Some(GatePoint::BeforeTraffic)
    );
    assert_eq!(
        GatePoint::of_codedeploy_event("AfterAllowTestTraffic"),
        Some(GatePoint::TestTraffic)
    );
    for event in [
        "Install",
        "AllowTestTraffic",
        "AllowTraffic",
        "",
        "before_traffic",
    ] {
        assert_eq!(GatePoint::of_codedeploy_event(event), None, "{event}");
    }
}

#[test]
fn a_target_name_is_one_or_is_not() {
    let longest = "a".repeat(64);
    for name in ["api-test", "a", "1", "a--b", longest.as_str()] {
        assert_eq!(name.parse::<TargetName>().unwrap().as_str(), name);
    }
    let too_long = "a".repeat(65);
    for name in [
        "",
        "-a",
        "a-",
        "Api",
        "a_b",
        "a b",
        "a#b",
        "ä",
        too_long.as_str(),
    ] {
        assert!(name.parse::<TargetName>().is_err(), "{name}");
    }
}

#[test]
fn a_target_is_its_document_to_serde() {
    let target = one(&sample());
    let text = serde_json::to_string(&target).unwrap();
    assert_eq!(serde_json::from_str::<Target>(&text).unwrap(), target);
    assert!(serde_json::from_str::<Target>("{}").is_err());
}

proptest! {
    #[test]
    fn a_written_target_reads_as_the_same_target(target in arbitrary::target()) {
        let document = target.to_value();
        prop_assert_eq!(parse(&document).map_err(|problems| problems.to_string()), Ok(vec![target]));
    }

    #[test]
    fn a_written_target_survives_yaml(target in arbitrary::target()) {
        let yaml = serde_norway::to_string(&target).unwrap();
        prop_assert_eq!(serde_norway::from_str::<Target>(&yaml).unwrap(), target);
    }

    #[test]
    fn no_document_makes_the_parser_panic(document in arbitrary::json()) {
        let _ = parse(&document);
    }

    /// A good document with one value replaced by anything: the parser neither panics nor takes
    /// something that it would not write the same way again.
    #[test]
    fn a_damaged_document_is_refused_or_means_what_it_says(
        target in arbitrary::target(),
        place in any::<prop::sample::Index>(),
        value in arbitrary::json(),
    ) {
        let mut document = target.to_value();
        let pointers = arbitrary::pointers(&document);
        *document.pointer_mut(place.get::<String>(&pointers)).unwrap() = value;
        match parse(&document) {
            Ok(targets) => {
                for target in targets {
                    prop_assert_eq!(parse(&target.to_value()).unwrap(), vec![target]);
                }
            }
            Err(problems) => prop_assert!(!problems.is_empty() && problems.to_string().len() < 100_000),
        }
    }
}
