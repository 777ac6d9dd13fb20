//! Deployments that wait for people: at the check `approval` of a gate, at a pause hook, and before CodeDeploy
//! shifts the traffic. And gates that are tried on what runs, which ask nobody.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{
    gate::{Approval, Verdict},
    record::{DeploymentRecord, Status},
    target::{GatePoint, Target},
};
use greenlight_deployer::{
    Deployer,
    approve::{Answer, ApproveError, Given},
    control::ControlError,
    gate::VerifyError,
};
use greenlight_tests::{
    releases::{Release, asks, released},
    world::{World, targets_in},
};
use jiff::Timestamp;
use rehearsal::{
    account::{Settings, containers::ImageSpec},
    scenario::sample::Stand,
};
use tokio::time::{Duration, sleep};

const POINT: GatePoint = GatePoint::BeforeTraffic;

/// The targets of a stand, with this check as the last of the gate before traffic.
fn asking(stand: Stand, check: &str) -> Vec<Target> {
    let document = stand.targets();
    let (before, rest) = document.split_once("      before_traffic:\n").unwrap();
    targets_in(&format!(
        "{before}      before_traffic:\n        - {check}\n{rest}"
    ))
}

async fn open(stand: Stand, check: &str) -> World {
    let world = World::open_stand_in(Settings::for_tests(), stand, &asking(stand, check)).await;
    // A gate that outlasts an invocation is carried on by the schedule.
    world.sample.account.events().resume_schedules();
    world
}

fn yes() -> Answer {
    Answer {
        approved: true,
        reason: None,
        point: None,
        deployment: None,
    }
}

fn no(reason: &str) -> Answer {
    Answer {
        approved: false,
        reason: Some(reason.to_owned()),
        ..yes()
    }
}

async fn answer(world: &World, who: &Deployer, answer: &Answer) -> Result<Given, ApproveError> {
    Box::pin(who.approve(&world.target().await, answer)).await
}

async fn asked(world: &World) -> Vec<Approval> {
    let target = world.target().await;
    world.operator.open_approvals(&target).await.unwrap()
}

/// Waits until a gate asks people.
async fn until_asked(world: &World) -> Approval {
    for _ in 0..3600 {
        if let Some(approval) = asked(world).await.into_iter().next() {
            return approval;
        }
        sleep(Duration::from_secs(1)).await;
    }
    panic!("nobody is asked: {}", world.sample.busy_with());
}

