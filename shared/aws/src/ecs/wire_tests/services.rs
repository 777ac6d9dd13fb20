use jiff::Timestamp;
use serde_json::{Value, json};

use super::{DEPLOYMENT, REVISION, TASK_DEFINITION};
use crate::{
    ecs::*,
    scripted::{Scripted, run},
};

fn native_service() -> Value {
    json!({
        "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/mco/api",
        "status": "ACTIVE",
        "schedulingStrategy": "REPLICA",
        "desiredCount": 2,
        "taskDefinition": TASK_DEFINITION,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "deploymentConfiguration": {
            "strategy": "CANARY",
            "deploymentCircuitBreaker": { "enable": true, "rollback": false },
            "minimumHealthyPercent": 100, "maximumPercent": 200,
            "alarms": { "alarmNames": ["errors"], "enable": true, "rollback": true },
            "lifecycleHooks": [
                { "hookTargetArn": "arn:aws:lambda:eu-west-1:123456789012:function:check",
                  "roleArn": "arn:aws:iam::123456789012:role/hooks",
                  "lifecycleStages": ["POST_SCALE_UP", "SOME_NEW_STAGE"],
                  "timeoutConfiguration": { "timeoutInMinutes": 60, "action": "ROLLBACK" } },
                { "targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"] },
            ],
        },
        "deployments": [
            { "id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": TASK_DEFINITION,
              "desiredCount": 2, "runningCount": 1, "pendingCount": 1, "failedTasks": 3,
              "rolloutState": "IN_PROGRESS", "rolloutStateReason": "in progress.",
              "createdAt": 1_764_000_000.0, "platformVersion": "1.4.0",
              "capacityProviderStrategy": [
                  { "capacityProvider": "FARGATE_SPOT", "base": 1, "weight": 4 },
              ] },
            { "id": "ecs-svc/1", "status": "ACTIVE" },
        ],
        "loadBalancers": [{
            "targetGroupArn": "blue", "containerName": "api", "containerPort": 8080,
            "advancedConfiguration": {
                "alternateTargetGroupArn": "green", "productionListenerRule": "production",
                "testListenerRule": "test", "roleArn": "role",
            },
        }],
        "networkConfiguration": { "awsvpcConfiguration": {
            "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED",
        }},
        "currentServiceDeployment": DEPLOYMENT,
        "currentServiceRevisions": [{ "arn": REVISION, "runningTaskCount": 2 }],
    })
}

#[test]
fn a_service_tells_how_it_deploys() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "services": [native_service()] }));
    let service = run(service(&aws.clients(), "mco", "api")).unwrap();
    assert_eq!(
        service,
        Service {
            arn: "arn:aws:ecs:eu-west-1:123456789012:service/mco/api".to_owned(),
            status: "ACTIVE".to_owned(),
            controller: "ECS".to_owned(),
            scheduling: "REPLICA".to_owned(),
            desired: 2,
            task_definition: Some(TASK_DEFINITION.to_owned()),
            strategy: "CANARY".to_owned(),
            circuit_breaker: Some(CircuitBreaker {
                enabled: true,
                rollback: false,
            }),
            minimum_healthy_percent: Some(100),
            maximum_percent: Some(200),
            alarms: vec!["errors".to_owned()],
            deployments: vec![
                RollingDeployment {
                    id: "ecs-svc/2".to_owned(),
                    status: "PRIMARY".to_owned(),
                    task_definition: TASK_DEFINITION.to_owned(),
                    rollout_state: Some("IN_PROGRESS".to_owned()),
                    rollout_reason: Some("in progress.".to_owned()),
                    desired: 2,
                    running: 1,
                    pending: 1,
                    failed: 3,
                    created_at: Timestamp::from_second(1_764_000_000).ok(),
                    platform_version: Some("1.4.0".to_owned()),
                    capacity_providers: vec![CapacityProvider {
                        name: "FARGATE_SPOT".to_owned(),
                        base: 1,
                        weight: 4,
                    }],
                },
                RollingDeployment {
                    id: "ecs-svc/1".to_owned(),
                    status: "ACTIVE".to_owned(),
                    ..RollingDeployment::default()
                },
            ],
            hooks: vec![
                LifecycleHook {
                    target_type: "AWS_LAMBDA".to_owned(),
                    target_arn: Some(
                        "arn:aws:lambda:eu-west-1:123456789012:function:check".to_owned()
                    ),
                    role: Some("arn:aws:iam::123456789012:role/hooks".to_owned()),
                    stages: vec!["POST_SCALE_UP".to_owned(), "SOME_NEW_STAGE".to_owned()],
                    timeout_in_minutes: Some(60),
                },
                LifecycleHook {
                    target_type: "PAUSE".to_owned(),
                    target_arn: None,
                    role: None,
                    stages: vec!["PRE_PRODUCTION_TRAFFIC_SHIFT".to_owned()],
                    timeout_in_minutes: None,
                },
            ],
            load_balancers: vec![ServiceLoadBalancer {
                target_group: Some("blue".to_owned()),
                alternate_target_group: Some("green".to_owned()),
                container: Some("api".to_owned()),
                port: Some(8080),
                production_listener_rule: Some("production".to_owned()),
                test_listener_rule: Some("test".to_owned()),
                role: Some("role".to_owned()),
            }],
            current_deployment: Some(DEPLOYMENT.to_owned()),
            current_revisions: vec![REVISION.to_owned()],
            network: Some(Network {
                subnets: vec!["subnet-1".to_owned()],
                security_groups: vec!["sg-1".to_owned()],
                assign_public_ip: true,
            }),
            launch_type: Some("FARGATE".to_owned()),
            capacity_providers: Vec::new(),
            platform_version: Some("LATEST".to_owned()),
            task_sets: Vec::new(),
        }
    );
    assert_eq!(service.primary_deployment().unwrap().id, "ecs-svc/2");
}

#[test]
fn a_service_that_says_little_is_a_rolling_replica() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "services": [{ "status": "ACTIVE" }] }));
    let service = run(service(&aws.clients(), "mco", "worker")).unwrap();
    assert_eq!(
        service,
        Service {
            status: "ACTIVE".to_owned(),
            controller: "ECS".to_owned(),
            scheduling: "REPLICA".to_owned(),
            strategy: "ROLLING".to_owned(),
            ..Service::default()
        }
    );
}

#[test]
fn an_update_changes_the_task_definition_and_nothing_else() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "service": native_service() }));
    let service = run(update_service(
        &aws.clients(),
        "mco",
        "api",
        TASK_DEFINITION,
    ))
    .unwrap();
    assert_eq!(service.current_deployment, Some(DEPLOYMENT.to_owned()));
    assert_eq!(
        aws.sent()[0].json(),
        json!({ "cluster": "mco", "service": "api", "taskDefinition": TASK_DEFINITION })
    );
}

#[test]
fn alarms_that_are_not_listened_to_are_not_told() {
    let aws = Scripted::default();
    aws.answer_json(
        &json!({ "services": [{ "status": "ACTIVE", "deploymentConfiguration": {
            "alarms": { "alarmNames": ["errors"], "enable": false, "rollback": false },
        }}]}),
    );
    let service = run(service(&aws.clients(), "mco", "worker")).unwrap();
    assert!(service.alarms.is_empty());
}
