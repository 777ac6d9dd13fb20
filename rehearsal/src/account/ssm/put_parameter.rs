//! The call `PutParameter`.

use serde_json::{Value, json};

use super::{Account, Members, Parameter, ServiceError};
use crate::account::journal::Tone;

/// Of a standard parameter.
const LONGEST_VALUE: usize = 4096;
/// The name together with the ARN before it.
const LONGEST_NAME: usize = 1011;
const MOST_LEVELS: usize = 15;

pub(super) fn put_parameter(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let output = put(account, input)?;
    let text = format!("{} = {}", input.string("Name")?, input.string("Value")?);
    account.journal().note("ssm", Tone::Neutral, text);
    Ok(output)
}

/// The same without a note.
pub(super) fn put(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let name = input.string("Name")?;
    let value = input.string("Value")?;
    let overwrite = input.optional_bool("Overwrite")?.unwrap_or(false);
    check_name(account, name)?;
    if value.is_empty() || value.len() > LONGEST_VALUE {
        return Err(ServiceError::validation(
            "Standard tier parameters support a maximum parameter value of 4096 characters.",
        ));
    }
    let now = account.clock().now();
    let mut state = account.state();
    let known = state.ssm.parameters.get(name);
    let kind = input.optional_string("Type")?;
    let kind = match (known, kind) {
        (_, Some(kind)) if !["String", "StringList", "SecureString"].contains(&kind) => {
            let message = format!("Unsupported parameter type: {kind}");
            return Err(ServiceError::new("UnsupportedParameterType", message));
        }
        (Some(known), Some(kind)) if overwrite && known.kind != kind => {
            return Err(ServiceError::new(
                "HierarchyTypeMismatchException",
                format!(
                    "Parameter Store doesn't support changing a parameter type: {name} is a {}",
                    known.kind
                ),
            ));
        }
        (Some(_), _) if !overwrite => {
            let message = "The parameter already exists. To overwrite this value, set the overwrite option in the \
                           request to true.";
            return Err(ServiceError::new("ParameterAlreadyExists", message));
        }
        (_, Some(kind)) => kind.to_owned(),
        (Some(known), None) => known.kind.clone(),
        (None, None) => {
            return Err(ServiceError::validation(
                "A parameter type is required when you create a parameter.",
            ));
        }
    };
    let version = known.map_or(0, |known| known.version) + 1;
    let parameter = Parameter {
        kind,
        value: value.to_owned(),
        data_type: input
            .optional_string("DataType")?
            .unwrap_or("text")
            .to_owned(),
        version,
        modified_at: now,
    };
    state.ssm.parameters.insert(name.to_owned(), parameter);
    Ok(json!({"Version": version, "Tier": "Standard"}))
}

fn check_name(account: &Account, name: &str) -> Result<(), ServiceError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    let path = name.strip_prefix('/').unwrap_or(name);
    if !name.chars().all(fits) || path.split('/').any(str::is_empty) {
        return Err(ServiceError::validation(
            "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of \
             sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the \
             following 3 symbols .-_",
        ));
    }
    if path.contains('/') && !name.starts_with('/') {
        return Err(ServiceError::validation(
            "Parameter name must be a fully qualified name.",
        ));
    }
    let lower = path.to_ascii_lowercase();
    if lower.starts_with("aws") || lower.starts_with("ssm") {
        let message = format!("No access to reserved parameter name: {name}.");
        return Err(ServiceError::new("AccessDeniedException", message));
    }
    if path.split('/').count() > MOST_LEVELS {
        return Err(ServiceError::new(
            "HierarchyLevelLimitExceededException",
            "A hierarchy can have a maximum of 15 levels.",
        ));
    }
    let arn = account.arn("ssm", &format!("parameter/{path}"));
    if arn.len() > LONGEST_NAME {
        return Err(ServiceError::validation(
            "Member must have length less than or equal to 1011",
        ));
    }
    Ok(())
}
