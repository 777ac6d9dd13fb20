//! What is sent to ECS and how its answers are read.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{
    Kind,
    scripted::{Scripted, run},
};

const TASK_DEFINITION: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:7";
const DEPLOYMENT: &str = "arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/D1";
const REVISION: &str = "arn:aws:ecs:eu-west-1:123456789012:service-revision/mco/api/9313423515462";

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn at(second: i64) -> Option<Timestamp> {
    Some(Timestamp::from_second(second).unwrap())
}

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
            "lifecycleHooks": [
                { "hookTargetArn": "arn:aws:lambda:eu-west-1:123456789012:function:check",
                  "lifecycleStages": ["POST_SCALE_UP", "SOME_NEW_STAGE"] },
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
            task_definition: text(TASK_DEFINITION),
            strategy: "CANARY".to_owned(),
            circuit_breaker: Some(CircuitBreaker {
                enabled: true,
                rollback: false,
            }),
            deployments: vec![
                RollingDeployment {
                    id: "ecs-svc/2".to_owned(),
                    status: "PRIMARY".to_owned(),
                    task_definition: TASK_DEFINITION.to_owned(),
                    rollout_state: text("IN_PROGRESS"),
                    rollout_reason: text("in progress."),
                    desired: 2,
                    running: 1,
                    pending: 1,
                    failed: 3,
                    created_at: at(1_764_000_000),
                    platform_version: text("1.4.0"),
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
                    target_arn: text("arn:aws:lambda:eu-west-1:123456789012:function:check"),
                    stages: vec!["POST_SCALE_UP".to_owned(), "SOME_NEW_STAGE".to_owned()],
                },
                LifecycleHook {
                    target_type: "PAUSE".to_owned(),
                    target_arn: None,
                    stages: vec!["PRE_PRODUCTION_TRAFFIC_SHIFT".to_owned()],
                },
            ],
            load_balancers: vec![ServiceLoadBalancer {
                target_group: text("blue"),
                alternate_target_group: text("green"),
                container: text("api"),
                port: Some(8080),
                production_listener_rule: text("production"),
                test_listener_rule: text("test"),
            }],
            current_deployment: text(DEPLOYMENT),
            current_revisions: vec![REVISION.to_owned()],
            network: Some(Network {
                subnets: vec!["subnet-1".to_owned()],
                security_groups: vec!["sg-1".to_owned()],
                assign_public_ip: true,
            }),
            launch_type: text("FARGATE"),
            capacity_providers: Vec::new(),
            platform_version: text("LATEST"),
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
    assert_eq!(service.current_deployment, text(DEPLOYMENT));
    assert_eq!(
        aws.sent()[0].json(),
        json!({ "cluster": "mco", "service": "api", "taskDefinition": TASK_DEFINITION })
    );
}

