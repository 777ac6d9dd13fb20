//! The contracts of the two hooks at their edges: a gate whose time is over, a hook that calls again, the way back, an
//! answer that does not get through, and one that somebody else has given.
//!
//! What the checks may find is in `table.rs`; a deployment that is stopped meanwhile, an invocation that dies, and
//! CodeDeploy's hour, in `long.rs`; a panic in `endings.rs`.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use bytes::Bytes;
use greenlight_core::{gate::Verdict, record::Status, target::GatePoint};
use greenlight_tests::{
    by_hand::{CODEDEPLOY, call},
    cells::Contract,
    releases::{asks, released},
    web::Reply,
    world::{VALIDATE_GREEN, World, targets_of},
};
use http::Response;
use rehearsal::{
    account::{
        HookFailure, Settings,
        containers::ImageSpec,
        ecs::{Controller, Native, ServiceSpec, Stage, Strategy},
    },
    scenario::sample::Stand,
};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

const STAGE: &str = "PRE_PRODUCTION_TRAFFIC_SHIFT";
const PUT_STATUS: &str = "codedeploy:PutLifecycleEventHookExecutionStatus";

async fn open(contract: Contract, check: &str) -> World {
    open_in(Settings::for_tests(), contract, check).await
}

async fn open_in(settings: Settings, contract: Contract, check: &str) -> World {
    let target = contract.target(&[check.to_owned()]).unwrap();
    let world = World::open_stand_in(settings, contract.stand(), &[target]).await;
    world.sample.account.events().resume_schedules();
    world
}

/// The same under ECS, with another service.
async fn open_native(check: &str, change: impl FnOnce(&mut Native)) -> World {
    let target = Contract::Native.target(&[check.to_owned()]).unwrap();
    World::open_stand_with(Stand::BlueGreen, &[target], |spec| {
        change_native(spec, change);
    })
    .await
}

fn change_native(spec: &mut ServiceSpec, change: impl FnOnce(&mut Native)) {
    if let Controller::Ecs(controller) = &mut spec.controller
        && let Strategy::Native(native) = &mut controller.configuration.strategy
    {
        change(native);
    }
}

/// What was answered: of ECS, the last answer after those that it goes on.
fn answered(world: &World, contract: Contract) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    if contract == Contract::CodeDeploy {
        let journal = world.sample.account.journal();
        let calls = journal.calls_of(VALIDATE_GREEN, PUT_STATUS).into_iter();
        return calls.map(|call| text(&call.request["status"])).collect();
    }
    let answers = world.gate_answers().into_iter();
    let answers = answers.filter(|it| it.payload["lifecycleStage"] == STAGE);
    let said = answers.map(|it| text(&it.answer.unwrap()["hookStatus"]));
    said.filter(|it| it != "IN_PROGRESS").collect()
}

/// How often a probe has asked for `/health`.
fn asked(world: &World) -> usize {
    let asked = world.web.asked().into_iter();
    asked.filter(|it| it.uri().path() == "/health").count()
}

/// What is wrong with `/health`; everything else is as usual.
fn unwell(world: &World, reply: fn() -> Reply) {
    world
        .web
        .replies(move |request| match request.uri().path() {
            "/health" => reply(),
            _ => Reply::Usual,
        });
}

/// Deploys an image, which does not pass.
async fn fails(world: &World, contract: Contract, image: &ImageSpec) -> String {
    let v2 = world.sample.push(image).unwrap();
    world.quiet().await;
    let failed = match contract {
        Contract::CodeDeploy => "Failed",
        _ => "FAILED",
    };
    assert_eq!(answered(world, contract), [failed], "{contract:?}");
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed));
    let live = world.sample.live_digest();
    assert_eq!(live.as_ref(), Some(&world.sample.v1), "{contract:?}");
    v2
}

