//! Where a scenario is played: the sample account on loopback, real function processes, requests to the
//! production listener, and the timeline. What a person does at it is in [`super::operator`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::sample::{CLUSTER, Sample, SampleError, Stand, sample_account_for};
use super::ship::text;
use crate::account::containers::ImageSpec;
use crate::account::template::{Function, TemplateError};
use crate::account::{Settings, UnresolvedVariable, elb};
use crate::build::workspace;
use crate::clock::Clock;
use crate::endpoint::Endpoint;
use crate::load::{Load, RATE, Requests};
use crate::sandbox::Host;
use crate::timeline::Timeline;

/// Longest simulated time that a scenario waits for the account to become quiet.
const QUIET_BOUND: Duration = Duration::from_hours(6);

/// The variable by which a function is told what to log.
const LOG: &str = "GREENLIGHT_LOG";
/// The variable by which a function is told how fast the time runs.
pub(super) const CLOCK: &str = "GREENLIGHT_CLOCK";

/// How often something is looked for that happens any moment, in real time.
const OFTEN: Duration = Duration::from_millis(20);

/// What a stage is opened for.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    /// What the account is set up for.
    pub stand: Stand,
    /// How fast its clock runs.
    pub speed: f64,
    /// Whether nothing is printed.
    pub quiet: bool,
    /// Whether the targets are registered from the beginning.
    pub registers: bool,
    /// The file of the workspace in which the targets are, if it is not the stand's: at
    /// [`Stand::Gated`] every story has gates of its own.
    pub targets: Option<&'static str>,
    /// Whether the functions live in the account's time, and not in real time.
    pub in_its_time: bool,
    /// What the functions log, if not what they log by themselves.
    pub log: Option<&'static str>,
    /// What CodePipeline does with a reference to a variable that there is not.
    pub unresolved: UnresolvedVariable,
}

impl Opening {
    /// A stage as most scenarios have it.
    pub const fn at(stand: Stand, speed: f64) -> Self {
        Self {
            stand,
            speed,
            quiet: false,
            registers: true,
            targets: None,
            in_its_time: false,
            log: None,
            unresolved: UnresolvedVariable::FailsTheAction,
        }
    }
}

/// An open account with everything that a scenario needs.
#[derive(Debug)]
pub struct Stage {
    /// The account and what is in it.
    pub sample: Sample,
    /// The printer.
    pub timeline: Timeline,
    /// The requests to production.
    pub load: Load,
    /// Those to the second service of [`Stand::Gated`].
    pub web_load: Option<Load>,
    /// How the functions and the command line tool are told the account's time, if they live in it.
    pub(super) clock: Option<String>,
    pub(super) binaries: PathBuf,
    endpoint: Endpoint,
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
    /// Opens the account at a stand, registers its targets, and begins to send requests.
    pub async fn open(binaries: &Path, opening: Opening) -> Result<Self, StageError> {
        let start = Timestamp::now();
        let settings = Settings {
            unresolved: opening.unresolved,
            ..Settings::loopback(Clock::scaled(start, opening.speed))
        };
        let sample = sample_account_for(settings, opening.stand).await?;
        let account = &sample.account;
        let endpoint = Endpoint::open(account, 0).map_err(machine("cannot open the endpoint"))?;
        let host = Host {
            account: account.clone(),
            binaries: binaries.to_owned(),
            endpoint: endpoint.url(),
        };
        let clock = opening.in_its_time;
        let clock = clock.then(|| format!("{}@{start}", opening.speed));
        account
            .deploy(&sample.template, |function| {
                host.handler(&told(function, opening.log, clock.as_deref()))
            })
            .await?;
        let timeline = Timeline::new(start, opening.quiet);
        let follower = tokio::spawn(timeline.follow(account.clone(), account.journal().count()));
        let load = Load::start(&production_url(&sample), RATE, is_ours);
        let web = sample.web.as_ref();
        let web = web.map(|web| url(&sample, &web.production_listener));
        let web_load = web.map(|url| Load::start(&url, RATE, is_ours));
        let stage = Self {
            sample,
            timeline,
            load,
            web_load,
            clock,
            endpoint,
            binaries: binaries.to_owned(),
            follower,
        };
        if opening.registers {
            let file = opening.targets.unwrap_or(opening.stand.file());
            stage.register(file).await?;
        }
        Ok(stage)
    }

