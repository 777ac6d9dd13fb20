//! A real process under a Runtime API on loopback: how it starts, answers, fails, panics and logs.
//!
//! The function is this same test binary, started again to run only `the_function_under_test`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use greenlight_runtime::function::{Failure, Invocation, Wiring, run};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, thiserror::Error)]
#[error("failed to start")]
struct Refused(#[source] std::io::Error);

impl Failure for Refused {
    fn error_type(&self) -> &'static str {
        "Test.Refused"
    }
}

async fn handle(bus: &String, invocation: Invocation) -> Result<Value, Refused> {
    tracing::info!(target = "api-test", "looked at");
    match invocation.payload["do"].as_str() {
        Some("fail") => Err(Refused(std::io::Error::other("nobody is there"))),
        Some("panic") => panic!("out of range"),
        _ => Ok(json!({
            "bus": bus,
            "request_id": invocation.request_id,
            "seconds_left": invocation.deadline.duration_since(Instant::now()).as_secs(),
        })),
    }
}

#[test]
#[ignore = "is run by the other tests, in a process of its own"]
fn the_function_under_test() {
    run(|wiring: Wiring| wiring.deployer.bus, handle);
}

/// A message to the Runtime API: the path after the version, and the body.
type Message = (String, Value);

/// Hands out the events in order and then waits; says what it is told.
fn runtime_api(events: &[Value]) -> (String, Receiver<Message>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let events = Arc::new(Mutex::new(events.iter().cloned().enumerate().collect()));
    let (told, messages) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (events, told) = (Arc::clone(&events), told.clone());
            std::thread::spawn(move || converse(stream.unwrap(), &events, &told));
        }
    });
    (address, messages)
}

fn converse(
    stream: TcpStream,
    events: &Mutex<VecDeque<(usize, Value)>>,
    told: &Sender<Message>,
) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        reader.read_line(&mut first).ok()?;
        let path = first
            .split(' ')
            .nth(1)?
            .strip_prefix("/2018-06-01/runtime/")?
            .to_owned();
        let mut length = 0;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).ok()?;
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let answer = if path == "invocation/next" {
            let Some((number, event)) = events.lock().unwrap().pop_front() else {
                std::thread::sleep(PATIENCE);
                return None;
            };
            let deadline =
                SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(100);
            let event = event.to_string();
            format!(
                "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: request-{number}\r\n\
                 Lambda-Runtime-Deadline-Ms: {}\r\nContent-Length: {}\r\n\r\n{event}",
                deadline.as_millis(),
                event.len()
            )
        } else {
            told.send((path, serde_json::from_slice(&body).unwrap_or_default()))
                .ok()?;
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned()
        };
        writer.write_all(answer.as_bytes()).ok()?;
    }
}

