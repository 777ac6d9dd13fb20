//! What a `RunTask` request says, and what ECS refuses about it (AWS-FACTS 6.6).
//!
//! The clusters here have no container instances: what is not to run on Fargate finds no place.

use serde_json::{Value, json};

use super::task_definition::{TaskDefinition, words};
use super::{Members, ServiceError, State};

/// AWS's limits.
const MOST_TASKS: i64 = 10;
const LONGEST_OVERRIDES: usize = 8192;
const LONGEST_STARTED_BY: usize = 128;
const LONGEST_TOKEN: usize = 64;
const MOST_SUBNETS: usize = 16;

/// What is kept of a request with each of its tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OneShot {
    /// `family:<family>` unless given.
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    /// As `DescribeTasks` shows them.
    pub(super) overrides: Value,
    pub(super) tags: Vec<Value>,
    /// If it was asked for by a strategy and not by a launch type.
    pub(super) capacity_provider: Option<String>,
    pub(super) execute_command: bool,
    pub(super) platform_version: String,
    pub(super) subnet: String,
}

/// A request that ECS would take.
pub(super) struct RunRequest {
    pub(super) cluster: String,
    /// Its ARN.
    pub(super) definition: String,
    pub(super) count: usize,
    pub(super) client_token: Option<String>,
    pub(super) one_shot: OneShot,
}

impl RunRequest {
    pub(super) fn read(state: &State, input: Members<'_>) -> Result<Self, ServiceError> {
        let cluster = state.cluster(input.optional_string("cluster")?)?;
        let name = input.string("taskDefinition")?;
        let definition = state
            .task_definition(name)
            .ok_or_else(|| ServiceError::new("ClientException", "TaskDefinition not found."))?;
        let count = input.optional_integer("count")?.unwrap_or(1);
        if !(1..=MOST_TASKS).contains(&count) {
            return Err(invalid("Count must be between 1 and 10."));
        }
        let started_by = input.optional_string("startedBy")?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-/_".contains(c);
        if started_by.is_some_and(|it| it.len() > LONGEST_STARTED_BY || !it.chars().all(allowed)) {
            return Err(invalid(
                "startedBy must be up to 128 letters, numbers, hyphens, forward slashes and underscores.",
            ));
        }
        let client_token = input.optional_string("clientToken")?;
        let visible = |c: char| ('\u{21}'..='\u{7e}').contains(&c);
        if client_token.is_some_and(|it| it.len() > LONGEST_TOKEN || !it.chars().all(visible)) {
            return Err(invalid(
                "clientToken must be up to 64 ASCII characters in the range of 33-126.",
            ));
        }
        let capacity_provider = place(definition, input)?;
        let subnet = subnet(definition, input)?;
        let family = definition.document["family"].as_str().unwrap_or_default();
        let group = input
            .optional_string("group")?
            .map_or_else(|| format!("family:{family}"), str::to_owned);
        Ok(Self {
            cluster: cluster.name.clone(),
            definition: definition.arn.clone(),
            count: usize::try_from(count).unwrap_or(1),
            client_token: client_token.map(str::to_owned),
            one_shot: OneShot {
                group,
                started_by: started_by.map(str::to_owned),
                overrides: overrides(definition, input)?,
                tags: tags(&cluster.name, definition, input)?,
                capacity_provider,
                execute_command: input
                    .optional_bool("enableExecuteCommand")?
                    .unwrap_or(false),
                platform_version: platform_version(input)?,
                subnet,
            },
        })
    }
}

impl OneShot {
    /// The command that a container is started with, if it is overridden.
    pub(super) fn command(&self, container: &str) -> Option<Vec<String>> {
        let overrides = self.overrides["containerOverrides"].as_array()?;
        let own = overrides.iter().find(|it| it["name"] == container)?;
        Some(words(own.get("command")?))
    }
}

/// The capacity provider, if the request names a strategy and not a launch type.
fn place(definition: &TaskDefinition, input: Members<'_>) -> Result<Option<String>, ServiceError> {
    let launch_type = input.optional_string("launchType")?;
    let strategy = input
        .optional_list("capacityProviderStrategy")?
        .unwrap_or_default();
    if launch_type.is_some() && !strategy.is_empty() {
        return Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        ));
    }
    let mut chosen: Option<(i64, &str)> = None;
    for item in strategy {
        let item = Members::of(item)?;
        let provider = item.string("capacityProvider")?;
        if !["FARGATE", "FARGATE_SPOT"].contains(&provider) {
            return Err(invalid(&format!(
                "The specified capacity provider '{provider}' was not found. Specify a valid capacity provider and try \
                 again."
            )));
        }
        // Its base comes first, then its weight; an item without a weight weighs 0.
        let number = |name| item.optional_integer(name).map(Option::unwrap_or_default);
        let rank = number("base")?
            .saturating_mul(1000)
            .saturating_add(number("weight")?);
        if chosen.is_none_or(|(best, _)| rank > best) {
            chosen = Some((rank, provider));
        }
    }
    match (launch_type, chosen) {
        (None, Some(_)) | (Some("FARGATE"), None) => {}
        _ => {
            return Err(invalid(
                "No Container Instances were found in your cluster.",
            ));
        }
    }
    if !words(&definition.document["compatibilities"]).contains(&"FARGATE".to_owned()) {
        return Err(invalid(
            "Task definition does not support launch_type FARGATE.",
        ));
    }
    Ok(chosen.map(|(_, provider)| provider.to_owned()))
}

