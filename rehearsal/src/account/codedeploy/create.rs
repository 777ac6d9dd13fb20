//! `CreateDeployment` (AWS-FACTS 5.2).

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::appspec::AppSpec;
use super::behaviour::BadRevision;
use super::deployment::{Creator, Deployment, Record, RollbackInfo, Status, Target, Wait};
use super::group::{AutoRollback, Group};
use super::lifecycle::Lifecycle;
use super::{State, request, runner};
use crate::account::{Account, Members, ServiceError, hex};

/// The longest `AppSpec` that is taken, in bytes. AWS's own limit is not documented.
const LONGEST: usize = 256 * 1024;

/// Creates a deployment and lets it run. A group that has one that is active takes no other.
pub(super) fn create_deployment(account: &Account, input: &Value) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let application = request::application_name(members)?;
    let name = request::group_name(members)?;
    let (appspec, sha256) = revision(members)?;
    let description = members.optional_string("description")?;
    if description.is_some_and(|text| text.chars().count() > 256) {
        let message = "The description is too long: at most 256 characters";
        return Err(ServiceError::new("DescriptionTooLongException", message));
    }
    let auto_rollback = auto_rollback(members)?;
    let config = members.optional_string("deploymentConfigName")?;
    let now = account.clock().now();
    let deployment = {
        let state = &mut account.state().codedeploy;
        let (group_id, group) = state.group(application, name)?.clone();
        let config_name = config.unwrap_or(&group.default_config).to_owned();
        let Some((routing, _)) = state.routing(&config_name) else {
            let message = format!("No Deployment Configuration found for name: {config_name}");
            return Err(ServiceError::new(
                "DeploymentConfigDoesNotExistException",
                message,
            ));
        };
        refuse_bad_revision(state, appspec)?;
        if let Some(active) = state.active(application, name) {
            let id = active.id();
            let message =
                format!("The Deployment Group '{name}' already has an active Deployment '{id}'");
            return Err(ServiceError::new(
                "DeploymentLimitExceededException",
                message,
            ));
        }
        let deployment = Deployment::new(Record {
            id: state.deployment_id(),
            group_id,
            config_name,
            routing,
            description: description.map(str::to_owned),
            creator: Creator::User,
            auto_rollback: auto_rollback.unwrap_or_else(|| group.auto_rollback.clone()),
            appspec: appspec.to_owned(),
            sha256,
            status: Status::Created,
            error: None,
            created: now,
            started: None,
            completed: None,
            rollback: RollbackInfo::default(),
            target: Target::Pending,
            lifecycle: Lifecycle::new(Group::has_test_listener(&group)),
            blue: None,
            green: None,
            green_share: 0,
            hooks: Vec::new(),
            stop: None,
            wait: Wait::None,
            terminating: false,
            updated: now,
            group,
        });
        state.remember(deployment.clone());
        deployment
    };
    let id = deployment.id();
    runner::spawn(account, deployment);
    Ok(json!({"deploymentId": id}))
}

/// The text of the `AppSpec`, and its hash.
pub(super) fn revision(members: Members<'_>) -> Result<(&str, String), ServiceError> {
    let invalid = |message: &str| ServiceError::new("InvalidRevisionException", message);
    let Some(revision) = members.optional_structure("revision")? else {
        return Err(ServiceError::new(
            "RevisionRequiredException",
            "The revision was not specified",
        ));
    };
    let kind = revision.optional_string("revisionType")?;
    if kind != Some("AppSpecContent") {
        return Err(invalid(
            "The simulated account takes revisions of the type AppSpecContent only",
        ));
    }
    let Some(content) = revision.optional_structure("appSpecContent")? else {
        return Err(invalid("The revision lacks appSpecContent"));
    };
    let text = content
        .optional_string("content")?
        .filter(|text| !text.is_empty());
    let Some(text) = text else {
        return Err(invalid("The AppSpec content is empty"));
    };
    if text.len() > LONGEST {
        return Err(invalid("The AppSpec content is too long"));
    }
    let sha256 = hex(&Sha256::digest(text));
    let given = content.optional_string("sha256")?;
    if given.is_some_and(|given| !given.eq_ignore_ascii_case(&sha256)) {
        return Err(invalid(
            "The sha256 given is not that of the AppSpec content",
        ));
    }
    Ok((text, sha256))
}

fn refuse_bad_revision(state: &State, appspec: &str) -> Result<(), ServiceError> {
    if state.behaviour.bad_revision == BadRevision::FailsTheDeployment {
        return Ok(());
    }
    let read = AppSpec::parse(appspec);
    read.map(drop)
        .map_err(|error| ServiceError::new("InvalidRevisionException", error.to_string()))
}

/// `autoRollbackConfiguration`, if it is there: it then counts instead of the group's.
fn auto_rollback(members: Members<'_>) -> Result<Option<Vec<AutoRollback>>, ServiceError> {
    let invalid =
        |message: String| ServiceError::new("InvalidAutoRollbackConfigException", message);
    let Some(configuration) = members.optional_structure("autoRollbackConfiguration")? else {
        return Ok(None);
    };
    let names = configuration.strings("events")?;
    if configuration.optional_bool("enabled")? != Some(true) {
        return Ok(Some(Vec::new()));
    }
    if names.is_empty() {
        return Err(invalid(
            "Automatic rollback is enabled for no event".to_owned(),
        ));
    }
    let events = names.iter().map(|name| {
        let known = AutoRollback::ALL
            .into_iter()
            .find(|event| event.name() == *name);
        known.ok_or_else(|| invalid(format!("Unknown automatic rollback event: {name}")))
    });
    events.collect::<Result<Vec<_>, _>>().map(Some)
}
