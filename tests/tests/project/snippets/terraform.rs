//! Terraform's language: it can be parsed, its resources and their arguments are the provider's, and the targets in it
//! are such.

use serde_json::Value;

use super::hcl::{self, Block};
use super::{Held, target_document, target_properties};

/// Resources and data sources of the AWS provider, with those of their arguments and blocks that the manual uses:
/// looked up in the provider's documentation.
const KNOWN: [(&str, &[&str]); 5] = [
    (
        "aws_ecs_service",
        &[
            "name",
            "cluster",
            "desired_count",
            "task_definition",
            "deployment_controller",
            "lifecycle",
        ],
    ),
    (
        "aws_ecs_task_definition",
        &[
            "family",
            "requires_compatibilities",
            "network_mode",
            "cpu",
            "memory",
            "container_definitions",
        ],
    ),
    ("aws_ssm_parameter", &["name"]),
    ("aws_cloudformation_stack", &["name", "template_body"]),
    (
        "aws_lambda_invocation",
        &["function_name", "lifecycle_scope", "input", "lifecycle"],
    ),
];

pub(super) fn hold(text: &str) -> Held {
    for block in hcl::parse(text)? {
        match block.keyword.as_str() {
            "resource" | "data" => resource(&block)?,
            "variable" => {}
            other => return Err(format!("`{other}` is not known")),
        }
    }
    Ok(())
}

fn resource(block: &Block) -> Held {
    let kind = block.labels.first().map(String::as_str).unwrap_or_default();
    let known = KNOWN.iter().find(|(name, _)| *name == kind);
    let (_, known) = known.ok_or_else(|| format!("`{kind}` is not known"))?;
    let arguments = block.arguments.iter().map(|(name, _)| name);
    let blocks = block.blocks.iter().map(|block| &block.keyword);
    for name in arguments.chain(blocks) {
        if !known.contains(&name.as_str()) {
            return Err(format!("`{kind}` has no `{name}`, as far as is known"));
        }
    }
    for (name, value) in &block.arguments {
        match name.as_str() {
            "template_body" => stack(value)?,
            "input" => invocation(value)?,
            _ => {}
        }
    }
    Ok(())
}

/// A stack whose resources are targets.
fn stack(template: &Value) -> Held {
    let resources = template["Resources"]
        .as_object()
        .ok_or("it has no resources")?;
    for resource in resources.values() {
        if resource["Type"] != "Custom::GreenlightTarget" {
            return Err(format!("{} is no target", resource["Type"]));
        }
        target_properties(&resource["Properties"])?;
    }
    Ok(())
}

/// What `register-target` is asked directly.
fn invocation(input: &Value) -> Held {
    if input["action"] != "register" {
        return Err(format!(
            "{} is not asked of register-target",
            input["action"]
        ));
    }
    target_document(&input["target"])
}
