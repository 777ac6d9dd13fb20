//! `GetPipeline`: what a pipeline is made of.

use serde_json::{Value, json};

use super::pipeline::{Action, Pipeline, Running};
use super::{Account, Members, ServiceError, State, epoch};

pub(super) fn get_pipeline(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    input.only(&["name", "version"])?;
    let name = input.string("name")?;
    let version = input.optional_integer("version")?;
    let state = account.state();
    let Running { spec, created, .. } = state.codepipeline.pipeline(name)?;
    // They are seeds: nobody changes one.
    if version.is_some_and(|version| version != 1) {
        return Err(ServiceError::new(
            "PipelineVersionNotFoundException",
            format!("Pipeline '{name}' does not have the version"),
        ));
    }
    Ok(json!({
        "pipeline": declaration(account, &state.codepipeline, spec),
        "metadata": {
            "pipelineArn": account.arn("codepipeline", name),
            "created": epoch(*created),
            "updated": epoch(*created),
        },
    }))
}

fn declaration(account: &Account, state: &State, pipeline: &Pipeline) -> Value {
    let stages = pipeline.stages.iter().map(|stage| {
        let actions = stage.actions.iter().map(|it| action(state, it));
        json!({"name": stage.name, "actions": actions.collect::<Vec<_>>()})
    });
    let mut declaration = json!({
        "name": pipeline.name,
        "roleArn": format!("arn:aws:iam::{}:role/CodePipelineServiceRole", account.settings().account_id),
        "artifactStore": {"type": "S3", "location": pipeline.artifact_bucket},
        "stages": stages.collect::<Vec<_>>(),
        "version": 1,
        "executionMode": pipeline.mode.name(),
        "pipelineType": "V2",
    });
    let variables = pipeline.variables.iter().map(|(name, default)| {
        let mut variable = json!({"name": name});
        if let Some(default) = default {
            variable["defaultValue"] = default.as_str().into();
        }
        variable
    });
    let variables: Vec<Value> = variables.collect();
    if !variables.is_empty() {
        declaration["variables"] = variables.into();
    }
    declaration
}

fn action(state: &State, action: &Action) -> Value {
    let kind = action.does.kind();
    let artifacts = |names: &[String]| {
        let artifacts = names.iter().map(|name| json!({"name": name}));
        Value::Array(artifacts.collect())
    };
    let mut declared = json!({
        "name": action.name,
        "actionTypeId": kind.to_json(),
        "runOrder": action.run_order,
        "configuration": state.shown(&kind, &action.does.configuration()),
        "outputArtifacts": artifacts(&action.outputs),
        "inputArtifacts": artifacts(&action.inputs),
    });
    if let Some(namespace) = &action.namespace {
        declared["namespace"] = namespace.as_str().into();
    }
    declared
}
