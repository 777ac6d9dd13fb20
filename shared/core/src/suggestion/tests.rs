use serde_json::json;

use super::*;
use crate::target;

const REGISTRY: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

fn home() -> Registry {
    Registry::of("123456789012", "eu-west-1").unwrap()
}

fn repository(tags: &[&str]) -> FoundRepository {
    FoundRepository {
        tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
        mutability: Mutability {
            is_immutable: false,
            except: Vec::new(),
        },
    }
}

fn container(name: &str, image: &str, tags: &[&str]) -> FoundContainer {
    FoundContainer {
        name: name.to_owned(),
        image: image.to_owned(),
        repository: Some(repository(tags)),
    }
}

fn health() -> HealthCheck {
    HealthCheck {
        path: Some("/ping".to_owned()),
        statuses: "200".to_owned(),
    }
}

fn by_codedeploy() -> Found {
    Found {
        service: Service {
            cluster: "mco".to_owned(),
            name: "Api_1".to_owned(),
        },
        home: home(),
        way: Way::CodeDeploy(Some(FoundGroup {
            application: "API".to_owned(),
            name: "API".to_owned(),
            has_test_listener: true,
        })),
        containers: vec![
            container("api", &format!("{REGISTRY}/mco/api:test"), &["test"]),
            FoundContainer {
                name: "log-router".to_owned(),
                image: "public.ecr.aws/aws-observability/aws-for-fluent-bit:2".to_owned(),
                repository: None,
            },
        ],
        health_check: Some(health()),
    }
}

fn native(stages: &[&str], has_test_listener: bool) -> Found {
    Found {
        way: Way::Native {
            strategy: "CANARY".to_owned(),
            stages: stages.iter().map(|stage| (*stage).to_owned()).collect(),
            has_test_listener,
        },
        ..by_codedeploy()
    }
}

fn rolling() -> Found {
    Found {
        way: Way::Rolling {
            has_circuit_breaker: false,
        },
        ..by_codedeploy()
    }
}

/// The document of what is suggested, which the strict parser reads to the same target.
fn document(found: &Found) -> Value {
    let suggestion = suggest(found, None).unwrap();
    let document = suggestion.document();
    let parsed =
        target::parse(&document).unwrap_or_else(|problems| panic!("{problems}\n{document:#}"));
    assert_eq!(parsed, [suggestion.target]);
    document
}

fn remarks(found: &Found) -> Vec<String> {
    let suggestion = suggest(found, None).unwrap();
    let remarks = suggestion.remarks.iter();
    remarks
        .map(|it| format!("{}: {}", it.key, it.text))
        .collect()
}

#[test]
fn a_service_of_codedeploy_is_gated_before_its_traffic() {
    let found = by_codedeploy();
    assert_eq!(
        document(&found),
        json!({
            "name": "api-1",
            "images": [{"container": "api", "repository": "mco/api", "tags": ["test"]}],
            "service": {"cluster": "mco", "name": "Api_1"},
            "deploy": {"codedeploy": {"application": "API", "group": "API"}},
            "task_definition": "service",
            "gates": {"before_traffic": [
                {"tasks": {}},
                {"digest": {}},
                {"targets": {}},
                {"http": {"path": "/ping", "expect": {"status": [200]}}},
            ]},
            "on_failure": {"restore_tag": true},
        })
    );
    let remarks = remarks(&found).join("\n");
    assert!(
        remarks.contains("images: api: what runs has the tag `test`"),
        "{remarks}"
    );
    assert!(
        remarks.contains("images: container `log-router` is left out"),
        "{remarks}"
    );
}

#[test]
fn without_a_test_listener_nothing_is_asked_over_http() {
    let mut found = by_codedeploy();
    found.way = Way::CodeDeploy(Some(FoundGroup {
        application: "API".to_owned(),
        name: "API".to_owned(),
        has_test_listener: false,
    }));
    let gates = &document(&found)["gates"];
    assert_eq!(
        *gates,
        json!({"before_traffic": [{"tasks": {}}, {"digest": {}}, {"targets": {}}]})
    );
    assert!(remarks(&found).join("\n").contains("with a test listener"));
}

