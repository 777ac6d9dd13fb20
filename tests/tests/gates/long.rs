//! Gates that take longer than an invocation, and all ways in which one may be cut short.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{
    gate::{GateReport, Verdict},
    record::Status,
    target::GatePoint,
};
use greenlight_tests::{
    wire::Fault,
    world::{VALIDATE_GREEN, World, targets_in},
};
use rehearsal::{
    account::{HookFailure, Settings, containers::ImageSpec},
    scenario::sample::Stand,
};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

/// The sample target with this gate before traffic.
async fn world(stand: Stand, checks: &str) -> World {
    world_in(Settings::for_tests(), stand, checks).await
}

async fn world_in(settings: Settings, stand: Stand, checks: &str) -> World {
    let deploy = if stand == Stand::CodeDeploy {
        "codedeploy: {application: API, group: API}"
    } else {
        "native: {}"
    };
    let document = format!(
        "targets:\n  - name: api-test\n    images:\n      - {{container: api, repository: mco/api, tags: [test]}}\n    \
         service: {{cluster: mco, name: api}}\n    deploy: {{{deploy}}}\n    gates: {{before_traffic: {checks}}}\n    \
         on_failure: {{restore_tag: true}}\n"
    );
    let world = World::open_stand_in(settings, stand, &targets_in(&document)).await;
    world.sample.account.events().resume_schedules();
    world
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What the gate said to CodeDeploy, oldest first: to the hook itself, and to the schedule.
fn said_to_codedeploy(world: &World) -> Vec<String> {
    let answers = world.gate_answers().into_iter();
    let answers = answers.filter_map(|it| it.answer.ok());
    answers
        .flat_map(|answer| match answer.get("gates") {
            Some(Value::Array(gates)) => gates.iter().map(|it| it["gate"].clone()).collect(),
            _ => vec![answer],
        })
        .map(|answer| text(&answer["verdict"]))
        .collect()
}

fn said_to_ecs(world: &World) -> Vec<String> {
    let answers = world.gate_answers().into_iter();
    let answers =
        answers.filter(|it| it.payload["lifecycleStage"] == "PRE_PRODUCTION_TRAFFIC_SHIFT");
    answers
        .map(|it| text(&it.answer.unwrap()["hookStatus"]))
        .collect()
}

async fn report(world: &World, digest: &str) -> GateReport {
    let record = world.record_of(digest).await;
    record.gates[&GatePoint::BeforeTraffic].clone()
}

/// How often CodeDeploy was answered.
fn answers_sent(world: &World) -> usize {
    let journal = world.sample.account.journal();
    let action = "codedeploy:PutLifecycleEventHookExecutionStatus";
    journal.calls_of(VALIDATE_GREEN, action).len()
}

const FORTY_MINUTES: &str = "[{tasks: {count: 5, interval: 9m, initial_delay: 4m, timeout: 45m}}]";

#[tokio::test(start_paused = true)]
async fn forty_minutes_of_gate_go_by_under_codedeploy_without_a_function_that_waits() {
    let world = world(Stand::CodeDeploy, FORTY_MINUTES).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    let report = report(&world, &v2).await;
    let check = &report.checks[0];
    assert_eq!(
        (check.verdict, check.counts.successful),
        (Verdict::Passed, 5),
        "{check:?}"
    );
    let lasted = report.started_at.duration_until(report.ended_at).as_mins();
    assert!((40..=44).contains(&lasted), "{lasted} minutes");
    let said = said_to_codedeploy(&world);
    assert_eq!(
        said.last().map(String::as_str),
        Some("Succeeded"),
        "{said:?}"
    );
    // The first call only begins; then each measurement has its own.
    assert_eq!(said.len(), 6, "{said:?}");
    assert_eq!(answers_sent(&world), 1);
}

#[tokio::test(start_paused = true)]
async fn forty_minutes_of_gate_go_by_under_ecs() {
    let world = world(Stand::BlueGreen, FORTY_MINUTES).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    let check = report(&world, &v2).await.checks.remove(0);
    assert_eq!(
        (check.verdict, check.counts.successful),
        (Verdict::Passed, 5),
        "{check:?}"
    );
    let said = said_to_ecs(&world);
    let (last, before) = said.split_last().unwrap();
    assert_eq!(last, "SUCCEEDED");
    assert!(before.len() > 60, "{}", before.len());
    assert!(before.iter().all(|it| it == "IN_PROGRESS"), "{before:?}");
}

#[tokio::test(start_paused = true)]
async fn a_gate_whose_time_is_over_fails_before_codedeploy_gives_it_up() {
    // Each alone could pass; the first takes all the time that there is.
    let checks = "[{tasks: {count: 2, interval: 53m, timeout: 54m}}, {digest: {timeout: 1m}}]";
    let world = world(Stand::CodeDeploy, checks).await;
    let began = Instant::now();
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert!(began.elapsed() > Duration::from_mins(50));
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Succeeded, "{record:?}");

    // Bad all the time, and never so that it is decided before.
    let checks = "[{http: {path: /health, expect: {status: [299]}, interval: 5m, consecutive_success: 1, timeout: 55m}}]";
    let world = self::world(Stand::CodeDeploy, checks).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_ne!(world.sample.live_digest().as_ref(), Some(&v2));
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Failed);
    let report = &record.gates[&GatePoint::BeforeTraffic];
    assert_eq!(report.checks[0].counts.failed, 12, "{report:?}");
    let lasted = report.started_at.duration_until(report.ended_at).as_mins();
    assert!((55..58).contains(&lasted), "{lasted} minutes");
    assert_eq!(
        answers_sent(&world),
        1,
        "CodeDeploy was answered and did not give up"
    );
}

