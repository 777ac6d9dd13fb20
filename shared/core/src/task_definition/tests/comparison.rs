//! The normal form and the difference, against the model of ECS.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::ecs::{describes, input, turned_round};
use super::{json_value, parsed};
use crate::task_definition::{Change, Difference, What, difference, is_same, normal_form};

fn between(live: &Value, new: &Value) -> Difference {
    difference(&parsed(live.clone()), &parsed(new.clone()))
}

/// A definition with one container of these members.
fn with(container: Value) -> Value {
    let mut container = container;
    container["name"] = json!("api");
    json!({"family": "mco-api", "networkMode": "awsvpc", "containerDefinitions": [container]})
}

#[test]
fn what_ecs_adds_is_no_difference() {
    let check = |one: Value, other: Value| {
        assert_eq!(between(&one, &other).to_string(), "", "{one} {other}");
        assert_eq!(
            normal_form(&one).to_string(),
            normal_form(&other).to_string()
        );
    };
    let root = |key: &str, value: Value| {
        let mut document = with(json!({}));
        document[key] = value;
        document
    };
    for (one, other) in [
        (json!({}), json!({"essential": true, "cpu": 0})),
        (
            json!({}),
            json!({"environment": [], "mountPoints": [], "volumesFrom": [], "systemControls": [], "portMappings": []}),
        ),
        (
            json!({}),
            json!({"command": [], "entryPoint": [], "dockerLabels": {}, "user": null}),
        ),
        (
            json!({}),
            json!({"linuxParameters": {"capabilities": {"add": [], "drop": null}, "devices": []}}),
        ),
        (
            json!({"portMappings": [{"containerPort": 80}]}),
            json!({"portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]}),
        ),
        (
            json!({"portMappings": [{"containerPort": 80, "hostPort": 0}]}),
            json!({"portMappings": [{"containerPort": 80, "hostPort": 80}]}),
        ),
        (
            json!({"healthCheck": {"command": ["CMD"]}}),
            json!({"healthCheck": {"command": ["CMD"], "interval": 30, "timeout": 5, "retries": 3}}),
        ),
        (json!({"stopTimeout": 30}), json!({"stopTimeout": 30.0})),
    ] {
        check(with(one), with(other));
    }
    for (key, one, other) in [
        ("cpu", json!("256"), json!(256)),
        ("cpu", json!("1 vCPU"), json!("1024")),
        ("cpu", json!(".5 vcpu"), json!("512")),
        ("memory", json!("0.5 GB"), json!(512)),
        ("memory", json!("3GB"), json!("3072")),
        ("volumes", json!([]), Value::Null),
        (
            "volumes",
            json!([{"name": "a"}]),
            json!([{"name": "a", "host": {}}]),
        ),
        ("placementConstraints", json!([]), Value::Null),
        ("revision", json!(7), json!(8)),
        ("tags", json!([{"key": "aws:x", "value": "y"}]), Value::Null),
        (
            "requiresCompatibilities",
            json!(["EC2", "FARGATE"]),
            json!(["FARGATE", "EC2"]),
        ),
    ] {
        check(root(key, one), root(key, other));
    }
}

#[test]
fn the_port_of_the_host_is_filled_in_by_network_mode() {
    let host_port = |network: Value| {
        let mut document = with(json!({"portMappings": [{"containerPort": 80}]}));
        document["networkMode"] = network;
        normal_form(&document)["containerDefinitions"][0]["portMappings"][0]["hostPort"].clone()
    };
    assert_eq!(host_port(json!("awsvpc")), 80);
    assert_eq!(host_port(json!("host")), 80);
    assert_eq!(host_port(json!("bridge")), 0);
    assert_eq!(host_port(json!(null)), 0);
}

#[test]
fn what_ecs_would_not_take_for_the_same_is_a_difference() {
    for (one, other) in [
        (
            json!({"command": ["a", "b"]}),
            json!({"command": ["b", "a"]}),
        ),
        (
            json!({"environmentFiles": [{"value": "a"}, {"value": "b"}]}),
            json!({"environmentFiles": [{"value": "b"}, {"value": "a"}]}),
        ),
        (json!({"essential": false}), json!({})),
        (json!({"cpu": 1}), json!({})),
        (
            json!({"portMappings": [{"containerPort": 80, "protocol": "udp"}]}),
            json!({"portMappings": [{"containerPort": 80}]}),
        ),
        (json!({"invented": []}), json!({})),
        (json!({"invented": {}}), json!({"invented": []})),
        (json!({"invented": [1, null]}), json!({"invented": [1]})),
        (
            json!({"environment": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
            json!({"environment": [{"name": "A", "value": "2"}, {"name": "A", "value": "1"}]}),
        ),
        (json!({"stopTimeout": "30"}), json!({"stopTimeout": 30})),
    ] {
        let (one, other) = (with(one), with(other));
        assert!(!between(&one, &other).is_empty(), "{one} {other}");
        assert!(!is_same(&parsed(one), &parsed(other)));
    }
    for odd in [
        "inf",
        "1e3",
        "lots",
        "-1",
        "0.0001 vCPU",
        "1.2.3",
        "",
        "vCPU",
        "99999999999999999999 vCPU",
    ] {
        let mut document = with(json!({}));
        document["cpu"] = json!(odd);
        assert_eq!(normal_form(&document)["cpu"], json!(odd));
    }
}

#[test]
fn a_difference_reads_as_lines() {
    let live = json!({
        "family": "mco-api", "cpu": "256", "taskRoleArn": "arn:aws:iam::123456789012:role/old",
        "requiresCompatibilities": ["EC2"], "tags": [{"key": "team", "value": "mco"}],
        "containerDefinitions": [
            {"name": "api", "image": "mco/api@sha256:0a", "command": ["serve"], "stopTimeout": 30,
             "environment": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "GONE", "value": "x y"},
                             {"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "EMPTY", "value": ""}],
             "secrets": [{"name": "API_TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/a"}],
             "portMappings": [{"containerPort": 80}],
             "dockerLabels": {"com.example.a": "1"},
             "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "abc", "splunk-url": "u1"}},
             "environmentFiles": [{"value": "a", "type": "s3"}],
             "inventedIn2031": {"deep": [1, {"er": null, "est": "x"}]}},
            {"name": "log-router", "image": "router:3", "essential": false}
        ]
    });
    let new = json!({
        "family": "mco-api", "cpu": "0.5 vCPU", "requiresCompatibilities": ["FARGATE"],
        "tags": [{"key": "team", "value": "mco"}, {"key": "cost", "value": "7"}],
        "containerDefinitions": [
            {"name": "api", "image": "mco/api@sha256:0b", "command": ["serve", "--fast"], "stopTimeout": "30",
             "environment": [{"name": "LOG_LEVEL", "value": "debug"}, {"name": "DB_PASSWORD", "value": "hunter3"},
                             {"name": "SIGNING_KEY", "value": "geheim"}, {"name": "EMPTY", "value": "true"}],
             "secrets": [{"name": "API_TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/b"}],
             "portMappings": [{"containerPort": 80, "name": "http"}, {"containerPort": 53, "protocol": "udp"}],
             "dockerLabels": {"com.example.a": "2"},
             "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "def", "splunk-url": "u2"}},
             "environmentFiles": [{"value": "b", "type": "s3"}],
             "inventedIn2031": {"deep": [1, {"est": "y"}]}},
            {"name": "envoy", "image": "envoy:1", "environment": [{"name": "A_SECRET", "value": "psst"}]}
        ]
    });
    let difference = between(&live, &new);
    insta::assert_snapshot!(difference, @r#"
    ~ containerDefinitions[api].command: ["serve"] → ["serve","--fast"]
    ~ containerDefinitions[api].dockerLabels["com.example.a"]: "1" → "2"
    ~ containerDefinitions[api].environment[DB_PASSWORD].value: (hidden) → (hidden)
    ~ containerDefinitions[api].environment[EMPTY].value: "" → "true"
    - containerDefinitions[api].environment[GONE].value: x y
    ~ containerDefinitions[api].environment[LOG_LEVEL].value: info → debug
    + containerDefinitions[api].environment[SIGNING_KEY].value: (hidden)
    ~ containerDefinitions[api].environmentFiles[0].value: a → b
    ~ containerDefinitions[api].image: mco/api@sha256:0a → mco/api@sha256:0b
    ~ containerDefinitions[api].inventedIn2031.deep[1].est: x → y
    ~ containerDefinitions[api].logConfiguration.options["splunk-token"]: (hidden) → (hidden)
    ~ containerDefinitions[api].logConfiguration.options["splunk-url"]: u1 → u2
    + containerDefinitions[api].portMappings[53/udp]: {"containerPort":53,"hostPort":0,"protocol":"udp"}
    + containerDefinitions[api].portMappings[80/tcp].name: http
    ~ containerDefinitions[api].secrets[API_TOKEN].valueFrom: arn:aws:ssm:eu-west-1:123456789012:parameter/a → arn:aws:ssm:eu-west-1:123456789012:parameter/b
    ~ containerDefinitions[api].stopTimeout: 30 → "30"
    + containerDefinitions[envoy]: {"cpu":0,"environment":[{"name":"A_SECRET","value":"(hidden)"}],"essential":true,"image":"envoy:1","name":"envoy"}
    - containerDefinitions[log-router]: {"cpu":0,"essential":false,"image":"router:3","name":"log-router"}
    ~ cpu: "256" → "512"
    - requiresCompatibilities[]: EC2
    + requiresCompatibilities[]: FARGATE
    + tags[cost].value: "7"
    - taskRoleArn: arn:aws:iam::123456789012:role/old
    "#);
    for secret in ["hunter", "geheim", "psst", "abc", "def"] {
        assert!(
            !format!("{difference:?}{}", json!(difference)).contains(secret),
            "{secret}"
        );
    }
}

#[test]
fn a_difference_is_data_too() {
    let (live, new) = (
        with(json!({"image": "a"})),
        with(json!({"image": "b", "memory": 5})),
    );
    assert_eq!(
        json!(between(&live, &new)),
        json!([
            {"path": "containerDefinitions[api].image", "kind": "changed", "old": "a", "new": "b"},
            {"path": "containerDefinitions[api].memory", "kind": "added", "new": 5},
        ])
    );
    assert_eq!(
        json!(between(&new, &live))[1],
        json!({"path": "containerDefinitions[api].memory", "kind": "removed", "old": 5})
    );
}

/// Each makes one change to a document whose first container is `C`, and says how it reads.
type OneChange = (fn(&mut Value), &'static str);

const CHANGES: [OneChange; 16] = [
    (
        |it| first(it)["image"] = json!("mco/api:2"),
        "~ containerDefinitions[C].image: mco/api:1 → mco/api:2",
    ),
    (
        |it| first(it)["cpu"] = json!(5000),
        "~ containerDefinitions[C].cpu: 0 → 5000",
    ),
    (
        |it| first(it)["essential"] = json!(false),
        "~ containerDefinitions[C].essential: true → false",
    ),
    (
        |it| first(it)["command"] = json!(["a", "b"]),
        "~ containerDefinitions[C].command: [\"a\"] → [\"a\",\"b\"]",
    ),
    (
        |it| first(it)["command"] = Value::Null,
        "- containerDefinitions[C].command: [\"a\"]",
    ),
    (
        |it| first(it)["environment"][0]["value"] = json!("z"),
        "~ containerDefinitions[C].environment[FIXED].value: y → z",
    ),
    (
        |it| first(it)["environment"] = json!([]),
        "- containerDefinitions[C].environment[FIXED].value: y",
    ),
    (
        |it| {
            first(it)["environment"]
                .as_array_mut()
                .unwrap()
                .insert(0, json!({"name": "ADDED", "value": "z"}));
        },
        "+ containerDefinitions[C].environment[ADDED].value: z",
    ),
    (
        |it| first(it)["secrets"] = json!([{"name": "S", "valueFrom": "v2"}]),
        "~ containerDefinitions[C].secrets[S].valueFrom: v1 → v2",
    ),
    (
        |it| first(it)["inventedIn2032"]["deep"][1]["x"] = json!(2),
        "~ containerDefinitions[C].inventedIn2032.deep[1].x: 1 → 2",
    ),
    (
        |it| first(it)["inventedIn2032"]["more"] = json!({}),
        "+ containerDefinitions[C].inventedIn2032.more: {}",
    ),
    (
        |it| it["inventedIn2033"] = json!([]),
        "+ inventedIn2033: []",
    ),
    (
        |it| it["family"] = json!("other"),
        "~ family: mco-api → other",
    ),
    (
        |it| it["cpu"] = json!("4 vCPU"),
        "~ cpu: \"2048\" → \"4096\"",
    ),
    (
        |it| first(it)["portMappings"][0]["appProtocol"] = json!("grpc"),
        "+ containerDefinitions[C].portMappings[80/tcp].appProtocol: grpc",
    ),
    (
        |it| {
            it["containerDefinitions"]
                .as_array_mut()
                .unwrap()
                .insert(0, json!({"name": "NEW"}));
        },
        "+ containerDefinitions[NEW]: {\"cpu\":0,\"essential\":true,\"name\":\"NEW\"}",
    ),
];

fn first(document: &mut Value) -> &mut Value {
    &mut document["containerDefinitions"][0]
}

/// Gives a generated document what [`CHANGES`] expects.
fn prepared(mut document: Value) -> Value {
    document["cpu"] = json!("2 vCPU");
    let container = first(&mut document);
    for (key, value) in [
        ("name", json!("C")),
        ("cpu", Value::Null),
        ("essential", Value::Null),
        ("command", json!(["a"])),
        ("environment", json!([{"name": "FIXED", "value": "y"}])),
        ("secrets", json!([{"name": "S", "valueFrom": "v1"}])),
        ("portMappings", json!([{"containerPort": 80}])),
        ("inventedIn2032", json!({"deep": [0, {"x": 1}]})),
    ] {
        container[key] = value;
    }
    document
}

fn mirrored(difference: &Difference) -> Vec<Change> {
    let mirrored = |change: &Change| Change {
        path: change.path.clone(),
        what: match change.what.clone() {
            What::Added { new } => What::Removed { old: new },
            What::Removed { old } => What::Added { new: old },
            What::Changed { old, new } => What::Changed { old: new, new: old },
        },
    };
    difference.iter().map(mirrored).collect()
}

proptest! {
    #[test]
    fn registering_what_was_described_shows_no_difference(input in input()) {
        let described = describes(&input);
        let again = parsed(described.clone()).into_register_input(Vec::new());
        prop_assert_eq!(between(&described, &again).to_string(), "");
        prop_assert_eq!(between(&described, &describes(&again)).to_string(), "");
        prop_assert!(is_same(&parsed(described), &parsed(again)));
    }

    #[test]
    fn what_was_registered_is_what_is_described(input in input()) {
        prop_assert_eq!(between(&input, &describes(&input)).to_string(), "");
        prop_assert_eq!(between(&describes(&input), &turned_round(&input)).to_string(), "");
    }

    #[test]
    fn one_change_is_shown_as_just_that_change(input in input(), change in prop::sample::select(&CHANGES[..])) {
        let (change, expected) = change;
        let live = prepared(input);
        let mut new = live.clone();
        change(&mut new);
        prop_assert_eq!(between(&live, &new).to_string(), expected);
        prop_assert_eq!(between(&describes(&live), &turned_round(&new)).to_string(), expected);
        prop_assert!(!is_same(&parsed(live), &parsed(new)));
    }

    #[test]
    fn a_difference_is_symmetric_and_empty_only_for_the_same(one in input(), other in input()) {
        let there = between(&one, &other);
        let back = between(&other, &one);
        prop_assert_eq!(mirrored(&there), back.iter().cloned().collect::<Vec<_>>());
        prop_assert_eq!(there.is_empty(), is_same(&parsed(one), &parsed(other)));
    }

    #[test]
    fn the_normal_form_of_a_normal_form_is_itself(input in input()) {
        let normal = normal_form(&input);
        prop_assert_eq!(normal_form(&normal).to_string(), normal.to_string());
        prop_assert_eq!(normal_form(&describes(&input)).to_string(), normal.to_string());
    }

    #[test]
    fn no_documents_make_it_panic(one in json_value(), other in json_value(), key in prop::sample::select(&["containerDefinitions", "volumes", "cpu", "tags"][..])) {
        let _ = normal_form(&one);
        let mut live = json!({"family": "f", "containerDefinitions": [{"name": "a", "environment": one, "portMappings": [one]}]});
        let mut new = json!({"family": "f", "containerDefinitions": [{"name": "a", "environment": other, "portMappings": [other]}]});
        if key != "containerDefinitions" {
            live[key] = one;
            new[key] = other;
        }
        let there = between(&live, &new);
        prop_assert_eq!(mirrored(&there).len(), between(&new, &live).len());
        prop_assert_eq!(there.is_empty(), is_same(&parsed(live.clone()), &parsed(new)));
        prop_assert_eq!(normal_form(&normal_form(&live)).to_string(), normal_form(&live).to_string());
    }
}
