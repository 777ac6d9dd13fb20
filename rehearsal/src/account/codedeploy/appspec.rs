//! The `AppSpec` of an ECS deployment: where the new task set comes from, and which functions are its hooks.
//!
//! Read from JSON or YAML (AWS-FACTS 5.1), more strictly than AWS documents: a key that CodeDeploy does
//! not know is an error here, so that a spelling mistake does not pass unnoticed. Whether the task
//! definition, container and function exist is for the [`runner`](super::runner) to find out.

use std::fmt;

use serde_json::{Map, Value, json};

use super::lifecycle::Event;

/// What an `AppSpec` says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AppSpec {
    /// Its name with revision, or its ARN.
    pub(super) task_definition: String,
    pub(super) container_name: String,
    pub(super) container_port: u16,
    pub(super) platform_version: Option<String>,
    /// In ECS's spelling; without it, that of the service.
    pub(super) network: Option<Value>,
    /// In ECS's spelling.
    pub(super) capacity_providers: Option<Value>,
    hooks: Vec<(Event, String)>,
}

/// Why a text is not an `AppSpec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadAppSpec(String);

impl fmt::Display for BadAppSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The AppSpec file is not valid: {}", self.0)
    }
}

impl AppSpec {
    /// Reads JSON or YAML.
    pub(super) fn parse(text: &str) -> Result<Self, BadAppSpec> {
        let document: Value = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| bad(error.to_string()))?
        } else {
            serde_norway::from_str(text).map_err(|error| bad(error.to_string()))?
        };
        let root = Node::new("the document", &document)?;
        root.only(&["version", "Resources", "Hooks"])?;
        if root.get("version").and_then(Value::as_f64) != Some(0.0) {
            return Err(bad("version has to be the number 0.0"));
        }
        let mut spec = service(&root)?;
        spec.hooks = hooks(&root)?;
        Ok(spec)
    }

    /// The name or ARN of the function that is called at this event.
    pub(super) fn hook(&self, event: Event) -> Option<&str> {
        self.hooks
            .iter()
            .find(|(at, _)| *at == event)
            .map(|(_, function)| function.as_str())
    }
}

fn service(root: &Node<'_>) -> Result<AppSpec, BadAppSpec> {
    let Some([resource]) = root
        .get("Resources")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    else {
        return Err(bad("Resources has to be a list of exactly one resource"));
    };
    let resource = Node::new("Resources[0]", resource)?;
    let Some((name, resource)) = resource
        .members
        .iter()
        .next()
        .filter(|_| resource.members.len() == 1)
    else {
        return Err(bad("Resources[0] has to name exactly one resource"));
    };
    let resource = Node::new(name, resource)?;
    resource.only(&["Type", "Properties"])?;
    if resource.string("Type")? != "AWS::ECS::Service" {
        return Err(bad(format!(
            "the Type of {name} has to be AWS::ECS::Service"
        )));
    }
    let properties = resource.node("Properties")?;
    properties.only(&[
        "TaskDefinition",
        "LoadBalancerInfo",
        "PlatformVersion",
        "NetworkConfiguration",
        "CapacityProviderStrategy",
    ])?;
    let balancer = properties.node("LoadBalancerInfo")?;
    balancer.only(&["ContainerName", "ContainerPort"])?;
    let port = balancer.get("ContainerPort").and_then(Value::as_u64);
    let Some(container_port) = port
        .and_then(|port| u16::try_from(port).ok())
        .filter(|port| *port > 0)
    else {
        return Err(bad("ContainerPort has to be a number from 1 to 65535"));
    };
    Ok(AppSpec {
        task_definition: properties.string("TaskDefinition")?.to_owned(),
        container_name: balancer.string("ContainerName")?.to_owned(),
        container_port,
        platform_version: properties
            .get("PlatformVersion")
            .map(|_| properties.string("PlatformVersion").map(str::to_owned))
            .transpose()?,
        network: network(&properties)?,
        capacity_providers: capacity_providers(&properties)?,
        hooks: Vec::new(),
    })
}