#[tokio::test(start_paused = true)]
async fn the_hook_that_calls_twice_is_one_run_of_the_gate_and_one_answer() {
    let world = world(Stand::CodeDeploy, FORTY_MINUTES).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    let hook = loop {
        sleep(Duration::from_secs(10)).await;
        let called = world.gate_answers().into_iter();
        let mut called = called.filter(|it| it.payload.get("DeploymentId").is_some());
        if let Some(first) = called.next() {
            break first.payload;
        }
    };
    sleep(Duration::from_mins(1)).await;
    let again = world.invoke(VALIDATE_GREEN, hook.clone()).await.unwrap();
    assert_eq!(again["verdict"], "InProgress", "{again}");
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    let check = report(&world, &v2).await.checks.remove(0);
    assert_eq!(check.counts.successful, 5, "nothing was measured twice");

    // When all is over it gets the same answer, and nothing is measured.
    let late = world.invoke(VALIDATE_GREEN, hook).await.unwrap();
    assert_eq!(late["verdict"], "Succeeded", "{late}");
    assert_eq!(late["answer"], "already completed", "{late}");
}

#[tokio::test(start_paused = true)]
async fn two_invocations_at_the_same_moment_measure_once() {
    let checks = "[{tasks: {count: 20, interval: 10s, timeout: 10m}}]";
    let world = world(Stand::CodeDeploy, checks).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    let happened = || {
        world
            .sample
            .account
            .journal()
            .calls_of(VALIDATE_GREEN, "dynamodb:UpdateItem")
    };
    while happened().is_empty() {
        sleep(Duration::from_millis(500)).await;
    }
    let hook = happened().remove(0).request;
    let token = text(&hook["ExpressionAttributeValues"][":hook"]["S"]);
    let deployment = text(&hook["Key"]["pk"]["S"]).replace("gate#", "");
    let payload = json!({"DeploymentId": deployment, "LifecycleEventHookExecutionId": token});
    let other = world.invoke(VALIDATE_GREEN, payload).await.unwrap();
    assert_eq!(other["verdict"], "InProgress", "{other}");
    assert_eq!(other["reason"], "another invocation runs this gate");
    world.quiet().await;
    let check = report(&world, &v2).await.checks.remove(0);
    assert_eq!(check.counts.successful, 20);
    assert_eq!(answers_sent(&world), 1);
}

