//! The functions' real processes: started when they are needed, reused while they live, killed when late.
//!
//! Each has the environment that Lambda and the template give it and nothing else, and a Runtime API of
//! its own ([`crate::runtime_api`]). What it writes to its output goes to the journal, as its log.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

use crate::account::Account;
use crate::account::functions::{FunctionError, Handler, Invocation};
use crate::account::journal::{Journal, Tone};
use crate::account::template::Function;
use crate::runtime_api::{Answer, RuntimeApi};
use crate::secrets::{self, FUNCTION_SECRET, FUNCTION_TOKEN};

/// Most processes of one function at a time; an invocation beyond that waits.
const MOST_PROCESSES: usize = 5;

/// Longest log line that is kept.
const LONGEST_LINE: usize = 2000;

/// Where functions run.
#[derive(Debug, Clone)]
pub struct Host {
    /// The account that they are functions of.
    pub account: Account,
    /// The folder of the functions' binaries.
    pub binaries: PathBuf,
    /// What `AWS_ENDPOINT_URL` is set to.
    pub endpoint: String,
}

/// A function's processes.
#[derive(Debug)]
struct Sandboxes {
    // Not the account: that owns the handler, which owns this.
    journal: Journal,
    function: Function,
    binary: PathBuf,
    environment: Vec<(String, String)>,
    slots: Semaphore,
    idle: Mutex<Vec<Sandbox>>,
}

/// One process, and where it gets its invocations. Killed when dropped.
#[derive(Debug)]
struct Sandbox {
    api: RuntimeApi,
    process: Child,
}

impl Host {
    /// What runs when the function is invoked: its binary.
    pub fn handler(&self, function: &Function) -> Handler {
        let sandboxes = Arc::new(Sandboxes {
            journal: self.account.journal(),
            function: function.clone(),
            binary: self.binaries.join(&function.code),
            environment: self.environment(function),
            slots: Semaphore::new(MOST_PROCESSES),
            idle: Mutex::default(),
        });
        Arc::new(move |invocation| {
            let sandboxes = sandboxes.clone();
            async move { sandboxes.run(invocation).await }.boxed()
        })
    }

    /// What Lambda sets, then what the template sets.
    fn environment(&self, function: &Function) -> Vec<(String, String)> {
        let region = &self.account.settings().region;
        let key = self.account.add_caller(&function.logical_id);
        let lambda = [
            ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            (
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                function.memory.to_string(),
            ),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            (
                "AWS_LAMBDA_LOG_GROUP_NAME",
                format!("/aws/lambda/{}", function.name),
            ),
            (
                "AWS_LAMBDA_LOG_STREAM_NAME",
                "2026/01/05/[$LATEST]0123456789abcdef0123456789abcdef".to_owned(),
            ),
            ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
            ("AWS_REGION", region.clone()),
            ("AWS_DEFAULT_REGION", region.clone()),
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SECRET_ACCESS_KEY", format!("{FUNCTION_SECRET}0123")),
            ("AWS_SESSION_TOKEN", format!("{FUNCTION_TOKEN}0123")),
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("LANG", "en_US.UTF-8".to_owned()),
            ("TZ", ":UTC".to_owned()),
            ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
        ];
        let lambda = lambda.map(|(name, value)| (name.to_owned(), value));
        lambda
            .into_iter()
            .chain(function.environment.clone())
            .collect()
    }
}

impl Sandboxes {
    async fn run(&self, invocation: Invocation) -> Answer {
        let answer = self.answer(invocation).await;
        let text = match &answer {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        };
        watch_for_secrets(&self.journal, &self.function.logical_id, "answers", &text);
        answer
    }

