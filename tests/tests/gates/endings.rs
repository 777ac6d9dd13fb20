//! What a gate never does, however it ends: it leaves nobody without an answer, sends nothing to where credentials are
//! given out, and tells no secret.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use bytes::Bytes;
use greenlight_core::{
    gate::{GateReport, Verdict},
    record::Status,
    target::GatePoint,
};
use greenlight_tests::{
    heard::Heard,
    web::Reply,
    world::{VALIDATE_GREEN, World, targets_in},
};
use http::{Request, Response, header};
use rehearsal::{
    account::{Settings, containers::ImageSpec},
    scenario::sample::Stand,
};
use serde_json::{Value, json};

const STANDS: [Stand; 2] = [Stand::CodeDeploy, Stand::BlueGreen];
const STAGE: &str = "PRE_PRODUCTION_TRAFFIC_SHIFT";
/// What the gate asks for. The functions ask for more by the same probe: the layers of images.
const HEALTH: &str = "/health";

/// What comes back of a request for [`HEALTH`].
type Instead = fn() -> Reply;

/// A world in which we may answer in the place of the green tasks.
struct Played {
    world: World,
}

impl Played {
    /// The sample target with this check before traffic.
    async fn open(stand: Stand, check: &str, instead: Instead) -> Self {
        let deploy = if stand == Stand::CodeDeploy {
            "codedeploy: {application: API, group: API}"
        } else {
            "native: {}"
        };
        let document = format!(
            "targets:\n  - name: api-test\n    images:\n      - {{container: api, repository: mco/api, tags: [test]}}\n    \
             service: {{cluster: mco, name: api}}\n    deploy: {{{deploy}}}\n    \
             gates: {{before_traffic: [{{{check}}}]}}\n"
        );
        let targets = targets_in(&document);
        let world = World::open_stand_in(Settings::for_tests(), stand, &targets).await;
        world.sample.account.events().resume_schedules();
        world
            .web
            .replies(move |request| match request.uri().path() {
                HEALTH => instead(),
                _ => Reply::Usual,
            });
        Self { world }
    }

    /// What the gate has sent to the green tasks, or to wherever they have led it.
    fn sent(&self) -> Vec<Request<Bytes>> {
        let mut sent = self.world.web.asked();
        sent.retain(|it| it.uri().path() == HEALTH || is_forbidden(it));
        sent
    }

    /// What whoever waits at the gate was told, oldest first, as each of the two calls it.
    fn told(&self) -> Vec<String> {
        if self.world.sample.stand == Stand::CodeDeploy {
            let journal = self.world.sample.account.journal();
            let action = "codedeploy:PutLifecycleEventHookExecutionStatus";
            let calls = journal.calls_of(VALIDATE_GREEN, action).into_iter();
            return calls.map(|it| text(&it.request["status"])).collect();
        }
        let answers = self.world.gate_answers().into_iter();
        let answers = answers.filter(|it| it.payload["lifecycleStage"] == STAGE);
        let told = answers.map(|it| text(&it.answer.unwrap()["hookStatus"]));
        told.filter(|it| it != "IN_PROGRESS").collect()
    }

    /// Deploys an image, which does not get traffic; gives its digest.
    async fn fails(&self, image: &ImageSpec) -> String {
        let world = &self.world;
        let stand = world.sample.stand;
        let digest = world.sample.push(image).unwrap();
        world.quiet().await;
        let failed = if stand == Stand::CodeDeploy {
            "Failed"
        } else {
            "FAILED"
        };
        assert_eq!(self.told(), [failed], "{stand:?}");
        let live = world.sample.live_digest();
        assert_eq!(live.as_ref(), Some(&world.sample.v1), "{stand:?}");
        assert_eq!(
            world.status_of(&digest).await,
            Some(Status::Failed),
            "{stand:?}"
        );
        digest
    }

