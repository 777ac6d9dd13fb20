//! The policies of AWS's own that the roles of the examples and of the sample account have.

use serde_json::{Value, json};

/// The document of a managed policy, by its ARN.
pub(crate) fn document(arn: &str) -> Option<Value> {
    let statements = match arn.rsplit('/').next()? {
        "AmazonECSTaskExecutionRolePolicy" => json!([{
            "Effect": "Allow",
            "Action": [
                "ecr:GetAuthorizationToken",
                "ecr:BatchCheckLayerAvailability",
                "ecr:GetDownloadUrlForLayer",
                "ecr:BatchGetImage",
                "logs:CreateLogStream",
                "logs:PutLogEvents",
            ],
            "Resource": "*",
        }]),
        // AWS-FACTS 10.5
        "AWSCodeDeployRoleForECS" => json!([
            {
                "Effect": "Allow",
                "Action": [
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
                ],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": "*",
                "Condition": {"StringLike": {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}},
            },
        ]),
        // AWS-FACTS 10.1
        "AmazonECSInfrastructureRolePolicyForLoadBalancers" => json!([{
            "Effect": "Allow",
            "Action": [
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
                "elasticloadbalancing:RegisterTargets",
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyRule",
            ],
            "Resource": "*",
        }]),
        _ => return None,
    };
    Some(json!({"Version": "2012-10-17", "Statement": statements}))
}
