use greenlight_aws::{
    codedeploy::{self as aws, Deployment, Group, LifecycleEvent, TaskSetProgress},
    codepipeline::{Execution, FailedAction, SourceRevision},
    ecs::{Breaker, Container, HookDetail, Revision, ServiceDeployment, Task},
};
use greenlight_core::{
    gate::{ApprovalId, Decision},
    target::{GatePoint, check::ApprovalCheck},
};
use serde_json::json;

use super::*;
use crate::plan::sample;

/// All that is told, a line each.
fn lines(going_on: &GoingOn) -> Vec<String> {
    let (headline, facts, awaiting) = going_on.told(&sample::stored(&json!({})));
    let awaiting = awaiting.as_ref().map(watch::waits);
    [headline]
        .into_iter()
        .chain(facts)
        .chain(awaiting)
        .collect()
}

pub(super) fn event(name: &str, status: &str, message: Option<&str>) -> LifecycleEvent {
    LifecycleEvent {
        name: name.into(),
        status: status.into(),
        message: message.map(str::to_owned),
    }
}

pub(super) fn codedeploy(status: &str, events: Vec<LifecycleEvent>) -> GoingOn {
    let set = |id: &str, label: Option<&str>, running, weight| TaskSetProgress {
        id: id.into(),
        label: label.map(str::to_owned),
        desired: 2,
        running,
        pending: 2 - running,
        weight,
    };
    GoingOn::CodeDeploy(codedeploy::Running {
        deployment: Deployment {
            id: "d-1".into(),
            group: Group {
                application: "API".into(),
                name: "API".into(),
            },
            status: status.into(),
            creator: "user".into(),
            description: String::new(),
            created_at: None,
            completed_at: None,
            error: None,
            rolled_back_by: None,
            rolls_back: None,
        },
        at: aws::Progress {
            events,
            green: None,
            task_sets: vec![
                set("ecs-svc/1", Some("Blue"), 2, 90.0),
                set("ecs-svc/2", None, 1, 10.0),
            ],
        },
    })
}

#[test]
fn codedeploy_tells_its_events_counts_and_weights() {
    let events = vec![
        event("BeforeInstall", "Succeeded", None),
        event("Install", "Failed", Some("no capacity")),
        event("AfterInstall", "InProgress", None),
        event("AllowTraffic", "Pending", None),
    ];
    assert_eq!(
        lines(&codedeploy("InProgress", events)),
        [
            "CodeDeploy deployment d-1 is InProgress: AfterInstall",
            "BeforeInstall Succeeded",
            "Install Failed: no capacity",
            "AfterInstall InProgress",
            "blue task set ecs-svc/1: 2 of 2 tasks running, 0 pending, 90 % of the production traffic",
            "task set ecs-svc/2: 1 of 2 tasks running, 1 pending, 10 % of the production traffic",
        ]
    );
}

#[test]
fn codedeploy_that_waits_says_how_it_is_answered() {
    let told = lines(&codedeploy("Ready", Vec::new()));
    assert_eq!(told[0], "CodeDeploy deployment d-1 is Ready");
    assert_eq!(
        told.last().unwrap(),
        "CodeDeploy deployment d-1 waits before it shifts the production traffic; `greenlight continue \
         api-test` lets it go on, `greenlight abort api-test` takes it back"
    );
}

pub(super) fn service() -> ServiceDeployment {
    let revision = |id: &str, running, production| Revision {
        arn: format!("arn:aws:ecs:eu-west-1:123456789012:service-revision/mco/api/{id}"),
        requested: 2,
        running,
        pending: 2 - running,
        production_weight: production,
        test_weight: None,
    };
    ServiceDeployment {
        arn: "arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/D1".into(),
        status: "IN_PROGRESS".into(),
        stage: Some("POST_TEST_TRAFFIC_SHIFT".into()),
        target_revision: Some(Revision {
            test_weight: Some(100.0),
            ..revision("2", 1, Some(0.0))
        }),
        source_revisions: vec![revision("1", 2, Some(100.0))],
        ..ServiceDeployment::default()
    }
}

