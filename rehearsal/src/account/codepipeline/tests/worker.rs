//! A pipeline with a custom action, and what its workers do.

use serde_json::json;

use super::*;
use crate::account::codepipeline::{CustomActionType, Property, create_custom_action_type};

/// The action type of these tests.
pub(super) fn greenlight() -> CustomActionType {
    let property = |name: &str| Property {
        name: name.to_owned(),
        required: false,
        secret: false,
        queryable: false,
        key: false,
    };
    CustomActionType {
        category: "Deploy".to_owned(),
        provider: "Greenlight".to_owned(),
        version: "1".to_owned(),
        properties: vec![
            Property {
                required: true,
                queryable: true,
                key: true,
                ..property("Target")
            },
            property("Tag"),
            Property {
                secret: true,
                ..property("Secret")
            },
        ],
        inputs: (0, 1),
        outputs: (0, 0),
        entity_url: Some("https://greenlight/{Config:Target}".to_owned()),
        execution_url: Some("https://greenlight/{Config:Target}/{ExternalExecutionId}".to_owned()),
    }
}

pub(super) fn custom(configuration: &[(&str, &str)]) -> Does {
    Does::Custom {
        provider: "Greenlight".to_owned(),
        version: "1".to_owned(),
        configuration: configuration
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

/// A world whose pipeline has the custom action, side by side executions.
pub(super) fn open(settings: Settings) -> World {
    World::opened(settings, |account, pipeline| {
        create_custom_action_type(account, greenlight()).unwrap();
        let configuration = [
            ("Target", "api-#{variables.ENV}"),
            ("Tag", "#{variables.ENV}"),
            ("Secret", "hush"),
        ];
        let action = Action {
            inputs: vec!["Image".to_owned()],
            ..Action::new("Deploy", Duration::ZERO, custom(&configuration))
        };
        pipeline.mode = Mode::Parallel;
        pipeline.stages[2].actions = vec![action];
        pipeline.stages.remove(1);
    })
}

pub(super) fn asked(most: usize) -> Value {
    let action_type =
        json!({"category": "Deploy", "owner": "Custom", "provider": "Greenlight", "version": "1"});
    json!({"actionTypeId": action_type, "maxBatchSize": most})
}

/// The jobs that a worker gets.
pub(super) fn poll(world: &World, most: usize) -> Vec<Value> {
    let polled = world.call("PollForJobs", asked(most)).unwrap();
    polled["jobs"].as_array().unwrap().clone()
}

pub(super) fn acknowledge(world: &World, job: &Value) -> Result<Value, ServiceError> {
    let input = json!({"jobId": job["id"], "nonce": job["nonce"]});
    Ok(world.call("AcknowledgeJob", input)?["status"].clone())
}
