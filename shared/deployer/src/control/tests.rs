use greenlight_aws::{
    codedeploy::{Deployment, Group, Progress},
    codepipeline::Execution,
    ecs::{HookDetail, Task},
};

use super::*;
use crate::progress::{codedeploy::Running, task};

const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/1";
const TASK: &str = "arn:aws:ecs:eu-west-1:123456789012:task/mco/1";

const ABORT: Word<'static> = Word::Abort { reason: "wrong" };

fn codedeploy(status: &str) -> GoingOn {
    GoingOn::CodeDeploy(Running {
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
        at: Progress::default(),
    })
}

fn service(status: &str, hook: Option<&str>) -> GoingOn {
    let hook = hook.map(|status| HookDetail {
        id: "ecs-pause-1".into(),
        target_type: "PAUSE".into(),
        status: status.into(),
        ..HookDetail::default()
    });
    GoingOn::Service(Some(ServiceDeployment {
        arn: ARN.into(),
        status: status.into(),
        hooks: hook.into_iter().collect(),
        ..ServiceDeployment::default()
    }))
}

fn task(desired: Option<&str>) -> task::Running {
    task::Running {
        arn: TASK.into(),
        cluster: "mco".into(),
        task: desired.map(|desired| Task {
            desired_status: desired.into(),
            ..Task::default()
        }),
    }
}

fn pipeline(status: &str) -> GoingOn {
    GoingOn::Pipeline {
        pipeline: "api-prod".into(),
        execution: Execution {
            id: "e-1".into(),
            status: status.into(),
            ..Execution::default()
        },
        failed: Vec::new(),
    }
}

#[test]
fn a_codedeploy_deployment_goes_on_only_where_it_waits_and_stops_until_it_has_ended() {
    for (status, goes_on, stops) in [
        ("Created", false, true),
        ("InProgress", false, true),
        ("Ready", true, true),
        ("Succeeded", false, false),
        ("Failed", false, false),
        ("Stopped", false, false),
    ] {
        let going_on = codedeploy(status);
        let expected = goes_on.then_some(Call::ContinueCodeDeploy { id: "d-1" });
        assert_eq!(call(&going_on, Word::Continue), expected, "{status}");
        let expected = stops.then_some(Call::StopCodeDeploy { id: "d-1" });
        assert_eq!(call(&going_on, ABORT), expected, "{status}");
    }
}

#[test]
fn a_pause_hook_is_answered_and_without_one_a_service_deployment_is_stopped() {
    let paused = service("IN_PROGRESS", Some("AWAITING_ACTION"));
    for (word, action) in [
        (Word::Continue, HookAction::Continue),
        (ABORT, HookAction::Rollback),
    ] {
        let answer = Call::AnswerPause {
            arn: ARN,
            hook: "ecs-pause-1",
            action,
        };
        assert_eq!(call(&paused, word), Some(answer));
    }
    for hook in [None, Some("SUCCEEDED"), Some("IN_PROGRESS")] {
        let running = service("IN_PROGRESS", hook);
        assert_eq!(call(&running, Word::Continue), None);
        assert_eq!(call(&running, ABORT), Some(Call::StopService { arn: ARN }));
    }
}

#[test]
fn only_what_waits_for_a_person_is_approved_or_rejected() {
    let yes = Word::Answer {
        approved: true,
        reason: "",
    };
    let no = Word::Answer {
        approved: false,
        reason: "wrong",
    };
    let ready = codedeploy("Ready");
    assert_eq!(
        call(&ready, yes),
        Some(Call::ContinueCodeDeploy { id: "d-1" })
    );
    assert_eq!(call(&ready, no), Some(Call::StopCodeDeploy { id: "d-1" }));
    let paused = service("IN_PROGRESS", Some("AWAITING_ACTION"));
    for (word, action) in [(yes, HookAction::Continue), (no, HookAction::Rollback)] {
        let answer = Call::AnswerPause {
            arn: ARN,
            hook: "ecs-pause-1",
            action,
        };
        assert_eq!(call(&paused, word), Some(answer));
    }
    for going_on in [
        codedeploy("InProgress"),
        codedeploy("Succeeded"),
        service("IN_PROGRESS", None),
        service("ROLLBACK_IN_PROGRESS", Some("AWAITING_ACTION")),
        GoingOn::Task(task(Some("RUNNING"))),
        pipeline("InProgress"),
    ] {
        assert_eq!(call(&going_on, yes), None, "{going_on:?}");
        assert_eq!(call(&going_on, no), None, "{going_on:?}");
    }
}

#[test]
fn what_has_ended_or_is_on_its_way_back_is_told_nothing() {
    for status in [
        "SUCCESSFUL",
        "STOPPED",
        "ROLLBACK_REQUESTED",
        "ROLLBACK_IN_PROGRESS",
    ] {
        for hook in [None, Some("AWAITING_ACTION")] {
            let over = service(status, hook);
            assert_eq!(call(&over, Word::Continue), None, "{status}");
            assert_eq!(call(&over, ABORT), None, "{status}");
        }
    }
}

#[test]
fn a_task_is_stopped_once_whether_it_is_the_deployment_or_comes_before() {
    for (desired, stops) in [
        (Some("RUNNING"), true),
        (Some("STOPPED"), false),
        (None, false),
    ] {
        let before = GoingOn::Before {
            step: 0,
            of: 1,
            task: task(desired),
        };
        for going_on in [before, GoingOn::Task(task(desired))] {
            let expected = stops.then_some(Call::StopTask {
                cluster: "mco",
                arn: TASK,
                reason: "wrong",
            });
            assert_eq!(call(&going_on, ABORT), expected, "{desired:?}");
            assert_eq!(call(&going_on, Word::Continue), None);
        }
    }
}

#[test]
fn a_pipeline_is_stopped_while_it_runs() {
    for (status, stops) in [("InProgress", true), ("Stopping", true), ("Failed", false)] {
        let going_on = pipeline(status);
        let expected = stops.then_some(Call::StopPipeline {
            pipeline: "api-prod",
            id: "e-1",
            reason: "wrong",
        });
        assert_eq!(call(&going_on, ABORT), expected, "{status}");
        assert_eq!(call(&going_on, Word::Continue), None, "{status}");
    }
}

#[test]
fn what_is_being_started_can_be_told_nothing() {
    for going_on in [
        GoingOn::Starting {
            is_broken_off: false,
        },
        GoingOn::Starting {
            is_broken_off: true,
        },
        GoingOn::Service(None),
    ] {
        assert_eq!(call(&going_on, Word::Continue), None);
        assert_eq!(call(&going_on, ABORT), None);
    }
}

#[test]
fn that_nothing_is_under_way_is_said_with_what_waits() {
    let error = |waiting: Option<&str>| {
        let error = ControlError::NothingUnderWay {
            target: "api-test".parse().unwrap(),
            waiting: waiting.map(str::to_owned),
        };
        error.to_string()
    };
    assert_eq!(
        error(None),
        "nothing is being deployed to target `api-test`"
    );
    assert_eq!(
        error(Some("mco/api:test waits for its turn: d-1 is running")),
        "nothing is being deployed to target `api-test`; mco/api:test waits for its turn: d-1 is running"
    );
}
