//! A model of what ECS makes of a registered task definition, and documents to register.
//!
//! It is written from what ECS answers, and shares nothing with the normal form that it tests.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// What `DescribeTaskDefinition` answers for a registered document, without the tags.
pub(super) fn describes(input: &Value) -> Value {
    let mut document =
        json!({"taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/f:1"});
    for (key, value) in input.as_object().unwrap() {
        if !value.is_null() {
            document[key] = value.clone();
        }
    }
    for list in ["volumes", "placementConstraints"] {
        default(&mut document, list, json!([]));
    }
    for (key, written, answered) in [
        ("cpu", json!(256), "256"),
        ("cpu", json!("0.25 vCPU"), "256"),
        ("cpu", json!("1 vcpu"), "1024"),
        ("memory", json!(512), "512"),
        ("memory", json!("0.5 GB"), "512"),
        ("memory", json!("2GB"), "2048"),
    ] {
        if document.get(key) == Some(&written) {
            document[key] = json!(answered);
        }
    }
    let network = document["networkMode"].as_str().map(str::to_owned);
    for container in document["containerDefinitions"].as_array_mut().unwrap() {
        container
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        default(container, "cpu", json!(0));
        default(container, "essential", json!(true));
        for list in [
            "portMappings",
            "environment",
            "environmentFiles",
            "mountPoints",
            "volumesFrom",
            "ulimits",
            "systemControls",
            "secrets",
        ] {
            default(container, list, json!([]));
        }
        for mapping in container["portMappings"].as_array_mut().unwrap() {
            let port = match network.as_deref() {
                Some("awsvpc" | "host") => mapping["containerPort"].clone(),
                _ => json!(0),
            };
            default(mapping, "hostPort", port);
            default(mapping, "protocol", json!("tcp"));
        }
        if container.get("healthCheck").is_some() {
            let check = &mut container["healthCheck"];
            default(check, "interval", json!(30));
            default(check, "timeout", json!(5));
            default(check, "retries", json!(3));
        }
        if container.get("logConfiguration").is_some() {
            default(&mut container["logConfiguration"], "options", json!({}));
            default(
                &mut container["logConfiguration"],
                "secretOptions",
                json!([]),
            );
        }
    }
    for volume in document["volumes"].as_array_mut().unwrap() {
        if volume.get("efsVolumeConfiguration").is_some() {
            default(
                &mut volume["efsVolumeConfiguration"],
                "rootDirectory",
                json!("/"),
            );
        } else {
            default(volume, "host", json!({}));
        }
    }
    for (key, value) in [
        ("revision", json!(1)),
        ("status", json!("ACTIVE")),
        (
            "requiresAttributes",
            json!([{"name": "ecs.capability.task-eni"}]),
        ),
        ("compatibilities", json!(["EC2", "FARGATE"])),
        ("registeredAt", json!(1_543_431_490.226)),
        ("registeredBy", json!("arn:aws:iam::123456789012:root")),
    ] {
        document[key] = value;
    }
    document
}

fn default(object: &mut Value, key: &str, value: Value) {
    object.as_object_mut().unwrap().entry(key).or_insert(value);
}

/// The same document with every list turned round whose order does not matter.
pub(super) fn turned_round(input: &Value) -> Value {
    let mut input = input.clone();
    for list in [
        "containerDefinitions",
        "volumes",
        "tags",
        "requiresCompatibilities",
    ] {
        reverse(&mut input, list);
    }
    for container in input["containerDefinitions"].as_array_mut().unwrap() {
        for list in [
            "environment",
            "secrets",
            "dependsOn",
            "ulimits",
            "portMappings",
            "mountPoints",
        ] {
            reverse(container, list);
        }
    }
    input
}

fn reverse(object: &mut Value, list: &str) {
    if let Some(list) = object.get_mut(list).and_then(Value::as_array_mut) {
        list.reverse();
    }
}

/// An object of which each member may be missing.
fn object(members: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let members: Vec<_> = members
        .into_iter()
        .map(|(key, value)| prop::option::of(value.prop_map(move |value| (key.to_owned(), value))))
        .collect();
    members
        .prop_map(|members| Value::Object(members.into_iter().flatten().collect()))
        .boxed()
}

fn one_of(values: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop::sample::select(values).prop_map(Value::from).boxed()
}

/// A list of objects, each with another value of `key`.
fn keyed(key: &'static str, of: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop::collection::btree_map("[A-Za-z]{1,5}", of, 0..4)
        .prop_map(move |items| {
            let items = items.into_iter().map(|(name, mut item)| {
                item[key] = json!(name);
                item
            });
            items.collect()
        })
        .boxed()
}

