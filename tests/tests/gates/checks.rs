//! The checks of a gate that ask AWS: alarms, metrics, scans, functions and one-shot tasks, under CodeDeploy and under
//! ECS's own deployments.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::sync::{Arc, Mutex};

use greenlight_core::{
    gate::{CheckReport, Verdict},
    record::Status,
    target::GatePoint,
};
use greenlight_tests::world::{VALIDATE_GREEN, World, targets_in};
use rehearsal::{
    account::{
        Settings,
        cloudwatch::{Alarm, AlarmState, Statistic},
        containers::{Behaviour, Crash, Finding, ImageSpec},
        ecr::Scanner,
    },
    scenario::sample::{REPOSITORY, Stand},
};
use serde_json::{Value, json};
use tokio::time::Duration;

const STANDS: [Stand; 2] = [Stand::CodeDeploy, Stand::BlueGreen];

/// A stand whose gate before traffic begins with this check.
async fn open(stand: Stand, check: &str) -> World {
    let document = stand.targets();
    let (before, rest) = document.split_once("      before_traffic:\n").unwrap();
    let document = format!("{before}      before_traffic:\n        - {check}\n{rest}");
    let world = World::open_stand_in(Settings::for_tests(), stand, &targets_in(&document)).await;
    // A gate that outlasts an invocation is carried on by the schedule.
    world.sample.account.events().resume_schedules();
    world
}

/// Deploys an image; gives how that ended, and what the check found.
async fn deployed(world: &World, image: &ImageSpec, check: &str) -> (Status, CheckReport) {
    let digest = world.sample.push(image).unwrap();
    world.quiet().await;
    let record = world.record_of(&digest).await;
    let report = &record.gates[&GatePoint::BeforeTraffic];
    let mut checks = report.checks.iter();
    let found = checks.find(|it| it.check.starts_with(check)).unwrap();
    (record.status, found.clone())
}

fn expect(report: &CheckReport, verdict: Verdict, summary: &str) {
    assert!(report.summary.contains(summary), "{report:#?}");
    assert_eq!(report.verdict, verdict, "{report:#?}");
}

fn has_line(report: &CheckReport, part: &str) {
    assert!(
        report.evidence.iter().any(|line| line.contains(part)),
        "no {part}: {report:#?}"
    );
}

/// What the gates asked of an operation.
fn asked(world: &World, action: &str) -> Vec<Value> {
    let calls = world
        .sample
        .account
        .journal()
        .calls_of(VALIDATE_GREEN, action);
    calls.into_iter().map(|call| call.request).collect()
}

