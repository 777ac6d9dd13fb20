//! What CodePipeline tells EventBridge of executions, stages and actions (AWS-FACTS 3.5).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Account;
use super::artifact::Artifact;
use super::execution::{ActionExecution, ActionState, Execution, Status};
use super::pipeline::Does;

/// Tells the status of an execution.
pub(super) fn pipeline(account: &Account, name: &str, id: &str) {
    let Some(execution) = execution(account, name, id) else {
        return;
    };
    let mut detail = common(name, &execution, execution.status.event());
    if execution.status == Status::InProgress {
        detail["execution-trigger"] = json!({
            "trigger-type": "StartPipelineExecution",
            "trigger-detail": execution.trigger,
        });
    }
    let reason = execution
        .stop
        .as_ref()
        .and_then(|stop| stop.reason.as_ref());
    if let Some(reason) = reason {
        detail["stop-execution-comments"] = reason.as_str().into();
    }
    put(account, name, "Pipeline", &detail);
}

/// Tells the status of a stage.
pub(super) fn stage(account: &Account, name: &str, id: &str, stage: &str, status: Status) {
    let Some(execution) = execution(account, name, id) else {
        return;
    };
    let mut detail = common(name, &execution, status.event());
    detail["stage"] = stage.into();
    put(account, name, "Stage", &detail);
}

/// Tells the status of an action.
pub(super) fn action(account: &Account, name: &str, id: &str, run: &ActionExecution, does: &Does) {
    let Some(execution) = execution(account, name, id) else {
        return;
    };
    let mut detail = common(name, &execution, run.state.event());
    let kind = does.kind();
    detail["start-time"] = iso(run.started).into();
    detail["stage"] = run.stage.as_str().into();
    detail["action"] = run.action.as_str().into();
    detail["action-execution-id"] = run.id.as_str().into();
    detail["region"] = account.settings().region.as_str().into();
    detail["type"] = kind.to_json();
    let is_over = !matches!(run.state, ActionState::InProgress);
    let mut artifacts = vec![("input-artifacts", &run.inputs)];
    if matches!(run.state, ActionState::Succeeded(_)) {
        artifacts.push(("output-artifacts", &run.outputs));
    }
    for (member, artifacts) in artifacts {
        if !artifacts.is_empty() {
            let artifacts = artifacts.iter().map(Artifact::in_list);
            detail[member] = Value::Array(artifacts.collect());
        }
    }
    if is_over {
        let url = account.state().codepipeline.execution_url(&kind, run);
        let mut result = json!({});
        for (member, value) in [
            ("external-execution-url", url.as_deref()),
            ("external-execution-summary", run.summary()),
            ("external-execution-id", run.external_id()),
            ("error-code", run.failure().map(|it| it.code.as_str())),
        ] {
            if let Some(value) = value {
                result[member] = value.into();
            }
        }
        if result.as_object().is_some_and(|result| !result.is_empty()) {
            detail["execution-result"] = result;
        }
    }
    put(account, name, "Action", &detail);
}

fn execution(account: &Account, name: &str, id: &str) -> Option<Execution> {
    let state = account.state();
    let pipeline = state.codepipeline.pipelines.get(name)?;
    pipeline.execution(id).ok().cloned()
}

fn common(name: &str, execution: &Execution, state: &str) -> Value {
    json!({
        "pipeline": name,
        "execution-id": execution.id,
        "start-time": iso(execution.started),
        "state": state,
        "version": 1.0,
        "pipeline-execution-attempt": 1.0,
    })
}

fn put(account: &Account, name: &str, of: &str, detail: &Value) {
    let kind = format!("CodePipeline {of} Execution State Change");
    let resources = json!([account.arn("codepipeline", name)]);
    account
        .events()
        .put_detail("aws.codepipeline", &kind, &resources, detail);
}

fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
