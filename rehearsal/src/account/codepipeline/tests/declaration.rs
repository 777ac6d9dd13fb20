//! `GetPipeline`.

use super::*;
use crate::account::codepipeline::{CustomActionType, Property, create_custom_action_type};

#[tokio::test(start_paused = true)]
async fn a_pipeline_is_described_as_it_is_declared() {
    let world = World::with(|pipeline| {
        pipeline.mode = Mode::Queued;
        pipeline.variables.push(("LABEL".to_owned(), None));
        let ask = Does::Invoke {
            function: "ask".to_owned(),
            user_parameters: Some("{}".to_owned()),
        };
        pipeline.stages[2] = stage("Deploy", ask);
    });
    let got = world
        .call("GetPipeline", json!({"name": "api-prod"}))
        .unwrap();
    let pipeline = &got["pipeline"];
    assert_eq!(pipeline["executionMode"], "QUEUED");
    assert_eq!(pipeline["pipelineType"], "V2");
    assert_eq!(
        pipeline["variables"],
        json!([{"name": "ENV", "defaultValue": "test"}, {"name": "LABEL"}])
    );
    let source = &pipeline["stages"][0]["actions"][0];
    assert_eq!(source["actionTypeId"]["provider"], "ECR");
    assert_eq!(
        source["configuration"],
        json!({"RepositoryName": "mco/api", "ImageTag": "test"})
    );
    let deploy = &pipeline["stages"][2]["actions"][0];
    assert_eq!(
        deploy["configuration"],
        json!({"FunctionName": "ask", "UserParameters": "{}"})
    );
    assert_eq!(
        got["metadata"]["pipelineArn"],
        "arn:aws:codepipeline:eu-west-1:123456789012:api-prod"
    );
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_a_custom_action_is_not_shown() {
    let world = World::opened(Settings::for_tests(), |account, pipeline| {
        let property = |name: &str, secret| Property {
            name: name.to_owned(),
            required: true,
            secret,
            queryable: false,
            key: false,
        };
        let kind = CustomActionType {
            category: "Deploy".to_owned(),
            provider: "Greenlight".to_owned(),
            version: "1".to_owned(),
            properties: vec![property("Target", false), property("Token", true)],
            inputs: (0, 5),
            outputs: (0, 5),
            entity_url: None,
            execution_url: None,
        };
        create_custom_action_type(account, kind).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let custom = Does::Custom {
            provider: "Greenlight".to_owned(),
            version: "1".to_owned(),
            configuration: vec![pair("Target", "api-test"), pair("Token", "hunter2")],
        };
        pipeline.stages[2] = stage("Deploy", custom);
    });
    let got = world
        .call("GetPipeline", json!({"name": "api-prod"}))
        .unwrap();
    let action = &got["pipeline"]["stages"][2]["actions"][0];
    assert_eq!(action["actionTypeId"]["owner"], "Custom");
    assert_eq!(
        action["configuration"],
        json!({"Target": "api-test", "Token": "*****"})
    );
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_or_version_that_is_not_there_is_not_found() {
    let world = World::open();
    let code = |input: Value| world.call("GetPipeline", input).unwrap_err().code;
    assert_eq!(code(json!({"name": "x"})), "PipelineNotFoundException");
    let second = json!({"name": "api-prod", "version": 2});
    assert_eq!(code(second), "PipelineVersionNotFoundException");
    assert_eq!(code(json!({})), "ValidationException");
}