    /// Registers the targets of a file of the workspace.
    pub async fn register(&self, file: &str) -> Result<(), StageError> {
        let file = workspace().join(file);
        let arguments = ["targets", "apply", &file.to_string_lossy()];
        self.greenlight(&arguments).await.map(|_| ())
    }

    /// Registers the targets of a file of the workspace, whatever is missing for them.
    pub async fn register_unverified(&self, file: &str) -> Result<(), StageError> {
        let file = workspace().join(file);
        let arguments = ["targets", "apply", "--no-verify", &file.to_string_lossy()];
        self.greenlight(&arguments).await.map(|_| ())
    }

    /// The account's endpoint.
    pub fn endpoint(&self) -> String {
        self.endpoint.url()
    }

    /// Where the service is in production.
    pub fn production_url(&self) -> String {
        production_url(&self.sample)
    }

    /// Where its test listener is.
    pub fn test_url(&self) -> String {
        url(&self.sample, &self.sample.test_listener)
    }

    /// Where that of the second service of [`Stand::Gated`] is.
    pub fn web_test_url(&self) -> String {
        let web = self.sample.web.as_ref();
        web.map_or_else(String::new, |web| url(&self.sample, &web.test_listener))
    }

    /// What became of the requests to production, of both services where there are two.
    pub fn requests(&self) -> Requests {
        let requests = self.load.requests();
        match &self.web_load {
            Some(web) => requests.and(web.requests()),
            None => requests,
        }
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

    /// Waits until a deployment runs.
    pub async fn until_deploying(&self) {
        while self.sample.active_deployments().is_empty() {
            tokio::time::sleep(OFTEN).await;
        }
    }

    /// Waits until a deployment has got as far as to wait for a person, at another hook than those.
    pub async fn until_awaiting(&self, answered: &[Value]) {
        loop {
            let awaiting = self.sample.awaiting();
            if awaiting.iter().any(|hook| !answered.contains(hook)) {
                return;
            }
            tokio::time::sleep(OFTEN).await;
        }
    }

    /// How the deployments ended, by what the stand deploys with, newest first.
    pub fn statuses(&self) -> Vec<String> {
        let deployments = self.sample.deployments().into_iter();
        deployments
            .map(|id| text(&self.sample.deployment(&id)["status"]))
            .collect()
    }

    /// The events that Greenlight has emitted, oldest first.
    pub(super) fn emitted(&self) -> Vec<Value> {
        let mut events = self.sample.account.events().history();
        events.retain(|event| event["source"] == "greenlight");
        events
    }

    /// What happened in a service of the account, oldest first.
    pub fn happened(&self, service: &str) -> Vec<String> {
        let happenings = self.sample.account.journal().happenings().into_iter();
        happenings
            .filter(|it| it.service == service)
            .map(|it| it.text)
            .collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

pub(super) fn machine(what: &'static str) -> impl FnOnce(std::io::Error) -> StageError {
    move |source| StageError::Machine { what, source }
}

/// The function, told what to log and how fast its time runs.
fn told(function: &Function, log: Option<&str>, clock: Option<&str>) -> Function {
    let mut function = function.clone();
    for (variable, value) in [(LOG, log), (CLOCK, clock)] {
        let value = value.map(|value| (variable.to_owned(), value.to_owned()));
        function.environment.extend(value);
    }
    function
}

fn production_url(sample: &Sample) -> String {
    let listener = elb::listener(&sample.account, &sample.production_listener);
    listener
        .or_else(|| elb::listener_of(&sample.account, CLUSTER, 80))
        .map(|it| format!("{}/", it.url))
        .unwrap_or_default()
}

fn url(sample: &Sample, listener: &str) -> String {
    let listener = elb::listener(&sample.account, listener);
    listener.map_or_else(String::new, |it| format!("{}/", it.url))
}

/// Every version of the sample application answers `/` with its own name: `v1`, `v2`, …; of the second one
/// `web-v1`, `web-v2`, ….
fn is_ours(body: &str) -> bool {
    let version = body.strip_prefix("web-").unwrap_or(body);
    let version = version.strip_prefix('v').unwrap_or(version);
    version.starts_with(|c: char| c.is_ascii_digit())
        && version.chars().all(|c| c.is_ascii_digit() || c == '.')
}