#[test]
fn a_service_deployment_tells_weights_breaker_and_the_hook_that_waits() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "serviceDeployments": [{
        "serviceDeploymentArn": DEPLOYMENT,
        "serviceArn": "arn",
        "status": "IN_PROGRESS",
        "statusReason": "waiting",
        "lifecycleStage": "PRE_PRODUCTION_TRAFFIC_SHIFT",
        "createdAt": 1_764_000_000.0,
        "stoppedAt": 1_764_000_060.0,
        "targetServiceRevision": {
            "arn": REVISION, "requestedTaskCount": 2, "runningTaskCount": 1, "pendingTaskCount": 1,
            "requestedProductionTrafficWeight": 12.5, "requestedTestTrafficWeight": 100.0,
        },
        "sourceServiceRevisions": [{ "arn": "old" }],
        "rollback": { "reason": "a hook said no" },
        "deploymentCircuitBreaker": { "status": "TRIGGERED", "failureCount": 3, "threshold": 3 },
        "alarms": { "alarmNames": ["a", "b"], "triggeredAlarmNames": ["b"] },
        "lifecycleHookDetails": [
            { "hookId": "h-1", "targetArn": "check", "status": "SUCCEEDED" },
            { "hookId": "ecs-pause-1", "targetType": "PAUSE", "status": "AWAITING_ACTION",
              "expiresAt": 1_764_003_600.0, "timeoutAction": "ROLLBACK" },
        ],
    }]}));
    let deployment = run(service_deployment(&aws.clients(), DEPLOYMENT)).unwrap();
    let pause = HookDetail {
        id: "ecs-pause-1".to_owned(),
        target_type: "PAUSE".to_owned(),
        target_arn: None,
        status: "AWAITING_ACTION".to_owned(),
        expires_at: at(1_764_003_600),
        timeout_action: text("ROLLBACK"),
    };
    assert_eq!(deployment.awaiting(), Some(&pause));
    assert_eq!(
        deployment,
        ServiceDeployment {
            arn: DEPLOYMENT.to_owned(),
            service_arn: "arn".to_owned(),
            status: "IN_PROGRESS".to_owned(),
            status_reason: text("waiting"),
            stage: text("PRE_PRODUCTION_TRAFFIC_SHIFT"),
            created_at: at(1_764_000_000),
            finished_at: at(1_764_000_060),
            target_revision: Some(Revision {
                arn: REVISION.to_owned(),
                requested: 2,
                running: 1,
                pending: 1,
                production_weight: Some(12.5),
                test_weight: Some(100.0),
            }),
            source_revisions: vec![Revision {
                arn: "old".to_owned(),
                ..Revision::default()
            }],
            rollback_reason: text("a hook said no"),
            breaker: Some(Breaker {
                status: "TRIGGERED".to_owned(),
                failures: 3,
                threshold: 3,
            }),
            alarms: vec!["b".to_owned()],
            hooks: vec![
                HookDetail {
                    id: "h-1".to_owned(),
                    target_type: "AWS_LAMBDA".to_owned(),
                    target_arn: text("check"),
                    status: "SUCCEEDED".to_owned(),
                    ..HookDetail::default()
                },
                pause,
            ],
        }
    );
}

#[test]
fn a_service_deployment_that_is_missing_is_not_found() {
    let aws = Scripted::default();
    let missing = json!({ "failures": [{ "arn": DEPLOYMENT, "reason": "MISSING" }] });
    aws.answer_json(&missing);
    let error = run(service_deployment(&aws.clients(), DEPLOYMENT)).unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    aws.refuse("ServiceDeploymentNotFoundException", "gone");
    let error = run(service_deployment(&aws.clients(), DEPLOYMENT)).unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}

#[test]
fn the_deployments_of_a_service_come_newest_first() {
    let aws = Scripted::default();
    let clients = aws.clients();
    let since = Timestamp::from_second(1_764_000_000).unwrap();
    let search = || run(service_deployments_since(&clients, "mco", "api", since)).unwrap();
    aws.answer_json(&json!({ "serviceDeployments": [] }));
    assert_eq!(search(), []);
    let brief = |arn: &str| json!({ "serviceDeploymentArn": arn });
    aws.answer_json(&json!({ "serviceDeployments": [brief("old"), brief("new")] }));
    let whole = |arn: &str, at: f64| json!({ "serviceDeploymentArn": arn, "createdAt": at });
    aws.answer_json(&json!({ "serviceDeployments": [whole("old", 1.0), whole("new", 2.0)] }));
    let arns: Vec<_> = search().into_iter().map(|found| found.arn).collect();
    assert_eq!(arns, ["new", "old"]);
    let sent = aws.sent();
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[1].json()["createdAt"]["after"], 1_764_000_000);
    assert_eq!(
        sent[2].json(),
        json!({ "serviceDeploymentArns": ["old", "new"] })
    );
}

