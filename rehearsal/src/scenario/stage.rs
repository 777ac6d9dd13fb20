//! Where a scenario is played: the sample account on loopback, real function processes, the command line
//! tool, requests to the production listener, and the timeline.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::process::Command;
use tokio::task::JoinHandle;

use super::sample::{CLUSTER, Sample, SampleError, TARGET, sample_account};
use crate::account::containers::ImageSpec;
use crate::account::template::TemplateError;
use crate::account::{Settings, access_key_id, elb};
use crate::build::workspace;
use crate::clock::Clock;
use crate::endpoint::Endpoint;
use crate::load::{Load, RATE};
use crate::sandbox::Host;
use crate::timeline::Timeline;

/// Longest simulated time that a scenario waits for the account to become quiet.
const QUIET_BOUND: Duration = Duration::from_hours(6);

/// Longest real time that the command line tool may take.
const COMMAND_BOUND: Duration = Duration::from_secs(20);

/// An open account with everything that a scenario needs.
#[derive(Debug)]
pub struct Stage {
    /// The account and what is in it.
    pub sample: Sample,
    /// The printer.
    pub timeline: Timeline,
    /// The requests to production.
    pub load: Load,
    endpoint: Endpoint,
    binaries: PathBuf,
    follower: JoinHandle<()>,
}

/// Why a scenario cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The account is not as it should be, or does not become quiet.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// template.yaml cannot be set up.
    #[error("template.yaml: {0}")]
    Template(#[from] TemplateError),
    /// No port, no process.
    #[error("{what}: {source}")]
    Machine {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The command line tool failed.
    #[error("`greenlight {arguments}` failed: {output}")]
    Command {
        /// What it was asked.
        arguments: String,
        /// What it said.
        output: String,
    },
}

impl Stage {
    /// Opens the account, registers the sample target, and begins to send requests.
    pub async fn open(binaries: &Path, speed: f64, quiet: bool) -> Result<Self, StageError> {
        let start = Timestamp::now();
        let sample = sample_account(Settings::loopback(Clock::scaled(start, speed)))?;
        let account = &sample.account;
        let endpoint = Endpoint::open(account, 0).map_err(machine("cannot open the endpoint"))?;
        let host = Host {
            account: account.clone(),
            binaries: binaries.to_owned(),
            endpoint: endpoint.url(),
        };
        account
            .deploy(&sample.template, |function| host.handler(function))
            .await?;
        let timeline = Timeline::new(start, quiet);
        let follower = tokio::spawn(timeline.follow(account.clone(), account.journal().count()));
        let load = Load::start(&production_url(&sample), RATE, is_ours);
        let stage = Self {
            sample,
            timeline,
            load,
            endpoint,
            binaries: binaries.to_owned(),
            follower,
        };
        let file = workspace().join("rehearsal/sample/targets.yaml");
        stage
            .greenlight(&["targets", "apply", &file.to_string_lossy()])
            .await?;
        Ok(stage)
    }

    /// The account's endpoint.
    pub fn endpoint(&self) -> String {
        self.endpoint.url()
    }

    /// Where the service is in production.
    pub fn production_url(&self) -> String {
        production_url(&self.sample)
    }

    /// Environment of a person who operates this account.
    pub fn environment(&self) -> [(&'static str, String); 6] {
        [
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_REGION", self.sample.account.settings().region.clone()),
            (
                "AWS_DEFAULT_REGION",
                self.sample.account.settings().region.clone(),
            ),
            ("AWS_ACCESS_KEY_ID", access_key_id("operator")),
            ("AWS_SECRET_ACCESS_KEY", "rehearsal".to_owned()),
            ("GREENLIGHT_TABLE", "greenlight".to_owned()),
        ]
    }

    /// Pushes an image to `mco/api:test`. Returns its digest.
    pub fn push(&self, image: &ImageSpec) -> Result<String, StageError> {
        Ok(self.sample.push(image)?)
    }

    /// Pushes images under tags that no target watches, for whoever wants to give them the one that is:
    /// one that works, and two that do not. Returns the tags.
    pub fn push_others(&self) -> Result<[&'static str; 3], StageError> {
        self.sample.push_as("v2", &ImageSpec::healthy("v2"))?;
        self.sample
            .push_as("broken", &ImageSpec::answers_500("v3"))?;
        self.sample
            .push_as("crashing", &ImageSpec::crashes("v4", 1))?;
        Ok(["v2", "broken", "crashing"])
    }

    /// Lets simulated time pass.
    pub async fn pass(&self, time: Duration) {
        self.sample.account.clock().sleep(time).await;
    }

    /// Waits until nothing runs, waits or is on its way.
    pub async fn until_quiet(&self) -> Result<(), StageError> {
        Ok(self.sample.until_quiet(QUIET_BOUND).await?)
    }

    /// Waits until a CodeDeploy deployment runs.
    pub async fn until_deploying(&self) {
        while self.sample.active_deployments().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What the command line tool prints.
    pub async fn greenlight(&self, arguments: &[&str]) -> Result<String, StageError> {
        let mut command = Command::new(self.binaries.join("greenlight"));
        command
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let failed = |output: String| StageError::Command {
            arguments: arguments.join(" "),
            output,
        };
        let output = tokio::time::timeout(COMMAND_BOUND, command.output()).await;
        let output =
            output.map_err(|_| failed(format!("no end after {} s", COMMAND_BOUND.as_secs())))?;
        let output = output.map_err(machine("cannot run `greenlight`"))?;
        if !output.status.success() {
            return Err(failed(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
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
        let mut document = self.greenlight_json(&["history", TARGET]).await?;
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

    /// What the sample target's record says is live.
    pub async fn current(&self) -> Result<Option<String>, StageError> {
        let document = self.greenlight_json(&["status", TARGET]).await?;
        Ok(document["current"]["digest"].as_str().map(str::to_owned))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

fn machine(what: &'static str) -> impl FnOnce(std::io::Error) -> StageError {
    move |source| StageError::Machine { what, source }
}

fn production_url(sample: &Sample) -> String {
    let listener = elb::listener(&sample.account, &sample.production_listener);
    listener
        .or_else(|| elb::listener_of(&sample.account, CLUSTER, 80))
        .map(|it| format!("{}/", it.url))
        .unwrap_or_default()
}

/// Every version of the sample application answers `/` with its own name: `v1`, `v2`, ….
fn is_ours(body: &str) -> bool {
    body.strip_prefix('v')
        .is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}
