//! `PutJobSuccessResult` and `PutJobFailureResult` (AWS-FACTS 2.3).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::create::in_name;
use super::super::execution::Progress;
use super::super::pipeline::{Failure, Outcome};
use super::super::start::invalid;
use super::{Account, Members, Reply, ServiceError, Status, id};

/// AWS's limits.
const LONGEST_TOKEN: usize = 2048;
const LONGEST_SUMMARY: usize = 2048;
const LONGEST_EXTERNAL_ID: usize = 1500;
const LONGEST_REVISION: usize = 1500;
const LONGEST_CHANGE: usize = 100;
const LONGEST_MESSAGE: usize = 5000;
const LARGEST_VARIABLES: usize = 122_880;

const FAILURE_TYPES: [&str; 6] = [
    "JobFailed",
    "ConfigurationError",
    "PermissionError",
    "RevisionOutOfSync",
    "RevisionUnavailable",
    "SystemUnavailable",
];

pub(in super::super) fn put_job_success_result(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let id = id(input)?;
    if let Some(revision) = input.optional_structure("currentRevision")? {
        limited(revision, "revision", LONGEST_REVISION)?;
        revision.string("revision")?;
        limited(revision, "changeIdentifier", LONGEST_CHANGE)?;
        revision.string("changeIdentifier")?;
        limited(revision, "revisionSummary", LONGEST_SUMMARY)?;
    }
    let progress = match input.optional_structure("executionDetails")? {
        Some(details) => progress(details)?,
        None => Progress::default(),
    };
    let token = limited(input, "continuationToken", LONGEST_TOKEN)?;
    let variables = variables(input)?;
    let (status, reply) = match token {
        Some(_) if !variables.is_empty() => {
            return Err(invalid(
                "outputVariables",
                "Output variables are not allowed together with a continuation token",
            ));
        }
        Some(token) => {
            let reply = Reply::Continues(token.to_owned(), progress);
            (Status::Succeeded, reply)
        }
        None => {
            let outcome = Outcome {
                summary: progress.summary.unwrap_or_default(),
                external_id: progress.external_id,
                variables,
                ..Outcome::default()
            };
            (Status::Succeeded, Reply::Succeeded(outcome))
        }
    };
    let late = account.settings().late_result;
    let mut state = account.state();
    state
        .codepipeline
        .jobs
        .asked(id)?
        .end(status, reply, late)?;
    Ok(json!({}))
}

pub(in super::super) fn put_job_failure_result(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let id = id(input)?;
    let details = input.optional_structure("failureDetails")?;
    let details = details
        .ok_or_else(|| ServiceError::validation("Missing required member: failureDetails"))?;
    let code = details.string("type")?;
    if !FAILURE_TYPES.contains(&code) {
        return Err(invalid(
            "failureDetails.type",
            &format!(
                "Member must satisfy enum value set: [{}]",
                FAILURE_TYPES.join(", ")
            ),
        ));
    }
    let message = details.string("message")?;
    limited(details, "message", LONGEST_MESSAGE)?;
    let external_id = limited(details, "externalExecutionId", LONGEST_EXTERNAL_ID)?;
    let failure = Failure {
        code: code.to_owned(),
        message: message.to_owned(),
        external_id: external_id.map(str::to_owned),
    };
    let late = account.settings().late_result;
    let mut state = account.state();
    let job = state.codepipeline.jobs.asked(id)?;
    job.end(Status::Failed, Reply::Failed(failure), late)?;
    Ok(json!({}))
}

fn progress(details: Members<'_>) -> Result<Progress, ServiceError> {
    let percent = details.optional_integer("percentComplete")?;
    if percent.is_some_and(|percent| !(0..=100).contains(&percent)) {
        return Err(invalid(
            "executionDetails.percentComplete",
            "Member must have value between 0 and 100",
        ));
    }
    let text = |name, longest| Ok(limited(details, name, longest)?.map(str::to_owned));
    Ok(Progress {
        summary: text("summary", LONGEST_SUMMARY)?,
        external_id: text("externalExecutionId", LONGEST_EXTERNAL_ID)?,
        percent,
    })
}

fn variables(input: Members<'_>) -> Result<BTreeMap<String, String>, ServiceError> {
    let Some(given) = input.get("outputVariables") else {
        return Ok(BTreeMap::new());
    };
    let wrong_type = || {
        ServiceError::new(
            "SerializationException",
            "Expected outputVariables to be a map of strings",
        )
    };
    let mut variables = BTreeMap::new();
    let mut size = 0;
    for (name, value) in given.as_object().ok_or_else(wrong_type)? {
        let value = value.as_str().ok_or_else(wrong_type)?;
        if name.is_empty() || !name.chars().all(in_name) {
            return Err(invalid(
                "outputVariables",
                "Map keys must satisfy regular expression pattern: [A-Za-z0-9@\\-_]+",
            ));
        }
        size += name.len() + value.len();
        variables.insert(name.clone(), value.to_owned());
    }
    if size > LARGEST_VARIABLES {
        return Err(ServiceError::new(
            "OutputVariablesSizeExceededException",
            format!("The output variables have {size} bytes; {LARGEST_VARIABLES} are allowed"),
        ));
    }
    Ok(variables)
}

/// A string that may be absent, but not empty or too long.
fn limited<'a>(
    input: Members<'a>,
    name: &str,
    longest: usize,
) -> Result<Option<&'a str>, ServiceError> {
    let text = input.optional_string(name)?;
    if text.is_some_and(|text| !(1..=longest).contains(&text.chars().count())) {
        let constraint = format!("Member must have length between 1 and {longest}");
        return Err(invalid(name, &constraint));
    }
    Ok(text)
}
