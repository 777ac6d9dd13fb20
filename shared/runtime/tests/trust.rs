//! Whose certificates an AWS client trusts, against a real TLS server whose certificate nobody in the world knows.
//!
//! What the system trusts is told to a process by `SSL_CERT_FILE`, so the client runs in a process of its own: this
//! same test binary, started again to run only `the_client_under_test`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use greenlight_runtime::aws::sdk_config;
use greenlight_runtime::config::{AwsConfig, Variables};
use greenlight_runtime::http::shared_client;
use greenlight_runtime::logging::chain;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// An authority that is invented for one test.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn invent(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn write(&self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, &self.pem).unwrap();
        path
    }
}

/// What the server has seen.
#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

/// Answers every request at `https://localhost:PORT` with an empty list, until the process ends.
fn serve(authority: &Authority) -> (String, Arc<Seen>) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let seen = Arc::new(Seen::default());
    let shared = Arc::clone(&seen);
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            shared.connections.fetch_add(1, Ordering::SeqCst);
            let (config, shared) = (Arc::clone(&config), Arc::clone(&shared));
            std::thread::spawn(move || answer(config, socket.unwrap(), &shared));
        }
    });
    (endpoint, seen)
}

/// Answers one connection's requests until the client closes it or breaks the handshake off.
fn answer(config: Arc<ServerConfig>, mut socket: TcpStream, seen: &Seen) -> Option<()> {
    let mut connection = ServerConnection::new(config).ok()?;
    let mut reader = BufReader::new(Stream::new(&mut connection, &mut socket));
    loop {
        let mut body_length = 0;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(length) = line.to_lowercase().strip_prefix("content-length:") {
                body_length = length.trim().parse().ok()?;
            }
        }
        reader.read_exact(&mut vec![0; body_length]).ok()?;
        seen.requests.fetch_add(1, Ordering::SeqCst);
        let body = r#"{"clusterArns":[]}"#;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length";
        let stream = reader.get_mut();
        stream
            .write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes())
            .ok()?;
        stream.flush().ok()?;
    }
}

/// Runs [`the_client_under_test`] in a process with these variables, and returns what it printed.
fn client(endpoint: &str, system: &Path, bundle: Option<&Path>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "the_client_under_test",
            "--ignored",
            "--nocapture",
        ])
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("SSL_CERT_FILE", system)
        .env_remove("SSL_CERT_DIR")
        .env_remove("AWS_CA_BUNDLE");
    if let Some(bundle) = bundle {
        command.env("AWS_CA_BUNDLE", bundle);
    }
    let output = command.output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{printed}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    printed
}

#[tokio::test]
#[ignore = "is run by the other tests, in a process of its own"]
async fn the_client_under_test() {
    let config = AwsConfig::parse(&std::env::vars().collect::<Variables>()).unwrap();
    let ecs = aws_sdk_ecs::Client::new(&sdk_config(&config, shared_client(&config).unwrap()));
    for call in 1..=2 {
        match ecs.list_clusters().send().await {
            Ok(_) => println!("call {call}: answered"),
            Err(error) => println!("call {call}: {}", chain(&error)),
        }
    }
}

struct Setting {
    folder: TempDir,
    known: PathBuf,
    unrelated: PathBuf,
    endpoint: String,
    seen: Arc<Seen>,
}

fn setting() -> Setting {
    let folder = TempDir::new().unwrap();
    let authority = Authority::invent("an authority");
    let (endpoint, seen) = serve(&authority);
    Setting {
        known: authority.write(folder.path(), "known.pem"),
        unrelated: Authority::invent("an unrelated authority")
            .write(folder.path(), "unrelated.pem"),
        folder,
        endpoint,
        seen,
    }
}

impl Setting {
    fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> usize {
        self.seen.requests.load(Ordering::SeqCst)
    }
}

#[test]
fn a_server_that_only_the_system_vouches_for_is_reached_at_the_price_of_one_connection() {
    let it = setting();
    let printed = client(&it.endpoint, &it.known, None);
    assert!(
        printed.contains("call 1: answered") && printed.contains("call 2: answered"),
        "{printed}"
    );
    assert_eq!(it.requests(), 2);
    assert_eq!(it.connections(), 2);
}

#[test]
fn a_bundle_that_vouches_for_the_server_is_enough() {
    let it = setting();
    let printed = client(&it.endpoint, &it.unrelated, Some(&it.known));
    assert!(printed.contains("call 1: answered"), "{printed}");
    assert_eq!(it.connections(), 1);
}

#[test]
fn a_bundle_is_trusted_alone_even_where_the_system_knows_better() {
    let it = setting();
    let printed = client(&it.endpoint, &it.known, Some(&it.unrelated));
    assert!(
        printed.contains("call 1: ") && printed.contains("UnknownIssuer"),
        "{printed}"
    );
    assert_eq!(it.requests(), 0);
}

#[test]
fn a_server_that_nobody_vouches_for_is_refused() {
    let it = setting();
    let printed = client(&it.endpoint, &it.unrelated, None);
    assert!(
        printed.contains("call 1: ") && printed.contains("UnknownIssuer"),
        "{printed}"
    );
    assert_eq!(it.requests(), 0);
}

#[test]
fn a_system_without_certificates_is_no_worse_than_one_that_does_not_know_the_server() {
    let it = setting();
    let empty = it.folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let printed = client(&it.endpoint, &empty, None);
    assert!(
        printed.contains("call 1: ") && printed.contains("UnknownIssuer"),
        "{printed}"
    );
    assert_eq!(it.requests(), 0);
}
