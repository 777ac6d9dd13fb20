//! Addresses that are not asked, however the probe gets to them.

use greenlight_aws::chain;
use greenlight_core::gate::Phase;
use greenlight_deployer::probe::{Probe, ProbeError, Surroundings};
use serde_json::json;

use crate::document::check;
use crate::server::{Server, ok, redirect};

/// Each class of addresses, as a URL's host.
const LOCAL: &[&str] = &[
    "127.0.0.1",
    "127.8.8.8",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.1",
    "[::ffff:169.254.169.254]",
    "[::169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[fd00:ec2::23]",
    // The same addresses in the other spellings that a URL may have.
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "0xA9FEA9FE",
    "169.254.43518",
];
const NOBODY: &[&str] = &[
    "0.0.0.0",
    "0.0.0.1",
    "[::]",
    "[::ffff:0.0.0.0]",
    "224.0.0.1",
    "255.255.255.255",
    "[ff02::1]",
];

fn leading(addresses: &[&str]) -> Probe {
    let addresses = addresses.iter().map(|it| it.parse().unwrap()).collect();
    Probe::within(Surroundings {
        hosts: [("rebound.example.org".to_owned(), addresses)].into(),
        ..Surroundings::default()
    })
}

fn simulated() -> Probe {
    Probe::simulated(|_| Box::pin(async { Ok(http::Response::new("leaked".into())) }))
}

#[tokio::test]
async fn a_local_address_in_a_url_is_refused_with_the_remedy() {
    let check = check(&json!({"local_addresses": false}));
    for host in LOCAL {
        for probe in [Probe::new(), simulated()] {
            let url = format!("http://{host}/latest/meta-data/?token=s3cret");
            let error = probe
                .ask(&check, &check.requests[0], &url)
                .await
                .unwrap_err();
            let told = chain(&error);
            assert!(
                matches!(error, ProbeError::Refused { .. }),
                "{host}: {told}"
            );
            assert!(
                told.contains("write `local_addresses: true`"),
                "{host}: {told}"
            );
            assert!(!told.contains("s3cret"), "{host}: {told}");
        }
    }
    for host in NOBODY {
        for probe in [Probe::new(), simulated()] {
            let url = format!("http://{host}/");
            let error = probe
                .ask(&check, &check.requests[0], &url)
                .await
                .unwrap_err();
            assert!(
                matches!(error, ProbeError::Nobody { .. }),
                "{host}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn a_name_that_leads_to_a_local_address_is_refused() {
    let check = check(&json!({"local_addresses": false}));
    let url = "http://rebound.example.org/";
    for host in LOCAL.iter().take(15).chain(NOBODY) {
        let address = host.trim_matches(['[', ']']);
        let written = address.parse::<std::net::IpAddr>().unwrap().to_string();
        let error = leading(&[address])
            .ask(&check, &check.requests[0], url)
            .await
            .unwrap_err();
        let told = chain(&error);
        assert!(
            matches!(
                error,
                ProbeError::Refused { .. } | ProbeError::Nobody { .. }
            ),
            "{host}: {told}"
        );
        assert!(told.contains("`rebound.example.org`"), "{host}: {told}");
        assert!(told.contains(&written), "{host}: {told}");
    }
    // One such address among others is enough.
    let mixed = leading(&["192.0.2.1", "169.254.169.254"]);
    let error = mixed
        .ask(&check, &check.requests[0], url)
        .await
        .unwrap_err();
    assert!(matches!(error, ProbeError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn the_systems_names_are_looked_at_too() {
    let server = Server::answering(vec![ok()]).await;
    let url = format!("http://localhost:{}/", server.address.port());
    let strict = check(&json!({"local_addresses": false}));
    let error = Probe::new()
        .ask(&strict, &strict.requests[0], &url)
        .await
        .unwrap_err();
    assert!(matches!(error, ProbeError::Refused { .. }), "{error}");
    assert!(server.asked().is_empty());
    let meant = check(&json!({"local_addresses": true}));
    let answer = Probe::new()
        .ask(&meant, &meant.requests[0], &url)
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_redirect_to_a_local_address_is_refused() {
    for host in LOCAL {
        let server = Server::answering(vec![redirect(302, &format!("http://{host}/"))]).await;
        // The first is the test listener, which may be on loopback.
        let check = check(&json!({
            "path": "/",
            "local_addresses": false,
            "follow_redirects": 2,
        }));
        let probe = Probe::new();
        let error = probe
            .ask(&check, &check.requests[0], &server.url)
            .await
            .unwrap_err();
        let told = chain(&error);
        assert!(
            matches!(&error, ProbeError::Astray { source, .. } if matches!(**source, ProbeError::Refused { .. })),
            "{host}: {told}"
        );
        assert!(told.contains("`local_addresses: true`"), "{host}: {told}");
    }
}

#[tokio::test]
async fn under_load_a_redirect_to_a_local_address_is_one_bad_answer() {
    let away = redirect(302, "http://169.254.169.254/");
    let server = Server::answering([vec![ok(); 9], vec![away]].concat()).await;
    for (ratio, phase) in [(0.9, Phase::Successful), (1.0, Phase::Failed)] {
        let check = check(&json!({
            "path": "/",
            "local_addresses": false,
            "follow_redirects": 1,
            "load": {"requests": 20, "rate": 200, "success_ratio": ratio},
        }));
        let found = Probe::new().measure(&check, Some(&server.url)).await;
        assert_eq!(found.phase, phase, "{}", found.summary);
        assert!(
            found
                .summary
                .ends_with("not as expected: a redirect to what is not asked (2)"),
            "{}",
            found.summary
        );
        assert!(
            found.evidence[0].contains("link-local"),
            "{:?}",
            found.evidence
        );
    }
}

#[tokio::test]
async fn the_test_listener_may_be_on_loopback_but_never_link_local() {
    let server = Server::answering(vec![ok()]).await;
    let check = check(&json!({"path": "/", "local_addresses": false}));
    let found = Probe::new().measure(&check, Some(&server.url)).await;
    assert_eq!(found.phase, Phase::Successful, "{}", found.summary);
    for host in [
        "169.254.169.254",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "rebound.example.org",
    ] {
        let base = format!("http://{host}:80");
        let found = leading(&["169.254.170.2"])
            .measure(&check, Some(&base))
            .await;
        assert_eq!(
            (found.phase, found.is_final),
            (Phase::Error, true),
            "{host}"
        );
        assert!(found.summary.contains("link-local"), "{}", found.summary);
    }
}

#[tokio::test]
async fn under_load_a_refused_address_ends_the_measurement_at_once() {
    let check = check(&json!({
        "url": "http://169.254.169.254/",
        "local_addresses": false,
        "load": {"requests": 500, "rate": 1, "warm_up": 10, "success_ratio": 0.0},
    }));
    let found = simulated().measure(&check, None).await;
    assert_eq!((found.phase, found.is_final), (Phase::Error, true));
    assert!(
        found.summary.contains("`local_addresses: true`"),
        "{}",
        found.summary
    );
}
