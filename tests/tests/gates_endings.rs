//! What a gate never does, however it ends: it leaves nobody without an answer, sends nothing to where credentials are
//! given out, and tells no secret.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt as _;
use greenlight_core::{
    gate::{GateReport, Verdict},
    record::Status,
    target::GatePoint,
};
use greenlight_deployer::probe::Probe;
use greenlight_runtime::function::Invocation;
use greenlight_tests::world::{Answered, VALIDATE_GREEN, World, targets_in};
use http::{Request, Response, header};
use rehearsal::{
    account::{
        Settings,
        containers::ImageSpec,
        functions::{self, FunctionError},
    },
    scenario::sample::Stand,
};
use serde_json::{Value, json};

const STANDS: [Stand; 2] = [Stand::CodeDeploy, Stand::BlueGreen];
const STAGE: &str = "PRE_PRODUCTION_TRAFFIC_SHIFT";

/// A world in which the gate asks by a probe of ours.
struct Played {
    world: World,
    /// What the probe was to send.
    sent: Arc<Mutex<Vec<Request<Bytes>>>>,
    /// What the function was asked and has answered.
    answers: Arc<Mutex<Vec<Answered>>>,
}

/// What the probe does with a request, before it is sent to the account: it may answer it itself.
type Instead = fn(&Request<Bytes>) -> Option<Response<Bytes>>;

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
        let played = Self {
            world,
            sent: Arc::default(),
            answers: Arc::default(),
        };
        played.probe_by(instead);
        played
    }

    /// Puts the function with this probe in the place of the usual one.
    fn probe_by(&self, instead: Instead) {
        let (account, sent) = (self.world.sample.account.clone(), self.sent.clone());
        let mut deployer = self.world.person(VALIDATE_GREEN);
        deployer.probe = Probe::simulated(move |request| {
            let (account, sent) = (account.clone(), sent.clone());
            async move {
                sent.lock().unwrap().push(request.clone());
                if let Some(answer) = instead(&request) {
                    return Ok(answer);
                }
                let uri = request.uri().clone();
                let answered = account.request(uri, request).await;
                answered.map_err(|error| error.to_string())
            }
            .boxed()
        });
        let answers = self.answers.clone();
        let handler = move |called: functions::Invocation| {
            let (deployer, answers) = (deployer.clone(), answers.clone());
            async move {
                let payload = called.payload.clone();
                let invocation = Invocation {
                    payload: called.payload,
                    request_id: called.request_id,
                    deadline: called.until,
                };
                let context = validate_green::Context { deployer };
                let answer = Box::pin(validate_green::handle(&context, invocation)).await;
                let answer =
                    answer.map_err(|error| FunctionError::new("Failed", error.to_string()));
                answers.lock().unwrap().push(Answered {
                    payload,
                    answer: answer.clone(),
                });
                answer
            }
            .boxed()
        };
        let sample = &self.world.sample;
        let mut functions = sample.template.functions.iter();
        let function = functions.find(|it| it.logical_id == VALIDATE_GREEN);
        let name = &function.unwrap().name;
        sample.account.functions().register(name, Arc::new(handler));
    }

    /// What whoever waits at the gate was told, oldest first, as each of the two calls it.
    fn told(&self) -> Vec<String> {
        if self.world.sample.stand == Stand::CodeDeploy {
            let journal = self.world.sample.account.journal();
            let action = "codedeploy:PutLifecycleEventHookExecutionStatus";
            let calls = journal.calls_of(VALIDATE_GREEN, action).into_iter();
            return calls.map(|it| text(&it.request["status"])).collect();
        }
        let answers = self.answers.lock().unwrap();
        let answers = answers
            .iter()
            .filter(|it| it.payload["lifecycleStage"] == STAGE);
        let told = answers.map(|it| text(&it.answer.as_ref().unwrap()["hookStatus"]));
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
        let played = Played::open(stand, check, |_| panic!("index 7 out of range")).await;
        let v2 = played.fails(&ImageSpec::healthy("v2")).await;
        assert_eq!(played.sent.lock().unwrap().len(), 1, "{stand:?}");
        // No verdict of the check is known, so none is made up.
        let record = played.world.record_of(&v2).await;
        assert!(record.gates.is_empty(), "{stand:?}: {record:#?}");
        assert!(record.reason.is_some(), "{stand:?}: {record:#?}");
        let answers = played.answers.lock().unwrap();
        assert!(
            answers.iter().all(|it| it.answer.is_ok()),
            "{stand:?}: the function itself does not fail: {answers:#?}"
        );
    }
}

/// Where credentials are given out: the instance's metadata, the tasks' endpoint, Lambda's runtime.
const FORBIDDEN: [(&str, Instead); 3] = [
    ("169.254.169.254", |_| {
        redirect("http://169.254.169.254/latest/meta-data/iam/security-credentials/")
    }),
    ("169.254.170.2", |_| {
        redirect("http://169.254.170.2/v2/credentials/1")
    }),
    ("127.0.0.1", |_| {
        redirect("http://127.0.0.1:9001/2018-06-01/runtime/invocation/next")
    }),
];

/// What a green task answers that wants to know what is there.
#[expect(
    clippy::unnecessary_wraps,
    reason = "what a probe does instead may be nothing"
)]
fn redirect(to: &str) -> Option<Response<Bytes>> {
    let answer = Response::builder().status(302).header(header::LOCATION, to);
    Some(answer.body(Bytes::new()).unwrap())
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
            let sent = played.sent.lock().unwrap();
            let hosts: Vec<&str> = sent.iter().filter_map(|it| it.uri().host()).collect();
            assert_eq!(hosts.len(), 1, "{stand:?}: {hosts:?}");
            assert_ne!(hosts, [host], "{stand:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_event_of_a_failed_deployment_carries_what_its_gate_has_found() {
    for stand in STANDS {
        let check = "http: {path: /health, failure_limit: 1, label: health}";
        let played = Played::open(stand, check, |_| None).await;
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
            let played = Played::open(stand, &check, |_| None).await;
            let digest = played.fails(&image).await;
            let sent = played.sent.lock().unwrap();
            let header = &sent[0].headers()[header::AUTHORIZATION];
            assert_eq!(header, &format!("Basic {SECRET}"), "{stand:?}");
            let record = json!(played.world.record_of(&digest).await);
            let events = json!(played.world.emitted_events());
            let answers = played.answers.lock().unwrap();
            let answers: Vec<_> = answers.iter().map(|it| it.answer.as_ref().ok()).collect();
            for told in [record, events, json!(answers)] {
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
