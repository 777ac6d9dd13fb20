//! A moto server on loopback, for as long as the value lives: found, started, spoken to, ended.
//!
//! It speaks to the server in plain JSON, to set up what Greenlight's own code never makes (clusters,
//! repositories, applications). Where no moto is found there is no server, and the caller skips.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long moto may take to start; importing it alone takes some seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running moto server.
pub(crate) struct Server {
    process: Child,
    port: u16,
}

impl Server {
    /// Starts one; `Err` with the reason where none is to be had.
    pub(crate) fn start() -> Result<Self, String> {
        if std::env::var_os("CI").is_some() {
            return Err("moto is not used where CI is set".to_owned());
        }
        let mut command = find().ok_or(
            "no moto server was found; python3 -m venv target/venv-moto && \
             target/venv-moto/bin/pip install 'moto[server]'",
        )?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = command
            .spawn()
            .map_err(|error| format!("{command:?}: {error}"))?;
        let mut server = Self { process, port };
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = server.process.try_wait().unwrap() {
                return Err(format!("{command:?} ended: {status}"));
            }
            assert!(began.elapsed() < PATIENCE, "{command:?} does not listen");
            sleep(Duration::from_millis(100));
        }
        Ok(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// One call of a service that speaks AWS JSON; `target` is its `X-Amz-Target`.
    pub(crate) fn call(&self, service: &str, target: &str, input: &Value) -> Value {
        let body = input.to_string();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
             Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: {target}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261122/eu-west-1/{service}/aws4_request, \
             SignedHeaders=host, Signature=0\r\nContent-Length: {length}\r\n\r\n{body}",
            port = self.port,
            length = body.len(),
        );
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 200"),
            "{target} {input}: {answer}"
        );
        if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(body).unwrap()
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to save, and may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `GREENLIGHT_MOTO`, the environment that docs/contributing.md describes, `PATH`, or Python's module.
fn find() -> Option<Command> {
    if let Some(program) = std::env::var_os("GREENLIGHT_MOTO") {
        return Some(Command::new(program));
    }
    let environment =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/venv-moto/bin/moto_server");
    for program in [environment.as_path(), Path::new("moto_server")] {
        if runs(Command::new(program).arg("--help")) {
            return Some(Command::new(program));
        }
    }
    if runs(Command::new("python3").args(["-c", "import moto.server"])) {
        let mut command = Command::new("python3");
        command.args(["-m", "moto.server"]);
        return Some(command);
    }
    None
}

fn runs(command: &mut Command) -> bool {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
