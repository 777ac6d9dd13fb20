//! What a gate has found, wherever somebody may look for it: the record, the event, the function's log, and the pipeline
//! that waits for the deployment. It is the same everywhere, and no secret is told anywhere.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::slice;

use greenlight_core::{
    gate::{GateReport, Verdict},
    record::DeploymentRecord,
};
use greenlight_tests::{
    cells::Contract,
    heard::Heard,
    releases::{Release, asks, released},
    world::World,
};
use rehearsal::{
    account::{Settings, containers::ImageSpec, elb},
    scenario::sample::REPOSITORY,
};
use serde_json::{Value, json};

/// Those whose deployments a pipeline can wait for.
const DEPLOYED: [Contract; 3] = [Contract::CodeDeploy, Contract::Native, Contract::Rolling];
const SECRET: &str = "cHJvYmU6czNjcjN0";
/// What `/health` says of itself.
const CAUSE: &str = "cannot reach the database";

/// All that is told of a deployment that fails at its gate.
struct Told {
    contract: Contract,
    record: DeploymentRecord,
    event: Value,
    lines: Vec<String>,
    release: Release,
    world: World,
}

impl Told {
    /// Has a pipeline deploy an image whose `/health` is bad.
    async fn of(contract: Contract) -> Self {
        let (heard, _guard) = Heard::listen();
        let settings = Settings::for_tests();
        let bare = contract.target(&[]).unwrap();
        let world = World::open_stand_in(settings, contract.stand(), &[bare]).await;
        let account = &world.sample.account;
        account.events().resume_schedules();
        let listener = elb::listener(account, &world.sample.production_listener).unwrap();
        let health = match contract {
            Contract::Rolling => format!("url: \"{}/health\"", listener.url),
            _ => "path: /health".to_owned(),
        };
        let check = format!(
            "http: {{{health}, label: health, failure_limit: 1, headers: {{authorization: Basic {SECRET}}}}}"
        );
        let checks = ["tasks: {timeout: 1m}".to_owned(), check];
        let target = contract.target(&checks).unwrap();
        world.operator.apply(&target).await.unwrap();
        asks(&world);
        let image = ImageSpec::answers_500("v2");
        let v2 = world.sample.push_to(REPOSITORY, "v2", &image).unwrap();
        let asked = json!({"action": "deploy", "target": "api-test", "tag": "v2"}).to_string();
        let release = Box::pin(released(&world, "asks", "Ask", &[("asked", &asked)])).await;
        let record = world.record_of(&v2).await;
        let mut events = world.emitted_events();
        events.retain(|event| event["detail-type"] == "Deployment Failed");
        assert_eq!(events.len(), 1, "{contract:?}: {events:#?}");
        Self {
            contract,
            record,
            event: events.remove(0),
            lines: heard.lines(),
            release,
            world,
        }
    }

    fn report(&self) -> &GateReport {
        let report = self.record.gates.get(&self.contract.point());
        report.unwrap_or_else(|| panic!("{:?}: {:#?}", self.contract, self.record))
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_gate_has_found_is_the_same_wherever_it_is_told() {
    for contract in DEPLOYED {
        let told = Told::of(contract).await;
        let report = told.report();
        assert_eq!(report.verdict, Verdict::Failed, "{contract:?}");
        let [tasks, http] = &report.checks[..] else {
            panic!("{contract:?}: {report:#?}");
        };
        assert_eq!(tasks.verdict, Verdict::Passed, "{contract:?}");
        assert_eq!(http.check, "http (health)", "{contract:?}");
        assert_eq!((http.counts.failed, http.measured.len()), (2, 2));
        assert!(http.summary.contains("500"), "{contract:?}: {http:#?}");
        let evidence = http.evidence.join("\n");
        assert!(evidence.contains(CAUSE), "{contract:?}: {evidence}");

        // The record's own evidence begins with it.
        let failures: Vec<String> = report.failures().collect();
        assert_eq!(
            told.record.evidence[..failures.len()],
            failures,
            "{contract:?}"
        );
        let reason = told.record.reason.as_deref().unwrap();
        assert!(reason.starts_with(&failures[0]), "{contract:?}: {reason}");

        let gate = &told.event["detail"]["gates"][contract.point().name()];
        let brief = json!(report.in_brief());
        assert_eq!(*gate, brief, "{contract:?}: the event has it in brief");
        assert_eq!(gate["checks"][1]["evidence"], json!(http.evidence));

        let (code, message) = told.release.error.as_ref().unwrap();
        assert_eq!(code, "JobFailed", "{contract:?}: {message}");
        for line in &failures {
            assert!(
                message.contains(line.as_str()),
                "{contract:?}: {line}: {message}"
            );
        }
        // What `greenlight gates` prints.
        let read = told
            .world
            .operator
            .record_among(slice::from_ref(&told.record.target), told.record.id)
            .await
            .unwrap();
        assert_eq!(read.as_ref(), Some(&told.record), "{contract:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_has_the_whole_report_and_a_line_for_each_check() {
    for contract in DEPLOYED {
        let told = Told::of(contract).await;
        let report = told.report();
        let line = |parts: &[&str]| {
            let has = |line: &&String| parts.iter().all(|part| line.contains(part));
            let found = told.lines.iter().find(has);
            found.unwrap_or_else(|| panic!("{contract:?}: no {parts:?}: {:#?}", told.lines))
        };
        line(&["check=\"tasks\"", "verdict=\"passed\"", "measurements=1"]);
        line(&[
            "check=\"http (health)\"",
            "verdict=\"failed\"",
            "measurements=2",
            "500",
        ]);
        let whole = line(&["message=the gate has ended", "report="]);
        let (_, written) = whole.split_once("report=").unwrap();
        // As `Debug` writes the text, with a field or two behind.
        let mut written = serde_json::Deserializer::from_str(written).into_iter::<String>();
        let written = written.next().unwrap().unwrap();
        let logged: GateReport = serde_json::from_str(&written).unwrap();
        assert_eq!(logged, *report, "{contract:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_value_of_a_header_is_told_nowhere() {
    for contract in DEPLOYED {
        let told = Told::of(contract).await;
        let sent = told.world.web.asked();
        let has_header = |it: &&http::Request<_>| it.headers().contains_key("authorization");
        assert_eq!(sent.iter().filter(has_header).count(), 2, "{contract:?}");
        let answers = told.world.gate_answers().into_iter();
        let answers: Vec<Value> = answers.filter_map(|it| it.answer.ok()).collect();
        let events = told.world.emitted_events();
        assert!(told.lines.iter().any(|line| line.contains(CAUSE)));
        for place in [
            json!(told.record),
            json!(events),
            json!(told.lines),
            json!(answers),
            json!([told.release.error, told.release.summary]),
        ] {
            let place = place.to_string();
            assert!(!place.contains(SECRET), "{contract:?}: {place}");
            assert!(!place.contains("czNjcjN0"), "{contract:?}: {place}");
        }
    }
}