#[test]
fn ecs_tells_its_stage_counts_and_weights() {
    assert_eq!(
        lines(&GoingOn::Service(Some(service()))),
        [
            "ECS service deployment D1 is IN_PROGRESS: POST_TEST_TRAFFIC_SHIFT",
            "new revision 2: 1 of 2 tasks running, 1 pending, 0 % of the production traffic, 100 % of the \
             test traffic",
            "old revision 1: 2 of 2 tasks running, 0 pending, 100 % of the production traffic",
        ]
    );
}

#[test]
fn ecs_tells_what_has_gone_wrong() {
    let breaker = |status: &str, failures| Breaker {
        status: status.into(),
        failures,
        threshold: 3,
    };
    let trouble = ServiceDeployment {
        stage: None,
        target_revision: None,
        source_revisions: Vec::new(),
        breaker: Some(breaker("MONITORING", 2)),
        alarms: vec!["5xx".into(), "latency".into()],
        status_reason: Some("tasks failed to start".into()),
        ..service()
    };
    assert_eq!(
        lines(&GoingOn::Service(Some(trouble.clone()))),
        [
            "ECS service deployment D1 is IN_PROGRESS",
            "circuit breaker MONITORING: 2 failed tasks, at 3 it goes off",
            "alarms have gone off: 5xx, latency",
            "ECS says: tasks failed to start",
        ]
    );
    let quiet = ServiceDeployment {
        breaker: Some(breaker("MONITORING", 0)),
        alarms: Vec::new(),
        status_reason: None,
        ..trouble
    };
    assert_eq!(lines(&GoingOn::Service(Some(quiet))).len(), 1);
}

#[test]
fn a_pause_hook_says_until_when_and_what_then() {
    let hook = |kind: &str, arn: Option<&str>, status: &str| HookDetail {
        id: format!("ecs-{}-1", kind.to_lowercase()),
        target_type: kind.into(),
        target_arn: arn.map(str::to_owned),
        status: status.into(),
        expires_at: Some("2026-11-22T10:30:00Z".parse().unwrap()),
        timeout_action: Some("ROLLBACK".into()),
    };
    let function = "arn:aws:lambda:eu-west-1:123456789012:function:validate-green:live";
    let paused = ServiceDeployment {
        target_revision: None,
        source_revisions: Vec::new(),
        hooks: vec![
            hook("AWS_LAMBDA", Some(function), "SUCCEEDED"),
            hook("PAUSE", None, "AWAITING_ACTION"),
        ],
        ..service()
    };
    assert_eq!(
        lines(&GoingOn::Service(Some(paused)))[1..],
        [
            "hook ecs-aws_lambda-1 (validate-green) SUCCEEDED",
            "hook ecs-pause-1 (PAUSE) AWAITING_ACTION",
            "pause hook ecs-pause-1 waits for an answer at POST_TEST_TRAFFIC_SHIFT; `greenlight continue \
             api-test` lets it go on, `greenlight abort api-test` takes it back; at 2026-11-22T10:30:00Z \
             ECS rolls it back",
        ]
    );
}

fn container(name: &str, status: &str, exit_code: Option<i32>) -> Container {
    Container {
        name: name.into(),
        last_status: status.into(),
        exit_code,
        ..Container::default()
    }
}

#[test]
fn a_task_tells_its_containers_and_which_of_the_tasks_before_it_is() {
    let task = |status: &str, containers: Vec<Container>| task::Running {
        arn: "arn:aws:ecs:eu-west-1:123456789012:task/mco/T1".into(),
        cluster: "mco".into(),
        task: Some(Task {
            last_status: status.into(),
            stopped_reason: Some("Essential container in task exited".into()),
            containers,
            ..Task::default()
        }),
    };
    let running = GoingOn::Before {
        step: 1,
        of: 2,
        task: task("RUNNING", vec![container("api", "RUNNING", None)]),
    };
    assert_eq!(
        lines(&running),
        [
            "task T1 is RUNNING, 2 of 2 before the deployment",
            "container `api` RUNNING"
        ]
    );
    let stopped = GoingOn::Task(task("STOPPED", vec![container("api", "STOPPED", Some(3))]));
    assert_eq!(
        lines(&stopped),
        [
            "task T1 is STOPPED",
            "container `api` exited with 3",
            "it has stopped: Essential container in task exited; container `api`: exit code 3",
        ]
    );
}