#[test]
fn a_pause_is_answered_and_a_deployment_stopped_by_going_back() {
    let aws = Scripted::default();
    let clients = aws.clients();
    for (action, expected) in [
        (HookAction::Continue, "CONTINUE"),
        (HookAction::Rollback, "ROLLBACK"),
    ] {
        aws.answer_json(&json!({ "serviceDeploymentArn": DEPLOYMENT }));
        run(continue_service_deployment(
            &clients, DEPLOYMENT, "h-1", action,
        ))
        .unwrap();
        assert_eq!(
            aws.sent().pop().unwrap().json(),
            json!({ "serviceDeploymentArn": DEPLOYMENT, "hookId": "h-1", "action": expected })
        );
    }
    aws.answer_json(&json!({ "serviceDeploymentArn": DEPLOYMENT }));
    run(stop_service_deployment(&clients, DEPLOYMENT)).unwrap();
    assert_eq!(
        aws.sent().pop().unwrap().json(),
        json!({ "serviceDeploymentArn": DEPLOYMENT, "stopType": "ROLLBACK" })
    );
    aws.refuse("ConflictException", "it has ended");
    let error = run(stop_service_deployment(&clients, DEPLOYMENT)).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
}

#[test]
fn a_revision_tells_its_digests_and_what_its_tasks_are_started_by() {
    let aws = Scripted::default();
    let clients = aws.clients();
    aws.answer_json(&json!({ "serviceRevisions": [{
        "serviceRevisionArn": REVISION,
        "taskDefinition": TASK_DEFINITION,
        "containerImages": [
            { "containerName": "api", "image": "mco/api:test", "imageDigest": "sha256:1" },
            { "containerName": "sidecar", "image": "envoy" },
        ],
        "loadBalancers": [{ "targetGroupArn": "declared" }],
        "resolvedConfiguration": { "loadBalancers": [
            { "targetGroupArn": "green", "productionListenerRule": "rule" },
        ]},
    }]}));
    let revisions = run(service_revisions(&clients, &[REVISION.to_owned()])).unwrap();
    assert_eq!(
        revisions,
        [ServiceRevision {
            arn: REVISION.to_owned(),
            task_definition: TASK_DEFINITION.to_owned(),
            images: vec![
                RevisionImage {
                    container: "api".to_owned(),
                    image: "mco/api:test".to_owned(),
                    digest: text("sha256:1"),
                },
                RevisionImage {
                    container: "sidecar".to_owned(),
                    image: "envoy".to_owned(),
                    digest: None,
                },
            ],
            target_groups: vec!["green".to_owned()],
            listener_rules: vec!["rule".to_owned()],
        }]
    );
    assert_eq!(revisions[0].tasks_started_by(), "ecs-svc/9313423515462");
    assert_eq!(run(service_revisions(&clients, &[])).unwrap(), []);
    assert_eq!(aws.sent().len(), 1);
}

fn migration() -> RunTask {
    RunTask {
        cluster: "mco".to_owned(),
        task_definition: TASK_DEFINITION.to_owned(),
        capacity_providers: vec![CapacityProvider {
            name: "FARGATE_SPOT".to_owned(),
            base: 0,
            weight: 1,
        }],
        network: Some(Network {
            subnets: vec!["subnet-1".to_owned()],
            ..Network::default()
        }),
        overrides: vec![ContainerOverride {
            container: "api".to_owned(),
            command: vec!["migrate".to_owned()],
            environment: vec![("A".to_owned(), "1".to_owned())],
        }],
        started_by: "greenlight/01J".to_owned(),
        client_token: "01J".to_owned(),
        ..RunTask::default()
    }
}

