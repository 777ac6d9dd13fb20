//! The services of which the functions use little.

use serde_json::Value;

use super::{Call, Need};
use crate::account::service::Service;

/// Composite alarms and metrics are no resources, and the describing calls of Elastic Load Balancing have none.
pub(super) fn needs(call: &Call<'_>) -> Option<Vec<Need>> {
    let own = call.action();
    let one = |resource: String| Some(vec![Need::on(&own, resource)]);
    match (call.service, call.operation) {
        (Service::CloudWatch, "DescribeAlarms" | "GetMetricData")
        | (
            Service::Elb,
            "DescribeListeners"
            | "DescribeLoadBalancers"
            | "DescribeRules"
            | "DescribeTargetGroups"
            | "DescribeTargetHealth",
        )
        | (Service::Ssm, "DescribeParameters") => one("*".to_owned()),
        (
            Service::Ecr,
            "BatchGetImage"
            | "DescribeImageScanFindings"
            | "DescribeImages"
            | "GetDownloadUrlForLayer"
            | "PutImage",
        ) => one(repository(call, call.text("repositoryName")?)),
        (Service::Ecr, "DescribeRepositories") => {
            let names = call.texts("repositoryNames");
            if names.is_empty() {
                return one(repository(call, "*"));
            }
            let names = names.into_iter();
            Some(
                names
                    .map(|name| Need::on(&own, repository(call, name)))
                    .collect(),
            )
        }
        (Service::Events, "PutEvents") => {
            let entries = call.input["Entries"].as_array()?.iter();
            let bus = |entry: &Value| {
                let name = entry["EventBusName"].as_str().unwrap_or("default");
                Need::on(&own, call.arn_of("events", "event-bus/", name))
            };
            Some(entries.map(bus).collect())
        }
        (Service::Logs, "GetLogEvents") => {
            let group = call.text("logGroupName").unwrap_or_default();
            let stream = call.text("logStreamName").unwrap_or_default();
            one(call.arn("logs", &format!("log-group:{group}:log-stream:{stream}")))
        }
        (Service::Logs, "DescribeLogGroups") => one(call.arn("logs", "log-group:*")),
        (Service::Ssm, "GetParameter" | "PutParameter") => {
            let name = call.text("Name").unwrap_or_default();
            one(call.arn_of("ssm", "parameter/", name.strip_prefix('/').unwrap_or(name)))
        }
        (Service::Sts, "AssumeRole") => one(call.text("RoleArn").unwrap_or_default().to_owned()),
        // Nobody can be kept from asking who they are.
        (Service::Sts, "GetCallerIdentity") => Some(Vec::new()),
        (Service::Iam, "GetRole") => {
            let name = call.text("RoleName").unwrap_or_default();
            Some(vec![Need::on_found(
                &own,
                super::super::arn_of_role(call.account, name),
            )])
        }
        (Service::Iam, "SimulatePrincipalPolicy") => {
            one(call.text("PolicySourceArn").unwrap_or_default().to_owned())
        }
        (Service::SecretsManager, "DescribeSecret") => {
            let name = call.text("SecretId").unwrap_or_default();
            one(call.arn_of("secretsmanager", "secret:", name))
        }
        (Service::Lambda, "GetFunctionConfiguration" | "InvokeFunction") => {
            let name = call.text("FunctionName").unwrap_or_default();
            let short = (!name.starts_with("arn:")).then(|| name.rsplit_once(":function:"));
            let name = short.flatten().map_or(name, |(_, name)| name);
            let mut arn = call.arn_of("lambda", "function:", name);
            if let Some(qualifier) = call.text("Qualifier") {
                arn = format!("{arn}:{qualifier}");
            }
            one(arn)
        }
        (Service::S3, "GetObject" | "PutObject" | "DeleteObject") => {
            let (bucket, key) = (call.text("Bucket")?, call.text("Key")?);
            one(format!("arn:aws:s3:::{bucket}/{key}"))
        }
        (Service::S3, "ListBucket" | "CreateBucket") => {
            one(format!("arn:aws:s3:::{}", call.text("Bucket")?))
        }
        _ => None,
    }
}

/// A repository of the registry that is asked, in the caller's region.
fn repository(call: &Call<'_>, name: &str) -> String {
    let own = &call.account.settings().account_id;
    let registry = call.text("registryId").unwrap_or(own);
    format!("arn:aws:ecr:{}:{registry}:repository/{name}", call.region)
}
