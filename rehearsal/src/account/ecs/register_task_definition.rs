//! `RegisterTaskDefinition`: a document in, a revision out, with everything in it kept (AWS-FACTS 6.7).

use serde_json::{Map, Value, json};

use super::task_definition::TaskDefinition;
use super::{Account, ServiceError, epoch};
use crate::account::Members;

/// What only a response has. AWS would ignore them; a client that knows the model would not send them,
/// so whoever copies a task definition without taking them out shall find out here.
const RESPONSE_ONLY: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// Registers a task definition. Returns its ARN.
pub(crate) fn register_task_definition(
    account: &Account,
    document: Value,
) -> Result<String, ServiceError> {
    let output = handle(account, document)?;
    Ok(output["taskDefinition"]["taskDefinitionArn"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

pub(super) fn handle(account: &Account, input: Value) -> Result<Value, ServiceError> {
    let root = format!("arn:aws:iam::{}:root", account.settings().account_id);
    handle_by(account, input, &root)
}

/// `caller` is the ARN of whoever calls, which the document keeps (AWS-FACTS 6.7).
pub(super) fn handle_by(
    account: &Account,
    input: Value,
    caller: &str,
) -> Result<Value, ServiceError> {
    let family = checked(Members::of(&input)?)?.to_owned();
    let Value::Object(mut members) = input else {
        return Err(ServiceError::validation("not a structure"));
    };
    let tags = members
        .shift_remove("tags")
        .filter(|tags| !tags.is_null())
        .unwrap_or_else(|| json!([]));
    let registered_at = epoch(account.clock().now());
    let mut state = account.state();
    let revisions = state.ecs.families.entry(family.clone()).or_default();
    let revision = revisions.len() + 1;
    let arn = account.arn("ecs", &format!("task-definition/{family}:{revision}"));

    let mut document = Map::new();
    document.insert("taskDefinitionArn".to_owned(), arn.clone().into());
    document.extend(members.into_iter().filter(|(_, value)| !value.is_null()));
    for list in ["volumes", "placementConstraints"] {
        document.entry(list).or_insert_with(|| json!([]));
    }
    if let Some(definitions) = document
        .get_mut("containerDefinitions")
        .and_then(Value::as_array_mut)
    {
        definitions
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(fill_in);
    }
    let compatibilities = match document.get("networkMode").and_then(Value::as_str) {
        Some("awsvpc") => json!(["EC2", "FARGATE"]),
        _ => json!(["EXTERNAL", "EC2"]),
    };
    document.insert("revision".to_owned(), revision.into());
    document.insert("status".to_owned(), "ACTIVE".into());
    document.insert(
        "requiresAttributes".to_owned(),
        json!([{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}, {"name": "ecs.capability.task-eni"}]),
    );
    document.insert("compatibilities".to_owned(), compatibilities);
    document.insert("registeredAt".to_owned(), registered_at);
    document.insert("registeredBy".to_owned(), caller.into());

    let document = Value::Object(document);
    let mut output = json!({"taskDefinition": document});
    if tags.as_array().is_some_and(|tags| !tags.is_empty()) {
        output["tags"] = tags.clone();
    }
    revisions.push(TaskDefinition {
        arn,
        document,
        tags,
    });
    Ok(output)
}

/// The family, if the request is one that ECS would take.
fn checked(input: Members<'_>) -> Result<&str, ServiceError> {
    let client_error = |message: String| ServiceError::new("ClientException", message);
    if let Some(field) = RESPONSE_ONLY
        .into_iter()
        .find(|field| input.get(field).is_some())
    {
        return Err(client_error(format!(
            "Unknown parameter in input: \"{field}\" is a field of the response only."
        )));
    }
    let family = input.string("family")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if family.is_empty() || family.len() > 255 || !family.chars().all(allowed) {
        return Err(client_error(format!(
            "Invalid family name {family:?}: up to 255 letters, digits, hyphens and underscores."
        )));
    }
    let definitions = input.list("containerDefinitions")?;
    if definitions.is_empty() {
        return Err(client_error("Container list cannot be empty.".to_owned()));
    }
    let mut names = Vec::new();
    for definition in definitions {
        let definition = Members::of(definition)?;
        for required in ["name", "image"] {
            if definition
                .optional_string(required)?
                .is_none_or(str::is_empty)
            {
                return Err(client_error(format!(
                    "Container.{required} should not be null or empty."
                )));
            }
        }
        let name = definition.string("name")?;
        if names.contains(&name) {
            return Err(client_error(format!(
                "Container.name must be unique: {name}"
            )));
        }
        names.push(name);
    }
    Ok(family)
}

/// What ECS adds to a container definition that does not say it.
fn fill_in(definition: &mut Map<String, Value>) {
    for (name, value) in [
        ("cpu", json!(0)),
        ("portMappings", json!([])),
        ("essential", json!(true)),
        ("environment", json!([])),
        ("mountPoints", json!([])),
        ("volumesFrom", json!([])),
        ("systemControls", json!([])),
    ] {
        definition.entry(name).or_insert(value);
    }
    let Some(mappings) = definition
        .get_mut("portMappings")
        .and_then(Value::as_array_mut)
    else {
        return;
    };
    for mapping in mappings.iter_mut().filter_map(Value::as_object_mut) {
        if let Some(port) = mapping.get("containerPort").cloned() {
            mapping.entry("hostPort").or_insert(port);
        }
        mapping.entry("protocol").or_insert_with(|| "tcp".into());
    }
}
