//! An image, by what its containers do.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

/// An image to be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSpec {
    /// What the application calls itself: the body of `/`.
    pub version: String,
    /// What it does when it runs.
    pub behaviour: Behaviour,
    /// What it does when it is started with one of these commands. An image without any takes every
    /// command as arguments that change nothing; one with some does not find others.
    pub commands: Vec<(Vec<String>, Behaviour)>,
    /// What it was built for.
    pub platforms: Platforms,
    /// What a scanner finds in it.
    pub findings: Vec<Finding>,
}

/// A vulnerability in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Such as `CVE-2026-1234`.
    pub name: String,
    /// In capitals: one of ECR's, or whatever else a scanner may say.
    pub severity: String,
    /// The package that has it, and its version.
    pub package: (String, String),
}

impl Finding {
    /// A vulnerability of this name and severity, in OpenSSL.
    pub fn new(name: &str, severity: &str) -> Self {
        Self {
            name: name.to_owned(),
            severity: severity.to_owned(),
            package: ("openssl".to_owned(), "3.0.1".to_owned()),
        }
    }
}

/// What an image was built for; architectures in the words of image indexes (`amd64`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Platforms {
    /// A single manifest.
    One(String),
    /// An index over a manifest for each.
    Index(Vec<String>),
}

/// How a container behaves.
///
/// Unless [`answers`](Self::answers) says otherwise, `/` answers the version, `/health` answers
/// `{"status":"ok","version":…}` as an application that has looked at its dependencies does, and `/ping`
/// answers `pong` as soon as it listens (what the samples' target groups check).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Behaviour {
    /// From the start of the process until it listens.
    pub startup: Duration,
    /// Path → status and body, before the usual answers.
    pub answers: BTreeMap<String, (u16, String)>,
    /// Whether the process ends by itself.
    pub crash: Option<Crash>,
    /// What the container's `reason` is when it does.
    pub end_reason: Option<String>,
    /// Before each answer.
    pub latency: Duration,
    /// Of the answers of a process that are not for `/ping`, every so many-th is a 500.
    pub fails_every: Option<NonZeroU32>,
    /// The lines that it writes when it starts.
    pub log: Vec<String>,
    /// Those that it writes when it ends by itself.
    pub last_words: Vec<String>,
}

/// A process that ends by itself: one that crashes, or one that has done what it was started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// From the start of the process.
    pub after: Duration,
    /// Its exit status.
    pub exit_code: i32,
}

impl Behaviour {
    /// Never listens, runs for a while, and ends with this exit code.
    pub fn one_shot(runs: Duration, exit_code: i32) -> Self {
        Self {
            startup: runs.saturating_add(Duration::from_hours(1)),
            crash: Some(Crash {
                after: runs,
                exit_code,
            }),
            ..Self::default()
        }
    }

    /// Ends before it has begun, for this reason.
    pub(crate) fn cannot_start(exit_code: i32, reason: String) -> Self {
        Self {
            end_reason: Some(reason),
            ..Self::one_shot(Duration::ZERO, exit_code)
        }
    }
}

