//! Task definitions as whole documents: read and registered with every field, known or not
//! (AWS-FACTS 6.7).

use aws_sdk_ecs::types::TaskDefinitionField;
use serde_json::Value;

use crate::{
    AwsError, Clients, Kind,
    error::failed,
    raw_document::{ReadBody, SendBody},
};

/// A task definition as ECS holds it, with its tags beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDefinitionDocument {
    /// The member `taskDefinition` of the answer, whole.
    pub document: Value,
    /// The member `tags`.
    pub tags: Vec<Value>,
}

/// The task definition `arn` (or `family:revision`), with every field that ECS answers.
pub async fn task_definition(
    clients: &Clients,
    arn: &str,
) -> Result<TaskDefinitionDocument, AwsError> {
    const ACTION: &str = "ecs:DescribeTaskDefinition";
    let resource = || format!("task definition `{arn}`");
    let body = ReadBody::default();
    clients
        .ecs
        .describe_task_definition()
        .task_definition(arn)
        .include(TaskDefinitionField::Tags)
        .customize()
        .interceptor(body.clone())
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
    let unusable =
        |message: String| AwsError::unusable(ACTION, resource(), Kind::Unavailable, None, message);
    let mut answer: Value = serde_json::from_slice(&body.take())
        .map_err(|error| unusable(format!("the answer is not JSON: {error}")))?;
    let document = answer["taskDefinition"].take();
    if !document.is_object() {
        return Err(unusable("the answer holds no task definition".to_owned()));
    }
    let tags = match answer["tags"].take() {
        Value::Array(tags) => tags,
        _ => Vec::new(),
    };
    Ok(TaskDefinitionDocument { document, tags })
}

/// Registers a new revision from a whole document (the request's body, tags included), and gives its
/// ARN.
pub async fn register_task_definition(
    clients: &Clients,
    family: &str,
    request: &Value,
) -> Result<String, AwsError> {
    const ACTION: &str = "ecs:RegisterTaskDefinition";
    let resource = || format!("task definition family `{family}`");
    let answer = clients
        .ecs
        .register_task_definition()
        .family(family)
        // The SDK insists on some; the body is replaced as a whole.
        .set_container_definitions(Some(Vec::new()))
        .customize()
        .interceptor(SendBody(request.to_string().into_bytes()))
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
    answer
        .task_definition()
        .and_then(|registered| registered.task_definition_arn())
        .map(str::to_owned)
        .ok_or_else(|| {
            let message = "the answer holds no ARN";
            AwsError::unusable(ACTION, resource(), Kind::Unavailable, None, message)
        })
}
