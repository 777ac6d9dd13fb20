//! The checks of a gate: what has to hold for green tasks before the deployment goes on.
//!
//! Each is plain data with its limits; measuring is in `shared/deployer`. Only the HTTP check
//! also judges here ([`HttpCheck::judge`]), because an answer is plain data, too.

mod http;
mod pattern;

use std::time::Duration;

use super::GatePoint;

pub use http::{Destination, Expectation, HttpCheck, HttpRequest, Method, StatusRange};
pub use pattern::{InvalidPattern, Pattern};

/// The longest that any check may take.
pub const MAX_TIMEOUT: Duration = Duration::from_hours(1);

/// One check.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a target has a handful of checks"
)]
pub enum Check {
    /// As many green tasks run as should, steadily, and none is unhealthy.
    Tasks(TasksCheck),
    /// Every running green task runs the digest that this deployment is about.
    Digest(DigestCheck),
    /// The load balancer calls every green task healthy.
    Targets(TargetsCheck),
    /// Requests are answered as expected.
    Http(HttpCheck),
}

impl Check {
    /// The key in the document.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tasks(_) => "tasks",
            Self::Digest(_) => "digest",
            Self::Targets(_) => "targets",
            Self::Http(_) => "http",
        }
    }

    /// How long the whole check may take.
    pub const fn timeout(&self) -> Duration {
        match self {
            Self::Tasks(check) => check.timeout,
            Self::Digest(check) => check.timeout,
            Self::Targets(check) => check.timeout,
            Self::Http(check) => check.timeout,
        }
    }

    /// Why this check could not pass at a point, whatever the image: what it looks at is not
    /// there yet.
    pub const fn impossible_at(&self, point: GatePoint) -> Option<&'static str> {
        match (self, point) {
            (
                Self::Http(HttpCheck {
                    request:
                        HttpRequest {
                            to: Destination::Url(_),
                            ..
                        },
                    ..
                }),
                _,
            ) => None,
            (_, GatePoint::BeforeInstall) => Some("the green tasks are not created yet"),
            (Self::Http(_), GatePoint::AfterInstall) => {
                Some("the test listener does not lead to the green tasks yet")
            }
            _ => None,
        }
    }
}

/// How long the checks of tasks, digests and targets wait when nothing else is said.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_mins(5);

/// See [`Check::Tasks`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TasksCheck {
    pub timeout: Duration,
}

/// See [`Check::Digest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestCheck {
    pub timeout: Duration,
}

/// See [`Check::Targets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetsCheck {
    pub timeout: Duration,
}

impl Default for TasksCheck {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

impl Default for DigestCheck {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

impl Default for TargetsCheck {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
        }
    }
}
