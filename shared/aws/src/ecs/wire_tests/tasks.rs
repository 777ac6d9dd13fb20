use serde_json::json;

use super::TASK_DEFINITION;
use crate::{
    Kind,
    ecs::*,
    scripted::{Scripted, run},
};

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
            stop_code: Some("EssentialContainerExited".to_owned()),
            stopped_reason: Some("Essential container in task exited".to_owned()),
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