/// All three members or none (AWS-FACTS 5.1).
fn network(properties: &Node<'_>) -> Result<Option<Value>, BadAppSpec> {
    if properties.get("NetworkConfiguration").is_none() {
        return Ok(None);
    }
    let network = properties.node("NetworkConfiguration")?;
    network.only(&["AwsvpcConfiguration"])?;
    let vpc = network.node("AwsvpcConfiguration")?;
    vpc.only(&["Subnets", "SecurityGroups", "AssignPublicIp"])?;
    let public = vpc.string("AssignPublicIp")?;
    if !["ENABLED", "DISABLED"].contains(&public) {
        return Err(bad("AssignPublicIp has to be ENABLED or DISABLED"));
    }
    let (subnets, groups) = (vpc.strings("Subnets")?, vpc.strings("SecurityGroups")?);
    Ok(Some(
        json!({"awsvpcConfiguration": {"subnets": subnets, "securityGroups": groups, "assignPublicIp": public}}),
    ))
}

fn capacity_providers(properties: &Node<'_>) -> Result<Option<Value>, BadAppSpec> {
    let Some(strategy) = properties.get("CapacityProviderStrategy") else {
        return Ok(None);
    };
    let Some(items) = strategy.as_array() else {
        return Err(bad("CapacityProviderStrategy has to be a list"));
    };
    let items = items.iter().map(|item| {
        let item = Node::new("CapacityProviderStrategy", item)?;
        item.only(&["Base", "CapacityProvider", "Weight"])?;
        let number = |name| item.get(name).and_then(Value::as_u64).unwrap_or(0);
        Ok(json!({
            "capacityProvider": item.string("CapacityProvider")?,
            "weight": number("Weight"),
            "base": number("Base"),
        }))
    });
    items
        .collect::<Result<Vec<_>, _>>()
        .map(|items| Some(Value::Array(items)))
}

fn hooks(root: &Node<'_>) -> Result<Vec<(Event, String)>, BadAppSpec> {
    let Some(hooks) = root.get("Hooks") else {
        return Ok(Vec::new());
    };
    let Some(items) = hooks.as_array() else {
        return Err(bad("Hooks has to be a list"));
    };
    let mut read: Vec<(Event, String)> = Vec::new();
    for item in items {
        for (name, function) in Node::new("Hooks", item)?.members {
            let Some(event) = Event::named(name).filter(|event| event.takes_a_hook()) else {
                return Err(bad(format!(
                    "{name} is not a lifecycle event that takes a hook"
                )));
            };
            let Some(function) = function.as_str().filter(|function| !function.is_empty()) else {
                return Err(bad(format!("{name} has to name one Lambda function")));
            };
            if read.iter().any(|(at, _)| *at == event) {
                return Err(bad(format!("{name} has two hooks; an event takes one")));
            }
            read.push((event, function.to_owned()));
        }
    }
    Ok(read)
}

/// A mapping of the document, and what to call it in an error.
struct Node<'a> {
    name: &'a str,
    members: &'a Map<String, Value>,
}

