//! The checks of a gate: what has to hold for green tasks before the deployment goes on.
//!
//! Each is plain data: what is measured ([`CheckKind`]), and how often, how long and within which limits
//! ([`Rules`]). Measuring is in `shared/deployer`, what measurements mean in `crate::gate`.

mod alarms;
mod approval;
mod http;
mod lambda;
mod metric;
mod pattern;
mod rules;
mod scan;

use std::time::Duration;

use super::{GatePoint, OneShotTask};

pub use alarms::{AlarmsCheck, AlreadyOn};
pub use approval::ApprovalCheck;
pub(crate) use http::quoted;
pub use http::{
    Cause, Destination, Expectation, HttpCheck, HttpRequest, Load, Method, StatusRange,
};
pub use lambda::LambdaCheck;
pub use metric::{Baseline, Comparison, MetricCheck, MetricExpectation, MetricQuery, Worse};
pub use pattern::{InvalidPattern, Pattern};
pub use rules::{OnNoData, Rules};
pub use scan::{Ignored, ScanCheck};

/// One check.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What is measured.
    pub kind: CheckKind,
    /// What a person calls it, where there are several of a kind.
    pub label: Option<String>,
    /// How often and how long it is measured, and what may go wrong.
    pub rules: Rules,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckKind {
    /// As many green tasks run as should, steadily, and none is unhealthy.
    Tasks,
    /// Every running green task runs the digest that this deployment is about.
    Digest,
    /// The load balancer calls every green task healthy.
    Targets,
    /// Requests are answered as expected.
    Http(HttpCheck),
    /// CloudWatch alarms are in the state `OK`.
    Alarms(AlarmsCheck),
    /// A CloudWatch metric is within its limits, or no worse than it was.
    Metric(MetricCheck),
    /// The image has no findings that count.
    Scan(ScanCheck),
    /// A function of the team's own says so.
    Lambda(LambdaCheck),
    /// A task with the same image ends with exit code 0. What is not said is as the service has it.
    Task(OneShotTask),
    /// People say so.
    Approval(ApprovalCheck),
}

impl Check {
    /// A check with the usual rules of its kind.
    pub fn usual(kind: CheckKind) -> Self {
        let rules = Rules::usual(&kind);
        Self {
            kind,
            label: None,
            rules,
        }
    }

    /// The key in the document.
    pub const fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// How long the whole check may take.
    pub const fn timeout(&self) -> Duration {
        self.rules.timeout
    }

    /// What it is called in reports: its key, and its label if it has one.
    pub fn title(&self) -> String {
        match &self.label {
            Some(label) => format!("{} ({label})", self.name()),
            None => self.name().to_owned(),
        }
    }

    /// Why this check could not pass at a point, whatever the image: what it looks at is not
    /// there yet.
    pub fn impossible_at(&self, point: GatePoint) -> Option<&'static str> {
        const NO_GREEN: &str = "the green tasks are not created yet";
        match (&self.kind, point) {
            (
                CheckKind::Tasks | CheckKind::Digest | CheckKind::Targets | CheckKind::Task(_),
                GatePoint::BeforeInstall,
            ) => Some(NO_GREEN),
            (CheckKind::Metric(metric), GatePoint::BeforeInstall)
                if metric.is_about_green() || metric.compares_with_blue() =>
            {
                Some(NO_GREEN)
            }
            (CheckKind::Http(http), GatePoint::BeforeInstall) if http.needs_test_listener() => {
                Some(NO_GREEN)
            }
            (CheckKind::Http(http), GatePoint::AfterInstall) if http.needs_test_listener() => {
                Some("the test listener does not lead to the green tasks yet")
            }
            _ => None,
        }
    }
}

impl CheckKind {
    /// The key in the document.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tasks => "tasks",
            Self::Digest => "digest",
            Self::Targets => "targets",
            Self::Http(_) => "http",
            Self::Alarms(_) => "alarms",
            Self::Metric(_) => "metric",
            Self::Scan(_) => "scan",
            Self::Lambda(_) => "lambda",
            Self::Task(_) => "task",
            Self::Approval(_) => "approval",
        }
    }
}
