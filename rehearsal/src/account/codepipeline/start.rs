//! `StartPipelineExecution` (AWS-FACTS 4.4, 4.5).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::execution::{Execution, Status};
use super::pipeline::{Does, Mode, Picked, Pipeline};
use super::{Account, Members, REMEMBERED, ServiceError, runner};
use crate::account::functions::uuid;

/// AWS's limits.
const MOST_CONCURRENT: usize = 50;
const MOST_PARAMETERS: usize = 50;
const LONGEST_VALUE: usize = 1000;
const LONGEST_TOKEN: usize = 128;

pub(super) fn start_pipeline_execution(
    account: &Account,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let name = members.string("name")?;
    let token = members.optional_string("clientRequestToken")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if token.is_some_and(|it| it.is_empty() || it.len() > LONGEST_TOKEN || !it.chars().all(allowed))
    {
        return Err(invalid(
            "clientRequestToken",
            "Member must satisfy regular expression pattern: [a-zA-Z0-9-]+",
        ));
    }
    let now = account.clock().now();
    let mut state = account.state();
    let id = uuid(&state.unique());
    let pipeline = state.codepipeline.pipeline_mut(name)?;
    let variables = variables(&pipeline.spec, members)?;
    let overrides = overrides(&pipeline.spec, members)?;
    if let Some((asked, known)) = token.and_then(|token| pipeline.tokens.get(token)) {
        // What AWS does with other parameters is not documented; the execution that is asked for does not
        // run, and a client had better know.
        if asked != input {
            return Err(ServiceError::new(
                "ConflictException",
                format!(
                    "The clientRequestToken was used for execution {known}, with other parameters"
                ),
            ));
        }
        return Ok(json!({"pipelineExecutionId": known}));
    }
    let over = |execution: &Execution| execution.status.is_over();
    let active = pipeline.executions.iter().filter(|it| !over(it)).count();
    if pipeline.spec.mode != Mode::Superseded && active >= MOST_CONCURRENT {
        let message = format!("Pipeline {name} has {active} executions, which is the limit");
        return Err(ServiceError::new(
            "ConcurrentPipelineExecutionsLimitExceededException",
            message,
        ));
    }
    if pipeline.executions.len() >= REMEMBERED {
        let oldest = pipeline.executions.iter().position(over);
        if let Some(forgotten) = oldest.and_then(|oldest| pipeline.executions.remove(oldest)) {
            pipeline.tokens.retain(|_, (_, id)| *id != forgotten.id);
        }
    }
    if let Some(token) = token {
        let asked = (input.clone(), id.clone());
        pipeline.tokens.insert(token.to_owned(), asked);
    }
    pipeline.executions.push_back(Execution {
        id: id.clone(),
        status: Status::InProgress,
        summary: None,
        trigger: format!("arn:aws:iam::{}:root", account.settings().account_id),
        started: now,
        updated: now,
        overrides,
        picked: Picked {
            variables,
            ..Picked::default()
        },
        revisions: Vec::new(),
        artifacts: BTreeMap::new(),
        outputs: BTreeMap::new(),
        actions: Vec::new(),
        stages: BTreeMap::new(),
        stop: None,
    });
    drop(state);
    runner::spawn(account, name, &id);
    Ok(json!({"pipelineExecutionId": id}))
}

/// The pipeline's variables, with the values that the start gives them.
fn variables(
    pipeline: &Pipeline,
    input: Members<'_>,
) -> Result<BTreeMap<String, String>, ServiceError> {
    let mut given = BTreeMap::new();
    if let Some(list) = input.optional_list("variables")? {
        if !(1..=MOST_PARAMETERS).contains(&list.len()) {
            return Err(invalid(
                "variables",
                "Member must have length between 1 and 50",
            ));
        }
        for variable in list {
            let variable = Members::of(variable)?;
            let (name, value) = (variable.string("name")?, variable.string("value")?);
            if !(1..=LONGEST_VALUE).contains(&value.chars().count()) {
                return Err(invalid(
                    "variables.value",
                    "Member must have length between 1 and 1000",
                ));
            }
            if !pipeline.variables.iter().any(|(known, _)| known == name) {
                return Err(ServiceError::validation(format!(
                    "Variable {name} is not declared in pipeline {}",
                    pipeline.name
                )));
            }
            given.insert(name.to_owned(), value.to_owned());
        }
    }
    for (name, default) in &pipeline.variables {
        if given.contains_key(name) {
            continue;
        }
        let Some(default) = default else {
            return Err(ServiceError::validation(format!(
                "Variable {name} of pipeline {} has no default value and was not given",
                pipeline.name
            )));
        };
        given.insert(name.clone(), default.clone());
    }
    Ok(given)
}

/// Source action → digest or commit that it is to pick.
fn overrides(
    pipeline: &Pipeline,
    input: Members<'_>,
) -> Result<BTreeMap<String, String>, ServiceError> {
    let list = input.optional_list("sourceRevisions")?.unwrap_or_default();
    if list.len() > MOST_PARAMETERS {
        return Err(invalid(
            "sourceRevisions",
            "Member must have length between 0 and 50",
        ));
    }
    let mut overrides = BTreeMap::new();
    for revision in list {
        let revision = Members::of(revision)?;
        let action = revision.string("actionName")?;
        let kind = revision.string("revisionType")?;
        let value = revision.string("revisionValue")?;
        let mut sources = pipeline.stages.iter().flat_map(|stage| &stage.actions);
        let source = sources.find(|it| it.name == action && it.does.is_source());
        let Some(source) = source else {
            return Err(ServiceError::validation(format!(
                "Source action {action} does not exist in pipeline {}",
                pipeline.name
            )));
        };
        let of_images = matches!(source.does, Does::Source { .. });
        let fitting = if of_images {
            "IMAGE_DIGEST"
        } else {
            "COMMIT_ID"
        };
        if kind != fitting {
            return Err(ServiceError::validation(format!(
                "Revision type {kind} does not fit the provider {} of source action {action}",
                source.does.kind().provider
            )));
        }
        let (digits, length, what) = if of_images {
            let digits = value.strip_prefix("sha256:").unwrap_or_default();
            (digits, 64, "an image digest")
        } else {
            (value, 40, "a commit id")
        };
        if digits.len() != length || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ServiceError::validation(format!(
                "Revision value {value} of source action {action} is not {what}"
            )));
        }
        if overrides
            .insert(action.to_owned(), value.to_owned())
            .is_some()
        {
            return Err(ServiceError::validation(format!(
                "Source action {action} has two revisions"
            )));
        }
    }
    Ok(overrides)
}

pub(super) fn invalid(member: &str, constraint: &str) -> ServiceError {
    ServiceError::validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"
    ))
}
