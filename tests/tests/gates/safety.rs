//! What probes never reach: where credentials are given out. Whoever runs the gate, whatever a green task redirects to.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use bytes::Bytes;
use greenlight_core::gate::Verdict;
use greenlight_tests::{
    cells::Contract,
    releases::{asks, released},
    web::Reply,
    world::World,
};
use http::{Response, header::LOCATION};
use rehearsal::account::{Settings, containers::ImageSpec};

/// Where a green task redirects to, and what of it the check names: the instance's metadata, the tasks' credentials,
/// Lambda's runtime, and the same in other words.
const FORBIDDEN: [(&str, &str); 8] = [
    (
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "169.254.169.254",
    ),
    ("http://169.254.170.2/v2/credentials/7f3a", "169.254.170.2"),
    (
        "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
        "127.0.0.1",
    ),
    ("//169.254.169.254/latest/api/token", "169.254.169.254"),
    ("http://2852039166/latest/meta-data", "169.254.169.254"),
    (
        "http://0x7f.1:9001/2018-06-01/runtime/invocation/next",
        "127.0.0.1",
    ),
    (
        "http://[::ffff:169.254.169.254]/latest/meta-data",
        "169.254.169.254",
    ),
    ("http://[fd00:ec2::254]/latest/meta-data", "fd00:ec2::254"),
];

/// A world whose `/go` redirects to `to`, and whose gate asks for it.
async fn open(contract: Contract, to: &'static str, health: &str) -> World {
    let check = format!("http: {{{health}, follow_redirects: 3, timeout: 20s}}");
    let target = contract.target(&[check]).unwrap();
    let settings = Settings::for_tests();
    let world = World::open_stand_in(settings, contract.stand(), &[target]).await;
    world.web.replies(move |request| {
        if request.uri().path() != "/go" {
            return Reply::Usual;
        }
        let answer = Response::builder().status(302).header(LOCATION, to);
        Reply::Answer(answer.body(Bytes::new()).unwrap())
    });
    world
}

/// The hosts to which the gate's requests were sent.
fn hosts(world: &World) -> Vec<String> {
    let asked = world.web.asked().into_iter();
    let hosts = asked.filter_map(|it| it.uri().host().map(str::to_owned));
    hosts.collect()
}

fn is_forbidden(host: &str) -> bool {
    [
        "169.254.",
        "127.",
        "::ffff",
        "fd00:ec2",
        "2852039166",
        "0x7f",
    ]
    .iter()
    .any(|part| host.contains(part))
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_to_where_credentials_are_given_out() {
    for (to, named) in FORBIDDEN {
        let contract = Contract::CodeDeploy;
        let world = open(contract, to, "path: /go").await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        let record = world.record_of(&v2).await;
        let report = &record.gates[&contract.point()];
        assert_eq!(report.verdict, Verdict::Error, "{to}: {report:#?}");
        let summary = &report.checks[0].summary;
        assert!(summary.contains(named), "{to}: {summary}");
        assert!(summary.contains("is not asked"), "{to}: {summary}");
        let hosts = hosts(&world);
        assert!(
            !hosts.iter().any(|host| is_forbidden(host)),
            "{to}: {hosts:?}"
        );
        let went = world.web.asked().into_iter();
        let went = went.filter(|it| it.uri().path() == "/go").count();
        assert!(went > 0, "{to}: the green task was asked");
        assert_eq!(world.sample.live_digest().as_ref(), Some(&world.sample.v1));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_runs_the_gate_keeps_to_it() {
    let (to, named) = FORBIDDEN[0];
    for contract in [Contract::Native, Contract::Rolling] {
        let health = match contract {
            Contract::Rolling => "url: \"http://10.99.0.1/go\"",
            _ => "path: /go",
        };
        let world = open(contract, to, health).await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        let record = world.record_of(&v2).await;
        let report = &record.gates[&contract.point()];
        assert_eq!(report.verdict, Verdict::Error, "{contract:?}: {report:#?}");
        assert!(report.checks[0].summary.contains(named), "{report:#?}");
        let hosts = hosts(&world);
        assert!(!hosts.iter().any(|host| is_forbidden(host)), "{hosts:?}");
    }
    let world = open(Contract::Pipeline, to, "path: /go").await;
    asks(&world);
    let verify = r#"{"action": "verify", "target": "api-test", "gate": "before_traffic"}"#;
    let release = Box::pin(released(&world, "asks", "Ask", &[("asked", verify)])).await;
    let (_, message) = release.error.unwrap();
    assert!(message.contains(named), "{message}");
    let hosts = hosts(&world);
    assert!(!hosts.iter().any(|host| is_forbidden(host)), "{hosts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_names_such_an_address_itself_is_refused_by_the_probe() {
    for (url, named) in FORBIDDEN {
        if !url.starts_with("http://") {
            continue;
        }
        let contract = Contract::Native;
        let world = open(contract, "/", &format!("url: \"{url}\"")).await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        let record = world.record_of(&v2).await;
        let report = &record.gates[&contract.point()];
        assert_eq!(report.verdict, Verdict::Error, "{url}: {report:#?}");
        assert!(report.checks[0].summary.contains(named), "{report:#?}");
        let hosts = hosts(&world);
        assert!(!hosts.iter().any(|host| is_forbidden(host)), "{hosts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_check_sends_in_headers_does_not_follow_a_redirect_to_somebody_else() {
    let header = "path: /go, headers: {authorization: Basic cHJvYmU6czNjcjN0}";
    let world = open(Contract::CodeDeploy, "http://10.99.0.7/", header).await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let asked = world.web.asked();
    let (elsewhere, here): (Vec<_>, Vec<_>) = asked
        .iter()
        .filter(|it| it.uri().path() == "/go" || it.uri().host() == Some("10.99.0.7"))
        .partition(|it| it.uri().host() == Some("10.99.0.7"));
    assert!(!elsewhere.is_empty() && !here.is_empty(), "{asked:?}");
    let has_header = |it: &&&http::Request<Bytes>| it.headers().contains_key("authorization");
    assert_eq!(here.iter().filter(has_header).count(), here.len());
    assert_eq!(elsewhere.iter().filter(has_header).count(), 0);
}
