//! `GetPipelineExecution`, `ListActionExecutions` and `GetPipelineState`.

use serde_json::{Value, json};

use super::artifact::Artifact;
use super::execution::{ActionExecution, ActionState, Execution};
use super::pipeline::{Action, Pipeline, Running};
use super::{Account, Members, ServiceError, State, epoch};

pub(super) fn get_pipeline_execution(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let name = input.string("pipelineName")?;
    let id = input.string("pipelineExecutionId")?;
    let state = account.state();
    let pipeline = state.codepipeline.pipeline(name)?;
    let execution = pipeline.execution(id)?;
    let revision = |revision: &super::execution::Revision| {
        let mut described = json!({
            "name": revision.artifact,
            "revisionId": revision.id,
            "created": epoch(revision.created),
        });
        if let Some(summary) = &revision.summary {
            described["revisionSummary"] = summary.as_str().into();
        }
        described
    };
    let variable =
        |(name, value): (&String, &String)| json!({"name": name, "resolvedValue": value});
    let variables = &execution.picked.variables;
    let mut described = json!({
        "pipelineName": name,
        "pipelineVersion": 1,
        "pipelineExecutionId": execution.id,
        "status": execution.status.name(),
        "artifactRevisions": execution.revisions.iter().map(revision).collect::<Vec<_>>(),
        "variables": variables.iter().map(variable).collect::<Vec<_>>(),
        "trigger": {"triggerType": "StartPipelineExecution", "triggerDetail": execution.trigger},
        "executionMode": pipeline.spec.mode.name(),
        "executionType": "STANDARD",
    });
    if let Some(summary) = &execution.summary {
        described["statusSummary"] = summary.as_str().into();
    }
    Ok(json!({"pipelineExecution": described}))
}

/// `ListActionExecutions`: the newest first.
pub(super) fn list_action_executions(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let name = input.string("pipelineName")?;
    let filter = input.optional_structure("filter")?;
    let only = match filter {
        Some(filter) => filter.optional_string("pipelineExecutionId")?,
        None => None,
    };
    let start = match input.optional_string("nextToken")? {
        Some(token) => token.parse::<usize>().map_err(|_| {
            ServiceError::new("InvalidNextTokenException", "The next token is invalid")
        })?,
        None => 0,
    };
    let size = input.optional_integer("maxResults")?.unwrap_or(100);
    let size = usize::try_from(size)
        .ok()
        .filter(|size| (1..=100).contains(size))
        .ok_or_else(|| ServiceError::validation("maxResults must be between 1 and 100"))?;
    let state = account.state();
    let pipeline = state.codepipeline.pipeline(name)?;
    if let Some(id) = only {
        pipeline.execution(id)?;
    }
    let executions = pipeline
        .executions
        .iter()
        .filter(|execution| only.is_none_or(|id| execution.id == id));
    let mut runs: Vec<(&Execution, &ActionExecution)> = executions
        .flat_map(|execution| execution.actions.iter().map(move |run| (execution, run)))
        .collect();
    // Newest first; of those that began together, the one that was written down last.
    runs.reverse();
    runs.sort_by_key(|(_, run)| std::cmp::Reverse(run.started));
    let details: Vec<Value> = runs
        .iter()
        .skip(start)
        .take(size)
        .map(|(execution, run)| detail(&state.codepipeline, &pipeline.spec, execution, run))
        .collect();
    let end = start.saturating_add(details.len());
    let mut output = json!({"actionExecutionDetails": details});
    if end < runs.len() {
        output["nextToken"] = end.to_string().into();
    }
    Ok(output)
}

fn detail(
    state: &State,
    pipeline: &Pipeline,
    execution: &Execution,
    run: &ActionExecution,
) -> Value {
    let list = |artifacts: &[Artifact]| {
        let artifacts = artifacts.iter().map(Artifact::in_list);
        Value::Array(artifacts.collect())
    };
    let mut detail = json!({
        "pipelineExecutionId": execution.id,
        "actionExecutionId": run.id,
        "pipelineVersion": 1,
        "stageName": run.stage,
        "actionName": run.action,
        "startTime": epoch(run.started),
        "lastUpdateTime": epoch(run.updated),
        "status": run.state.name(),
    });
    let mut result = result(run);
    if let Some(action) = action(pipeline, run) {
        let kind = action.does.kind();
        let mut input = json!({
            "actionTypeId": kind.to_json(),
            "configuration": state.shown(&kind, &action.does.configuration()),
            "resolvedConfiguration": state.shown(&kind, &run.configuration),
            "inputArtifacts": list(&run.inputs),
        });
        if let Some(namespace) = &action.namespace {
            input["namespace"] = namespace.as_str().into();
        }
        detail["input"] = input;
        if let Some(url) = state.execution_url(&kind, run) {
            result["externalExecutionUrl"] = url.into();
        }
    }
    let (artifacts, variables) = match &run.state {
        ActionState::Succeeded(outcome) => (list(&run.outputs), json!(outcome.variables)),
        _ => (json!([]), json!({})),
    };
    detail["output"] = json!({
        "outputArtifacts": artifacts,
        "executionResult": result,
        "outputVariables": variables,
    });
    detail
}

