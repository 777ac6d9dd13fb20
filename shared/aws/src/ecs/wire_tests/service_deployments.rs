use jiff::Timestamp;
use serde_json::json;

use super::{DEPLOYMENT, REVISION, TASK_DEFINITION};
use crate::{
    Kind,
    ecs::*,
    scripted::{Scripted, run},
};

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
        expires_at: Timestamp::from_second(1_764_003_600).ok(),
        timeout_action: Some("ROLLBACK".to_owned()),
    };
    assert_eq!(deployment.awaiting(), Some(&pause));
    assert_eq!(
        deployment,
        ServiceDeployment {
            arn: DEPLOYMENT.to_owned(),
            service_arn: "arn".to_owned(),
            status: "IN_PROGRESS".to_owned(),
            status_reason: Some("waiting".to_owned()),
            stage: Some("PRE_PRODUCTION_TRAFFIC_SHIFT".to_owned()),
            created_at: Timestamp::from_second(1_764_000_000).ok(),
            finished_at: Timestamp::from_second(1_764_000_060).ok(),
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
            rollback_reason: Some("a hook said no".to_owned()),
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
                    target_arn: Some("check".to_owned()),
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
                    digest: Some("sha256:1".to_owned()),
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
