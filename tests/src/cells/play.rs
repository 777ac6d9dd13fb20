//! Plays a cell: deploys with the row's gate, and looks at all that is told.

use std::panic::{AssertUnwindSafe, catch_unwind};

use greenlight_core::{
    gate::{CheckReport, Verdict},
    record::Status,
};
use rehearsal::account::{Settings, elb};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::{
    Absent, Contract, Ending, Row,
    deed::{STAGE_HAND, Scene},
};
use crate::{
    asked::done,
    releases::{asks, released},
    world::{VALIDATE_GREEN, World},
};

const STAGE: &str = "PRE_PRODUCTION_TRAFFIC_SHIFT";
const BY_LISTENER: &str = "path: /health";
const PUT_STATUS: &str = "codedeploy:PutLifecycleEventHookExecutionStatus";

/// Plays rows under each contract.
///
/// # Panics
/// Says which cells are not as their rows say, when all have been played.
pub fn play(rows: &[Row]) {
    let mut bad = Vec::new();
    for row in rows {
        for contract in Contract::ALL {
            // Of its own, since an account lives on, event by event, as long as the runtime does.
            let runtime = Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            let cell = || runtime.block_on(Box::pin(play_one(row, contract)));
            if catch_unwind(AssertUnwindSafe(cell)).is_err() {
                bad.push(format!("{} × {:?} × {contract:?}", row.check, row.ending));
            }
        }
    }
    assert!(
        bad.is_empty(),
        "{} cells are not as they should be: {bad:#?}",
        bad.len()
    );
}

/// Makes sure that rows and what is absent have each ending of each of the checks.
///
/// # Panics
/// Says which are missing, or there twice.
pub fn complete(checks: &[&str], rows: &[Row], absent: &[Absent]) {
    for check in checks {
        for ending in Ending::ALL {
            let is_row = rows
                .iter()
                .any(|row| row.check == *check && row.ending == ending);
            let why = absent.iter().find(|it| it.0 == *check && it.1 == ending);
            assert_ne!(is_row, why.is_some(), "{check} × {ending:?}");
            assert!(
                why.is_none_or(|it| it.2.len() > 10),
                "{check} × {ending:?}: no reason"
            );
        }
    }
}

/// Says which cell it is, where anything is not as the row says.
async fn play_one(row: &Row, contract: Contract) {
    let cell = format!("{} × {:?} × {contract:?}", row.check, row.ending);
    if let Some((_, why)) = row.not.iter().find(|(it, _)| *it == contract) {
        assert!(!why.is_empty(), "{cell}: no reason");
        return;
    }
    if let Some((_, says)) = row.refused.iter().find(|(it, _)| *it == contract) {
        let problems = contract.target(&checks(row, BY_LISTENER)).unwrap_err();
        let said = problems.to_string();
        assert!(said.contains(says), "{cell}: {said}");
        return;
    }
    let bare = contract.target(&[]).unwrap();
    let settings = Settings::for_tests();
    let world = World::open_stand_in(settings, contract.stand(), &[bare]).await;
    let account = &world.sample.account;
    // A gate that outlasts an invocation is carried on by the schedule.
    account.events().resume_schedules();
    let scene = Scene {
        account: account.clone(),
        operator: world.operator.clone(),
        contract,
    };
    scene.set(row.deed);
    let listener = elb::listener(account, &world.sample.production_listener).unwrap();
    let health = match contract {
        Contract::Rolling => format!("url: \"{}/health\"", listener.url),
        _ => BY_LISTENER.to_owned(),
    };
    let target = contract.target(&checks(row, &health));
    let target = target.unwrap_or_else(|problems| panic!("{cell}: {problems}"));
    let image = (row.image)();
    if contract == Contract::Pipeline {
        world.sample.push(&image).unwrap();
        world.quiet().await;
        world.operator.apply(&target).await.unwrap();
        asks(&world);
        pipeline(&cell, row, &world).await;
        return;
    }
    world.operator.apply(&target).await.unwrap();
    let v2 = world.sample.push(&image).unwrap();
    world.quiet().await;
    match contract {
        Contract::CodeDeploy => codedeploy(&cell, row, &world),
        Contract::Native => native(&cell, row, &world),
        // Nobody waits.
        Contract::Rolling | Contract::Pipeline => {}
    }
    record(&cell, row, contract, &world, &v2).await;
}

/// The checks of a row's gate: the stage hand's, and its own.
fn checks(row: &Row, health: &str) -> [String; 2] {
    [
        format!("lambda: {{function: {STAGE_HAND}, label: hand, timeout: 20s}}"),
        row.document.replace("$health", health),
    ]
}