#[tokio::test(start_paused = true)]
async fn an_application_that_never_answers_holds_nobody_up() {
    for contract in [Contract::CodeDeploy, Contract::Native] {
        let world = open(contract, "http: {path: /health, timeout: 2m}").await;
        unwell(&world, || Reply::Never);
        let began = Instant::now();
        let v2 = fails(&world, contract, &ImageSpec::healthy("v2")).await;
        assert!(began.elapsed() < Duration::from_mins(10), "{contract:?}");
        let report = &world.record_of(&v2).await.gates[&GatePoint::BeforeTraffic];
        assert_eq!(report.verdict, Verdict::Error, "{report:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_whose_time_is_over_tells_what_its_gate_has_found() {
    let world = open(Contract::Pipeline, "http: {path: /health, timeout: 9m}").await;
    asks(&world);
    unwell(&world, || Reply::Never);
    let verify = r#"{"action": "verify", "target": "api-test", "gate": "before_traffic"}"#;
    let release = Box::pin(released(&world, "asks", "Ask", &[("asked", verify)])).await;
    let (code, message) = release.error.unwrap();
    assert_eq!(code, "JobFailed", "{message}");
    assert!(
        message.contains("does not pass its gate before_traffic: error"),
        "{message}"
    );
    assert!(
        message.contains("could not be measured in time"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_gate_is_answered_before_ecs_gives_its_hook_up() {
    let check = "http: {path: /health, expect: {status: [299]}, interval: 20s, timeout: 5h}";
    let world = open_native(check, |native| native.hooks[0].timeout_minutes = 20).await;
    let v2 = fails(&world, Contract::Native, &ImageSpec::healthy("v2")).await;
    let report = &world.record_of(&v2).await.gates[&GatePoint::BeforeTraffic];
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let lasted = report.started_at.duration_until(report.ended_at).as_mins();
    assert!((17..20).contains(&lasted), "{lasted} minutes");
    let check = &report.checks[0];
    assert!(check.summary.contains("not in time"), "{check:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_hook_of_ecs_that_calls_again_is_one_run_of_the_gate() {
    let check = "tasks: {count: 8, interval: 20s, timeout: 10m}";
    let world = open(Contract::Native, check).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    let calls = || {
        let mut calls = world.gate_answers();
        calls.retain(|it| it.payload["lifecycleStage"] == STAGE);
        calls
    };
    while calls().is_empty() {
        sleep(Duration::from_millis(500)).await;
    }
    let call = calls().remove(0);
    assert_eq!(call.answer.unwrap()["hookStatus"], "IN_PROGRESS");
    // Both at once, and beside what ECS itself calls.
    let invoke = || world.invoke(VALIDATE_GREEN, call.payload.clone());
    let (one, other) = futures_util::join!(invoke(), invoke());
    let statuses = [one, other].map(|it| it.unwrap()["hookStatus"].clone());
    assert!(statuses.contains(&json!("IN_PROGRESS")), "{statuses:?}");
    assert!(!statuses.contains(&json!("FAILED")), "{statuses:?}");
    world.quiet().await;
    let journal = world.sample.account.journal();
    let report = &world.record_of(&v2).await.gates[&GatePoint::BeforeTraffic];
    assert_eq!(report.checks[0].counts.successful, 8, "{report:#?}");
    // When all is over, nothing may pass any more, and nothing is measured.
    let listed = journal.calls_of(VALIDATE_GREEN, "ecs:ListTasks").len();
    let late = invoke().await.unwrap();
    assert_eq!(late, json!({"hookStatus": "FAILED"}));
    let after = journal.calls_of(VALIDATE_GREEN, "ecs:ListTasks").len();
    assert_eq!(after, listed);
}

#[tokio::test(start_paused = true)]
async fn the_way_back_is_answered_without_a_measurement() {
    let targets = targets_of(Stand::BlueGreen);
    let world = World::open_stand_with(Stand::BlueGreen, &targets, |spec| {
        change_native(spec, |native| {
            native.hooks[0].stages.push(Stage::ProductionTrafficShift);
        });
    })
    .await;
    world.sample.push(&ImageSpec::answers_500("v2")).unwrap();
    let is_failed = |world: &World| {
        let answers = world.gate_answers().into_iter();
        let mut answers = answers.map(|it| it.answer.unwrap());
        answers.any(|it| it["hookStatus"] == "FAILED")
    };
    while !is_failed(&world) {
        sleep(Duration::from_millis(200)).await;
    }
    let before = asked(&world);
    assert!(before > 0);
    world.quiet().await;
    let mut answers = world.gate_answers().into_iter();
    let back = answers.find(|it| it.payload["lifecycleStage"] == "PRODUCTION_TRAFFIC_SHIFT");
    let back = back.unwrap().answer.unwrap();
    assert_eq!(back, json!({"hookStatus": "SUCCEEDED"}));
    assert_eq!(asked(&world), before, "nothing is measured on the way back");
    let live = world.sample.live_digest();
    assert_eq!(live.as_ref(), Some(&world.sample.v1));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_get_through_is_sent_again_by_a_later_invocation() {
    let settings = Settings {
        hooks: HookFailure::WaitForTimeout,
        ..Settings::for_tests()
    };
    let contract = Contract::CodeDeploy;
    let world = open_in(settings, contract, "http: {path: /health}").await;
    let answer = "PutLifecycleEventHookExecutionStatus";
    world.gate_wire.delay(answer, Duration::from_hours(2));
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_mins(17)).await;
    let before = asked(&world);
    assert_eq!(before, 3, "the gate has long been passed");
    assert!(answered(&world, contract).is_empty());
    world.gate_wire.delay(answer, Duration::ZERO);
    world.quiet().await;
    let said = answered(&world, contract);
    assert_eq!(said, ["Succeeded"]);
    assert_eq!(asked(&world), before, "the verdict was kept");
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.sample.live_digest(), Some(v2));
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_has_answered_already_is_no_error() {
    let world = open(Contract::CodeDeploy, "http: {path: /health, timeout: 1m}").await;
    unwell(&world, || {
        let mut answer = Response::new(Bytes::from_static(b"no"));
        *answer.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        Reply::Answer(answer)
    });
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    while asked(&world) == 0 {
        sleep(Duration::from_secs(1)).await;
    }
    let account = &world.sample.account;
    let calls = account.journal().calls().into_iter();
    let mut calls = calls.filter(|it| it.caller == VALIDATE_GREEN && it.operation == "UpdateItem");
    let taken = calls.next().unwrap().request;
    let key = taken["Key"]["pk"]["S"].as_str().unwrap();
    let answer = json!({
        "deploymentId": key.trim_start_matches("gate#"),
        "lifecycleEventHookExecutionId": taken["ExpressionAttributeValues"][":hook"]["S"],
        "status": "Succeeded",
    });
    let operation = "PutLifecycleEventHookExecutionStatus";
    call(account, CODEDEPLOY, operation, answer).await;
    world.quiet().await;
    let answers = world.gate_answers().into_iter();
    let mut answers = answers.map(|it| it.answer.unwrap());
    let ours = answers.find(|it| it["verdict"] == "Failed").unwrap();
    assert_eq!(ours["answer"], "already completed", "{ours}");
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
}
