//! The operations that only read.

use serde_json::{Value, json};

use super::config::Routing;
use super::create::revision;
use super::deployment::{Deployment, Status};
use super::group::application_json;
use super::{State, list, request, target};
use crate::account::{Account, Members, ServiceError, epoch};

/// Of `BatchGetDeployments` and `BatchGetDeploymentTargets`.
const BATCH: usize = 25;

pub(super) fn get_application(account: &Account, input: &Value) -> Result<Value, ServiceError> {
    let name = request::application_name(Members::of(input)?)?;
    let state = account.state();
    Ok(json!({"application": application_json(name, state.codedeploy.application(name)?)}))
}

pub(super) fn get_deployment_group(
    account: &Account,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let (application, name) = (
        request::application_name(members)?,
        request::group_name(members)?,
    );
    let state = &account.state().codedeploy;
    let (id, group) = state.group(application, name)?;
    let mut info = group.to_json(id);
    let deployments = state.of_group(application, name);
    if let Some(last) = deployments
        .iter()
        .find(|it| it.read(|record| record.status == Status::Succeeded))
    {
        info["targetRevision"] =
            last.read(|record| super::deployment::revision_json(&record.sha256));
        info["lastSuccessfulDeployment"] = last.read(super::deployment::Record::last_json);
    }
    if let Some(last) = deployments.first() {
        info["lastAttemptedDeployment"] = last.read(super::deployment::Record::last_json);
    }
    Ok(json!({"deploymentGroupInfo": info}))
}

pub(super) fn get_deployment_config(
    account: &Account,
    input: &Value,
) -> Result<Value, ServiceError> {
    let error = "DeploymentConfigNameRequiredException";
    let name = request::required(
        Members::of(input)?,
        "deploymentConfigName",
        error,
        "deployment configuration name",
    )?;
    let Some((routing, created)) = account.state().codedeploy.routing(name) else {
        let message = format!("No Deployment Configuration found for name: {name}");
        return Err(ServiceError::new(
            "DeploymentConfigDoesNotExistException",
            message,
        ));
    };
    let mut info = json!({
        "deploymentConfigName": name,
        "computePlatform": "ECS",
        "trafficRoutingConfig": Routing::to_json(routing),
    });
    if let Some(created) = created {
        info["createTime"] = epoch(created);
    }
    Ok(json!({"deploymentConfigInfo": info}))
}

/// The only operation that gives the text of an `AppSpec` back (AWS-FACTS 5.2). It is found by its hash.
pub(super) fn get_application_revision(
    account: &Account,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let name = request::application_name(members)?;
    let hash = match members.optional_structure("revision")? {
        Some(revision) => revision
            .optional_structure("appSpecContent")?
            .map(|content| content.optional_string("sha256"))
            .transpose()?
            .flatten()
            .map(str::to_owned),
        None => None,
    };
    let hash = hash.map_or_else(|| revision(members).map(|(_, hash)| hash), Ok)?;
    let state = &account.state().codedeploy;
    state.application(name)?;
    let uses: Vec<&Deployment> = state
        .deployments
        .iter()
        .filter(|it| it.read(|record| record.group.application == name && record.sha256 == hash))
        .collect();
    let (Some(first), Some(last)) = (uses.first(), uses.last()) else {
        let message = format!("No revision of {name} with the sha256 {hash} was found");
        return Err(ServiceError::new("RevisionDoesNotExistException", message));
    };
    let mut groups: Vec<String> = uses
        .iter()
        .map(|it| it.read(|record| record.group.name.clone()))
        .collect();
    groups.sort_unstable();
    groups.dedup();
    let (content, first) = first.read(|record| (record.appspec.clone(), record.created));
    Ok(json!({
        "applicationName": name,
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": content, "sha256": hash}},
        "revisionInfo": {
            "deploymentGroups": groups,
            "firstUsedTime": epoch(first),
            "lastUsedTime": epoch(last.read(|record| record.created)),
            "registerTime": epoch(first),
        },
    }))
}

