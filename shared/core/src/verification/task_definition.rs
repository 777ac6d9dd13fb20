//! The task definition that a new one is made from: its containers, and the roles that it needs.

use super::{Finding, Look, check};
use crate::image::{ImageRef, Registry};
use crate::target::Target;
use crate::task_definition::{Container, TaskDefinition};
use crate::text::nearest;

/// Whether a task definition is there. `name` is its ARN or family.
pub fn exists<T>(name: &str, look: &Look<T>) -> Finding {
    let what = format!("task definition `{name}`");
    match look {
        Look::Found(_) => Finding::ok(check::TASK_DEFINITION, format!("{what} is there")),
        Look::Missing => Finding::missing(
            check::TASK_DEFINITION,
            format!("{what} does not exist, or has no active revision"),
            "register it, or name another in `task_definition`",
        ),
        Look::Unseen(unseen) => unseen.finding(check::TASK_DEFINITION, &what),
    }
}

/// Whether the containers are there that take images, and take them from where the target says.
pub fn containers(target: &Target, home: &Registry, definition: &TaskDefinition) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, source) in target.images.iter().enumerate() {
        let name = &source.container;
        let key = format!("images[{index}].container");
        let found = container(definition, name, &key);
        let is_there = found.remedy.is_none();
        findings.push(found);
        let repository = source.repository.resolve(home).canonical();
        let has = definition.image_of(name).ok();
        let has = has.and_then(|image| image.parse::<ImageRef>().ok());
        let other = has.filter(|has| has.repository.canonical() != repository);
        if let (true, Some(other)) = (is_there, other) {
            findings.push(Finding::warning(
                check::CONTAINER_REPOSITORY,
                format!(
                    "container `{name}` has an image of repository `{}`, but target `{}` would give it images \
                     of `{repository}`",
                    other.repository, target.name
                ),
                format!("check `images[{index}].repository`; the first deployment replaces the image"),
            ));
        }
    }
    findings
}

/// Whether a task definition has a container, which `key` of the target names.
pub fn container(definition: &TaskDefinition, name: &str, key: &str) -> Finding {
    match definition.container(name) {
        Ok(_) => Finding::ok(check::CONTAINER, format!("container `{name}` is there")),
        Err(error) => {
            let names: Vec<&str> = definition.containers().map(Container::name).collect();
            let only = names.first().copied().filter(|_| names.len() == 1);
            let remedy = match nearest(name, &names).or(only) {
                Some(near) => format!("write `{near}` in `{key}`"),
                None => format!("name one of its containers in `{key}`"),
            };
            Finding::missing(check::CONTAINER, error.to_string(), remedy)
        }
    }
}

/// Whether the container behind a load balancer is there, and listens to the port.
pub fn port(definition: &TaskDefinition, name: &str, port: u16) -> Finding {
    let family = definition.family();
    match definition.container(name) {
        Ok(container) if container.ports().any(|it| it == port) => Finding::ok(
            check::CONTAINER_PORT,
            format!("container `{name}` maps port {port}, which the load balancer asks"),
        ),
        Ok(_) => Finding::missing(
            check::CONTAINER_PORT,
            format!(
                "container `{name}` of task definition `{family}` does not map port {port}, which the load \
                 balancer asks"
            ),
            format!("add `containerPort: {port}` to the container's `portMappings`"),
        ),
        Err(error) => Finding::missing(
            check::CONTAINER_PORT,
            format!("the load balancer asks container `{name}`: {error}"),
            "give the container its name back, or create the service anew",
        ),
    }
}

/// Whether an execution role is named where one is needed.
pub fn execution_role(definition: &TaskDefinition) -> Option<Finding> {
    if definition.execution_role().is_some() {
        return None;
    }
    let family = definition.family();
    Some(match definition.needs_execution_role() {
        None => Finding::ok(
            check::EXECUTION_ROLE,
            format!("task definition `{family}` needs no execution role"),
        ),
        Some(because) => Finding::missing(
            check::EXECUTION_ROLE,
            format!("task definition `{family}` names no execution role, but {because}"),
            "name a role in `executionRoleArn` that has the policy `AmazonECSTaskExecutionRolePolicy`",
        ),
    })
}

#[cfg(test)]
mod tests;