#[test]
fn a_pipeline_tells_what_it_runs_and_what_failed() {
    let going_on = GoingOn::Pipeline {
        pipeline: "api-prod".into(),
        execution: Execution {
            id: "e-1".into(),
            status: "InProgress".into(),
            revisions: vec![SourceRevision {
                artifact: "Image".into(),
                id: "sha256:12".into(),
            }],
            ..Execution::default()
        },
        failed: vec![FailedAction {
            stage: "Deploy".into(),
            action: "Api".into(),
            error_message: Some("rolled back".into()),
            ..FailedAction::default()
        }],
    };
    assert_eq!(
        lines(&going_on),
        [
            "execution e-1 of pipeline `api-prod` is InProgress",
            "artifact `Image` is sha256:12",
            "action `Api` of stage `Deploy` failed: rolled back",
        ]
    );
}

#[test]
fn what_has_not_begun_is_said_to_be_so() {
    for (going_on, expected) in [
        (
            GoingOn::Starting {
                is_broken_off: false,
            },
            "is being started",
        ),
        (
            GoingOn::Starting {
                is_broken_off: true,
            },
            "its start was broken off; the target's next event takes it up again",
        ),
        (
            GoingOn::Service(None),
            "its service deployment is not listed by ECS yet",
        ),
    ] {
        assert_eq!(lines(&going_on), [expected]);
    }
}

#[test]
fn the_form_for_machines_has_everything() {
    let progress = Progress {
        deployment: DeploymentId::of_cause(Timestamp::UNIX_EPOCH, &["x"]),
        headline: "it waits".into(),
        facts: vec!["a fact".into()],
        meter: Meter::default(),
        awaiting: Some(Awaiting {
            what: "a hook".into(),
            until: Some(Timestamp::UNIX_EPOCH),
            otherwise: None,
            remedy: "answer".into(),
        }),
        asked: Vec::new(),
    };
    assert_eq!(
        progress.to_json(),
        json!({
            "deployment": progress.deployment,
            "headline": "it waits",
            "facts": ["a fact"],
            "awaiting": {
                "what": "a hook",
                "until": "1970-01-01T00:00:00Z",
                "otherwise": null,
                "remedy": "answer",
            },
        })
    );
}

#[test]
fn what_a_gate_asks_people_is_told_with_how_to_answer_and_until_when() {
    let at = |second: i64| Timestamp::new(1_764_000_000 + second, 0).unwrap();
    let check = ApprovalCheck {
        approvals: 2,
        question: Some("Has the migration run?".into()),
    };
    let id = ApprovalId {
        point: GatePoint::BeforeTraffic,
        aws_id: "d-1".into(),
        label: Some("product".into()),
    };
    let approval = Approval::asked(id, &check, (None, "v2".into()), at(0), at(1800));
    let jane = Decision::new("arn:aws:iam::1:user/jane", true, None, at(60));
    let approval = approval.with(jane).unwrap();
    let name = "api-test".parse().unwrap();
    assert_eq!(
        watch::waits(&approval::awaiting(&name, &approval, at(61))),
        "gate before_traffic (product) waits for 1 of 2 approvals: Has the migration run?; answer by \
         `greenlight approve api-test` or `greenlight reject api-test --reason WHY`; at \
         2025-11-24T16:30:00Z the gate fails"
    );
    assert_eq!(
        approval::facts(&approval).collect::<Vec<_>>(),
        ["arn:aws:iam::1:user/jane approved at 2025-11-24T16:01:00Z"]
    );
}
