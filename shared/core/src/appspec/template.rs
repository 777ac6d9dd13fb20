//! An `AppSpec` from a template file, such as the `appspec.yaml` of a pipeline.
//!
//! It is checked before anything is registered, so the task definition's ARN is filled in last.
//! Keys that are not known here stay.

use serde_json::{Map, Value, json};

use super::hook;
use crate::problems::Problems;
use crate::template::{self, Placeholders, TemplateError};
use crate::text::{excerpt, nearest};

/// The placeholder for the ARN of the task definition that a deployment registers.
const TASK_DEFINITION: &str = "TASK_DEFINITION";
const PLACEHOLDER: &str = "<TASK_DEFINITION>";

/// An `AppSpec` that lacks nothing but the task definition's ARN.
#[derive(Debug, Clone, PartialEq)]
pub struct AppSpecTemplate {
    file: String,
    document: Value,
    container: String,
    port: u16,
    hooks: Vec<(String, String)>,
}

/// Why a file gives no `AppSpec`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppSpecTemplateError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Every problem at once.
    #[error("{file} is not an AppSpec for a deployment to ECS:\n{problems}")]
    Invalid { file: String, problems: Problems },
    #[error("{file} cannot take the hooks of the gates:\n{problems}")]
    Hooks { file: String, problems: Problems },
}

impl AppSpecTemplate {
    /// Reads a template, JSON or YAML. Every placeholder but `<TASK_DEFINITION>` has to have its
    /// value. `file` is what messages call it, such as `s3://bucket/appspec.yaml`.
    pub fn parse(
        text: &str,
        file: &str,
        placeholders: &Placeholders,
    ) -> Result<Self, AppSpecTemplateError> {
        let mut placeholders = placeholders.clone();
        placeholders.set(TASK_DEFINITION, PLACEHOLDER);
        let mut document = template::resolve(text, file, &placeholders)?;
        let mut problems = Problems::default();
        let found = check(&document, &mut problems);
        if let (Some(found), true) = (found, problems.is_empty()) {
            let (container, port) = (found.container.to_owned(), found.port);
            let hooks = found.hooks;
            document["version"] = json!(0.0);
            return Ok(Self {
                file: file.to_owned(),
                document,
                container,
                port,
                hooks,
            });
        }
        Err(AppSpecTemplateError::Invalid {
            file: file.to_owned(),
            problems,
        })
    }

    /// The container that the load balancer sends requests to.
    pub fn container(&self) -> &str {
        &self.container
    }

    /// The port of that container.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The function at each lifecycle event that has one.
    pub fn hooks(&self) -> &[(String, String)] {
        &self.hooks
    }

    /// Adds a function at each of these lifecycle events. A function that the template already names
    /// there may stay; another cannot, because CodeDeploy calls one function at an event.
    pub fn with_hooks(mut self, hooks: &[(String, String)]) -> Result<Self, AppSpecTemplateError> {
        let mut problems = Problems::default();
        for (event, function) in hooks {
            match self.hooks.iter().find(|(at, _)| at == event) {
                Some((_, other)) if hook::is_same_function(other, function) => {}
                Some((_, other)) => problems.add_with_hint(
                    &format!("Hooks.{event}"),
                    format!(
                        "the template names `{}`, but the target's gate needs `{}` there; \
                         CodeDeploy calls one function at an event",
                        excerpt(other, 160),
                        excerpt(function, 160)
                    ),
                    "take it out of the template, or the gate out of the target",
                ),
                None => self.hooks.push((event.clone(), function.clone())),
            }
        }
        if !problems.is_empty() {
            return Err(AppSpecTemplateError::Hooks {
                file: self.file,
                problems,
            });
        }
        if self.hooks.is_empty() {
            return Ok(self);
        }
        let hooks = self
            .hooks
            .iter()
            .map(|(event, function)| json!({event: function}));
        self.document["Hooks"] = hooks.collect();
        Ok(self)
    }

    /// The text for `CreateDeployment`, with the ARN of the task definition to run.
    pub fn to_json(&self, task_definition: &str) -> String {
        let mut document = self.document.clone();
        template::replace_in_strings(&mut document, &mut |string| {
            string
                .contains(PLACEHOLDER)
                .then(|| string.replace(PLACEHOLDER, task_definition))
        });
        document.to_string()
    }
}

/// What is needed from a document without problems.
struct Found<'d> {
    container: &'d str,
    port: u16,
    hooks: Vec<(String, String)>,
}

