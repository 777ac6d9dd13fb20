//! Every sample event, and what is made of it.

use greenlight_core::target::Service;
use greenlight_deployer::conclude::End;

use super::*;

fn sample(name: &str) -> Value {
    let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_three_ends_of_a_codedeploy_deployment_are_told_apart() {
    for (name, expected) in [
        ("codedeploy/success", End::Success),
        ("codedeploy/rollback-success", End::Success),
        ("codedeploy/other-application", End::Success),
        ("codedeploy/failure", End::Failure),
        ("codedeploy/stop", End::Stop),
    ] {
        let event = sample(name);
        let Parsed::Change(Change::CodeDeploy {
            deployment,
            account,
            application,
            group,
            end,
        }) = parse(&event)
        else {
            panic!("{name}: {:?}", parse(&event));
        };
        assert_eq!(end, expected, "{name}");
        assert_eq!(deployment, event["detail"]["deploymentId"], "{name}");
        assert_eq!(account, event["account"], "{name}");
        assert_eq!(application, event["detail"]["application"], "{name}");
        assert_eq!(group, event["detail"]["deploymentGroup"], "{name}");
    }
}

#[test]
fn every_change_of_a_service_is_a_reason_to_look() {
    for name in [
        "ecs/deployment-in-progress",
        "ecs/deployment-completed",
        "ecs/deployment-failed",
        "ecs/deployment-rolling-back",
        "ecs/deployment-of-an-old-arn",
    ] {
        let event = sample(name);
        let expected = Change::Service {
            account: "123456789012".to_owned(),
            service: Service {
                cluster: "mco".to_owned(),
                name: "worker".to_owned(),
            },
            deployment: event["detail"]["deploymentId"].as_str().unwrap().to_owned(),
        };
        assert_eq!(parse(&event), Parsed::Change(expected), "{name}");
    }
}

#[test]
fn a_task_of_ours_counts_when_it_has_stopped() {
    let event = sample("ecs/task-stopped");
    let text = |member: &str| event["detail"][member].as_str().unwrap().to_owned();
    let expected = Change::Task {
        started_by: text("startedBy"),
        cluster: "mco".to_owned(),
        task: text("taskArn"),
    };
    assert_eq!(parse(&event), Parsed::Change(expected));
}

#[test]
fn a_pipeline_execution_counts_when_it_has_ended() {
    for name in [
        "codepipeline/succeeded",
        "codepipeline/failed",
        "codepipeline/superseded",
    ] {
        let event = sample(name);
        let expected = Change::Pipeline {
            account: "123456789012".to_owned(),
            pipeline: "api-prod".to_owned(),
            execution: event["detail"]["execution-id"].as_str().unwrap().to_owned(),
        };
        assert_eq!(parse(&event), Parsed::Change(expected), "{name}");
    }
}

#[test]
fn everything_else_is_ignored_or_dropped_with_the_reason() {
    for (name, expected) in [
        ("codedeploy/start", "its state is START"),
        ("codedeploy/ready", "its state is READY"),
        ("codedeploy/rollback-start", "its state is START"),
        ("bad/codedeploy-unknown-state", "its state is"),
        ("ecr/push-tagged", "`ECR Image Action`"),
        ("ecs/task-running", "it is RUNNING"),
        ("ecs/task-of-a-service", "not started by Greenlight"),
        ("ecs/steady-state", "`ECS Service Action`"),
        ("codepipeline/started", "its state is STARTED"),
        ("bad/codedeploy-no-deployment-id", "deploymentId"),
        ("bad/codedeploy-strange-id", "is not the id"),
        ("bad/ecs-deployment-of-nothing", "names no ECS service"),
        ("bad/ecs-deployment-no-id", "deploymentId"),
        ("bad/ecs-task-strange-arn", "is not the ARN"),
        ("bad/pipeline-no-execution", "execution-id"),
        ("bad/empty-object", "EventBridge"),
        ("bad/not-an-object", "EventBridge"),
        ("bad/null", "EventBridge"),
    ] {
        match parse(&sample(name)) {
            Parsed::Ignored { reason } | Parsed::Unreadable { reason } => {
                assert!(reason.contains(expected), "{name}: {reason}");
            }
            other @ Parsed::Change(_) => panic!("{name}: {other:?}"),
        }
    }
}