/// Waits until AWS waits for somebody.
async fn until_awaiting(world: &World) {
    for _ in 0..3600 {
        if !world.sample.awaiting().is_empty() {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
    panic!("nothing waits: {}", world.sample.busy_with());
}

/// What the gate before traffic found, as its check `approval` says.
fn approval_of(record: &DeploymentRecord) -> (Verdict, String, Vec<String>) {
    let report = &record.gates[&POINT];
    let mut checks = report.checks.iter();
    let check = checks.find(|it| it.check.starts_with("approval")).unwrap();
    (check.verdict, check.summary.clone(), check.evidence.clone())
}

const TWO: &str = r#"approval: { approvals: 2, question: "Has the migration run?", timeout: 30m }"#;

#[tokio::test(start_paused = true)]
async fn two_people_let_a_deployment_go_on_under_codedeploy_and_under_ecs() {
    for stand in [Stand::CodeDeploy, Stand::BlueGreen] {
        let world = open(stand, TWO).await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        let approval = until_asked(&world).await;
        assert_eq!(approval.needed, 2);
        assert!(approval.images.contains("mco/api:test"), "{approval:?}");
        let (jane, joe) = (world.person("jane"), world.person("joe"));
        for _ in 0..2 {
            let given = answer(&world, &jane, &yes()).await.unwrap();
            assert!(matches!(given, Given::Gate { missing: 1, .. }), "{given:?}");
        }
        sleep(Duration::from_mins(5)).await;
        assert_eq!(
            world.status_of(&v2).await,
            Some(Status::Started),
            "{stand:?}"
        );
        let progress = world
            .operator
            .progress(&world.target().await)
            .await
            .unwrap();
        let awaiting = progress.awaiting.unwrap();
        assert_eq!(
            awaiting.what,
            "gate before_traffic waits for 1 of 2 approvals: Has the migration run?"
        );
        assert!(awaiting.remedy.contains("greenlight approve api-test"));
        let given = answer(&world, &joe, &yes()).await.unwrap();
        assert!(matches!(given, Given::Gate { missing: 0, .. }), "{given:?}");
        world.quiet().await;
        let record = world.record_of(&v2).await;
        assert_eq!(record.status, Status::Succeeded, "{stand:?}: {record:?}");
        let (verdict, summary, evidence) = approval_of(&record);
        assert_eq!(verdict, Verdict::Passed);
        assert_eq!(
            summary,
            "approved by arn:aws:sts::123456789012:assumed-role/jane/jane, \
             arn:aws:sts::123456789012:assumed-role/joe/joe"
        );
        assert_eq!(evidence.len(), 2, "{evidence:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn people_are_asked_by_an_event_that_says_how_to_answer() {
    let world = open(Stand::CodeDeploy, TWO).await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    let approval = until_asked(&world).await;
    sleep(Duration::from_mins(5)).await;
    let mut events = world.emitted_events();
    events.retain(|event| event["detail-type"] == "Approval Requested");
    assert_eq!(events.len(), 1, "it is emitted once: {events:?}");
    let detail = &events[0]["detail"];
    assert_eq!(detail["target"], "api-test");
    assert_eq!(detail["point"], "before_traffic");
    assert_eq!(detail["question"], "Has the migration run?");
    assert_eq!(detail["needed"], 2);
    assert_eq!(detail["until"], approval.until.to_string());
    assert_eq!(
        detail["deployment"],
        approval.deployment.unwrap().to_string()
    );
    assert_eq!(
        detail["answer"],
        "answer by `greenlight approve api-test` or `greenlight reject api-test --reason WHY`"
    );
    answer(&world, &world.operator, &no("enough"))
        .await
        .unwrap();
    world.quiet().await;
}

#[tokio::test(start_paused = true)]
async fn one_rejection_fails_the_deployment_and_says_who_and_why() {
    for stand in [Stand::CodeDeploy, Stand::BlueGreen] {
        let world = open(stand, TWO).await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        until_asked(&world).await;
        let (jane, joe) = (world.person("jane"), world.person("joe"));
        answer(&world, &jane, &yes()).await.unwrap();
        answer(&world, &joe, &no("the migration has not run"))
            .await
            .unwrap();
        let late = answer(&world, &jane, &yes()).await;
        world.quiet().await;
        assert!(late.is_err(), "it was rejected already");
        let record = world.record_of(&v2).await;
        assert_eq!(record.status, Status::Failed, "{stand:?}");
        let (verdict, summary, _) = approval_of(&record);
        assert_eq!(verdict, Verdict::Failed);
        let expected =
            "rejected by arn:aws:sts::123456789012:assumed-role/joe/joe: the migration has not run";
        assert_eq!(summary, expected);
        assert_eq!(world.sample.live_digest().as_ref(), Some(&world.sample.v1));
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_answers_fails_when_its_time_is_over() {
    for (stand, check) in [
        (Stand::CodeDeploy, "approval: { timeout: 35m }"),
        (Stand::BlueGreen, "approval: { timeout: 3h }"),
    ] {
        let world = open(stand, check).await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        let approval = until_asked(&world).await;
        world.quiet().await;
        let record = world.record_of(&v2).await;
        assert_eq!(record.status, Status::Failed, "{stand:?}");
        let (verdict, summary, _) = approval_of(&record);
        assert_eq!(verdict, Verdict::Failed);
        assert!(summary.contains("1 of 1 approvals"), "{summary}");
        assert!(record.concluded_at.unwrap() >= approval.until);
        assert_eq!(world.sample.live_digest().as_ref(), Some(&world.sample.v1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_comes_by_the_same_gate_at_each_step_asks_once() {
    let world = open(Stand::Canary, "approval: {}").await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    until_asked(&world).await;
    answer(&world, &world.operator, &yes()).await.unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    let requested = world.emitted();
    let requested = requested.iter().filter(|it| *it == "Approval Requested");
    assert_eq!(requested.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_answers_at_once_both_count() {
    let world = open(Stand::CodeDeploy, TWO).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    until_asked(&world).await;
    let (jane, joe) = (world.person("jane"), world.person("joe"));
    let (jane, joe) = (yes_of(&world, &jane), yes_of(&world, &joe));
    let (jane, joe) = futures_util::join!(jane, joe);
    jane.unwrap();
    joe.unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
}

async fn yes_of(world: &World, who: &Deployer) -> Result<Given, ApproveError> {
    answer(world, who, &yes()).await
}

#[tokio::test(start_paused = true)]
async fn a_pause_hook_is_approved_or_rejected_and_the_record_says_by_whom() {
    let world = World::open_stand(Stand::PausedCanary).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    until_awaiting(&world).await;
    let jane = world.person("jane");
    let given = answer(&world, &jane, &yes()).await.unwrap();
    assert!(matches!(given, Given::Aws { .. }), "{given:?}");
    sleep(Duration::from_mins(1)).await;
    until_awaiting(&world).await;
    answer(&world, &jane, &no("the canary is too slow"))
        .await
        .unwrap();
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Failed);
    let decisions: Vec<(bool, Option<&str>)> = record
        .decisions
        .iter()
        .map(|it| (it.approved, it.reason.as_deref()))
        .collect();
    assert_eq!(
        decisions,
        [(true, None), (false, Some("the canary is too slow"))]
    );
    let who = "arn:aws:sts::123456789012:assumed-role/jane/jane";
    assert!(record.decisions.iter().all(|it| it.who == who));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&world.sample.v1));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_waits_nothing_is_answered_and_nothing_is_stopped() {
    let world = World::open().await;
    let idle = answer(&world, &world.operator, &yes()).await.unwrap_err();
    assert!(
        matches!(
            idle,
            ApproveError::Control(ControlError::NothingUnderWay { .. })
        ),
        "{idle:?}"
    );
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_mins(1)).await;
    let busy = answer(&world, &world.operator, &no("no"))
        .await
        .unwrap_err();
    assert!(
        matches!(
            busy,
            ApproveError::Control(ControlError::NothingWaits { .. })
        ),
        "{busy:?}"
    );
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_gate_is_tried_on_what_runs_whoever_deploys_it() {
    for (stand, point) in [
        (Stand::CodeDeploy, GatePoint::BeforeTraffic),
        (Stand::BlueGreen, GatePoint::AfterInstall),
        (Stand::Rolling, GatePoint::AfterTraffic),
    ] {
        let world = World::open_stand(stand).await;
        let stored = world.target().await;
        let records = world.history().await.len();
        let verified = world
            .operator
            .verify_gate(&stored, point, Timestamp::MAX)
            .await
            .unwrap();
        assert_eq!(
            verified.report.verdict,
            Verdict::Passed,
            "{stand:?}: {verified:#?}"
        );
        let checks = stored.target.gates.get(point).unwrap().len();
        assert_eq!(verified.report.checks.len(), checks);
        assert_eq!(world.target().await, stored, "nothing is written");
        assert_eq!(world.history().await.len(), records);
    }
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_is_tried_asks_nobody_and_tells_of_every_check() {
    let checks = "http: { url: \"http://10.99.0.1/\", timeout: 5s }\n        - approval: {}";
    let world = open(Stand::BlueGreen, checks).await;
    let stored = world.target().await;
    let tried = world.operator.verify_gate(&stored, POINT, Timestamp::MAX);
    let verified = tried.await.unwrap();
    let verdicts: Vec<(&str, bool)> = verified
        .report
        .checks
        .iter()
        .map(|check| (check.check.as_str(), check.verdict == Verdict::Passed))
        .collect();
    assert_eq!(
        verdicts,
        [("http", false), ("digest", true), ("http", true)]
    );
    assert_ne!(verified.report.verdict, Verdict::Passed);
    assert_eq!(verified.skipped, ["approval"]);
    assert_eq!(asked(&world).await, []);
    let nowhere = world
        .operator
        .verify_gate(&stored, GatePoint::AfterTraffic, Timestamp::MAX)
        .await;
    assert!(matches!(nowhere, Err(VerifyError::NoChecks { .. })));
}

async fn ask(world: &World, asked: &str) -> Release {
    released(world, "asks", "Ask", &[("asked", asked)]).await
}

#[tokio::test(start_paused = true)]
async fn the_action_verify_tries_a_gate_and_fails_with_what_it_found() {
    let document = Stand::Rolling
        .targets()
        .replace("timeout: 5m", "timeout: 1m");
    let targets = targets_in(&document);
    let world = World::open_stand_in(Settings::for_tests(), Stand::Rolling, &targets).await;
    asks(&world);
    let verify = r#"{"action": "verify", "target": "api-test", "gate": "after_traffic"}"#;
    let passed = ask(&world, verify).await;
    assert_eq!(passed.status, "Succeeded", "{:?}", passed.error);
    let elsewhere = r#"{"action": "verify", "target": "api-test", "gate": "before_traffic"}"#;
    let (code, message) = ask(&world, elsewhere).await.error.unwrap();
    assert_eq!(code, "ConfigurationError");
    assert!(
        message.contains("has no checks at before_traffic"),
        "{message}"
    );
    let unreachable = document.replace(
        "- digest: { timeout: 1m }",
        "- http: { url: \"http://10.99.0.1/\", timeout: 5s }",
    );
    world
        .operator
        .apply(&targets_in(&unreachable)[0])
        .await
        .unwrap();
    let (code, message) = ask(&world, verify).await.error.unwrap();
    assert_eq!(code, "JobFailed");
    assert!(
        message.contains("does not pass its gate after_traffic"),
        "{message}"
    );
    assert!(message.contains("check `http`"), "{message}");
}
