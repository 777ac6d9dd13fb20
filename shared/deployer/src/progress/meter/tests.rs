use greenlight_aws::ecs::HookDetail;
use greenlight_core::target::check::{Check, CheckKind};
use serde_json::json;

use super::*;
use crate::plan::sample;
use crate::progress::tests::{codedeploy, event, service};

fn of(going_on: &GoingOn, gates: &[GatePoint]) -> Meter {
    let mut target = sample::stored(&json!({})).target;
    let checks = vec![Check::usual(CheckKind::Tasks)];
    target.gates = gates.iter().map(|point| (*point, checks.clone())).collect();
    going_on.meter(&target)
}

#[test]
fn codedeploy_is_at_its_event_and_at_the_gate_that_is_asked_there() {
    let events = vec![
        event("Install", "Succeeded", None),
        event("BeforeAllowTraffic", "InProgress", None),
    ];
    let mut going_on = codedeploy("InProgress", events);
    let GoingOn::CodeDeploy(running) = &mut going_on else {
        unreachable!("it is of CodeDeploy");
    };
    running.at.task_sets[1].label = Some("Green".to_owned());
    let expected = Meter {
        stage: Some("BeforeAllowTraffic".to_owned()),
        traffic: Some(10),
        tasks: Some((1, 2)),
        gate: Some(GatePoint::BeforeTraffic),
    };
    assert_eq!(of(&going_on, &[GatePoint::BeforeTraffic]), expected);
    // No gate is run that the target does not have.
    let without = of(&going_on, &[GatePoint::AfterTraffic]);
    assert_eq!(
        without,
        Meter {
            gate: None,
            ..expected
        }
    );
    // Before the first event there is only the status.
    let created = of(&codedeploy("Created", Vec::new()), &[]);
    assert_eq!(created.stage.as_deref(), Some("Created"));
    assert_eq!((created.traffic, created.tasks), (None, None));
}

#[test]
fn ecs_is_at_its_stage_and_at_the_gate_whose_hook_it_calls() {
    let mut deployment = service();
    let hook = HookDetail {
        target_type: "AWS_LAMBDA".to_owned(),
        status: "IN_PROGRESS".to_owned(),
        ..HookDetail::default()
    };
    deployment.hooks = vec![hook];
    let meter = of(
        &GoingOn::Service(Some(deployment.clone())),
        &[GatePoint::TestTraffic],
    );
    assert_eq!(
        meter,
        Meter {
            stage: Some("POST_TEST_TRAFFIC_SHIFT".to_owned()),
            traffic: Some(0),
            tasks: Some((1, 2)),
            gate: Some(GatePoint::TestTraffic),
        }
    );
    deployment.hooks[0].status = "SUCCEEDED".to_owned();
    let answered = of(
        &GoingOn::Service(Some(deployment.clone())),
        &[GatePoint::TestTraffic],
    );
    assert_eq!(answered.gate, None);
    // What ECS has ended, the last gate still has to prove.
    deployment.stage = None;
    deployment.status = "SUCCESSFUL".to_owned();
    let done = of(
        &GoingOn::Service(Some(deployment)),
        &[GatePoint::AfterTraffic],
    );
    assert_eq!(done.gate, Some(GatePoint::AfterTraffic));
    assert_eq!(done.stage.as_deref(), Some("SUCCESSFUL"));
}

#[test]
fn what_cannot_be_counted_has_a_stage_only() {
    let starting = GoingOn::Starting {
        is_broken_off: false,
    };
    assert_eq!(of(&starting, &[]), Meter::staged("being started"));
    assert_eq!(of(&GoingOn::Service(None), &[]), Meter::default());
}
