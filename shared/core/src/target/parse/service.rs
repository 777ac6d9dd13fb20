//! The `service:` part of a target, and the names of ECS.

use crate::problems::Problems;
use crate::target::Service;
use crate::target::description::{Form, Key, Mapping};
use crate::target::node::Node;

/// Clusters, services, containers and capacity providers.
pub(super) const ECS_NAME: Form = Form::Like("^[A-Za-z0-9_-]+$", 255, "a name");

pub(super) const SERVICE: &Mapping = &Mapping {
    name: "service",
    says: "An ECS service.",
    keys: &[
        Key::required("cluster", ECS_NAME, "The cluster's name, not its ARN.").such_as("mco"),
        Key::required("name", ECS_NAME, "The service's name, not its ARN.").such_as("api"),
    ],
    shared: &[],
    demands: &[],
};

pub(super) fn read_service(node: &Node<'_>, out: &mut Problems) -> Option<Service> {
    let fields = node.fields(SERVICE, out)?;
    let cluster = fields
        .required("cluster", out)
        .and_then(|n| read_ecs_name(&n, "a cluster name", out));
    let name = fields
        .required("name", out)
        .and_then(|n| read_ecs_name(&n, "a service name", out));
    Some(Service {
        cluster: cluster?,
        name: name?,
    })
}

/// Clusters, services, containers and capacity providers are named alike.
pub(super) fn read_ecs_name(node: &Node<'_>, what: &str, out: &mut Problems) -> Option<String> {
    let text = node.text(what, 1..=255, out)?;
    if is_ecs_name(text) {
        return Some(text.to_owned());
    }
    let message = format!(
        "`{}` is not {what} (letters, digits, `-` and `_`)",
        crate::text::excerpt(text, 80)
    );
    match text.rsplit_once('/') {
        Some((arn, name)) if arn.starts_with("arn:") => {
            out.add_with_hint(
                &node.path,
                message,
                format!("write the name, not the ARN: `{name}`"),
            );
        }
        _ => out.add(&node.path, message),
    }
    None
}

/// Families of task definitions and placeholders have the same characters.
pub(super) fn is_ecs_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