impl ImageSpec {
    /// An image for one platform that works.
    pub fn healthy(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            behaviour: Behaviour::default(),
            commands: Vec::new(),
            platforms: Platforms::One("amd64".to_owned()),
            findings: Vec::new(),
        }
    }

    /// A service that works and, started with the command `migrate`, a migration that runs for 20 seconds
    /// and ends with this exit code.
    pub fn migration(version: &str, exit_code: i32) -> Self {
        let migration = Behaviour::one_shot(Duration::from_secs(20), exit_code);
        Self::healthy(version).with_command(&["migrate"], migration)
    }

    /// An image of which nothing is wanted but that it ends, after a while and with this exit code.
    pub fn one_shot(version: &str, runs: Duration, exit_code: i32) -> Self {
        Self::healthy(version)
            .behaving(|behaviour| *behaviour = Behaviour::one_shot(runs, exit_code))
    }

    /// Works, but only after a while.
    pub fn slow_to_start(version: &str, startup: Duration) -> Self {
        Self::healthy(version).behaving(|behaviour| behaviour.startup = startup)
    }

    /// Answers each time after this long.
    pub fn slow(version: &str, latency: Duration) -> Self {
        Self::healthy(version).behaving(|behaviour| behaviour.latency = latency)
    }

    /// Fails now and then: of each process's answers every so many-th is a 500, but never that to the load
    /// balancer's health check. One of nought never fails.
    pub fn flaky(version: &str, every_nth: u32) -> Self {
        Self::healthy(version)
            .behaving(|behaviour| behaviour.fails_every = NonZeroU32::new(every_nth))
    }

    /// Dies again and again, before it ever listens.
    pub fn crashes(version: &str, exit_code: i32) -> Self {
        Self::healthy(version).behaving(|behaviour| {
            behaviour.log = vec![format!("{version} starts")];
            behaviour.last_words = vec!["fatal: the configuration has no DATABASE_URL".to_owned()];
            behaviour.startup = Duration::from_hours(1);
            behaviour.crash = Some(Crash {
                after: Duration::from_secs(3),
                exit_code,
            });
        })
    }

    /// Runs and answers the load balancer, but `/health` says that it does not work.
    pub fn answers_500(version: &str) -> Self {
        Self::healthy(version).behaving(|behaviour| {
            let body = "{\"status\":\"error\",\"error\":\"cannot reach the database\"}".to_owned();
            behaviour.answers.insert("/health".to_owned(), (500, body));
        })
    }

    /// Answers `/health` with 200 but not with what it should say.
    pub fn wrong_body(version: &str) -> Self {
        Self::healthy(version).behaving(|behaviour| {
            behaviour.answers.insert(
                "/health".to_owned(),
                (200, "<html>Welcome to nginx!</html>".to_owned()),
            );
        })
    }

    /// The same image for two platforms, behind an index.
    #[must_use]
    pub fn multi_platform(self) -> Self {
        self.index(&["linux/amd64", "linux/arm64"])
    }

    /// The same image for these platforms (`linux/arm64`), behind an index.
    #[must_use]
    pub fn index(mut self, platforms: &[&str]) -> Self {
        let architectures = platforms.iter().map(|platform| architecture(platform));
        self.platforms = Platforms::Index(architectures.collect());
        self
    }

    /// The same image for one platform (`linux/arm64`), without an index.
    #[must_use]
    pub fn platform(mut self, platform: &str) -> Self {
        self.platforms = Platforms::One(architecture(platform));
        self
    }

    /// The same image, which does something else when it is started with this command.
    #[must_use]
    pub fn with_command(mut self, command: &[&str], behaviour: Behaviour) -> Self {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        self.commands.push((command, behaviour));
        self
    }

    /// The image as it behaves when it is started with a command; with its own, if that is empty.
    pub(crate) fn started_with(mut self, command: &[String]) -> Self {
        if command.is_empty() || self.commands.is_empty() {
            return self;
        }
        let known = self.commands.iter().find(|(known, _)| known == command);
        self.behaviour = if let Some((_, behaviour)) = known {
            behaviour.clone()
        } else {
            let program = command.first().map(String::as_str).unwrap_or_default();
            let reason = format!(
                "CannotStartContainerError: failed to create task for container: exec: \"{program}\": executable file \
                 not found in $PATH"
            );
            Behaviour::cannot_start(127, reason)
        };
        self
    }

    /// The same image, in which a scanner finds these as well.
    #[must_use]
    pub fn with_findings(mut self, findings: impl IntoIterator<Item = Finding>) -> Self {
        self.findings.extend(findings);
        self
    }

    /// The same image with another behaviour.
    #[must_use]
    pub fn behaving(mut self, change: impl FnOnce(&mut Behaviour)) -> Self {
        change(&mut self.behaviour);
        self
    }
}

fn architecture(platform: &str) -> String {
    let architecture = platform.rsplit('/').next().unwrap_or(platform);
    architecture.to_owned()
}