#[test]
fn a_rolling_service_has_one_gate_with_time_enough() {
    let found = rolling();
    let document = document(&found);
    assert_eq!(document["deploy"], json!({"rolling": {}}));
    assert_eq!(
        document["gates"],
        json!({"after_traffic": [{"tasks": {}}, {"digest": {"timeout": "1m"}}, {"targets": {"timeout": "3m"}}]})
    );
    assert!(
        remarks(&found)
            .join("\n")
            .contains("has no circuit breaker")
    );
    let worker = Found {
        health_check: None,
        way: Way::Rolling {
            has_circuit_breaker: true,
        },
        ..found
    };
    assert_eq!(
        self::document(&worker)["gates"],
        json!({"after_traffic": [{"tasks": {}}, {"digest": {"timeout": "1m"}}]})
    );
    assert!(!remarks(&worker).join("\n").contains("circuit breaker"));
}

#[test]
fn ecs_itself_is_gated_where_it_asks() {
    for (stages, has_test_listener, expected) in [
        (
            &[
                "POST_SCALE_UP",
                "POST_TEST_TRAFFIC_SHIFT",
                "PRE_PRODUCTION_TRAFFIC_SHIFT",
            ][..],
            true,
            json!({"after_install": ["tasks", "digest"], "test_traffic": ["targets", "http"]}),
        ),
        (
            &["PRE_PRODUCTION_TRAFFIC_SHIFT"],
            true,
            json!({"before_traffic": ["tasks", "digest", "targets", "http"]}),
        ),
        (
            &["POST_PRODUCTION_TRAFFIC_SHIFT"],
            false,
            json!({"after_traffic": ["tasks", "digest", "targets"]}),
        ),
        (
            &["POST_SCALE_UP"],
            true,
            json!({"after_install": ["tasks", "digest"]}),
        ),
        (&["PRE_SCALE_UP"], true, Value::Null),
        (&[], true, Value::Null),
    ] {
        let found = native(stages, has_test_listener);
        let document = document(&found);
        assert_eq!(document["deploy"], json!({"native": {}}));
        let mut named = document["gates"].clone();
        for (_, checks) in named.as_object_mut().into_iter().flatten() {
            *checks = checks
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|check| check.as_object().unwrap().keys().cloned())
                .collect();
        }
        assert_eq!(named, expected, "{stages:?}");
        let says_why = remarks(&found).join("\n").contains("there are no gates");
        assert_eq!(says_why, expected.is_null(), "{stages:?}");
    }
}

#[test]
fn tags_are_guessed_by_what_they_look_like() {
    for (named, tags, expected) in [
        (Some("test"), &["test", "1.4.2"][..], json!(["test"])),
        (None, &["1.4.2", "live"], json!(["live"])),
        (None, &["latest", "production"], json!(["production"])),
        (None, &["latest"], json!(["latest"])),
        (Some("b"), &["a", "b"], json!(["b"])),
        (None, &["1.4.2"], json!([{"semver": "^1"}])),
        (
            Some("v0.3.1"),
            &["v0.3.1", "1f2e3d4"],
            json!([{"semver": "^0", "prefix": "v"}]),
        ),
        (
            None,
            &["v2.0.0-rc.1"],
            json!([{"semver": "^2", "prerelease": true, "prefix": "v"}]),
        ),
        (None, &["main-1f2e3d4"], json!([{"glob": "main-*"}])),
        (None, &["release_20261129"], json!([{"glob": "release_*"}])),
        (Some("1f2e3d4"), &["1f2e3d4"], json!([{"newest": true}])),
        (None, &["1234"], json!([{"newest": true}])),
        // Words of the letters a to f are no commits.
        (None, &["facade"], json!(["facade"])),
        (None, &["sha256-0123.sig"], json!([{"newest": true}])),
        (None, &[], json!([{"newest": true}])),
    ] {
        let image = match named {
            Some(tag) => format!("{REGISTRY}/mco/api:{tag}"),
            None => format!("{REGISTRY}/mco/api@sha256:{}", "0123456789abcdef".repeat(4)),
        };
        let mut found = by_codedeploy();
        found.containers = vec![container("api", &image, tags)];
        assert_eq!(
            document(&found)["images"][0]["tags"],
            expected,
            "{named:?} {tags:?}"
        );
    }
}

