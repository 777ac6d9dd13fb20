//! An ECS task definition as the document it is, edited in place.
//!
//! There is no struct of its fields, on purpose: a field that no SDK knows yet must come out as
//! it went in. The raw reading and registering is in `shared/aws`. AWS-FACTS 6.7.

mod difference;
mod needs;
mod normalise;
mod platform;
mod schema;
mod template;

use serde_json::{Map, Value};

pub use difference::{Change, Difference, What, difference, is_same};
pub use needs::{LogGroup, Reference};
pub use normalise::normal_form;
pub use platform::RunsOn;
pub use template::FromTemplateError;

/// What `DescribeTaskDefinition` adds and `RegisterTaskDefinition` refuses.
const RESPONSE_ONLY: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// A task definition document: an object with a family and named containers, and whatever else
/// ECS put in.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDefinition(Value);

/// Why a document cannot be used as a task definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the task definition is not a JSON object")]
    NotAnObject,
    #[error("the task definition has no `family`")]
    NoFamily,
    #[error("the task definition has no `containerDefinitions`")]
    NoContainers,
    #[error("container definition {index} has no `name`")]
    UnnamedContainer { index: usize },
    #[error(
        "the task definition `{family}` has no container named `{container}`; it has {}",
        listed(existing)
    )]
    NoSuchContainer {
        family: String,
        container: String,
        existing: Vec<String>,
    },
}

fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

impl TaskDefinition {
    /// Takes the value of `taskDefinition` in a `DescribeTaskDefinition` answer.
    pub fn parse(document: Value) -> Result<Self, Error> {
        let object = document.as_object().ok_or(Error::NotAnObject)?;
        if !object.get("family").is_some_and(Value::is_string) {
            return Err(Error::NoFamily);
        }
        let containers = object.get("containerDefinitions").and_then(Value::as_array);
        for (index, container) in containers.ok_or(Error::NoContainers)?.iter().enumerate() {
            if !container.get("name").is_some_and(Value::is_string) {
                return Err(Error::UnnamedContainer { index });
            }
        }
        Ok(Self(document))
    }

    /// The whole document.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    pub fn family(&self) -> &str {
        self.0["family"].as_str().unwrap_or_default()
    }

    /// The ARN, if this document came from ECS rather than from a file.
    pub fn arn(&self) -> Option<&str> {
        self.0.get("taskDefinitionArn").and_then(Value::as_str)
    }

    /// The containers, in the document's order.
    pub fn containers(&self) -> impl Iterator<Item = Container<'_>> {
        self.0["containerDefinitions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(Container)
    }

    /// The container of this name.
    pub fn container(&self, name: &str) -> Result<Container<'_>, Error> {
        self.containers()
            .find(|container| container.name() == name)
            .ok_or_else(|| self.no_such_container(name))
    }

    /// The image of a container, as written.
    pub fn image_of(&self, container: &str) -> Result<&str, Error> {
        Ok(self.container(container)?.image().unwrap_or_default())
    }

    /// Makes a container run `image`; says whether that changed anything.
    pub fn set_image(&mut self, container: &str, image: &str) -> Result<bool, Error> {
        if self.image_of(container)? == image {
            return Ok(false);
        }
        let containers = self.0["containerDefinitions"]
            .as_array_mut()
            .into_iter()
            .flatten();
        for definition in containers {
            if definition["name"].as_str() == Some(container) {
                definition["image"] = Value::from(image);
                break;
            }
        }
        Ok(true)
    }

    /// This document with the tags that an answer carries beside it; they replace its own.
    #[must_use]
    pub fn with_tags(mut self, tags: Vec<Value>) -> Self {
        if let Some(document) = self.0.as_object_mut().filter(|_| !tags.is_empty()) {
            document.insert("tags".to_owned(), Value::Array(tags));
        }
        self
    }

    /// The input of `RegisterTaskDefinition`: this document without what only answers hold, and
    /// with `tags`, which an answer carries beside the document; without any, the document's own
    /// stay. Tags that AWS itself gave (`aws:…`) are left out, because registering with them is
    /// refused.
    pub fn into_register_input(self, tags: Vec<Value>) -> Value {
        let mut input: Map<String, Value> = match self.with_tags(tags).0 {
            Value::Object(object) => object
                .into_iter()
                .filter(|(key, _)| !RESPONSE_ONLY.contains(&key.as_str()))
                .collect(),
            _ => Map::new(),
        };
        if let Some(Value::Array(tags)) = input.get_mut("tags") {
            tags.retain(|tag| !is_aws_tag(tag));
            if tags.is_empty() {
                input.shift_remove("tags");
            }
        }
        Value::Object(input)
    }

    fn no_such_container(&self, container: &str) -> Error {
        Error::NoSuchContainer {
            family: self.family().to_owned(),
            container: container.to_owned(),
            existing: self
                .containers()
                .map(|container| container.name().to_owned())
                .collect(),
        }
    }
}

fn is_aws_tag(tag: &Value) -> bool {
    tag.get("key")
        .and_then(Value::as_str)
        .is_some_and(|key| key.starts_with("aws:"))
}

/// The log stream of a container in one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStream {
    pub group: String,
    /// The task's own region where none is named.
    pub region: Option<String>,
    pub stream: String,
}

/// One container definition of a task definition.
#[derive(Debug, Clone, Copy)]
pub struct Container<'a>(&'a Value);

impl<'a> Container<'a> {
    pub fn name(self) -> &'a str {
        self.0["name"].as_str().unwrap_or_default()
    }

    pub fn image(self) -> Option<&'a str> {
        self.0.get("image").and_then(Value::as_str)
    }

    /// Whether ECS will ever call this container healthy; without one it stays `UNKNOWN`
    /// (AWS-FACTS 5.12).
    pub fn has_health_check(self) -> bool {
        self.0
            .get("healthCheck")
            .is_some_and(|check| !check.is_null())
    }

    /// A task ends with its essential containers. ECS takes a container for essential unless
    /// told otherwise.
    pub fn is_essential(self) -> bool {
        self.0
            .get("essential")
            .and_then(Value::as_bool)
            .unwrap_or(true)
    }

    /// Where the container's log goes in a task of this id (the last part of its ARN), if it goes to CloudWatch Logs
    /// and the stream's name can be known: without a prefix it is an id that only the container's host knows.
    pub fn log_stream(self, task: &str) -> Option<LogStream> {
        let configuration = self.0.get("logConfiguration")?;
        if configuration.get("logDriver")?.as_str()? != "awslogs" {
            return None;
        }
        let option = |key: &str| configuration["options"][key].as_str();
        let prefix = option("awslogs-stream-prefix")?;
        Some(LogStream {
            group: option("awslogs-group")?.to_owned(),
            region: option("awslogs-region").map(str::to_owned),
            stream: format!("{prefix}/{}/{task}", self.name()),
        })
    }

    /// The container ports it maps.
    pub fn ports(self) -> impl Iterator<Item = u16> {
        self.0["portMappings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|mapping| u16::try_from(mapping.get("containerPort")?.as_u64()?).ok())
    }
}

#[cfg(test)]
mod tests;
