//! What CodeDeploy's operations have in common: the names and ids in a request, and the errors about them.
//!
//! Every missing member has an error of its own here, other than in most of AWS.

use crate::account::{Account, Members, ServiceError};

use super::State;
use super::deployment::Deployment;
use super::group::{Application, Group};

/// A member whose absence has an error of its own.
pub(super) fn required<'a>(
    members: Members<'a>,
    name: &str,
    error: &str,
    what: &str,
) -> Result<&'a str, ServiceError> {
    let value = members
        .optional_string(name)?
        .filter(|value| !value.is_empty());
    value.ok_or_else(|| ServiceError::new(error, format!("The {what} was not specified")))
}

/// `applicationName`
pub(super) fn application_name(members: Members<'_>) -> Result<&str, ServiceError> {
    let name = required(
        members,
        "applicationName",
        "ApplicationNameRequiredException",
        "application name",
    )?;
    name_fits(name, "InvalidApplicationNameException", "application name")
}

/// `deploymentGroupName`
pub(super) fn group_name(members: Members<'_>) -> Result<&str, ServiceError> {
    let error = "DeploymentGroupNameRequiredException";
    let name = required(
        members,
        "deploymentGroupName",
        error,
        "deployment group name",
    )?;
    name_fits(
        name,
        "InvalidDeploymentGroupNameException",
        "deployment group name",
    )
}

fn name_fits<'a>(name: &'a str, error: &str, what: &str) -> Result<&'a str, ServiceError> {
    if name.chars().count() > 100 {
        return Err(ServiceError::new(
            error,
            format!("The {what} is longer than 100 characters"),
        ));
    }
    Ok(name)
}

/// `deploymentId`, in the form that ids have.
pub(super) fn deployment_id(members: Members<'_>) -> Result<&str, ServiceError> {
    let id = required(
        members,
        "deploymentId",
        "DeploymentIdRequiredException",
        "deployment ID",
    )?;
    valid_id(id)?;
    Ok(id)
}

pub(super) fn valid_id(id: &str) -> Result<(), ServiceError> {
    let letters = |rest: &str| {
        rest.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    if id
        .strip_prefix("d-")
        .is_some_and(|rest| rest.len() == 9 && letters(rest))
    {
        return Ok(());
    }
    let message = format!("Specified DeploymentId is not in the valid format: {id}");
    Err(ServiceError::new("InvalidDeploymentIdException", message))
}

/// The deployment that `deploymentId` names.
pub(super) fn deployment(
    account: &Account,
    members: Members<'_>,
) -> Result<Deployment, ServiceError> {
    let id = deployment_id(members)?;
    let known = account.state().codedeploy.deployment(id).cloned();
    known.ok_or_else(|| {
        ServiceError::new(
            "DeploymentDoesNotExistException",
            format!("The deployment {id} could not be found"),
        )
    })
}

impl State {
    pub(super) fn application(&self, name: &str) -> Result<&Application, ServiceError> {
        self.applications.get(name).ok_or_else(|| {
            ServiceError::new(
                "ApplicationDoesNotExistException",
                format!("No application found for name: {name}"),
            )
        })
    }

    pub(super) fn group(
        &self,
        application: &str,
        name: &str,
    ) -> Result<&(String, Group), ServiceError> {
        self.application(application)?.group(name).ok_or_else(|| {
            ServiceError::new(
                "DeploymentGroupDoesNotExistException",
                format!("No Deployment Group found for name: {name}"),
            )
        })
    }
}