    async fn report(&self, digest: &str) -> GateReport {
        let mut record = self.world.record_of(digest).await;
        record.gates.remove(&GatePoint::BeforeTraffic).unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_fails_the_gate_and_whoever_waits_is_told_once() {
    for stand in STANDS {
        let check = "http: {path: /health}";
        let played = Played::open(stand, check, || Reply::Panic).await;
        let v2 = played.fails(&ImageSpec::healthy("v2")).await;
        assert_eq!(played.sent().len(), 1, "{stand:?}");
        // No verdict of the check is known, so none is made up.
        let record = played.world.record_of(&v2).await;
        assert!(record.gates.is_empty(), "{stand:?}: {record:#?}");
        assert!(record.reason.is_some(), "{stand:?}: {record:#?}");
        let answers = played.world.gate_answers();
        assert!(
            answers.iter().all(|it| it.answer.is_ok()),
            "{stand:?}: the function itself does not fail: {answers:#?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn green_tasks_that_never_answer_fail_the_gate_in_its_time() {
    for stand in STANDS {
        let check = "http: {path: /health, timeout: 30s}";
        let played = Played::open(stand, check, || Reply::Never).await;
        let v2 = played.fails(&ImageSpec::healthy("v2")).await;
        let report = played.report(&v2).await;
        let check = &report.checks[0];
        assert_eq!(check.verdict, Verdict::Error, "{stand:?}: {check:#?}");
        assert!(check.summary.contains("no answer from"), "{check:#?}");
        assert_eq!(check.counts.successful + check.counts.failed, 0);
        let lasted = report.started_at.duration_until(report.ended_at).as_secs();
        assert!((25..45).contains(&lasted), "{stand:?}: {lasted} s");
    }
}

/// Where credentials are given out: the instance's metadata, the tasks' endpoint, Lambda's runtime.
const FORBIDDEN: [(&str, Instead); 3] = [
    ("169.254.169.254", || {
        redirect("http://169.254.169.254/latest/meta-data/iam/security-credentials/")
    }),
    ("169.254.170.2", || {
        redirect("http://169.254.170.2/v2/credentials/1")
    }),
    ("127.0.0.1", || {
        redirect("http://127.0.0.1:9001/2018-06-01/runtime/invocation/next")
    }),
];

fn is_forbidden(request: &Request<Bytes>) -> bool {
    let host = request.uri().host();
    FORBIDDEN.iter().any(|(it, _)| Some(*it) == host)
}

/// What a green task answers that wants to know what is there.
fn redirect(to: &str) -> Reply {
    let answer = Response::builder().status(302).header(header::LOCATION, to);
    Reply::Answer(answer.body(Bytes::new()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_green_task_that_redirects_to_where_credentials_are_given_out_gets_nothing_from_there() {
    for stand in STANDS {
        for (host, instead) in FORBIDDEN {
            let check = "http: {path: /health, follow_redirects: 3, error_limit: 0}";
            let played = Played::open(stand, check, instead).await;
            let v2 = played.fails(&ImageSpec::healthy("v2")).await;
            let report = played.report(&v2).await;
            let check = &report.checks[0];
            assert_eq!(check.verdict, Verdict::Error, "{check:#?}");
            let said = format!("`{host}` is not asked");
            assert!(check.summary.contains(&said), "{stand:?}: {check:#?}");
            assert_eq!(report.verdict, Verdict::Error, "{stand:?}");
            let sent = played.sent();
            assert_eq!(sent.len(), 1, "{stand:?}: {sent:?}");
            assert!(!is_forbidden(&sent[0]), "{stand:?}: {sent:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_event_of_a_failed_deployment_carries_what_its_gate_has_found() {
    for stand in STANDS {
        let check = "http: {path: /health, failure_limit: 1, label: health}";
        let played = Played::open(stand, check, || Reply::Usual).await;
        let v2 = played.fails(&ImageSpec::answers_500("v2")).await;
        let mut events = played.world.emitted_events();
        events.retain(|event| event["detail-type"] == "Deployment Failed");
        let [event] = &events[..] else {
            panic!("{stand:?}: {events:#?}");
        };
        let gate = &event["detail"]["gates"]["before_traffic"];
        assert_eq!(gate["verdict"], "failed", "{stand:?}: {gate:#}");
        let check = &gate["checks"][0];
        assert_eq!(check["check"], "http (health)", "{check:#}");
        assert_eq!(check["verdict"], "failed", "{check:#}");
        let counts = json!({"successful": 0, "failed": 2, "errors": 0, "inconclusive": 0});
        assert_eq!(check["counts"], counts, "{check:#}");
        let limits = text(&check["limits"]);
        assert!(limits.contains('1'), "{check:#}");
        assert!(text(&check["summary"]).contains("500"), "{check:#}");
        let evidence = check["evidence"].to_string();
        assert!(evidence.contains("cannot reach the database"), "{check:#}");
        // It is what the record says.
        let found = &played.report(&v2).await.checks[0];
        assert_eq!(check["summary"], found.summary, "{stand:?}");
        assert_eq!(limits, found.limits, "{stand:?}");
        assert_eq!(check["evidence"], json!(found.evidence), "{stand:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_value_of_a_header_is_sent_and_is_told_nowhere() {
    const SECRET: &str = "cHJvYmU6czNjcjN0";
    for stand in STANDS {
        for image in [ImageSpec::answers_500("v2"), ImageSpec::wrong_body("v3")] {
            let check = format!(
                "http: {{path: /health, failure_limit: 0, headers: {{authorization: \"Basic {SECRET}\"}}, \
                 expect: {{json: {{/status: ok}}}}}}"
            );
            let played = Played::open(stand, &check, || Reply::Usual).await;
            let (heard, listening) = Heard::listen();
            let digest = played.fails(&image).await;
            let sent = played.sent();
            let header = &sent[0].headers()[header::AUTHORIZATION];
            assert_eq!(header, &format!("Basic {SECRET}"), "{stand:?}");
            let record = json!(played.world.record_of(&digest).await);
            let events = json!(played.world.emitted_events());
            let answers = played.world.gate_answers();
            let answers: Vec<_> = answers.iter().map(|it| it.answer.as_ref().ok()).collect();
            drop(listening);
            let logged = json!(heard.lines());
            for told in [record, events, json!(answers), logged] {
                let told = told.to_string();
                assert!(
                    told.contains("/health") || told.contains("SUCCEEDED"),
                    "{told}"
                );
                assert!(!told.contains(SECRET), "{stand:?}: {told}");
            }
        }
    }
}