pub(super) fn get_deployment(account: &Account, input: &Value) -> Result<Value, ServiceError> {
    let deployment = request::deployment(account, Members::of(input)?)?;
    Ok(json!({"deploymentInfo": info(&account.state().codedeploy, &deployment)}))
}

/// Unknown ids are left out.
pub(super) fn batch_get_deployments(
    account: &Account,
    input: &Value,
) -> Result<Value, ServiceError> {
    let ids = Members::of(input)?.strings("deploymentIds")?;
    if ids.is_empty() {
        let message = "At least one deployment ID has to be specified";
        return Err(ServiceError::new("DeploymentIdRequiredException", message));
    }
    if ids.len() > BATCH {
        let message = format!(
            "{} deployments were asked for; at most {BATCH} can be",
            ids.len()
        );
        return Err(ServiceError::new("BatchLimitExceededException", message));
    }
    ids.iter().try_for_each(|id| request::valid_id(id))?;
    let state = &account.state().codedeploy;
    let known = ids.iter().filter_map(|id| state.deployment(id));
    let infos: Vec<Value> = known.map(|deployment| info(state, deployment)).collect();
    Ok(json!({"deploymentsInfo": infos}))
}

fn info(state: &State, deployment: &Deployment) -> Value {
    let (application, group, id) = deployment.read(|record| {
        (
            record.group.application.clone(),
            record.group.name.clone(),
            record.id.clone(),
        )
    });
    let previous = state
        .last_good(&application, &group, &id)
        .map(|(_, sha256)| sha256);
    deployment.read(|record| record.to_json(previous.as_deref()))
}

pub(super) fn list_deployments(account: &Account, input: &Value) -> Result<Value, ServiceError> {
    list::list_deployments(&account.state().codedeploy, Members::of(input)?)
}

pub(super) fn list_deployment_targets(
    account: &Account,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let deployment = started(account, members)?;
    if members.optional_string("nextToken")?.is_some() {
        // An ECS deployment has one target, so that no token was ever given out.
        return Err(ServiceError::new(
            "InvalidNextTokenException",
            "The next token was specified in an invalid format",
        ));
    }
    Ok(json!({"targetIds": [deployment.read(|record| record.group.target_id())]}))
}

pub(super) fn get_deployment_target(
    account: &Account,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let deployment = started(account, members)?;
    let error = "DeploymentTargetIdRequiredException";
    let id = request::required(members, "targetId", error, "target ID")?;
    is_target(&deployment, id)?;
    Ok(json!({"deploymentTarget": target::to_json(account, &deployment)}))
}

pub(super) fn batch_get_deployment_targets(
    account: &Account,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let deployment = started(account, members)?;
    let ids = members.strings("targetIds")?;
    if ids.is_empty() {
        let message = "At least one target ID has to be specified";
        return Err(ServiceError::new(
            "DeploymentTargetIdRequiredException",
            message,
        ));
    }
    if ids.len() > BATCH {
        let message = format!(
            "{} targets were asked for; at most {BATCH} can be",
            ids.len()
        );
        return Err(ServiceError::new(
            "DeploymentTargetListSizeExceededException",
            message,
        ));
    }
    ids.iter().try_for_each(|id| is_target(&deployment, id))?;
    Ok(json!({"deploymentTargets": [target::to_json(account, &deployment)]}))
}

fn started(account: &Account, members: Members<'_>) -> Result<Deployment, ServiceError> {
    let deployment = request::deployment(account, members)?;
    if deployment.read(|record| record.status == Status::Created) {
        let message = format!("The deployment {} has not started yet", deployment.id());
        return Err(ServiceError::new("DeploymentNotStartedException", message));
    }
    Ok(deployment)
}

fn is_target(deployment: &Deployment, id: &str) -> Result<(), ServiceError> {
    if deployment.read(|record| record.group.target_id() == id) {
        return Ok(());
    }
    let message = format!("The deployment {} has no target {id}", deployment.id());
    Err(ServiceError::new(
        "DeploymentTargetDoesNotExistException",
        message,
    ))
}