fn start(runtime_api: &str, changes: &[(&str, &str)]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "the_function_under_test",
            "--ignored",
            "--nocapture",
        ])
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("AWS_LAMBDA_FUNCTION_NAME", "test")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("GREENLIGHT_TABLE", "greenlight")
        .envs(changes.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Ends the process and returns its log lines.
fn end(mut process: Child) -> Vec<Value> {
    process.kill().unwrap();
    let output = process.wait_with_output().unwrap();
    // The test harness prints lines of its own.
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .filter_map(|line| serde_json::from_str(line.get(line.find('{')?..)?).ok())
        .collect()
}

#[test]
fn events_are_answered_one_after_another_and_logged_with_their_request_id() {
    let (address, messages) = runtime_api(&[
        json!({}),
        json!({"do": "fail"}),
        json!({"do": "panic"}),
        json!({}),
    ]);
    let process = start(&address, &[("GREENLIGHT_BUS", "deployments")]);
    let told: Vec<Message> = (0..4)
        .map(|_| messages.recv_timeout(PATIENCE).unwrap())
        .collect();
    let lines = end(process);

    let (path, answer) = &told[0];
    assert_eq!(path, "invocation/request-0/response");
    assert_eq!(
        (&answer["bus"], &answer["request_id"]),
        (&json!("deployments"), &json!("request-0"))
    );
    assert!(
        (95..=100).contains(&answer["seconds_left"].as_u64().unwrap()),
        "{answer}"
    );

    let (path, failure) = &told[1];
    assert_eq!(path, "invocation/request-1/error");
    assert_eq!(
        *failure,
        json!({"errorType": "Test.Refused", "errorMessage": "failed to start: nobody is there"})
    );

    let (path, panic) = &told[2];
    assert_eq!(path, "invocation/request-2/error");
    assert!(
        panic["errorMessage"]
            .as_str()
            .unwrap()
            .contains("out of range"),
        "{panic}"
    );
    assert_eq!(
        told[3].0, "invocation/request-3/response",
        "a panic must not end the function"
    );

    let of = |request: &str, level: &str| -> Vec<&Value> {
        lines
            .iter()
            .filter(|line| line["request_id"] == request && line["level"] == level)
            .collect()
    };
    assert_eq!(of("request-0", "INFO").len(), 1, "{lines:#?}");
    assert_eq!(of("request-0", "INFO")[0]["target"], "api-test");
    let [failed] = of("request-1", "ERROR")[..] else {
        panic!("{lines:#?}")
    };
    assert_eq!(failed["message"], "failed to start: nobody is there");
    assert_eq!(failed["error_type"], "Test.Refused");
    let [panicked] = of("request-2", "ERROR")[..] else {
        panic!("{lines:#?}")
    };
    assert_eq!(panicked["message"], "panicked: out of range");
    assert!(
        panicked["place"]
            .as_str()
            .unwrap()
            .contains("tests/function.rs:"),
        "{panicked}"
    );
}

#[test]
fn a_function_that_cannot_start_tells_lambda_and_its_log_everything_that_is_missing() {
    let (address, messages) = runtime_api(&[]);
    let process = start(&address, &[("GREENLIGHT_TABLE", ""), ("AWS_REGION", "")]);
    let (path, report) = messages.recv_timeout(PATIENCE).unwrap();
    let lines = end(process);
    assert_eq!(path, "init/error");
    assert_eq!(report["errorType"], "Config.Invalid");
    let message = report["errorMessage"].as_str().unwrap();
    assert!(
        message.contains("`GREENLIGHT_TABLE` is not set; `AWS_REGION` is not set"),
        "{message}"
    );
    let [line] = lines.as_slice() else {
        panic!("{lines:#?}")
    };
    assert_eq!(line["message"], message);
    assert_eq!(line["level"], "ERROR");
}

#[test]
fn a_bundle_of_certificates_that_is_not_there_is_reported_before_the_first_event() {
    let (address, messages) = runtime_api(&[json!({})]);
    let process = start(&address, &[("AWS_CA_BUNDLE", "no/such/bundle.pem")]);
    let (path, report) = messages.recv_timeout(PATIENCE).unwrap();
    end(process);
    assert_eq!(path, "init/error");
    assert_eq!(report["errorType"], "Config.CaBundle");
    assert!(
        report["errorMessage"]
            .as_str()
            .unwrap()
            .contains("`no/such/bundle.pem`"),
        "{report}"
    );
}

#[test]
fn no_filter_makes_the_runtime_log_an_event() {
    for filter in ["trace", "trace,lambda_runtime::layers::api_response=trace"] {
        let (address, messages) = runtime_api(&[json!({"secret": "never to be seen"})]);
        let process = start(&address, &[("GREENLIGHT_LOG", filter)]);
        messages.recv_timeout(PATIENCE).unwrap();
        let lines = end(process);
        assert!(
            lines.iter().any(|line| line["level"] == "TRACE"),
            "{lines:#?}"
        );
        let told = json!(lines).to_string();
        assert!(!told.contains("never to be seen"), "{told}");
    }
}

#[test]
fn a_filter_for_errors_keeps_the_request_id() {
    let (address, messages) = runtime_api(&[json!({"do": "fail"})]);
    let process = start(&address, &[("GREENLIGHT_LOG", "error")]);
    messages.recv_timeout(PATIENCE).unwrap();
    let lines = end(process);
    let [line] = lines.as_slice() else {
        panic!("{lines:#?}")
    };
    assert_eq!(line["request_id"], "request-0");
}