/// CodeDeploy is answered once, and takes it.
fn codedeploy(cell: &str, row: &Row, world: &World) {
    let calls = world
        .sample
        .account
        .journal()
        .calls_of(VALIDATE_GREEN, PUT_STATUS);
    let [answer] = &calls[..] else {
        panic!("{cell}: {calls:#?}");
    };
    let status = if row.goes_on() { "Succeeded" } else { "Failed" };
    assert_eq!(answer.request["status"], status, "{cell}");
    assert_eq!(
        keys(&answer.request),
        ["deploymentId", "lifecycleEventHookExecutionId", "status"],
        "{cell}"
    );
    assert_eq!(answer.status, 200, "{cell}");
    if !row.goes_on() {
        let answers = world.gate_answers();
        let told = answers.iter().filter_map(|it| it.answer.as_ref().ok());
        let told: Vec<String> = told.map(Value::to_string).collect();
        assert!(
            told.iter().any(|it| it.contains(row.check)),
            "{cell}: {told:#?}"
        );
    }
}

/// Each call of ECS is answered in the only two forms that there are.
fn native(cell: &str, row: &Row, world: &World) {
    let answers = world.gate_answers().into_iter();
    let answers = answers.filter(|it| it.payload["lifecycleStage"] == STAGE);
    let mut answers: Vec<Value> = answers.map(|it| it.answer.unwrap()).collect();
    let last = answers.pop().unwrap_or_default();
    let status = if row.goes_on() { "SUCCEEDED" } else { "FAILED" };
    assert_eq!(last, json!({ "hookStatus": status }), "{cell}");
    for answer in answers {
        assert_eq!(answer["hookStatus"], "IN_PROGRESS", "{cell}");
        assert_eq!(keys(&answer), ["callBackDelay", "hookStatus"], "{cell}");
        let delay = answer["callBackDelay"].as_u64().unwrap();
        assert!((5..=30).contains(&delay), "{cell}: {delay}");
    }
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

/// The record says it, and what is live is what it says.
async fn record(cell: &str, row: &Row, contract: Contract, world: &World, v2: &str) {
    let record = world.record_of(v2).await;
    let gate = record.gates.get(&contract.point());
    let gate = gate.unwrap_or_else(|| panic!("{cell}: no report: {record:#?}"));
    let [hand, check] = &gate.checks[..] else {
        panic!("{cell}: {gate:#?}");
    };
    assert_eq!(hand.verdict, Verdict::Passed, "{cell}: {hand:#?}");
    assert_eq!(check.verdict, row.verdict, "{cell}: {check:#?}");
    assert!(names(check, row.names), "{cell}: {check:#?}");
    assert!(check.check.starts_with(row.check), "{cell}: {check:#?}");
    if row.goes_on() {
        assert_eq!(gate.verdict, Verdict::Passed, "{cell}");
        assert_eq!(record.status, Status::Succeeded, "{cell}: {record:#?}");
        assert_eq!(world.sample.live_digest().as_deref(), Some(v2), "{cell}");
        return;
    }
    assert_eq!(gate.verdict, row.verdict, "{cell}");
    assert_eq!(record.status, Status::Failed, "{cell}: {record:#?}");
    let live = world.sample.live_digest();
    assert_eq!(live.as_ref(), Some(&world.sample.v1), "{cell}: {record:#?}");
    let told = record.evidence.join("\n") + &record.reason.unwrap_or_default();
    assert!(told.contains(row.names), "{cell}: {told}");
}

fn names(check: &CheckReport, text: &str) -> bool {
    check.summary.contains(text) || check.evidence.iter().any(|it| it.contains(text))
}

/// The job is answered once, and nothing else is changed.
async fn pipeline(cell: &str, row: &Row, world: &World) {
    let before = (world.target().await, world.history().await);
    let point = Contract::Pipeline.point().name();
    let verify = json!({"action": "verify", "target": "api-test", "gate": point}).to_string();
    let release = Box::pin(released(world, "asks", "Ask", &[("asked", &verify)])).await;
    let answers = |operation| done(world, operation).len();
    let (good, bad) = (
        answers("PutJobSuccessResult"),
        answers("PutJobFailureResult"),
    );
    let expected = if row.goes_on() { (1, 0) } else { (0, 1) };
    assert_eq!((good, bad), expected, "{cell}: {release:#?}");
    if row.goes_on() {
        assert_eq!(release.status, "Succeeded", "{cell}: {:?}", release.error);
    } else {
        assert_eq!(release.status, "Failed", "{cell}");
        let (code, message) = release.error.unwrap();
        assert_eq!(code, "JobFailed", "{cell}: {message}");
        let says = format!("does not pass its gate {point}: {}", row.verdict.as_str());
        assert!(message.contains(&says), "{cell}: {message}");
        assert!(message.contains(row.names), "{cell}: {message}");
    }
    let after = (world.target().await, world.history().await);
    assert_eq!(after, before, "{cell}");
}
