//! What services may do with the template's resources.
//!
//! In AWS a rule without permission fails in silence. Here it is an error when the stack is set up. What the functions
//! may do is [`super::super::iam`]'s affair.

use serde_json::Value;

/// A service may do something with a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    principal: String,
    action: String,
    resource: String,
}

/// EventBridge, as a principal.
const EVENTS: &str = "events.amazonaws.com";

impl Grant {
    pub(super) fn of_resource_policy(properties: &Value) -> Vec<Self> {
        let statements = list(&properties["PolicyDocument"]["Statement"]);
        let mut grants = Vec::new();
        for statement in statements
            .iter()
            .filter(|statement| statement["Effect"] == "Allow")
        {
            for principal in strings(&statement["Principal"]["Service"]) {
                for action in strings(&statement["Action"]) {
                    for resource in strings(&statement["Resource"]) {
                        let (principal, action) = (principal.clone(), action.clone());
                        grants.push(Self {
                            principal,
                            action,
                            resource,
                        });
                    }
                }
            }
        }
        grants
    }

    pub(super) fn of_permission(properties: &Value) -> Self {
        let text = |name: &str| properties[name].as_str().unwrap_or_default().to_owned();
        Self {
            principal: text("Principal"),
            action: text("Action"),
            resource: text("FunctionName"),
        }
    }

    /// What SAM adds for an event of a function.
    pub(super) fn events_may_invoke(function_arn: &str) -> Self {
        Self {
            principal: EVENTS.to_owned(),
            action: "lambda:InvokeFunction".to_owned(),
            resource: function_arn.to_owned(),
        }
    }
}

/// May EventBridge do this with the resource of this ARN?
pub(super) fn events_may(grants: &[Grant], action: &str, arn: &str) -> bool {
    // A Lambda permission may name the function instead of its ARN.
    let name = arn.rsplit(':').next().unwrap_or_default();
    grants.iter().any(|grant| {
        grant.principal == EVENTS
            && (grant.action.eq_ignore_ascii_case(action) || grant.action.ends_with('*'))
            && (grant.resource == arn || grant.resource == name || grant.resource == "*")
    })
}

/// IAM writes one thing where it could write a list of one.
fn list(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(values) => values,
        one => std::slice::from_ref(one),
    }
}

fn strings(value: &Value) -> Vec<String> {
    list(value)
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