/// The version of Fargate's platform, as `DescribeTasks` shows it.
fn platform_version(input: Members<'_>) -> Result<String, ServiceError> {
    match input.optional_string("platformVersion")? {
        None | Some("LATEST" | "1.4.0") => Ok("1.4.0".to_owned()),
        Some("1.3.0") => Ok("1.3.0".to_owned()),
        Some(_) => Err(ServiceError::new(
            "PlatformUnknownException",
            "The specified platform does not exist.",
        )),
    }
}

/// The subnet that the tasks are in.
fn subnet(definition: &TaskDefinition, input: Members<'_>) -> Result<String, ServiceError> {
    if definition.document["networkMode"] != "awsvpc" {
        return Err(invalid("Fargate only supports network mode 'awsvpc'."));
    }
    let network = match input.optional_structure("networkConfiguration")? {
        Some(network) => network.optional_structure("awsvpcConfiguration")?,
        None => None,
    };
    let network = network.ok_or_else(|| {
        invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    })?;
    let subnets = network.strings("subnets")?;
    match subnets.first() {
        Some(first) if subnets.len() <= MOST_SUBNETS => Ok((*first).to_owned()),
        Some(_) => Err(invalid("subnets can have at most 16 items.")),
        None => Err(invalid("subnets can not be empty.")),
    }
}

/// The overrides as `DescribeTasks` shows them.
fn overrides(definition: &TaskDefinition, input: Members<'_>) -> Result<Value, ServiceError> {
    let Some(given) = input.get("overrides") else {
        return Ok(json!({"containerOverrides": [], "inferenceAcceleratorOverrides": []}));
    };
    if given.to_string().len() > LONGEST_OVERRIDES {
        return Err(invalid("Overrides length must be at most 8192."));
    }
    let containers = definition.document["containerDefinitions"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for container in Members::of(given)?
        .optional_list("containerOverrides")?
        .unwrap_or_default()
    {
        let container = Members::of(container)?;
        let name = container.string("name")?;
        if !containers
            .iter()
            .any(|definition| definition["name"] == name)
        {
            return Err(invalid(&format!(
                "Override for container named {name} is not a container in the TaskDefinition."
            )));
        }
        container.strings("command")?;
        // There is no such member, and a client that sends it runs another image than it thinks.
        if container.get("image").is_some() {
            return Err(ServiceError::new(
                "ClientException",
                "Unknown parameter in input: \"image\" is not a member of a container override.",
            ));
        }
        for variable in container.optional_list("environment")?.unwrap_or_default() {
            Members::of(variable)?.string("name")?;
        }
    }
    let mut overrides = given.clone();
    for list in ["containerOverrides", "inferenceAcceleratorOverrides"] {
        if overrides[list].is_null() {
            overrides[list] = json!([]);
        }
    }
    Ok(overrides)
}

fn tags(
    cluster: &str,
    definition: &TaskDefinition,
    input: Members<'_>,
) -> Result<Vec<Value>, ServiceError> {
    let mut tags = input.optional_list("tags")?.unwrap_or_default().to_vec();
    for tag in &tags {
        Members::of(tag)?.string("key")?;
    }
    match input.optional_string("propagateTags")? {
        None | Some("NONE") => {}
        Some("TASK_DEFINITION") => {
            let known = definition.tags.as_array().map(Vec::as_slice);
            for tag in known.unwrap_or_default() {
                if !tags.iter().any(|own| own["key"] == tag["key"]) {
                    tags.push(tag.clone());
                }
            }
        }
        Some(other) => {
            return Err(invalid(&format!(
                "Unable to propagate tags from {other}: only TASK_DEFINITION is supported when running a task."
            )));
        }
    }
    if input.optional_bool("enableECSManagedTags")? == Some(true) {
        tags.push(json!({"key": "aws:ecs:clusterName", "value": cluster}));
    }
    if tags.len() > 50 {
        return Err(invalid("A task can have at most 50 tags."));
    }
    Ok(tags)
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::new("InvalidParameterException", message)
}
