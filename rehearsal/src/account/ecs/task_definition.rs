//! Task definitions, kept as the whole documents that they are.

use std::time::Duration;

use serde_json::{Value, json};

use super::task::{Container, Health, HealthCheck};
use super::{Account, Members, ServiceError, State};

/// A revision of a family.
#[derive(Debug)]
pub(super) struct TaskDefinition {
    pub(super) arn: String,
    /// As `DescribeTaskDefinition` answers it, unknown fields included.
    pub(super) document: Value,
    pub(super) tags: Value,
}

impl State {
    /// A task definition by ARN, `family:revision`, or family (its newest revision).
    pub(super) fn task_definition(&self, name: &str) -> Option<&TaskDefinition> {
        let name = name
            .split_once(":task-definition/")
            .map_or(name, |(_, name)| name);
        match name.split_once(':') {
            Some((family, revision)) => {
                let revision: usize = revision.parse().ok()?;
                self.families.get(family)?.get(revision.checked_sub(1)?)
            }
            None => self.families.get(name)?.last(),
        }
    }
}

/// The task role and the execution role of a task definition.
pub(crate) fn roles_of(account: &Account, name: &str) -> [Option<String>; 2] {
    let state = account.state();
    let definition = state.ecs.task_definition(name);
    ["taskRoleArn", "executionRoleArn"].map(|member| {
        let role = definition?.document[member].as_str()?;
        Some(role.to_owned())
    })
}

impl TaskDefinition {
    /// What its containers are before they run; `unique` gives ids.
    pub(super) fn containers(
        &self,
        mut unique: impl FnMut() -> String,
        arn_prefix: &str,
    ) -> Vec<Container> {
        let definitions = self.document["containerDefinitions"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let container = |definition: &Value| {
            let text = |name: &str| definition[name].as_str().unwrap_or_default().to_owned();
            let id = unique();
            Container {
                name: text("name"),
                arn: format!("{arn_prefix}/{id}"),
                runtime_id: format!(
                    "{id}-{}",
                    unique()
                        .chars()
                        .filter(char::is_ascii_digit)
                        .take(10)
                        .collect::<String>()
                ),
                image: text("image"),
                command: words(&definition["command"]),
                digest: None,
                runs: None,
                ports: ports(definition),
                essential: definition["essential"].as_bool().unwrap_or(true),
                check: health_check(&definition["healthCheck"]),
                health: Health::Unknown,
                status: "PENDING",
                exit_code: None,
                reason: None,
            }
        };
        definitions.iter().map(container).collect()
    }

    /// The architecture of its machines, in the words of image indexes.
    pub(super) fn architecture(&self) -> &'static str {
        match self.document["runtimePlatform"]["cpuArchitecture"].as_str() {
            Some("ARM64") => "arm64",
            _ => "amd64",
        }
    }

    /// Whether a container of that name maps that port.
    pub(super) fn check_container(&self, name: &str, port: u16) -> Result<(), String> {
        let definitions = self.document["containerDefinitions"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let Some(definition) = definitions
            .iter()
            .find(|definition| definition["name"] == name)
        else {
            return Err(format!(
                "The container {name} does not exist in the task definition."
            ));
        };
        if ports(definition).contains(&port) {
            return Ok(());
        }
        Err(format!(
            "The container {name} did not have a container port {port} defined."
        ))
    }
}

/// A list of words, such as a command.
pub(super) fn words(list: &Value) -> Vec<String> {
    let words = list.as_array().map(Vec::as_slice).unwrap_or_default();
    words
        .iter()
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect()
}

fn ports(definition: &Value) -> Vec<u16> {
    let mappings = definition["portMappings"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    mappings
        .iter()
        .filter_map(|mapping| mapping["containerPort"].as_u64()?.try_into().ok())
        .collect()
}

fn health_check(check: &Value) -> Option<HealthCheck> {
    let command = check.get("command")?.as_array()?;
    let command: Vec<&str> = command.iter().filter_map(Value::as_str).collect();
    if command.first() == Some(&"NONE") {
        return None;
    }
    // ECS's bounds and defaults for these numbers.
    let seconds = |name: &str, default| {
        Duration::from_secs(check[name].as_u64().unwrap_or(default).clamp(0, 300))
    };
    let words = command
        .iter()
        .flat_map(|word| word.split(|c: char| c.is_whitespace() || c == '\'' || c == '"'));
    let url = words
        .filter_map(|word| word.parse::<http::Uri>().ok())
        .find(|uri| uri.scheme().is_some());
    Some(HealthCheck {
        path: url.map(|url| url.path().to_owned()),
        interval: seconds("interval", 30).max(Duration::from_secs(5)),
        timeout: seconds("timeout", 5).max(Duration::from_secs(2)),
        retries: u32::try_from(check["retries"].as_u64().unwrap_or(3))
            .unwrap_or(3)
            .clamp(1, 10),
        start_period: seconds("startPeriod", 0),
    })
}

/// `DescribeTaskDefinition`: the tags are beside the document, and only if asked for (AWS-FACTS 6.7).
pub(super) fn describe_task_definition(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let name = input.string("taskDefinition")?;
    let with_tags = input.strings("include")?.contains(&"TAGS");
    let state = account.state();
    let unknown = || ServiceError::new("ClientException", "Unable to describe task definition.");
    let definition = state.ecs.task_definition(name).ok_or_else(unknown)?;
    let mut output = json!({"taskDefinition": definition.document});
    if with_tags {
        output["tags"] = definition.tags.clone();
    }
    Ok(output)
}

/// `ListTaskDefinitions`
pub(super) fn list_task_definitions(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let family = input.optional_string("familyPrefix")?;
    let status = input.optional_string("status")?.unwrap_or("ACTIVE");
    let state = account.state();
    let families = state
        .ecs
        .families
        .iter()
        .filter(|(name, _)| family.is_none_or(|family| *name == family));
    let definitions = families.flat_map(|(_, revisions)| revisions);
    let mut arns: Vec<String> = definitions
        .filter(|definition| definition.document["status"] == status)
        .map(|definition| definition.arn.clone())
        .collect();
    if input.optional_string("sort")? == Some("DESC") {
        arns.reverse();
    }
    super::find::page("taskDefinitionArns", arns, input)
}
