//! The roles that the sample services' tasks, deployments and load balancers act in, with what they need and no more.

use serde_json::{Value, json};

use super::{SampleError, failed};
use crate::account::Account;
use crate::account::cloudformation::managed_policy;
use crate::account::iam::{add_role, trusts};

const TASKS: &str = "ecs-tasks.amazonaws.com";

/// Adds them all.
pub(super) fn add(account: &Account) -> Result<(), SampleError> {
    let execution = || managed("AmazonECSTaskExecutionRolePolicy");
    let load_balancers = managed("AmazonECSInfrastructureRolePolicyForLoadBalancers");
    let roles = [
        ("api-task", TASKS, Vec::new()),
        ("api-execution", TASKS, vec![execution(), reads_secrets()]),
        (
            "ecsInfrastructureRoleForLoadBalancers",
            "ecs.amazonaws.com",
            vec![load_balancers],
        ),
        (
            "CodeDeployServiceRole",
            "codedeploy.amazonaws.com",
            vec![managed("AWSCodeDeployRoleForECS")],
        ),
    ];
    for (name, service, documents) in roles {
        add_role(account, name, &trusts(&[service]), &documents).map_err(failed)?;
    }
    Ok(())
}

/// A policy of AWS's own.
fn managed(name: &str) -> Value {
    managed_policy(name).unwrap_or_default()
}

/// The secrets and parameters that containers name.
fn reads_secrets() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue", "ssm:GetParameters"],
            "Resource": "*",
        }],
    })
}
