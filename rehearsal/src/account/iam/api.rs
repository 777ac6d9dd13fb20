//! What can be asked of IAM: a role, and what its policy would say of calls.

use serde_json::{Value, json};

use super::condition::Context;
use super::policy::Decision;
use super::{Account, Role, ServiceError};
use crate::account::Members;

/// How many results there are in an answer, unless the request says so; and at most.
const USUAL_PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;

/// Answers a call.
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let result = match operation {
        "GetRole" => get_role(account, members),
        "SimulatePrincipalPolicy" => simulate(account, members),
        _ => Err(ServiceError::unknown_operation("iam", operation)),
    };
    // The query protocol's name for the same thing.
    result.map_err(|error| match error.code.as_str() {
        "ValidationException" => ServiceError::new("ValidationError", error.message),
        _ => error,
    })
}

fn get_role(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let name = input.string("RoleName")?;
    let state = account.state();
    let role = state.iam.roles.get(name).ok_or_else(|| missing(name))?;
    Ok(json!({"Role": {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "AssumeRolePolicyDocument": encoded(&role.trust.to_string()),
        "MaxSessionDuration": 3600,
    }}))
}

fn simulate(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    input.only(&[
        "PolicySourceArn",
        "ActionNames",
        "ResourceArns",
        "ContextEntries",
        "MaxItems",
        "Marker",
    ])?;
    let arn = input.string("PolicySourceArn")?;
    let role = role_of(account, arn)?;
    input.list("ActionNames")?;
    let actions = input.strings("ActionNames")?;
    let mut resources = input.strings("ResourceArns")?;
    if resources.is_empty() {
        resources.push("*");
    }
    let context = context_of(input)?;
    let mut results = Vec::new();
    for action in actions {
        if !is_action(action) {
            let message = format!("Invalid Entity Action: {action}");
            return Err(ServiceError::new("InvalidInput", message));
        }
        for resource in &resources {
            results.push(simulated(&role, action, resource, &context));
        }
    }
    page(results, input)
}

/// What its policy says of one action on one resource.
fn simulated(role: &Role, action: &str, resource: &str, context: &Context) -> Value {
    let (decision, matched) = match role.policy.decide(action, Some(resource), context) {
        Decision::Allowed(..) => ("allowed", true),
        Decision::ExplicitDeny => ("explicitDeny", true),
        Decision::ImplicitDeny => ("implicitDeny", false),
    };
    let source = json!({
        "SourcePolicyId": format!("role_{}_policy", role.name),
        "SourcePolicyType": "role",
    });
    let matched: Vec<Value> = matched.then_some(source).into_iter().collect();
    json!({
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": decision,
        "MatchedStatements": matched,
        "MissingContextValues": [],
    })
}

fn role_of(account: &Account, arn: &str) -> Result<Role, ServiceError> {
    let state = account.state();
    let found = state.iam.roles.values().find(|role| role.arn == arn);
    found
        .cloned()
        .ok_or_else(|| missing(arn.rsplit('/').next().unwrap_or(arn)))
}

fn missing(name: &str) -> ServiceError {
    ServiceError {
        status: 404,
        ..ServiceError::new(
            "NoSuchEntity",
            format!("The role with name {name} cannot be found."),
        )
    }
}

fn context_of(input: Members<'_>) -> Result<Context, ServiceError> {
    let mut context = Context::new();
    for entry in input.optional_list("ContextEntries")?.unwrap_or_default() {
        let entry = Members::of(entry)?;
        let key = entry.string("ContextKeyName")?;
        let values = entry.strings("ContextKeyValues")?;
        let [value] = values.as_slice() else {
            return Err(ServiceError::new(
                "InvalidInput",
                format!("The simulated account takes one value for the context key {key}"),
            ));
        };
        context.push((key.to_owned(), (*value).to_owned()));
    }
    Ok(context)
}

fn is_action(text: &str) -> bool {
    let parts = text.split_once(':');
    parts.is_some_and(|(service, action)| {
        let named = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        named(service) && named(action)
    })
}

fn page(results: Vec<Value>, input: Members<'_>) -> Result<Value, ServiceError> {
    let invalid = |what: &str| ServiceError::validation(format!("{what} is not valid"));
    let size = match input.optional_integer("MaxItems")? {
        Some(size) => usize::try_from(size)
            .ok()
            .filter(|size| (1..=LARGEST_PAGE).contains(size))
            .ok_or_else(|| invalid("MaxItems"))?,
        None => USUAL_PAGE,
    };
    let start: usize = match input.optional_string("Marker")? {
        Some(marker) => marker.parse().map_err(|_| invalid("Marker"))?,
        None => 0,
    };
    let total = results.len();
    let results: Vec<Value> = results.into_iter().skip(start).take(size).collect();
    let end = start.saturating_add(results.len());
    let mut output = json!({"EvaluationResults": results, "IsTruncated": end < total});
    if end < total {
        output["Marker"] = end.to_string().into();
    }
    Ok(output)
}

/// RFC 3986, as IAM encodes the documents in its answers.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&super::super::hex(&[byte]).to_ascii_uppercase());
        }
    }
    encoded
}