/// A gate that is carried on once.
const BROKEN_OFF_ONCE: &str = "[{tasks: {count: 2, interval: 40s, timeout: 10m}}]";

async fn world_of_silent_failures() -> World {
    let settings = Settings {
        hooks: HookFailure::WaitForTimeout,
        ..Settings::for_tests()
    };
    world_in(settings, Stand::CodeDeploy, BROKEN_OFF_ONCE).await
}

/// How many calls a gate makes until everything about it is noted, those of the schedule included.
async fn calls_of_a_gate() -> usize {
    let world = world_of_silent_failures().await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let seen = world.gate_wire.seen();
    let is_answer = |call: &greenlight_tests::wire::Seen| {
        call.operation == "PutLifecycleEventHookExecutionStatus"
    };
    // After the answer it is noted that it was given.
    seen.iter().position(is_answer).unwrap() + 2
}

/// The gate dies at any call, or the answer to it is lost; CodeDeploy does not notice.
async fn a_fault_is_made_good(fault: Fault) {
    let calls = calls_of_a_gate().await;
    assert!((15..60).contains(&calls), "{calls}");
    for number in 0..calls {
        let world = world_of_silent_failures().await;
        world.gate_wire.inject(number, fault);
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        assert!(world.gate_wire.has_struck(), "{number}");
        let record = world.record_of(&v2).await;
        // A lost answer may fail a gate, since what was asked is not known then; it never leaves it open.
        let has_passed = record.status == Status::Succeeded;
        let has_failed = record.status == Status::Failed;
        // Nor can anything be carried on of which nothing is known: CodeDeploy gives it up after an hour.
        let is_unknown = number == 0 && fault == Fault::CrashBefore;
        assert!(
            has_passed || (has_failed && is_unknown),
            "{number}: {record:?}"
        );
        let is_live = world.sample.live_digest().as_ref() == Some(&v2);
        assert_eq!(is_live, has_passed, "{number}");
        if has_passed {
            let report = &record.gates[&GatePoint::BeforeTraffic];
            assert_eq!(report.verdict, Verdict::Passed, "{number}");
            assert_eq!(report.checks[0].counts.successful, 2, "{number}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_any_call_of_a_gate_is_made_good() {
    a_fault_is_made_good(Fault::CrashBefore).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_any_call_of_a_gate_is_made_good() {
    a_fault_is_made_good(Fault::CrashAfter).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_any_call_of_a_gate_is_made_good() {
    a_fault_is_made_good(Fault::AnswerLost).await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_is_stopped_meanwhile_ends_its_gate() {
    for stand in [Stand::CodeDeploy, Stand::BlueGreen] {
        let world = world(stand, FORTY_MINUTES).await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        let asked = || {
            world.gate_answers().iter().any(|it| {
                it.payload.get("DeploymentId").is_some()
                    || it.payload["lifecycleStage"] == "PRE_PRODUCTION_TRAFFIC_SHIFT"
            })
        };
        while !asked() {
            sleep(Duration::from_secs(10)).await;
        }
        sleep(Duration::from_mins(6)).await;
        let target = world.target().await;
        world.operator.abort(&target, "not this one").await.unwrap();
        let stopped = Instant::now();
        world.quiet().await;
        assert!(
            stopped.elapsed() < Duration::from_mins(20),
            "{stand:?}: {:?}",
            stopped.elapsed()
        );
        assert_ne!(world.sample.live_digest().as_ref(), Some(&v2), "{stand:?}");
        assert_eq!(
            world.status_of(&v2).await,
            Some(Status::Failed),
            "{stand:?}"
        );
    }
}
