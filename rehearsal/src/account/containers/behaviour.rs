//! An image, by what its containers do.

use std::collections::BTreeMap;
use std::time::Duration;

/// An image to be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSpec {
    /// What the application calls itself: the body of `/`.
    pub version: String,
    /// What it does when it runs.
    pub behaviour: Behaviour,
    /// 1: an image manifest; 2: an index over `linux/amd64` and `linux/arm64`.
    pub platforms: u8,
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
    /// Before each answer.
    pub latency: Duration,
}

/// A process that ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// From the start of the process.
    pub after: Duration,
    /// Its exit status.
    pub exit_code: i32,
}

impl ImageSpec {
    /// An image for one platform that works.
    pub fn healthy(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            behaviour: Behaviour::default(),
            platforms: 1,
        }
    }

    /// Works, but only after a while.
    pub fn slow_to_start(version: &str, startup: Duration) -> Self {
        Self::healthy(version).behaving(|behaviour| behaviour.startup = startup)
    }

    /// Dies again and again, before it ever listens.
    pub fn crashes(version: &str, exit_code: i32) -> Self {
        Self::healthy(version).behaving(|behaviour| {
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
    pub fn multi_platform(mut self) -> Self {
        self.platforms = 2;
        self
    }

    /// The same image with another behaviour.
    #[must_use]
    pub fn behaving(mut self, change: impl FnOnce(&mut Behaviour)) -> Self {
        change(&mut self.behaviour);
        self
    }
}
