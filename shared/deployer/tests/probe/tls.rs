//! The name that a server is asked by, and has to prove.

use greenlight_aws::chain;
use greenlight_core::gate::Phase;
use greenlight_deployer::probe::{Probe, ProbeError, Surroundings};
use rustls::pki_types::CertificateDer;
use serde_json::json;

use crate::document::check;
use crate::server::{Identity, Server, ok};

/// A load balancer's name leads to the server.
fn probe(roots: Vec<CertificateDer<'static>>) -> Probe {
    Probe::within(Surroundings {
        roots: Some(roots),
        hosts: [(
            "lb.example.net".to_owned(),
            vec!["127.0.0.1".parse().unwrap()],
        )]
        .into(),
    })
}

#[tokio::test]
async fn the_server_name_is_asked_for_in_the_handshake_and_in_the_header_host() {
    let identity = Identity::of(&["api.example.org", "www.example.org"]);
    let server = Server::over_tls(&identity, vec![ok()]).await;
    let probe = probe(vec![identity.certificate.clone()]);
    let listener = format!("https://lb.example.net:{}", server.address.port());
    // The same place under two names: neither is asked over the other's connection.
    for name in ["api.example.org", "www.example.org", "api.example.org"] {
        let check = check(&json!({"path": "/health", "server_name": name}));
        let found = probe.measure(&check, Some(&listener)).await;
        assert_eq!(found.phase, Phase::Successful, "{}", found.summary);
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.sni.as_deref(), Some(name));
        assert!(
            asked.text.contains(&format!("host: {name}\r\n")),
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_is_an_error_that_says_what_to_do() {
    let identity = Identity::of(&["api.example.org"]);
    let server = Server::over_tls(&identity, vec![ok()]).await;
    let probe = probe(vec![identity.certificate.clone()]);
    let listener = format!("https://lb.example.net:{}", server.address.port());
    let without = check(&json!({"path": "/health"}));
    let found = probe.measure(&without, Some(&listener)).await;
    assert_eq!((found.phase, found.is_final), (Phase::Error, false));
    for part in [
        "is not accepted for `lb.example.net`",
        "`server_name`",
        "certificate not valid for name",
        "api.example.org",
    ] {
        assert!(found.summary.contains(part), "{part}: {}", found.summary);
    }
    let wrong = check(&json!({"path": "/health", "server_name": "other.example.org"}));
    let found = probe.measure(&wrong, Some(&listener)).await;
    assert_eq!(found.phase, Phase::Error);
    assert!(
        found
            .summary
            .contains("is not accepted for `other.example.org`"),
        "{}",
        found.summary
    );
    assert!(
        server.asked().is_empty(),
        "nothing is sent to a server that is not the one"
    );
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_an_error() {
    let identity = Identity::of(&["lb.example.net"]);
    let server = Server::over_tls(&identity, vec![ok()]).await;
    let check = check(&json!({}));
    let url = format!("https://lb.example.net:{}/", server.address.port());
    let error = probe(Vec::new())
        .ask(&check, &check.requests[0], &url)
        .await
        .unwrap_err();
    assert!(matches!(error, ProbeError::Certificate { .. }), "{error}");
    let told = chain(&error);
    assert!(
        told.contains("an authority that the system trusts"),
        "{told}"
    );
    assert!(told.contains("UnknownIssuer"), "{told}");
}

#[tokio::test]
async fn an_address_is_proved_by_a_certificate_of_the_address() {
    let identity = Identity::of(&["127.0.0.1"]);
    let server = Server::over_tls(&identity, vec![ok()]).await;
    let check = check(&json!({}));
    let probe = probe(vec![identity.certificate.clone()]);
    let answer = probe
        .ask(&check, &check.requests[0], &server.url)
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_an_error() {
    let server = Server::answering(vec![ok()]).await;
    let url = format!("https://lb.example.net:{}/", server.address.port());
    let check = check(&json!({"latency": "1s"}));
    let error = probe(Vec::new())
        .ask(&check, &check.requests[0], &url)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ProbeError::NoAnswer { .. } | ProbeError::Late { .. }),
        "{error}"
    );
}
