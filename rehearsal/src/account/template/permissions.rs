//! What the template permits: services on resources, and functions on the AWS API.
//!
//! In AWS a rule without permission fails in silence, and a function without one at run time. Here the
//! first is an error when the stack is set up, and the second can be looked for in the journal with
//! [`allows`]. Actions and principals are compared; resources and conditions of a function's policies are
//! not, that is cfn-lint's and AWS's business.

use std::collections::BTreeSet;

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

/// All actions that a function's policies allow.
pub(super) fn actions(policies: &Value) -> Vec<String> {
    let statements = list(policies)
        .iter()
        .flat_map(|policy| list(&policy["Statement"]));
    let allowed = statements.filter(|statement| statement["Effect"] == "Allow");
    allowed
        .flat_map(|statement| strings(&statement["Action"]))
        .collect()
}

/// The actions, such as `ecs:DescribeServices`, that IAM asks for when this call is made. `service` is
/// botocore's name of it.
pub fn actions_of(service: &str, operation: &str, request: &Value) -> Vec<String> {
    let service = if service == "elbv2" {
        "elasticloadbalancing"
    } else {
        service
    };
    // IAM has a name of its own for it.
    let operation = match (service, operation) {
        ("lambda", "Invoke") => "InvokeFunction",
        _ => operation,
    };
    // A transaction needs what its parts need.
    let parts: BTreeSet<&str> = match (service, operation) {
        ("dynamodb", "TransactWriteItems") => {
            let parts = list(&request["TransactItems"])
                .iter()
                .filter_map(Value::as_object);
            parts
                .flat_map(|part| part.keys())
                .filter_map(|part| part_action(part))
                .collect()
        }
        ("dynamodb", "TransactGetItems") => BTreeSet::from(["GetItem"]),
        _ => BTreeSet::from([operation]),
    };
    parts
        .into_iter()
        .map(|action| format!("{service}:{action}"))
        .collect()
}

fn part_action(part: &str) -> Option<&'static str> {
    match part {
        "Put" => Some("PutItem"),
        "Update" => Some("UpdateItem"),
        "Delete" => Some("DeleteItem"),
        "ConditionCheck" => Some("ConditionCheckItem"),
        _ => None,
    }
}

/// Is this action among the allowed ones (of [`super::Function::actions`]), which may end in `*`?
pub fn allows(allowed: &[String], action: &str) -> bool {
    allowed
        .iter()
        .any(|allowed| match allowed.strip_suffix('*') {
            Some(prefix) => action.starts_with(prefix),
            None => allowed == action,
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
