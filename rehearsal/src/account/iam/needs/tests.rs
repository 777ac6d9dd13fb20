//! What each call needs.

use serde_json::json;

use super::*;
use crate::account::Settings;

const ECS: &str = "arn:aws:ecs:eu-west-1:123456789012:";

/// Action and resource of what a call needs.
fn needs(account: &Account, service: Service, operation: &str, input: &Value) -> Vec<String> {
    let call = Call {
        account,
        region: "eu-west-1",
        service,
        operation,
        input,
    };
    let said = |need: Need| {
        let resource = need.resource.as_deref().unwrap_or("?");
        let context = need
            .context
            .iter()
            .map(|(key, value)| format!(" {key}={value}"));
        format!("{} {resource}{}", need.action, context.collect::<String>())
    };
    call.needs().unwrap().into_iter().map(said).collect()
}

#[expect(clippy::too_many_lines, reason = "one table")]
#[tokio::test]
async fn a_call_needs_its_action_on_what_it_is_about() {
    let account = Account::new(Settings::for_tests());
    let cluster = format!("ecs:cluster={ECS}cluster/mco");
    let table = [
        (
            Service::Ecs,
            "DescribeServices",
            json!({"cluster": format!("{ECS}cluster/mco"), "services": ["api", format!("{ECS}service/mco/web")]}),
            vec![
                format!("ecs:DescribeServices {ECS}service/mco/api {cluster}"),
                format!("ecs:DescribeServices {ECS}service/mco/web {cluster}"),
            ],
        ),
        (
            Service::Ecs,
            "StopServiceDeployment",
            json!({"serviceDeploymentArn": format!("{ECS}service-deployment/mco/api/1")}),
            vec![
                format!("ecs:StopServiceDeployment {ECS}service/mco/api {cluster}"),
                format!("ecs:StopServiceDeployment {ECS}service-deployment/mco/api/1 {cluster}"),
            ],
        ),
        (
            Service::Ecs,
            "RegisterTaskDefinition",
            json!({"family": "api", "taskRoleArn": "arn:aws:iam::123456789012:role/api", "tags": [{"key": "a", "value": "b"}]}),
            vec![
                format!("ecs:RegisterTaskDefinition {ECS}task-definition/api:*"),
                "iam:PassRole arn:aws:iam::123456789012:role/api iam:PassedToService=ecs-tasks.amazonaws.com".to_owned(),
                format!("ecs:TagResource {ECS}task-definition/api:* ecs:CreateAction=RegisterTaskDefinition"),
            ],
        ),
        (
            Service::Ecs,
            "RunTask",
            json!({"cluster": "mco", "taskDefinition": "job:3", "overrides": {"taskRoleArn": "arn:aws:iam::123456789012:role/other"}}),
            vec![
                format!("ecs:RunTask {ECS}task-definition/job:3 {cluster}"),
                "iam:PassRole arn:aws:iam::123456789012:role/other iam:PassedToService=ecs-tasks.amazonaws.com".to_owned(),
            ],
        ),
        (
            Service::DynamoDb,
            "Query",
            json!({"TableName": "greenlight", "IndexName": "by-repository"}),
            vec!["dynamodb:Query arn:aws:dynamodb:eu-west-1:123456789012:table/greenlight/index/by-repository".to_owned()],
        ),
        (
            Service::DynamoDb,
            "TransactWriteItems",
            json!({"TransactItems": [{"Put": {"TableName": "a"}}, {"ConditionCheck": {"TableName": "b"}}]}),
            vec![
                "dynamodb:PutItem arn:aws:dynamodb:eu-west-1:123456789012:table/a".to_owned(),
                "dynamodb:ConditionCheckItem arn:aws:dynamodb:eu-west-1:123456789012:table/b".to_owned(),
            ],
        ),
        (
            Service::CodeDeploy,
            "CreateDeployment",
            json!({"applicationName": "API", "deploymentGroupName": "test", "deploymentConfigName": "Slow"}),
            vec![
                "codedeploy:CreateDeployment arn:aws:codedeploy:eu-west-1:123456789012:deploymentgroup:API/test".to_owned(),
                "codedeploy:GetDeploymentConfig arn:aws:codedeploy:eu-west-1:123456789012:deploymentconfig:Slow".to_owned(),
                "codedeploy:GetApplicationRevision arn:aws:codedeploy:eu-west-1:123456789012:application:API".to_owned(),
                "codedeploy:RegisterApplicationRevision arn:aws:codedeploy:eu-west-1:123456789012:application:API".to_owned(),
            ],
        ),
        (
            Service::CodeDeploy,
            "GetDeployment",
            json!({"deploymentId": "d-NOTTHERE1"}),
            vec!["codedeploy:GetDeployment ?".to_owned()],
        ),
        (
            Service::CodePipeline,
            "PollForJobs",
            json!({"actionTypeId": {"owner": "Custom", "category": "Deploy", "provider": "Greenlight", "version": "1"}}),
            vec!["codepipeline:PollForJobs arn:aws:codepipeline:eu-west-1:123456789012:actiontype:Custom/Deploy/Greenlight/1".to_owned()],
        ),
        (
            Service::Ecr,
            "PutImage",
            json!({"repositoryName": "mco/api", "registryId": "210987654321"}),
            vec!["ecr:PutImage arn:aws:ecr:eu-west-1:210987654321:repository/mco/api".to_owned()],
        ),
        (
            Service::Logs,
            "GetLogEvents",
            json!({"logGroupName": "/ecs/api", "logStreamName": "api/api/1"}),
            vec!["logs:GetLogEvents arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/api:log-stream:api/api/1".to_owned()],
        ),
        (
            Service::Ssm,
            "PutParameter",
            json!({"Name": "/greenlight/api"}),
            vec!["ssm:PutParameter arn:aws:ssm:eu-west-1:123456789012:parameter/greenlight/api".to_owned()],
        ),
        (
            Service::Lambda,
            "InvokeFunction",
            json!({"FunctionName": "greenlight-check-a", "Qualifier": "live"}),
            vec!["lambda:InvokeFunction arn:aws:lambda:eu-west-1:123456789012:function:greenlight-check-a:live".to_owned()],
        ),
        (
            Service::Events,
            "PutEvents",
            json!({"Entries": [{"EventBusName": "ours"}, {}]}),
            vec![
                "events:PutEvents arn:aws:events:eu-west-1:123456789012:event-bus/ours".to_owned(),
                "events:PutEvents arn:aws:events:eu-west-1:123456789012:event-bus/default".to_owned(),
            ],
        ),
        (
            Service::S3,
            "GetObject",
            json!({"Bucket": "templates", "Key": "a/b"}),
            vec!["s3:GetObject arn:aws:s3:::templates/a/b".to_owned()],
        ),
        (
            Service::Elb,
            "DescribeTargetHealth",
            json!({"TargetGroupArn": "arn"}),
            vec!["elasticloadbalancing:DescribeTargetHealth *".to_owned()],
        ),
        (Service::Sts, "GetCallerIdentity", json!({}), vec![]),
    ];
    for (service, operation, input, expected) in table {
        assert_eq!(
            needs(&account, service, operation, &input),
            expected,
            "{operation}"
        );
    }
}

#[tokio::test]
async fn the_roles_of_a_task_definition_are_passed_with_it() {
    let account = Account::new(Settings::for_tests());
    let document = json!({
        "family": "api",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "containerDefinitions": [{"name": "api", "image": "api:1"}],
    });
    let arn = crate::account::ecs::register_task_definition(&account, document).unwrap();
    let input = json!({"cluster": "mco", "service": "api", "taskDefinition": arn});
    let needs = needs(&account, Service::Ecs, "UpdateService", &input);
    let passed = "iam:PassRole arn:aws:iam::123456789012:role/execution iam:PassedToService=ecs-tasks.amazonaws.com";
    assert_eq!(needs[1..], [passed]);
}

#[tokio::test]
async fn what_an_unknown_call_needs_is_not_known() {
    let account = Account::new(Settings::for_tests());
    for service in Service::ALL {
        let call = Call {
            account: &account,
            region: "eu-west-1",
            service,
            operation: "DeleteEverything",
            input: &json!({}),
        };
        assert_eq!(call.needs(), None, "{service:?}");
    }
}
