//! Task definitions are whole documents.

use serde_json::{Value, json};

use crate::account::sample::{Sample, task_definition};

fn register(
    sample: &Sample,
    change: impl FnOnce(&mut Value),
) -> Result<Value, (u16, String, String)> {
    let mut document = task_definition("test");
    change(&mut document);
    let answer = sample.ecs("RegisterTaskDefinition", document);
    answer.map_err(|error| (error.status, error.code, error.message))
}

#[tokio::test(start_paused = true)]
async fn what_ecs_does_not_know_survives_at_every_depth() {
    let sample = Sample::open();
    register(&sample, |document| {
        document["invented"] = json!({"deep": [1, {"er": null}]});
        document["containerDefinitions"][0]["invented"] = json!("container");
        document["containerDefinitions"][0]["portMappings"][0]["invented"] = json!(true);
        document["tags"] = json!([{"key": "team", "value": "mco"}]);
    })
    .unwrap();
    let input = json!({"taskDefinition": "mco-api", "include": ["TAGS"]});
    let answer = sample.ecs("DescribeTaskDefinition", input).unwrap();
    let document = &answer["taskDefinition"];
    assert_eq!(document["revision"], 2);
    assert_eq!(document["invented"], json!({"deep": [1, {"er": null}]}));
    assert_eq!(document["containerDefinitions"][0]["invented"], "container");
    assert_eq!(
        document["containerDefinitions"][0]["portMappings"][0]["invented"],
        true
    );
    assert_eq!(document.get("tags"), None);
    assert_eq!(answer["tags"], json!([{"key": "team", "value": "mco"}]));
    let without = sample
        .ecs(
            "DescribeTaskDefinition",
            json!({"taskDefinition": "mco-api:2"}),
        )
        .unwrap();
    assert_eq!(without.get("tags"), None);
}

#[tokio::test(start_paused = true)]
async fn a_registered_definition_gets_what_only_ecs_can_say() {
    let sample = Sample::open();
    let document = register(&sample, |_| {}).unwrap()["taskDefinition"].clone();
    assert_eq!(
        document["taskDefinitionArn"],
        "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:2"
    );
    assert_eq!(document["status"], "ACTIVE");
    assert_eq!(document["compatibilities"], json!(["EC2", "FARGATE"]));
    assert!(document["registeredAt"].is_number() && document["requiresAttributes"].is_array());
    assert_eq!(document["containerDefinitions"][1]["essential"], true);
    assert_eq!(
        document["containerDefinitions"][0]["portMappings"],
        json!([{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}])
    );
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_still_has_response_only_fields_is_refused() {
    let sample = Sample::open();
    let input = json!({"taskDefinition": "mco-api:1"});
    let copy = sample.ecs("DescribeTaskDefinition", input).unwrap()["taskDefinition"].clone();
    let (status, code, message) = register(&sample, |document| *document = copy).unwrap_err();
    assert_eq!((status, code.as_str()), (400, "ClientException"));
    assert!(message.contains("taskDefinitionArn"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_definition_without_what_is_required_is_refused() {
    let sample = Sample::open();
    let code = |change: fn(&mut Value)| register(&sample, change).unwrap_err().1;
    assert_eq!(code(|it| it["family"] = Value::Null), "ValidationException");
    assert_eq!(code(|it| it["family"] = json!("a b")), "ClientException");
    assert_eq!(
        code(|it| it["containerDefinitions"] = Value::Null),
        "ValidationException"
    );
    assert_eq!(
        code(|it| it["containerDefinitions"] = json!([])),
        "ClientException"
    );
    assert_eq!(
        code(|it| it["containerDefinitions"] = json!("x")),
        "SerializationException"
    );
    assert_eq!(
        code(|it| it["containerDefinitions"][0]["name"] = Value::Null),
        "ClientException"
    );
    assert_eq!(
        code(|it| it["containerDefinitions"][1]["image"] = json!("")),
        "ClientException"
    );
    assert_eq!(
        code(|it| it["containerDefinitions"][1]["name"] = json!("api")),
        "ClientException"
    );
}

#[tokio::test(start_paused = true)]
async fn definitions_are_found_by_family_revision_and_arn_and_listed_in_pages() {
    let sample = Sample::open();
    register(&sample, |_| {}).unwrap();
    register(&sample, |document| document["family"] = json!("other")).unwrap();
    let revision = |name: &str| {
        let answer = sample.ecs("DescribeTaskDefinition", json!({"taskDefinition": name}));
        answer
            .map(|answer| answer["taskDefinition"]["revision"].clone())
            .map_err(|error| error.code)
    };
    assert_eq!(revision("mco-api"), Ok(json!(2)));
    assert_eq!(revision("mco-api:1"), Ok(json!(1)));
    assert_eq!(
        revision("arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:2"),
        Ok(json!(2))
    );
    for unknown in ["mco", "mco-api:3", "mco-api:0", "mco-api:x", ""] {
        assert_eq!(
            revision(unknown),
            Err("ClientException".to_owned()),
            "{unknown}"
        );
    }
    let list = |input: Value| sample.ecs("ListTaskDefinitions", input).unwrap();
    let newest = list(json!({"familyPrefix": "mco-api", "sort": "DESC", "maxResults": 1}));
    assert!(
        newest["taskDefinitionArns"][0]
            .as_str()
            .unwrap()
            .ends_with("mco-api:2")
    );
    assert_eq!(newest["nextToken"], "1");
    assert_eq!(
        list(json!({}))["taskDefinitionArns"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}
