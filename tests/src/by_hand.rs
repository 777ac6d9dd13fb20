//! What somebody does without Greenlight: deployments, and calls of AWS.

use rehearsal::account::Account;
use serde_json::{Value, json};

/// Registers the newest revision of `api` as `change` makes it, and deploys it all at once, with
/// `hook` before traffic shifts. Gives the id of the CodeDeploy deployment.
pub async fn deploy_by_hand(
    account: &Account,
    hook: Option<&str>,
    change: impl FnOnce(&mut Value),
) -> String {
    let task_definition = register_by_hand(account, change).await;
    let hooks = hook.map(|hook| json!([{"BeforeAllowTraffic": hook}]));
    let app_spec = json!({
        "version": 0.0,
        "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": {
            "TaskDefinition": task_definition,
            "LoadBalancerInfo": {"ContainerName": "api", "ContainerPort": 8080},
        }}}],
        "Hooks": hooks.unwrap_or(json!([])),
    });
    let created = call(
        account,
        CODEDEPLOY,
        "CreateDeployment",
        json!({
            "applicationName": "API",
            "deploymentGroupName": "API",
            "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
            "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": app_spec.to_string()}},
        }),
    )
    .await;
    created["deploymentId"].as_str().unwrap().to_owned()
}

/// Registers the newest revision of `api` as `change` makes it, and has the service deploy it. Gives
/// the ARN of the service deployment.
pub async fn update_by_hand(account: &Account, change: impl FnOnce(&mut Value)) -> String {
    let task_definition = register_by_hand(account, change).await;
    let input = json!({"cluster": "mco", "service": "api", "taskDefinition": task_definition});
    let updated = call(account, ECS, "UpdateService", input).await;
    let deployment = &updated["service"]["currentServiceDeployment"];
    deployment.as_str().unwrap().to_owned()
}

/// Registers the newest revision of `api` as `change` makes it. Gives its ARN.
pub async fn register_by_hand(account: &Account, change: impl FnOnce(&mut Value)) -> String {
    let definition = call(
        account,
        ECS,
        "DescribeTaskDefinition",
        json!({"taskDefinition": "api"}),
    )
    .await;
    let mut definition = definition["taskDefinition"].clone();
    for member in [
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
    ] {
        definition.as_object_mut().unwrap().remove(member);
    }
    change(&mut definition);
    let registered = call(account, ECS, "RegisterTaskDefinition", definition).await;
    let arn = &registered["taskDefinition"]["taskDefinitionArn"];
    arn.as_str().unwrap().to_owned()
}

/// The prefixes of `X-Amz-Target` (AWS-FACTS 0).
pub const ECS: &str = "AmazonEC2ContainerServiceV20141113";
/// See [`ECS`].
pub const CODEDEPLOY: &str = "CodeDeploy_20141006";

/// A person's call of an AWS API, as it comes over the wire. It has to succeed.
pub async fn call(account: &Account, service: &str, operation: &str, input: Value) -> Value {
    let request = http::Request::builder()
        .method("POST")
        .uri("https://aws.example/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("{service}.{operation}"))
        .body(bytes::Bytes::from(input.to_string()))
        .unwrap();
    let answer = account.handle(request).await;
    let document = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(answer.status(), 200, "{operation}: {document}");
    document
}
