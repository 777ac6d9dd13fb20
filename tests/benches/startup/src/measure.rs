//! One start of one function: until it greets AWS by TLS, or until it has answered its first event.

use crate::fake_http::{Request, Response, serve};
use crate::process::Process;
use crate::subject::Subject;
use std::error::Error;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a start may take at most, before it counts as broken.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a program that has greeted is given to fall asleep, so that its time is accounted for.
const SETTLE: Duration = Duration::from_millis(5);
/// The first bytes of a TLS record with a handshake.
const HANDSHAKE: [u8; 2] = [0x16, 0x03];

/// Until the first TLS greeting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Greeting {
    /// The processor time used until then.
    pub(crate) cpu: Duration,
    /// The most memory held until then.
    pub(crate) memory: u64,
}

/// Until the first event was answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    /// From the start of the process to the answer.
    pub(crate) wall: Duration,
    /// The most memory held until then.
    pub(crate) memory: u64,
    /// How many calls of AWS it took.
    pub(crate) calls: usize,
}

/// Starts a function whose AWS is a socket that listens, until its first greeting arrives.
pub(crate) fn greeting(subject: &Subject) -> Result<Greeting, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (runtime_api, answers) = runtime_api(subject.event)?;
    let aws = format!("https://localhost:{}", listener.local_addr()?.port());
    let (greeted, greeting) = mpsc::channel();
    std::thread::spawn(move || {
        let mut first = [0; HANDSHAKE.len()];
        let connection = listener.accept().and_then(|(mut stream, _)| {
            stream.read_exact(&mut first)?;
            Ok(stream)
        });
        // The connection stays open, or the function would go on to try another.
        let _ = greeted.send(connection.map(|stream| (first, stream)));
    });
    let process = Process::start(subject, runtime_api, &aws)?;
    let (first, _connection) = greeting.recv_timeout(PATIENCE).map_err(|_| {
        let ended = answers.try_recv().map(|(_, outcome)| outcome);
        format!(
            "`{}` did not greet AWS; it answered {ended:?}",
            subject.name
        )
    })??;
    if first != HANDSHAKE {
        return Err(format!("`{}` began with {first:?} and not with TLS", subject.name).into());
    }
    std::thread::sleep(SETTLE);
    Ok(Greeting {
        cpu: process.cpu()?,
        memory: process.peak_memory()?,
    })
}

/// Starts a function with an AWS that answers by plain HTTP, until it has answered its first event.
pub(crate) fn answer(subject: &Subject) -> Result<Answer, Box<dyn Error>> {
    let (runtime_api, answers) = runtime_api(subject.event)?;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let aws = serve(move |request| {
        counted.fetch_add(1, Ordering::SeqCst);
        Some(answer_as_aws(&request))
    })?;
    let process = Process::start(subject, runtime_api, &format!("http://{aws}"))?;
    let (at, outcome) = answers
        .recv_timeout(PATIENCE)
        .map_err(|error| match error {
            RecvTimeoutError::Timeout => format!("`{}` did not answer its event", subject.name),
            RecvTimeoutError::Disconnected => format!("`{}` lost the Runtime API", subject.name),
        })?;
    outcome.map_err(|error| format!("`{}` failed: {error}", subject.name))?;
    Ok(Answer {
        wall: at.duration_since(process.started),
        memory: process.peak_memory()?,
        calls: calls.load(Ordering::SeqCst),
    })
}

/// When a function answered, and the error if it was one.
type Outcome = (Instant, Result<(), String>);

/// A Runtime API that hands out one event, and tells when and how it was answered.
fn runtime_api(event: &'static str) -> Result<(SocketAddr, Receiver<Outcome>), Box<dyn Error>> {
    let (answered, answers) = mpsc::channel();
    let handed_out = AtomicBool::new(false);
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH)? + PATIENCE;
    let address = serve(move |request| {
        let now = Instant::now();
        if request.method == "GET" {
            let first = !handed_out.swap(true, Ordering::SeqCst);
            return first.then(|| invocation(event, deadline));
        }
        let outcome = if request.path.ends_with("/error") {
            Err(String::from_utf8_lossy(&request.body).into_owned())
        } else {
            Ok(())
        };
        // Nobody listens after the first answer.
        let _ = answered.send((now, outcome));
        Some(Response::json("202 Accepted", ""))
    })?;
    Ok((address, answers))
}

fn invocation(event: &str, deadline: Duration) -> Response {
    let mut response = Response::json("200 OK", event);
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:startup";
    response.headers.extend([
        (
            "Lambda-Runtime-Aws-Request-Id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
        ),
        (
            "Lambda-Runtime-Deadline-Ms",
            deadline.as_millis().to_string(),
        ),
        ("Lambda-Runtime-Invoked-Function-Arn", arn.to_owned()),
    ]);
    response
}

/// An account in which nothing is registered, and one deployment of somebody else's has succeeded.
fn answer_as_aws(request: &Request) -> Response {
    let body = match request.operation.as_deref() {
        Some("Query") => r#"{"Items":[],"Count":0,"ScannedCount":0}"#,
        Some("GetDeployment") => {
            r#"{"deploymentInfo":{"deploymentId":"d-A1B2C3D4E","applicationName":"API","deploymentGroupName":"API","status":"InProgress","creator":"user","createTime":1795341600,"computePlatform":"ECS"}}"#
        }
        _ => "{}",
    };
    Response::json("200 OK", body)
}
