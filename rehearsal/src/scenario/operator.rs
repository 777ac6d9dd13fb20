//! The command line tool, as a person at this account uses it: what it prints, and what it knows.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

use super::sample::{REPOSITORY, TARGET};
use super::stage::{CLOCK, Stage, StageError, machine};
use crate::account::access_key_id;
use crate::account::journal::Tone;
use crate::secrets;

/// Longest real time that the command line tool may take to look at something, …
const COMMAND_BOUND: Duration = Duration::from_secs(20);
/// … and to wait for a deployment.
const WAITING_BOUND: Duration = Duration::from_mins(1);

/// Most of what it says when it fails, in bytes.
const LONGEST_COMPLAINT: u64 = 64 * 1024;

/// The function of template.yaml whose ARN the stack puts out as `HookFunctionArn`.
const GATE: &str = "ValidateGreen";

impl Stage {
    /// Environment of a person who operates this account.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let account = &self.sample.account;
        let region = &account.settings().region;
        let mut environment = vec![
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_REGION", region.clone()),
            ("AWS_DEFAULT_REGION", region.clone()),
            ("AWS_ACCESS_KEY_ID", access_key_id("operator")),
            ("AWS_SECRET_ACCESS_KEY", "rehearsal".to_owned()),
            ("GREENLIGHT_TABLE", "greenlight".to_owned()),
        ];
        if let Some(gate) = self.sample.template.function(GATE) {
            environment.push(("GREENLIGHT_HOOK", account.functions().arn(&gate.name)));
        }
        for (variable, queue) in [
            ("GREENLIGHT_PUSH_DEAD_LETTERS", "PushDeadLetterQueue"),
            (
                "GREENLIGHT_FUNCTION_DEAD_LETTERS",
                "FunctionDeadLetterQueue",
            ),
        ] {
            let account_id = &account.settings().account_id;
            let url = format!("https://sqs.{region}.amazonaws.com/{account_id}/{queue}");
            environment.push((variable, url));
        }
        environment.extend(self.clock.clone().map(|clock| (CLOCK, clock)));
        environment
    }

    /// What the command line tool prints.
    pub async fn greenlight(&self, arguments: &[&str]) -> Result<String, StageError> {
        self.run(arguments, COMMAND_BOUND, |_| {}).await
    }

    /// The same in the timeline: what was typed, and each line as it is printed.
    pub async fn typed(&self, arguments: &[&str]) -> Result<String, StageError> {
        let timeline = self.timeline;
        timeline.typed(&format!("greenlight {}", arguments.join(" ")));
        self.run(arguments, WAITING_BOUND, |line| timeline.printed(line))
            .await
    }

    async fn run(
        &self,
        arguments: &[&str],
        bound: Duration,
        say: impl FnMut(&str),
    ) -> Result<String, StageError> {
        let failed = |output: String| StageError::Command {
            arguments: arguments.join(" "),
            output,
        };
        let ended = tokio::time::timeout(bound, self.run_to_the_end(arguments, say)).await;
        let ended = ended.map_err(|_| failed(format!("no end after {} s", bound.as_secs())))?;
        let (succeeded, output, complaint) = ended.map_err(machine("cannot run `greenlight`"))?;
        if let Some(mark) = [&output, &complaint]
            .into_iter()
            .find_map(|it| secrets::in_text(it))
        {
            let note = format!("`greenlight` prints a credential: {mark}…");
            let journal = self.sample.account.journal();
            journal.note(secrets::SERVICE, Tone::Bad, note);
        }
        if !succeeded {
            return Err(failed(complaint.trim().to_owned()));
        }
        Ok(output)
    }

    /// Whether it succeeded, what it printed, and what it complained about.
    async fn run_to_the_end(
        &self,
        arguments: &[&str],
        mut say: impl FnMut(&str),
    ) -> std::io::Result<(bool, String, String)> {
        let mut process = Command::new(self.binaries.join("greenlight"))
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .env("USER", "operator")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
        let printed = async {
            let mut output = String::new();
            let Some(stdout) = stdout else {
                return Ok(output);
            };
            let mut lines = BufReader::new(stdout).lines();
            while let Some(line) = lines.next_line().await? {
                say(&line);
                output += &line;
                output.push('\n');
            }
            Ok(output)
        };
        let complained = async {
            let mut complaint = Vec::new();
            if let Some(stderr) = stderr {
                let mut bounded = stderr.take(LONGEST_COMPLAINT);
                bounded.read_to_end(&mut complaint).await?;
            }
            Ok(String::from_utf8_lossy(&complaint).into_owned())
        };
        let (printed, complained, status) = tokio::join!(printed, complained, process.wait());
        let (printed, complained): (std::io::Result<_>, std::io::Result<_>) = (printed, complained);
        Ok((status?.success(), printed?, complained?))
    }

    /// What the command line tool prints with `--json`.
    pub async fn greenlight_json(&self, arguments: &[&str]) -> Result<Value, StageError> {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let output = self.greenlight(&arguments).await?;
        serde_json::from_str(&output).map_err(|error| StageError::Command {
            arguments: arguments.join(" "),
            output: format!("its output is not JSON: {error}"),
        })
    }

    /// The records of the sample target's deployments, newest first.
    pub async fn history(&self) -> Result<Vec<Value>, StageError> {
        self.history_at(TARGET).await
    }

    /// The same of any target.
    pub async fn history_at(&self, target: &str) -> Result<Vec<Value>, StageError> {
        let mut document = self.greenlight_json(&["history", target]).await?;
        match document["deployments"].take() {
            Value::Array(records) => Ok(records),
            _ => Ok(Vec::new()),
        }
    }

    /// Those that deployed, or were to deploy, this image.
    pub async fn history_of(&self, digest: &str) -> Result<Vec<Value>, StageError> {
        let mut records = self.history().await?;
        records.retain(|record| record["candidate"]["digest"] == digest);
        Ok(records)
    }

    /// The image of the sample repository that the sample target's record says is live. Where images of
    /// several repositories are deployed together, the one that was pushed last is the first of them.
    pub async fn current(&self) -> Result<Option<String>, StageError> {
        self.current_at(TARGET, REPOSITORY).await
    }

    /// The same of any target, for the image of this repository.
    pub async fn current_at(
        &self,
        target: &str,
        repository: &str,
    ) -> Result<Option<String>, StageError> {
        let document = self.greenlight_json(&["status", target]).await?;
        let current = &document["current"];
        let others = current["with"].as_array().into_iter().flatten();
        let image = std::iter::once(current).chain(others).find(|image| {
            let uri = image["repository"].as_str().unwrap_or_default();
            uri.ends_with(&format!("/{repository}"))
        });
        Ok(image.and_then(|image| image["digest"].as_str().map(str::to_owned)))
    }
}
