//! AWS Systems Manager's Parameter Store: parameters, each with its newest version.
//!
//! Names, types, limits and errors are those of the API's model (`PutParameter`, `GetParameter`, `DescribeParameters`).

mod describe_parameters;
mod put_parameter;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Account, Members, ServiceError, epoch};

/// Every parameter, by its name.
#[derive(Debug, Default)]
pub(crate) struct State {
    parameters: BTreeMap<String, Parameter>,
}

/// One parameter.
#[derive(Debug, Clone)]
struct Parameter {
    kind: String,
    value: String,
    data_type: String,
    version: i64,
    modified_at: Timestamp,
}

/// Answers a call.
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    match operation {
        "DescribeParameters" => describe_parameters::describe_parameters(account, members),
        "PutParameter" => put_parameter::put_parameter(account, members),
        "GetParameter" => get_parameter(account, members),
        _ => Err(ServiceError::unknown_operation("ssm", operation)),
    }
}

fn get_parameter(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let name = input.string("Name")?;
    let state = account.state();
    let found = state.ssm.parameters.get(name);
    let found = found.ok_or_else(|| {
        // The service says no more.
        ServiceError::new("ParameterNotFound", "")
    })?;
    let path = name.trim_start_matches('/');
    Ok(json!({ "Parameter": {
        "Name": name,
        "Type": found.kind,
        "Value": found.value,
        "Version": found.version,
        "LastModifiedDate": epoch(found.modified_at),
        "ARN": account.arn("ssm", &format!("parameter/{path}")),
        "DataType": found.data_type,
    }}))
}

/// What a parameter says, and how often it was written.
pub fn parameter(account: &Account, name: &str) -> Option<(String, i64)> {
    let state = account.state();
    let found = state.ssm.parameters.get(name)?;
    Some((found.value.clone(), found.version))
}

/// A parameter that somebody else has made, before anybody looked.
pub fn create_parameter(
    account: &Account,
    name: &str,
    kind: &str,
    value: &str,
) -> Result<(), ServiceError> {
    let input = json!({"Name": name, "Type": kind, "Value": value});
    put_parameter::put(account, Members::of(&input)?).map(drop)
}
