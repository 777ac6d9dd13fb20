//! Running the gate at which a deployment is waiting for a verdict.
//!
//! Three ask for one: CodeDeploy by its hook ([`codedeploy`]), ECS by the hook of its own blue/green, linear and canary
//! deployments ([`service`]), and the end of a rolling deployment ([`rolling`]). What is checked is the same: the green
//! tasks ([`green`]), by the checks of the target ([`run`], [`measure`]). People can try a gate on what runs ([`live`]).

mod codedeploy;
mod expectation;
mod green;
mod live;
mod measure;
mod rolling;
mod run;
mod service;

use greenlight_aws::{AwsError, chain, table::BadTarget};
use greenlight_core::{
    deployment::DeploymentId,
    gate::{GateReport, Unfinished, Verdict},
    target::{Check, GatePoint, Service, TargetName, check::CheckKind},
};

use crate::Deployer;

pub(crate) use live::asks_people;
pub use live::{Verified, VerifyError};
pub(crate) use rolling::AfterTraffic;

/// What a gate found, and what to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Validated {
    /// What each check found; `None` where there was nothing to check.
    pub report: Option<GateReport>,
    /// Whether the deployment may go on.
    pub may_go_on: bool,
    /// Why, in one sentence.
    pub summary: String,
}

/// What came of a call of ECS, which may be asked to call again.
#[derive(Debug, Clone, PartialEq)]
pub enum AtStage {
    /// There is a verdict.
    Over(Validated),
    /// The gate goes on with the next call.
    Unfinished {
        /// What has to be brought back.
        unfinished: Unfinished,
        /// What is waited for.
        summary: String,
    },
}

/// Why no verdict could be found. Whoever waits has to be told so: it counts as a failure.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// AWS could not be asked about the deployment or its service.
    #[error("{deployment} could not be looked at")]
    Look {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// Greenlight's table could not be read.
    #[error("the target of {deployment} could not be read")]
    Target {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// The target's document is not understood.
    #[error("the target of {deployment} could not be read")]
    Document {
        /// Which deployment.
        deployment: String,
        /// Why not.
        #[source]
        source: BadTarget,
    },
    /// No lifecycle event that calls a hook is in progress.
    #[error(
        "{deployment} is at no lifecycle event that waits for a hook, so it is not known what to check"
    )]
    NoEvent {
        /// Which deployment.
        deployment: String,
    },
    /// The green tasks are not there.
    #[error(
        "service `{service}` has no task set of {deployment}, so there are no green tasks to check"
    )]
    NoGreen {
        /// Which deployment.
        deployment: String,
        /// Which service.
        service: Service,
    },
    /// ECS does not tell what it deploys.
    #[error(
        "ECS does not tell the target revision of {deployment}, so there are no green tasks to check"
    )]
    NoRevision {
        /// Which deployment.
        deployment: String,
    },
}

impl Deployer {
    /// Adds a gate's report to the record of a deployment of ours.
    async fn write_report(&self, target: &TargetName, id: DeploymentId, report: &GateReport) {
        let written = self.table.put_gate_report(target, id, report).await;
        // The verdict is what the deployment waits for; the report is in the log as well.
        if let Err(error) = written {
            tracing::error!("the gate's report was not recorded: {}", chain(&error));
        }
    }
}

/// What is checked where no target is registered: what can be checked of any service.
fn default_checks(point: GatePoint) -> Vec<Check> {
    match point {
        GatePoint::BeforeInstall => Vec::new(),
        GatePoint::AfterInstall
        | GatePoint::TestTraffic
        | GatePoint::BeforeTraffic
        | GatePoint::AfterTraffic => vec![
            Check::usual(CheckKind::Tasks),
            Check::usual(CheckKind::Digest),
            Check::usual(CheckKind::Targets),
        ],
    }
}

/// A configured gate passes only if every check passes. The default checks are nobody's wish, so
/// one that finds nothing to measure does not stop a deployment.
fn validated(report: GateReport, is_default: bool) -> Validated {
    let may_go_on = match report.verdict {
        Verdict::Passed => true,
        Verdict::Inconclusive => is_default,
        Verdict::Error | Verdict::Failed => false,
    };
    Validated {
        summary: report.summary(),
        report: Some(report),
        may_go_on,
    }
}

/// That there is nothing to check, and the deployment may go on.
fn nothing(summary: String) -> Validated {
    Validated {
        report: None,
        may_go_on: true,
        summary,
    }
}