/// Looks for everything that CodeDeploy needs.
fn check<'d>(document: &'d Value, problems: &mut Problems) -> Option<Found<'d>> {
    let Some(root) = document.as_object() else {
        problems.add("", "not a mapping");
        return None;
    };
    if let Some(version) = required(root, "version", "", problems)
        && version.as_f64() != Some(0.0)
    {
        problems.add(
            "version",
            format!("has to be the number 0.0, not {}", brief(version)),
        );
    }
    let hooks = match root.get("Hooks") {
        None | Some(Value::Null) => Vec::new(),
        Some(hooks) => hook::read(hooks, problems),
    };
    let path = "Resources[0].TargetService.Properties";
    let properties = properties(root, problems)?;
    task_definition(properties, path, problems);
    let path = format!("{path}.LoadBalancerInfo");
    let balancer = mapping(properties, "LoadBalancerInfo", &path, problems)?;
    let container = text(balancer, "ContainerName", &path, problems);
    let port = port(balancer, &path, problems);
    Some(Found {
        container: container?,
        port: port?,
        hooks,
    })
}

fn properties<'d>(
    root: &'d Map<String, Value>,
    problems: &mut Problems,
) -> Option<&'d Map<String, Value>> {
    let resources = required(root, "Resources", "", problems)?;
    let Some([resource]) = resources.as_array().map(Vec::as_slice) else {
        problems.add("Resources", "has to be a list of one resource");
        return None;
    };
    let Some(resource) = resource.as_object() else {
        problems.add("Resources[0]", "not a mapping");
        return None;
    };
    let path = "Resources[0].TargetService";
    let service = mapping(resource, "TargetService", path, problems)?;
    if let Some(kind) = text(service, "Type", path, problems)
        && kind != "AWS::ECS::Service"
    {
        let message = format!("has to be `AWS::ECS::Service`, not `{}`", excerpt(kind, 60));
        problems.add(&format!("{path}.Type"), message);
    }
    mapping(
        service,
        "Properties",
        &format!("{path}.Properties"),
        problems,
    )
}

/// Only the placeholder means the task definition that this deployment registers.
fn task_definition(properties: &Map<String, Value>, path: &str, problems: &mut Problems) {
    let Some(written) = text(properties, "TaskDefinition", path, problems) else {
        return;
    };
    if written.trim() != PLACEHOLDER {
        problems.add_with_hint(
            &format!("{path}.TaskDefinition"),
            format!(
                "names `{}`, so the revision that is registered for the new image would not be deployed",
                excerpt(written, 160)
            ),
            format!("write `{PLACEHOLDER}`"),
        );
    }
}

fn port(balancer: &Map<String, Value>, path: &str, problems: &mut Problems) -> Option<u16> {
    let value = required(balancer, "ContainerPort", path, problems)?;
    let port = value.as_u64().and_then(|port| u16::try_from(port).ok());
    let port = port.filter(|port| *port > 0);
    if port.is_none() {
        let path = format!("{path}.ContainerPort");
        let message = format!("has to be a number from 1 to 65535, not {}", brief(value));
        let text = value.as_str().unwrap_or_default();
        match text.trim().parse::<u16>() {
            Ok(port) => {
                let hint = format!("write `{port}` without quotes");
                problems.add_with_hint(&path, message, hint);
            }
            Err(_) => problems.add(&path, message),
        }
    }
    port
}

fn mapping<'d>(
    parent: &'d Map<String, Value>,
    key: &str,
    path: &str,
    problems: &mut Problems,
) -> Option<&'d Map<String, Value>> {
    let parent_path = path.strip_suffix(key).unwrap_or(path).trim_end_matches('.');
    let value = required(parent, key, parent_path, problems)?;
    if !value.is_object() {
        problems.add(path, "not a mapping");
    }
    value.as_object()
}

fn text<'d>(
    parent: &'d Map<String, Value>,
    key: &str,
    path: &str,
    problems: &mut Problems,
) -> Option<&'d str> {
    let value = required(parent, key, path, problems)?;
    let text = value.as_str().filter(|text| !text.trim().is_empty());
    if text.is_none() {
        problems.add(
            &format!("{path}.{key}"),
            format!("has to be a text, not {}", brief(value)),
        );
    }
    text
}

/// A member that is there.
fn required<'d>(
    parent: &'d Map<String, Value>,
    key: &str,
    path: &str,
    problems: &mut Problems,
) -> Option<&'d Value> {
    if let Some(value) = parent.get(key).filter(|value| !value.is_null()) {
        return Some(value);
    }
    let message = format!("`{key}` is missing");
    let existing: Vec<&str> = parent.keys().map(String::as_str).take(100).collect();
    match nearest(key, &existing).filter(|near| *near != key) {
        Some(near) => problems.add_with_hint(
            path,
            message,
            format!("write `{key}` instead of `{}`", excerpt(near, 64)),
        ),
        None => problems.add(path, message),
    }
    None
}

fn brief(value: &Value) -> String {
    excerpt(&value.to_string(), 60)
}

#[cfg(test)]
mod tests;