fn ports() -> BoxedStrategy<Value> {
    let mapping = object(vec![
        ("protocol", one_of(&["tcp", "udp"])),
        ("name", one_of(&["http", "admin"])),
    ]);
    prop::collection::btree_map(1_u16..9999, mapping, 0..3)
        .prop_map(|items| {
            let items = items.into_iter().map(|(port, mut item)| {
                item["containerPort"] = json!(port);
                item
            });
            items.collect()
        })
        .boxed()
}

/// What no schema names.
fn unknown() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!([])),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..3)
                .prop_map(|it| Value::Object(it.into_iter().collect::<Map<_, _>>())),
        ]
    })
    .boxed()
}

fn container() -> BoxedStrategy<Value> {
    let text = || "\\PC{0,6}".prop_map(Value::from).boxed();
    let number = || (0_u32..4096).prop_map(Value::from).boxed();
    object(vec![
        ("cpu", number()),
        ("memory", number()),
        ("essential", any::<bool>().prop_map(Value::from).boxed()),
        (
            "command",
            prop::collection::vec(text(), 0..3)
                .prop_map(Value::from)
                .boxed(),
        ),
        (
            "environment",
            keyed("name", object(vec![("value", text())])),
        ),
        (
            "secrets",
            keyed("name", object(vec![("valueFrom", text())])),
        ),
        (
            "dependsOn",
            keyed(
                "containerName",
                object(vec![("condition", one_of(&["START", "HEALTHY"]))]),
            ),
        ),
        (
            "ulimits",
            keyed(
                "name",
                object(vec![("softLimit", number()), ("hardLimit", number())]),
            ),
        ),
        (
            "mountPoints",
            keyed("containerPath", object(vec![("sourceVolume", text())])),
        ),
        ("portMappings", ports()),
        ("dockerLabels", object(vec![("a.b", text()), ("c", text())])),
        (
            "healthCheck",
            object(vec![("interval", number()), ("retries", number())])
                .prop_map(|mut check| {
                    check["command"] = json!(["CMD", "true"]);
                    check
                })
                .boxed(),
        ),
        (
            "logConfiguration",
            object(vec![
                ("logDriver", one_of(&["awslogs"])),
                ("options", object(vec![("awslogs-group", text())])),
            ]),
        ),
        (
            "linuxParameters",
            object(vec![
                (
                    "initProcessEnabled",
                    any::<bool>().prop_map(Value::from).boxed(),
                ),
                (
                    "capabilities",
                    object(vec![("add", Just(json!([])).boxed())]),
                ),
            ]),
        ),
        ("user", Just(Value::Null).boxed()),
        ("inventedIn2031", unknown()),
    ])
}

/// A document that could be registered.
pub(super) fn input() -> BoxedStrategy<Value> {
    let volume = prop_oneof![
        Just(json!({})),
        Just(json!({"host": {}})),
        Just(json!({"host": {"sourcePath": "/x"}})),
        Just(json!({"efsVolumeConfiguration": {"fileSystemId": "fs-1"}})),
    ];
    let root = object(vec![
        (
            "cpu",
            prop_oneof![
                Just(json!("256")),
                Just(json!(256)),
                Just(json!("0.25 vCPU")),
                Just(json!("1 vcpu"))
            ]
            .boxed(),
        ),
        (
            "memory",
            prop_oneof![
                Just(json!("512")),
                Just(json!(512)),
                Just(json!("0.5 GB")),
                Just(json!("2GB"))
            ]
            .boxed(),
        ),
        ("networkMode", one_of(&["awsvpc", "host", "bridge", "none"])),
        (
            "taskRoleArn",
            one_of(&["arn:aws:iam::123456789012:role/task"]),
        ),
        ("executionRoleArn", Just(Value::Null).boxed()),
        (
            "requiresCompatibilities",
            prop::sample::subsequence(vec!["EC2", "FARGATE", "EXTERNAL"], 0..=3)
                .prop_map(Value::from)
                .boxed(),
        ),
        ("volumes", keyed("name", volume.boxed())),
        (
            "tags",
            keyed("key", object(vec![("value", one_of(&["x", "y"]))])),
        ),
        ("inventedIn2031", unknown()),
    ]);
    let containers = prop::collection::btree_map("[a-z]{1,5}", container(), 1..4);
    (root, containers)
        .prop_map(|(mut root, containers)| {
            let containers = containers.into_iter().map(|(name, mut container)| {
                container["name"] = json!(name);
                container["image"] = json!("mco/api:1");
                container
            });
            root["family"] = json!("mco-api");
            root["containerDefinitions"] = containers.collect();
            root
        })
        .boxed()
}
