//! That no check holds more than 16 MiB, whatever a server answers to 50 requests at once. It is a process of its own,
//! since the kernel tells the most memory that a whole process has ever held.

#![expect(
    clippy::unwrap_used,
    reason = "a test server that fails is a failed test"
)]

#[path = "probe/document.rs"]
mod document;
#[path = "probe/hostile_server.rs"]
mod hostile_server;

use document::check;
use greenlight_core::gate::Phase;
use greenlight_deployer::probe::{Probe, Surroundings};
use hostile_server::Hostile;
use serde_json::json;

/// Those that hold as much as they can of each connection, which is more with TLS.
const FILLS_A_CONNECTION: [Hostile; 5] = [
    Hostile::EndlessBody,
    Hostile::EndlessHeaders,
    Hostile::AlmostAll,
    Hostile::AlmostAllChunks,
    Hostile::AlmostHeaders,
];

/// The most memory that this process has held, in KiB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The servers' own memory counts too: they are in this process, and hold next to nothing without TLS.
#[tokio::test]
async fn no_check_holds_more_than_16_mib_whatever_a_server_answers() {
    let made = rcgen::generate_simple_self_signed(vec!["api.example.org".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let probe = Probe::within(Surroundings {
        roots: Some(vec![made.cert.der().clone()]),
        ..Surroundings::default()
    });
    let before = most_memory();
    for hostile in Hostile::ALL {
        for tls in [None, Some(acceptor.clone())] {
            let is_tls = tls.is_some();
            if is_tls && !FILLS_A_CONNECTION.contains(&hostile) {
                continue;
            }
            let url = hostile.serve(tls).await;
            let mut keys = json!({
                "url": url,
                "server_name": "api.example.org",
                "follow_redirects": 5,
                "latency": "500ms",
                "expect": {"json": {"/0/0": 0}},
            });
            if hostile != Hostile::MoreValues {
                keys["load"] = json!({"requests": 60, "rate": 200});
            }
            let found = probe.measure(&check(&keys), None).await;
            let grown = most_memory() - before;
            let told = format!(
                "{hostile:?} (TLS: {is_tls}): {grown} KiB; {}",
                found.summary
            );
            println!("{told}");
            match hostile {
                Hostile::ManyValues => assert_eq!(found.phase, Phase::Successful, "{told}"),
                Hostile::GzipBomb | Hostile::MoreValues => {
                    assert_eq!(found.phase, Phase::Failed, "{told}");
                }
                // All of them were under way, and none was read.
                _ => {
                    assert_eq!(found.phase, Phase::Error, "{told}");
                    assert!(found.summary.contains("(50)"), "{told}");
                }
            }
            assert!(grown < 16 * 1024, "{told}");
        }
    }
}
