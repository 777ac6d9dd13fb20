mod comparison;
mod ecs;
mod from_template;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Error, RESPONSE_ONLY, TaskDefinition};

fn described() -> Value {
    json!({
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7",
        "containerDefinitions": [
            {"name": "api", "image": "old", "essential": true, "portMappings": [{"containerPort": 8080}],
             "healthCheck": {"command": ["CMD", "true"]}, "inventedIn2031": {"deep": [1, {"er": null}]}},
            {"name": "log-router", "image": "router:3", "essential": false}
        ],
        "family": "mco-api",
        "revision": 7,
        "status": "ACTIVE",
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.ecr-auth"}],
        "compatibilities": ["EC2", "FARGATE"],
        "registeredAt": 1_543_431_490.226,
        "registeredBy": "arn:aws:iam::123456789012:user/someone",
        "volumes": [],
        "inventedIn2031": true
    })
}

fn parsed(document: Value) -> TaskDefinition {
    TaskDefinition::parse(document).unwrap()
}

#[test]
fn the_named_container_and_no_other_gets_the_image() {
    let mut definition = parsed(described());
    assert!(definition.set_image("api", "new").unwrap());
    assert_eq!(definition.image_of("api"), Ok("new"));
    assert_eq!(definition.image_of("log-router"), Ok("router:3"));
    let mut expected = described();
    expected["containerDefinitions"][0]["image"] = json!("new");
    assert_eq!(definition.as_value(), &expected);
}

#[test]
fn the_same_image_is_no_change() {
    let mut definition = parsed(described());
    assert!(!definition.set_image("api", "old").unwrap());
    assert_eq!(definition.as_value(), &described());
}

#[test]
fn a_missing_container_is_named_with_those_that_exist() {
    let error = parsed(described()).set_image("app", "new").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the task definition `mco-api` has no container named `app`; it has `api`, `log-router`"
    );
}

#[test]
fn registering_leaves_out_what_only_answers_hold() {
    let input = parsed(described()).into_register_input(vec![
        json!({"key": "team", "value": "mco"}),
        json!({"key": "aws:cloudformation:stack-name", "value": "x"}),
    ]);
    let keys: Vec<&String> = input.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "containerDefinitions",
            "family",
            "volumes",
            "inventedIn2031",
            "tags"
        ]
    );
    assert_eq!(input["tags"], json!([{"key": "team", "value": "mco"}]));
    assert_eq!(
        input["containerDefinitions"],
        described()["containerDefinitions"]
    );
}

#[test]
fn no_tags_are_sent_when_there_are_none() {
    assert_eq!(
        parsed(described())
            .into_register_input(Vec::new())
            .get("tags"),
        None
    );
}

#[test]
fn the_tags_of_the_document_itself_stay_unless_others_are_given() {
    let mut document = described();
    document["tags"] = json!([{"key": "aws:x", "value": "x"}, {"key": "own", "value": "x"}]);
    let own = parsed(document.clone()).into_register_input(Vec::new());
    assert_eq!(own["tags"], json!([{"key": "own", "value": "x"}]));
    let given = vec![json!({"key": "team", "value": "mco"})];
    let definition = parsed(document).with_tags(given.clone());
    assert_eq!(definition.as_value()["tags"], json!(given));
    assert_eq!(
        definition.into_register_input(Vec::new())["tags"],
        json!(given)
    );
}

#[test]
fn a_container_says_what_it_has() {
    let definition = parsed(described());
    let api = definition.container("api").unwrap();
    assert!(api.has_health_check() && api.is_essential());
    assert_eq!(api.ports().collect::<Vec<_>>(), [8080]);
    let router = definition.container("log-router").unwrap();
    assert!(!router.has_health_check() && !router.is_essential());
    assert_eq!(router.ports().count(), 0);
    assert_eq!(definition.arn(), described()["taskDefinitionArn"].as_str());
}

#[test]
fn a_document_that_is_no_task_definition_is_refused() {
    let check = |document: Value, error: Error| {
        assert_eq!(TaskDefinition::parse(document), Err(error));
    };
    check(json!([]), Error::NotAnObject);
    check(json!(null), Error::NotAnObject);
    check(json!({"containerDefinitions": []}), Error::NoFamily);
    check(
        json!({"family": 3, "containerDefinitions": []}),
        Error::NoFamily,
    );
    check(json!({"family": "f"}), Error::NoContainers);
    check(
        json!({"family": "f", "containerDefinitions": {}}),
        Error::NoContainers,
    );
    check(
        json!({"family": "f", "containerDefinitions": [{"name": "a"}, 3]}),
        Error::UnnamedContainer { index: 1 },
    );
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("\\PC{0,8}", inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_unknown_field_survives_at_every_depth(
        outer in prop::collection::vec(("[a-zA-Z]{1,12}", json_value()), 0..6),
        inner in prop::collection::vec(("[a-zA-Z]{1,12}", json_value()), 0..6),
        image in "[a-z:@/.]{1,40}",
    ) {
        let mut container: serde_json::Map<String, Value> = inner.into_iter().collect();
        container.insert("name".into(), json!("api"));
        let mut document: serde_json::Map<String, Value> = outer.into_iter().collect();
        document.insert("family".into(), json!("f"));
        document.insert("containerDefinitions".into(), json!([{"name": "first"}, container, {"name": "last"}]));
        let document = Value::Object(document);

        let mut definition = parsed(document.clone());
        definition.set_image("api", &image).unwrap();
        let input = definition.into_register_input(Vec::new());

        let mut expected = document;
        expected["containerDefinitions"][1]["image"] = json!(image);
        for key in RESPONSE_ONLY {
            expected.as_object_mut().unwrap().shift_remove(key);
        }
        // Compared as text, so that the order of keys and the form of numbers count, too.
        prop_assert_eq!(input.to_string(), expected.to_string());
    }

    #[test]
    fn no_document_makes_it_panic(document in json_value(), container in "[a-z]{0,3}") {
        if let Ok(mut definition) = TaskDefinition::parse(document) {
            let _ = definition.set_image(&container, "x");
            let _ = definition.into_register_input(Vec::new());
        }
    }

    #[test]
    fn no_container_makes_it_panic(fields in json_value()) {
        let mut container = fields.as_object().cloned().unwrap_or_default();
        container.insert("name".into(), json!("a"));
        container.insert("portMappings".into(), fields);
        let definition = parsed(json!({"family": "f", "containerDefinitions": [container]}));
        let container = definition.container("a").unwrap();
        let _ = (container.ports().count(), container.has_health_check(), container.is_essential(), container.image());
    }
}
