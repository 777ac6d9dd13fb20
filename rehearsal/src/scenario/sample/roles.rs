//! The roles that the sample services' tasks, deployments and load balancers act in, with what they need and no more.

use serde_json::{Value, json};

use super::{SampleError, failed};
use crate::account::Account;
use crate::account::iam::{add_role, trusts};

const TASKS: &str = "ecs-tasks.amazonaws.com";

/// Adds them all.
pub(super) fn add(account: &Account) -> Result<(), SampleError> {
    let roles = [
        ("mco-api", TASKS, Vec::new()),
        ("worker-task", TASKS, Vec::new()),
        ("ecsTaskExecutionRole", TASKS, execution()),
        ("worker-execution", TASKS, execution()),
        (
            "ecsInfrastructureRoleForLoadBalancers",
            "ecs.amazonaws.com",
            load_balancers(),
        ),
        (
            "CodeDeployServiceRole",
            "codedeploy.amazonaws.com",
            codedeploy(),
        ),
    ];
    for (name, service, documents) in roles {
        add_role(account, name, &trusts(&[service]), &documents).map_err(failed)?;
    }
    Ok(())
}

fn allow(actions: &[&str]) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": "*"})
}

fn document(statements: &[Value]) -> Vec<Value> {
    vec![json!({"Version": "2012-10-17", "Statement": statements})]
}

/// As the managed policy `AmazonECSTaskExecutionRolePolicy`, and with the secrets and parameters that containers name.
fn execution() -> Vec<Value> {
    document(&[allow(&[
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "secretsmanager:GetSecretValue",
        "ssm:GetParameters",
    ])])
}

/// As `AmazonECSInfrastructureRolePolicyForLoadBalancers` (AWS-FACTS 10.1).
fn load_balancers() -> Vec<Value> {
    document(&[allow(&[
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyRule",
    ])])
}

/// As `AWSCodeDeployRoleForECS` (AWS-FACTS 10.5).
fn codedeploy() -> Vec<Value> {
    let mut pass = allow(&["iam:PassRole"]);
    pass["Condition"] = json!({"StringLike": {"iam:PassedToService": [TASKS]}});
    document(&[
        allow(&[
            "ecs:DescribeServices",
            "ecs:CreateTaskSet",
            "ecs:UpdateServicePrimaryTaskSet",
            "ecs:DeleteTaskSet",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:ModifyRule",
            "lambda:InvokeFunction",
            "cloudwatch:DescribeAlarms",
            "sns:Publish",
            "s3:GetObject",
            "s3:GetObjectVersion",
        ]),
        pass,
    ])
}