#[test]
fn a_task_is_run_with_what_it_was_given() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "tasks": [{ "taskArn": "task/1" }] }));
    let ran = run(run_task(&aws.clients(), &migration())).unwrap();
    assert_eq!(ran.task_arn, "task/1");
    assert_eq!(
        aws.sent()[0].json(),
        json!({
            "capacityProviderStrategy": [
                { "capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0 },
            ],
            "cluster": "mco",
            "count": 1,
            "networkConfiguration": { "awsvpcConfiguration": {
                "subnets": ["subnet-1"], "assignPublicIp": "DISABLED",
            }},
            "overrides": { "containerOverrides": [{
                "name": "api",
                "command": ["migrate"],
                "environment": [{ "name": "A", "value": "1" }],
            }]},
            "startedBy": "greenlight/01J",
            "taskDefinition": TASK_DEFINITION,
            "clientToken": "01J",
        })
    );
}

#[test]
fn an_answer_with_failures_and_no_task_is_a_failure() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "tasks": [], "failures": [
        { "arn": "arn", "reason": "RESOURCE:MEMORY", "detail": "4 GiB are asked for" },
    ]}));
    let error = run(run_task(&aws.clients(), &migration())).unwrap_err();
    assert!(error.is_retryable());
    assert!(error.is("RESOURCE:MEMORY"));
    assert_eq!(error.message(), "RESOURCE:MEMORY: 4 GiB are asked for");
}

#[test]
fn a_client_token_with_other_parameters_is_a_conflict() {
    let aws = Scripted::default();
    aws.refuse("ConflictException", "the token was used");
    let error = run(run_task(&aws.clients(), &migration())).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.is("ConflictException"));
}

#[test]
fn a_task_tells_why_it_stopped() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "tasks": [{
        "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/mco/abc",
        "taskDefinitionArn": TASK_DEFINITION,
        "startedBy": "greenlight/01J",
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [{ "name": "api", "lastStatus": "STOPPED", "exitCode": 3 }],
    }]}));
    assert_eq!(
        run(task(&aws.clients(), "mco", "abc")).unwrap().unwrap(),
        Task {
            id: "abc".to_owned(),
            arn: "arn:aws:ecs:eu-west-1:123456789012:task/mco/abc".to_owned(),
            task_definition: TASK_DEFINITION.to_owned(),
            started_by: "greenlight/01J".to_owned(),
            last_status: "STOPPED".to_owned(),
            desired_status: "STOPPED".to_owned(),
            health: "UNKNOWN".to_owned(),
            stop_code: text("EssentialContainerExited"),
            stopped_reason: text("Essential container in task exited"),
            containers: vec![Container {
                name: "api".to_owned(),
                last_status: "STOPPED".to_owned(),
                digest: None,
                exit_code: Some(3),
                reason: None,
            }],
        }
    );
}

#[test]
fn a_task_that_ecs_has_forgotten_is_none() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "failures": [{ "arn": "abc", "reason": "MISSING" }] }));
    assert_eq!(run(task(&aws.clients(), "mco", "abc")).unwrap(), None);
}

#[test]
fn the_tasks_of_a_family_are_listed_by_what_they_are_to_do() {
    for (stopped, status) in [(false, "RUNNING"), (true, "STOPPED")] {
        let aws = Scripted::default();
        aws.answer_json(&json!({ "taskArns": ["a"] }));
        aws.answer_json(&json!({ "tasks": [{ "taskArn": "a" }] }));
        let tasks = run(tasks_of_family(&aws.clients(), "mco", "api", stopped)).unwrap();
        assert_eq!(tasks.len(), 1);
        assert_eq!(
            aws.sent()[0].json(),
            json!({ "cluster": "mco", "family": "api", "desiredStatus": status })
        );
    }
}

#[test]
fn a_task_is_stopped_with_a_reason_of_the_length_that_ecs_takes() {
    let aws = Scripted::default();
    aws.answer_json(&json!({}));
    run(stop_task(&aws.clients(), "mco", "abc", &"x".repeat(2000))).unwrap();
    let sent = aws.sent()[0].json();
    assert_eq!(sent["task"], "abc");
    assert_eq!(sent["reason"].as_str().unwrap().len(), 1024);
}
