//! Which applications and deployment groups there are (botocore's `codedeploy` model).
//!
//! AWS gives pages without saying how long they are; here they are short, so that whoever reads only the first is
//! found out.

use serde_json::{Value, json};

use super::request;
use crate::account::{Account, Members, ServiceError};

/// How many names there are on a page.
const PAGE: usize = 10;
/// Of `BatchGetDeploymentGroups`.
const BATCH: usize = 100;

pub(super) fn list_applications(account: &Account, input: &Value) -> Result<Value, ServiceError> {
    let names = account.state();
    let names = names.codedeploy.applications.keys().cloned().collect();
    page("applications", names, Members::of(input)?)
}

pub(super) fn list_deployment_groups(
    account: &Account,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let name = request::application_name(members)?;
    let state = account.state();
    let groups = state.codedeploy.application(name)?.groups.iter();
    let names = groups.map(|(_, group)| group.name.clone()).collect();
    let mut answer = page("deploymentGroups", names, members)?;
    answer["applicationName"] = name.into();
    Ok(answer)
}

/// Unknown groups are left out; that `errorMessage` names them is UNCONFIRMED.
pub(super) fn batch_get_deployment_groups(
    account: &Account,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let name = request::application_name(members)?;
    let wanted = members.strings("deploymentGroupNames")?;
    if wanted.is_empty() {
        let message = "The deployment group name was not specified";
        return Err(ServiceError::new(
            "DeploymentGroupNameRequiredException",
            message,
        ));
    }
    if wanted.len() > BATCH {
        let message = format!(
            "{} deployment groups were asked for; at most {BATCH} can be",
            wanted.len()
        );
        return Err(ServiceError::new("BatchLimitExceededException", message));
    }
    let state = account.state();
    let application = state.codedeploy.application(name)?;
    let mut unknown = Vec::new();
    let mut infos = Vec::new();
    for name in wanted {
        match application.group(name) {
            Some((id, group)) => infos.push(group.to_json(id)),
            None => unknown.push(name),
        }
    }
    let mut answer = json!({"deploymentGroupsInfo": infos});
    if !unknown.is_empty() {
        answer["errorMessage"] =
            format!("No Deployment Group found for name: {}", unknown.join(", ")).into();
    }
    Ok(answer)
}

/// A token is how many names came before.
fn page(member: &str, mut names: Vec<String>, members: Members<'_>) -> Result<Value, ServiceError> {
    let start = match members.optional_string("nextToken")? {
        Some(token) => token
            .parse()
            .ok()
            .filter(|start| *start < names.len())
            .ok_or_else(|| {
                let message = "The next token was specified in an invalid format";
                ServiceError::new("InvalidNextTokenException", message)
            })?,
        None => 0,
    };
    let total = names.len();
    names.drain(..start);
    names.truncate(PAGE);
    let end = start + names.len();
    let mut answer = json!({member: names});
    if end < total {
        answer["nextToken"] = end.to_string().into();
    }
    Ok(answer)
}