/// `executionResult`, but for the URL.
fn result(run: &ActionExecution) -> Value {
    let mut result = json!({});
    if let Some(summary) = run.summary() {
        result["externalExecutionSummary"] = summary.into();
    }
    if let Some(external_id) = run.external_id() {
        result["externalExecutionId"] = external_id.into();
    }
    if let Some(failure) = run.failure() {
        result["errorDetails"] = json!({"code": failure.code, "message": failure.message});
    }
    result
}

fn action<'a>(pipeline: &'a Pipeline, run: &ActionExecution) -> Option<&'a Action> {
    let stage = pipeline.stages.iter().find(|it| it.name == run.stage)?;
    stage.actions.iter().find(|it| it.name == run.action)
}

/// `GetPipelineState`: of each stage, the execution that was in it last.
pub(super) fn get_pipeline_state(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let name = input.string("name")?;
    let state = account.state();
    let pipeline = state.codepipeline.pipeline(name)?;
    let stages = pipeline.spec.stages.iter();
    let stages = stages.enumerate().map(|(position, stage)| {
        let latest = pipeline
            .executions
            .iter()
            .rev()
            .find_map(|it| Some((it, *it.stages.get(&stage.name)?)));
        let actions = stage.actions.iter().map(|action| {
            let run = latest.and_then(|(execution, _)| {
                let mut runs = execution.actions.iter().rev();
                runs.find(|run| run.stage == stage.name && run.action == action.name)
            });
            action_state(&state.codepipeline, action, run)
        });
        let mut described = json!({
            "stageName": stage.name,
            "inboundTransitionState": {"enabled": true},
            "actionStates": actions.collect::<Vec<_>>(),
        });
        if let Some((execution, status)) = latest {
            described["latestExecution"] =
                json!({"pipelineExecutionId": execution.id, "status": status.name()});
        }
        if let Some(inbound) = inbound(pipeline, position) {
            described["inboundExecution"] = inbound;
        }
        described
    });
    let updated = pipeline.executions.iter().map(|it| it.updated).max();
    Ok(json!({
        "pipelineName": name,
        "pipelineVersion": 1,
        "stageStates": stages.collect::<Vec<_>>(),
        "created": epoch(pipeline.created),
        "updated": epoch(updated.unwrap_or(pipeline.created)),
    }))
}

/// The execution that waits for a stage.
fn inbound(pipeline: &Running, position: usize) -> Option<Value> {
    let id = pipeline.turns.get(position)?.waiting.front()?;
    Some(json!({"pipelineExecutionId": id, "status": "InProgress"}))
}

fn action_state(state: &State, action: &Action, run: Option<&ActionExecution>) -> Value {
    let mut described = json!({"actionName": action.name});
    let kind = action.does.kind();
    let Some(run) = run else { return described };
    let of_type = state.custom_type(&kind);
    if let Some(url) = of_type.and_then(|it| it.entity_url(&run.configuration)) {
        described["entityUrl"] = url.into();
    }
    let mut latest = json!({
        "actionExecutionId": run.id,
        "status": run.state.name(),
        "lastStatusChange": epoch(run.updated),
    });
    let url = state.execution_url(&kind, run);
    for (member, value) in [
        ("summary", run.summary()),
        ("externalExecutionId", run.external_id()),
        ("externalExecutionUrl", url.as_deref()),
    ] {
        if let Some(value) = value {
            latest[member] = value.into();
        }
    }
    if let Some(percent) = run.progress.percent {
        latest["percentComplete"] = percent.into();
    }
    if let Some(failure) = run.failure() {
        latest["errorDetails"] = json!({"code": failure.code, "message": failure.message});
    }
    described["latestExecution"] = latest;
    described
}