impl<'a> Node<'a> {
    fn new(name: &'a str, value: &'a Value) -> Result<Self, BadAppSpec> {
        let members = value
            .as_object()
            .ok_or_else(|| bad(format!("{name} has to be a mapping")))?;
        Ok(Self { name, members })
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn node(&self, name: &'a str) -> Result<Node<'a>, BadAppSpec> {
        Node::new(name, self.get(name).ok_or_else(|| self.lacks(name))?)
    }

    fn string(&self, name: &str) -> Result<&'a str, BadAppSpec> {
        let text = self.get(name).ok_or_else(|| self.lacks(name))?.as_str();
        text.filter(|text| !text.is_empty())
            .ok_or_else(|| bad(format!("{name} has to be a string")))
    }

    fn strings(&self, name: &str) -> Result<Vec<&'a str>, BadAppSpec> {
        let items = self.get(name).ok_or_else(|| self.lacks(name))?.as_array();
        let strings =
            items.and_then(|items| items.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        strings.ok_or_else(|| bad(format!("{name} has to be a list of strings")))
    }

    fn only(&self, known: &[&str]) -> Result<(), BadAppSpec> {
        match self
            .members
            .keys()
            .find(|key| !known.contains(&key.as_str()))
        {
            Some(key) => Err(bad(format!("{} has the unknown key {key}", self.name))),
            None => Ok(()),
        }
    }

    fn lacks(&self, name: &str) -> BadAppSpec {
        bad(format!("{} lacks {name}", self.name))
    }
}

fn bad(reason: impl Into<String>) -> BadAppSpec {
    BadAppSpec(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = r#"
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:3"
        LoadBalancerInfo:
          ContainerName: "api"
          ContainerPort: 8080
        PlatformVersion: "LATEST"
        NetworkConfiguration:
          AwsvpcConfiguration:
            Subnets: ["subnet-1", "subnet-2"]
            SecurityGroups: ["sg-1"]
            AssignPublicIp: "DISABLED"
        CapacityProviderStrategy:
          - Base: 1
            CapacityProvider: "FARGATE_SPOT"
            Weight: 1
Hooks:
  - BeforeInstall: "FunctionNameOrArn"
  - AfterAllowTestTraffic: "CodeDeployHook_greenlight-validate-green"
"#;

    #[test]
    fn yaml_and_json_say_the_same() {
        let spec = AppSpec::parse(YAML).unwrap();
        let as_json: Value = serde_norway::from_str(YAML).unwrap();
        assert_eq!(AppSpec::parse(&as_json.to_string()).unwrap(), spec);
        assert_eq!(spec.container_port, 8080);
        assert_eq!(
            spec.hook(Event::AfterAllowTestTraffic),
            Some("CodeDeployHook_greenlight-validate-green")
        );
        assert_eq!(spec.hook(Event::AfterInstall), None);
        assert_eq!(
            spec.network.unwrap()["awsvpcConfiguration"]["subnets"],
            json!(["subnet-1", "subnet-2"])
        );
        assert_eq!(
            spec.capacity_providers.unwrap()[0]["capacityProvider"],
            "FARGATE_SPOT"
        );
    }

    #[test]
    fn every_mistake_is_named() {
        let cases = [
            ("version: 0.0", "version: 1.0", "version"),
            ("version: 0.0", "version: \"0.0\"", "version"),
            ("Resources:", "resources:", "unknown key resources"),
            (
                "AWS::ECS::Service",
                "AWS::Lambda::Function",
                "Type of TargetService",
            ),
            (
                "TaskDefinition:",
                "taskDefinition:",
                "unknown key taskDefinition",
            ),
            (
                "ContainerPort: 8080",
                "ContainerPort: \"8080\"",
                "ContainerPort",
            ),
            ("ContainerPort: 8080", "ContainerPort: 0", "ContainerPort"),
            (
                "ContainerName: \"api\"",
                "ContainerName: \"\"",
                "ContainerName has to be a string",
            ),
            (
                "            SecurityGroups: [\"sg-1\"]\n",
                "",
                "AwsvpcConfiguration lacks SecurityGroups",
            ),
            ("\"DISABLED\"", "\"MAYBE\"", "AssignPublicIp"),
            (
                "- BeforeInstall:",
                "- Install:",
                "Install is not a lifecycle event that takes a hook",
            ),
            ("- BeforeInstall:", "- AfterAllowTestTraffic:", "two hooks"),
            (
                "\"FunctionNameOrArn\"",
                "[one, two]",
                "BeforeInstall has to name one Lambda function",
            ),
        ];
        for (from, to, expected) in cases {
            let changed = YAML.replace(from, to);
            assert_ne!(changed, YAML, "{from}");
            let error = AppSpec::parse(&changed).unwrap_err().to_string();
            assert!(error.contains(expected), "{to}: {error}");
        }
    }

    #[test]
    fn what_is_no_document_at_all_is_an_error_not_a_panic() {
        for text in [
            "",
            "{",
            "- 1",
            "null",
            "\u{0}",
            "version: 0.0\nResources: []",
            "a: &a [*a]",
        ] {
            assert!(AppSpec::parse(text).is_err(), "{text:?}");
        }
    }
}