    async fn answer(&self, invocation: Invocation) -> Answer {
        let Ok(_slot) = self.slots.acquire().await else {
            return Err(FunctionError::new(
                "Runtime.Unknown",
                "the host is shutting down",
            ));
        };
        let request_id = invocation.request_id.clone();
        let mut sandbox = match self.idle_sandbox() {
            Some(sandbox) => sandbox,
            None => self.start()?,
        };
        // If this future is dropped, because the function is late, the sandbox and its process go with it.
        let Some(mut answered) = sandbox.api.invoke(invocation) else {
            return Err(FunctionError::new("Runtime.Unknown", "the process is busy"));
        };
        let ended = tokio::select! {
            biased;
            answer = &mut answered => match answer {
                Ok(answer) => {
                    self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sandbox);
                    return answer;
                }
                Err(_) => Err(FunctionError::new("Runtime.Unknown", "the process asked for the next invocation without an answer")),
            },
            status = sandbox.process.wait() => status.map_err(|error| FunctionError::new("Runtime.Unknown", error.to_string())),
        };
        let status = ended?;
        if let Some(error) = sandbox.api.init_error() {
            return Err(error);
        }
        // An answer may have been given just before the end.
        if let Ok(answer) = answered.try_recv() {
            return answer;
        }
        let message = format!("RequestId: {request_id} Error: Runtime exited with error: {status}");
        Err(FunctionError::new("Runtime.ExitError", message))
    }

    /// A process that waits for an invocation; those that ended meanwhile are forgotten.
    fn idle_sandbox(&self) -> Option<Sandbox> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut sandbox) = idle.pop() {
            if matches!(sandbox.process.try_wait(), Ok(None)) {
                return Some(sandbox);
            }
        }
        None
    }

    fn start(&self) -> Result<Sandbox, FunctionError> {
        let failed = |what: &str, error: &std::io::Error| {
            FunctionError::new("Runtime.InvalidEntrypoint", format!("{what}: {error}"))
        };
        let api =
            RuntimeApi::open().map_err(|error| failed("cannot open a Runtime API", &error))?;
        let mut process = Command::new(&self.binary)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env(
                "LAMBDA_TASK_ROOT",
                self.binary.parent().unwrap_or_else(|| Path::new("/")),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(&format!("cannot start {}", self.binary.display()), &error))?;
        if let Some(output) = process.stdout.take() {
            tokio::spawn(keep_log(
                self.journal.clone(),
                self.function.logical_id.clone(),
                output,
            ));
        }
        if let Some(output) = process.stderr.take() {
            tokio::spawn(keep_log(
                self.journal.clone(),
                self.function.logical_id.clone(),
                output,
            ));
        }
        Ok(Sandbox { api, process })
    }
}

/// Writes a process's output into the journal, line by line, until it ends.
async fn keep_log(journal: Journal, function: String, output: impl AsyncRead + Unpin) {
    let mut output = BufReader::new(output);
    let mut bytes = Vec::new();
    // Whatever the bytes are: a process whose output nobody takes would hang.
    while matches!(output.read_until(b'\n', &mut bytes).await, Ok(1..)) {
        let line = String::from_utf8_lossy(&bytes);
        watch_for_secrets(&journal, &function, "logs", &line);
        if let Some((tone, text)) = log_line(&line) {
            journal.note("log", tone, format!("{function}: {text}"));
        }
        bytes.clear();
    }
}

/// Notes that a function has put out a credential. This sees everything, at whatever level it is logged.
fn watch_for_secrets(journal: &Journal, function: &str, does: &str, text: &str) {
    if let Some(mark) = secrets::in_text(text) {
        let note = format!("{function} {does} a credential: {mark}…");
        journal.note(secrets::SERVICE, Tone::Bad, note);
    }
}

/// What a line of a function's log says; `None` for what is only for those who look for errors.
fn log_line(line: &str) -> Option<(Tone, String)> {
    let line = line.trim();
    if line.is_empty() {
        return None;
    }
    let short = |text: &str| text.chars().take(LONGEST_LINE).collect::<String>();
    let Ok(Value::Object(entry)) = serde_json::from_str(line) else {
        // The functions log JSON; anything else is a panic, or the loader.
        return Some((Tone::Bad, short(line)));
    };
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let tone = match text("level")
        .unwrap_or("INFO")
        .to_ascii_uppercase()
        .as_str()
    {
        "TRACE" | "DEBUG" => return None,
        "WARN" | "ERROR" => Tone::Bad,
        _ => Tone::Neutral,
    };
    let message = text("message").unwrap_or(line);
    let cause = text("error").filter(|cause| !message.contains(cause));
    Some((
        tone,
        cause.map_or_else(
            || short(message),
            |cause| short(&format!("{message}: {cause}")),
        ),
    ))
}

#[cfg(test)]
#[path = "sandbox_tests.rs"]
mod tests;