#[test]
fn the_other_tags_are_named_and_not_too_many() {
    let mut found = by_codedeploy();
    let tags = ["test", "a", "b", "c", "d", "e", "f", "g"];
    found.containers = vec![container("api", &format!("{REGISTRY}/mco/api:test"), &tags)];
    let remarks = remarks(&found).join("\n");
    assert!(
        remarks.contains("it has also `a`, `b`, `c`, `d`, `e` and 2 more"),
        "{remarks}"
    );
}

#[test]
fn the_tag_is_given_back_only_where_it_can_be() {
    let restores = |found: &Found| document(found).get("on_failure").is_some();
    let mut found = by_codedeploy();
    assert!(restores(&found));
    // A version stays with its image.
    found.containers = vec![container(
        "api",
        &format!("{REGISTRY}/mco/api:1.4.2"),
        &["1.4.2"],
    )];
    assert!(!restores(&found));
    let mut found = by_codedeploy();
    found.containers[0]
        .repository
        .as_mut()
        .unwrap()
        .mutability
        .is_immutable = true;
    assert!(!restores(&found));
    assert!(remarks(&found).join("\n").contains("cannot be moved"));
    // Where ECR could not be asked, it is not known.
    let mut found = by_codedeploy();
    found.containers[0].repository = None;
    assert!(!restores(&found));
    assert!(
        remarks(&found)
            .join("\n")
            .contains("could not be looked at")
    );
}

#[test]
fn containers_of_one_repository_take_the_same_and_other_registries_are_written() {
    let mut found = by_codedeploy();
    let far = "111122223333.dkr.ecr.us-east-1.amazonaws.com";
    found.containers = vec![
        container("api", &format!("{REGISTRY}/mco/api:test"), &["test"]),
        container("worker", &format!("{REGISTRY}/mco/api:old"), &["old"]),
        container("proxy", &format!("{far}/mco/proxy:v1.0.0"), &["v1.0.0"]),
    ];
    assert_eq!(
        document(&found)["images"],
        json!([
            {"container": "api", "repository": "mco/api", "tags": ["test"]},
            {"container": "worker", "repository": "mco/api", "tags": ["test"]},
            {"container": "proxy", "repository": format!("{far}/mco/proxy"), "tags": [{"semver": "^1", "prefix": "v"}]},
        ])
    );
}

#[test]
fn a_name_may_be_given_and_has_to_be_where_none_fits() {
    let mut found = by_codedeploy();
    let name = "api-test".parse().unwrap();
    assert_eq!(suggest(&found, Some(&name)).unwrap().target.name, name);
    found.service.name = "___".to_owned();
    let error = suggest(&found, None).unwrap_err();
    assert!(error.hint().contains("--name"), "{error}");
    assert!(suggest(&found, Some(&name)).is_ok());
}

#[test]
fn what_cannot_be_deployed_is_said_to_be_so() {
    let mut found = by_codedeploy();
    found.way = Way::CodeDeploy(None);
    let error = suggest(&found, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no deployment group of CodeDeploy was found that owns service `mco/Api_1`"
    );
    found.way = Way::Other("EXTERNAL".to_owned());
    let error = suggest(&found, None).unwrap_err().to_string();
    assert!(error.contains("`EXTERNAL`"), "{error}");
    let mut found = by_codedeploy();
    found.containers.remove(0);
    let error = suggest(&found, None).unwrap_err().to_string();
    assert!(error.contains("`public.ecr.aws/"), "{error}");
}

#[test]
fn a_health_check_that_no_document_could_have_is_left_out() {
    for (path, statuses, expected) in [
        (Some("/ping"), "200-299", json!({"path": "/ping"})),
        (
            Some("/ping"),
            "200,301",
            json!({"path": "/ping", "expect": {"status": [200, 301]}}),
        ),
        (Some("/ping"), "0-12", json!({"path": "/ping"})),
        (Some("/ping"), "", json!({"path": "/ping"})),
        (Some("/a b"), "200", Value::Null),
        (None, "", Value::Null),
    ] {
        let mut found = by_codedeploy();
        found.health_check = Some(HealthCheck {
            path: path.map(str::to_owned),
            statuses: statuses.to_owned(),
        });
        let document = document(&found);
        assert_eq!(
            document["gates"]["before_traffic"][3]["http"], expected,
            "{path:?} {statuses}"
        );
    }
}