#[tokio::test(start_paused = true)]
async fn an_image_with_a_critical_finding_does_not_get_traffic_once_its_scan_is_over() {
    for stand in STANDS {
        let world = open(stand, "scan: { ignore: [CVE-2026-1] }").await;
        let scanner = Some((Scanner::Basic, Duration::from_mins(1)));
        world
            .sample
            .account
            .set_scan_on_push(REPOSITORY, scanner)
            .unwrap();
        let image = ImageSpec::healthy("v2")
            .multi_platform()
            .with_findings([Finding::new("CVE-2026-1", "CRITICAL")]);
        let (status, found) = deployed(&world, &image, "scan").await;
        expect(
            &found,
            Verdict::Passed,
            "no findings (1 ignored) within the limits",
        );
        assert_eq!(status, Status::Succeeded);
        let image =
            ImageSpec::healthy("v3").with_findings([Finding::new("CVE-2026-2", "CRITICAL")]);
        let (status, found) = deployed(&world, &image, "scan").await;
        expect(
            &found,
            Verdict::Failed,
            "1 findings of severity CRITICAL, where 0 are allowed",
        );
        has_line(
            &found,
            "CRITICAL CVE-2026-2 in openssl 3.0.1: mco/api@sha256:",
        );
        assert_eq!(status, Status::Failed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_of_the_team_is_told_what_is_deployed_and_says_whether_it_may_go_on() {
    for stand in STANDS {
        let world = open(
            stand,
            "lambda: { function: greenlight-check-smoke, parameters: { orders: 3 } }",
        )
        .await;
        let questions: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = questions.clone();
        let handler = move |invocation: rehearsal::account::functions::Invocation| {
            let mut questions = kept.lock().unwrap();
            questions.push(invocation.payload);
            let answer = if questions.len() == 1 {
                json!({"verdict": "pending", "summary": "one order is open"})
            } else {
                json!({"verdict": "failed", "summary": "2 of 3 orders", "value": 2, "evidence": ["order 7 is lost"]})
            };
            let answer: futures_util::future::BoxFuture<'static, _> =
                Box::pin(async { Ok(answer) });
            answer
        };
        world
            .sample
            .account
            .functions()
            .register("greenlight-check-smoke", Arc::new(handler));
        let (status, found) = deployed(&world, &ImageSpec::healthy("v2"), "lambda").await;
        expect(&found, Verdict::Failed, "2 of 3 orders");
        assert_eq!(found.evidence, ["order 7 is lost"]);
        assert_eq!(status, Status::Failed);
        let questions = questions.lock().unwrap();
        assert_eq!(questions.len(), 2);
        let question = &questions[1];
        assert_eq!(question["parameters"], json!({"orders": 3}));
        assert_eq!(question["point"], "before_traffic");
        assert_eq!(question["target"], "api-test");
        assert_eq!(
            question["service"],
            json!({"cluster": "mco", "name": "api"})
        );
        assert_eq!(question["attempt"], 1);
        assert!(
            question["testListener"]
                .as_str()
                .unwrap()
                .starts_with("http"),
            "{question}"
        );
        let uri = question["images"][0]["uri"].as_str().unwrap();
        assert!(uri.contains("/mco/api@sha256:"), "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_with_the_same_image_has_to_end_well_and_runs_once() {
    for stand in STANDS {
        let world = open(stand, "task: { command: [bin/smoke] }").await;
        let smoke = |version: &str, exit_code| {
            let behaviour = Behaviour {
                last_words: vec!["order 7 is lost".to_owned()],
                ..Behaviour::one_shot(Duration::from_secs(45), exit_code)
            };
            ImageSpec::healthy(version).with_command(&["bin/smoke"], behaviour)
        };
        let (status, found) = deployed(&world, &smoke("v2", 0), "task").await;
        expect(&found, Verdict::Passed, "ended with exit code 0");
        assert_eq!(status, Status::Succeeded);
        assert_eq!(asked(&world, "ecs:RunTask").len(), 1);
        let (status, found) = deployed(&world, &smoke("v3", 3), "task").await;
        expect(&found, Verdict::Failed, "container `api` exited with 3");
        has_line(&found, "log of `api`: order 7 is lost");
        assert_eq!(status, Status::Failed);
        assert_eq!(asked(&world, "ecs:RunTask").len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_lines_of_a_task_that_never_ran_steadily_are_evidence_of_its_deployment() {
    let world = open(Stand::CodeDeploy, "tasks: {}").await;
    let image = ImageSpec::crashes("v2", 137).behaving(|it| {
        it.last_words = vec!["no database".to_owned()];
    });
    let digest = world.sample.push(&image).unwrap();
    world.quiet().await;
    let record = world.record_of(&digest).await;
    assert_eq!(record.status, Status::Failed);
    let evidence = &record.evidence;
    let words = "log of `api`: no database";
    let line = evidence.iter().position(|line| line == words);
    let reason = evidence
        .iter()
        .position(|line| line.contains("exit code 137"));
    assert!(reason.is_some() && reason < line, "{evidence:#?}");
}

#[tokio::test(start_paused = true)]
async fn the_last_lines_of_a_green_task_that_stops_at_the_gate_are_evidence_of_its_check() {
    const CHECK: &str = "tasks: { consecutive_success: 300, timeout: 20m }";
    for stand in STANDS {
        let world = open(stand, CHECK).await;
        let image = ImageSpec::healthy("v2").behaving(|it| {
            let after = Duration::from_mins(3);
            it.crash = Some(Crash {
                after,
                exit_code: 137,
            });
            it.last_words = vec!["out of memory".to_owned()];
        });
        let (status, found) = deployed(&world, &image, "tasks").await;
        expect(&found, Verdict::Failed, "green tasks keep stopping");
        has_line(&found, "exit code 137");
        has_line(&found, "log of `api`: out of memory");
        assert_eq!(status, Status::Failed);
    }
}

#[tokio::test(start_paused = true)]
async fn green_and_blue_are_asked_for_by_their_own_target_groups() {
    const CHECK: &str = "metric: { namespace: AWS/ApplicationELB, metric: TargetResponseTime, statistic: p95, \
        dimensions: { LoadBalancer: $load_balancer, TargetGroup: $target_group }, no_worse_than: blue, \
        on_no_data: pass }";
    for stand in STANDS {
        let world = open(stand, CHECK).await;
        let (status, found) = deployed(&world, &ImageSpec::healthy("v2"), "metric").await;
        expect(&found, Verdict::Passed, "passes by `on_no_data: pass`");
        assert_eq!(status, Status::Succeeded);
        let asked = asked(&world, "cloudwatch:GetMetricData");
        let dimension = |call: &Value, name: &str| {
            let stat = &call["MetricDataQueries"][0]["MetricStat"];
            let dimensions = stat["Metric"]["Dimensions"].as_array().unwrap().iter();
            let mut named = dimensions.filter(|it| it["Name"] == name);
            named.next().unwrap()["Value"].as_str().unwrap().to_owned()
        };
        let [green, blue, ..] = &asked[..] else {
            panic!("{asked:?}");
        };
        for side in [green, blue] {
            assert!(dimension(side, "LoadBalancer").starts_with("app/mco/"));
            assert!(dimension(side, "TargetGroup").starts_with("targetgroup/"));
        }
        assert_ne!(
            dimension(green, "TargetGroup"),
            dimension(blue, "TargetGroup")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_was_on_before_the_deployment_is_told_apart() {
    for stand in STANDS {
        let world = open(stand, "alarms: { names: [orders] }").await;
        let account = &world.sample.account;
        let metric = ("Shop", "Errors");
        account.put_alarm(Alarm::above("orders", metric, &[], Statistic::Sum, 1.0));
        assert!(account.set_alarm_state("orders", AlarmState::Alarm, "the shop is closed"));
        tokio::time::sleep(Duration::from_mins(1)).await;
        let (status, found) = deployed(&world, &ImageSpec::healthy("v2"), "alarms").await;
        expect(
            &found,
            Verdict::Failed,
            "alarm `orders` was on before the deployment began",
        );
        has_line(&found, "the shop is closed");
        assert_eq!(status, Status::Failed);
        assert!(account.set_alarm_state("orders", AlarmState::Ok, "open again"));
        let (status, found) = deployed(&world, &ImageSpec::healthy("v3"), "alarms").await;
        expect(&found, Verdict::Passed, "alarm `orders` is OK");
        assert_eq!(status, Status::Succeeded);
    }
}
