//! Running the gate at which a deployment is waiting for a verdict.
//!
//! Three ask for one: CodeDeploy by its hook ([`codedeploy`]), ECS by the hook of its own blue/green, linear and canary
//! deployments ([`service`]), and the end of a rolling deployment ([`rolling`]). What is checked is the same: the green
//! tasks ([`green`]), by the checks of the target ([`run`], [`measure`]). People can try a gate on what runs ([`live`]).

mod blue;
mod codedeploy;
mod expectation;
mod green;
mod live;
mod measure;
mod outlast;
mod rolling;
mod run;
mod service;

use greenlight_aws::{
    AwsError, chain,
    table::{BadTarget, GateKey, GateRun, GateVerdict, Lease},
};
use greenlight_core::{
    deployment::DeploymentId,
    gate::{GateReport, Unfinished, Verdict},
    target::{Check, GatePoint, Service, TargetName, check::CheckKind},
};

use jiff::{SignedDuration, Timestamp};

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

/// An invocation that runs a gate.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Lambda's id of it.
    pub id: &'a str,
    /// When its part of the gate has to be over.
    pub until: Timestamp,
    /// When it has ended, whatever becomes of it.
    pub ends_at: Timestamp,
}

impl Call<'_> {
    fn lease(&self, now: Timestamp) -> Lease<'_> {
        Lease {
            holder: self.id,
            from: now,
            until: self.ends_at,
        }
    }
}

/// What came of one invocation for a gate.
#[derive(Debug, Clone, PartialEq)]
pub enum AtGate {
    /// There is a verdict.
    Over(Validated),
    /// The gate goes on with a later invocation.
    Later {
        /// What is waited for.
        summary: String,
        /// After so long there is something to be done.
        after: SignedDuration,
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
    /// The gate could not be taken, or given back.
    #[error("what the gate of {deployment} has measured could not be kept")]
    Keep {
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
    /// It is over: somebody stopped it, or its time ran out.
    #[error("{deployment} has ended with status {status} while its gate was running")]
    Ended {
        /// Which deployment.
        deployment: String,
        /// Its status.
        status: String,
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

/// So many gates are carried on in one invocation.
const GATES_AT_ONCE: usize = 20;
/// How long a pause within a gate is waited for before its run is broken off.
const WAITED_FOR: SignedDuration = SignedDuration::from_secs(30);

impl Deployer {
    /// Gives a gate that is broken off back, to be carried on by a later invocation.
    async fn later(
        &self,
        key: &GateKey,
        unfinished: &Unfinished,
        summary: &str,
    ) -> Result<AtGate, AwsError> {
        let now = self.clock.now();
        let due_at = unfinished.due_at(now);
        self.table.keep_gate(key, unfinished, due_at).await?;
        Ok(AtGate::Later {
            summary: summary.to_owned(),
            after: now.duration_until(due_at).max(SignedDuration::ZERO),
        })
    }

    /// Keeps the verdict and the report of a gate, before it is answered. The answer is what the deployment
    /// waits for: it is given even where they cannot be kept, since the report is in the log as well.
    async fn over(
        &self,
        key: &GateKey,
        ours: Option<(&TargetName, DeploymentId)>,
        validated: &Validated,
    ) {
        let verdict = GateVerdict {
            may_go_on: validated.may_go_on,
            summary: validated.summary.clone(),
        };
        // The report goes first: once there is a verdict nothing is measured any more, so it would be lost.
        if let (Some((target, id)), Some(report)) = (ours, &validated.report) {
            self.write_report(target, id, report).await;
        }
        let ended = self.table.end_gate(key, &verdict).await;
        if let Err(error) = ended {
            tracing::error!("the gate's verdict was not kept: {}", chain(&error));
        }
    }

    /// Notes that a gate of CodeDeploy was answered, so that nobody sees to it again. Where that fails, its verdict is
    /// sent once more, and CodeDeploy says that it knows.
    pub async fn gate_answered(&self, key: &GateKey) {
        if let Err(error) = self.table.gate_answered(key).await {
            tracing::warn!(
                "that the gate was answered was not noted: {}",
                chain(&error)
            );
        }
    }

    /// The gates of CodeDeploy for which there is something to be done now.
    pub async fn due_gates(&self) -> Result<Vec<GateKey>, AwsError> {
        let now = self.clock.now();
        let by = now.saturating_add(WAITED_FOR).unwrap_or(Timestamp::MAX);
        self.table.due_gates(now, by, GATES_AT_ONCE).await
    }

    /// Adds a gate's report to the record of a deployment of ours.
    async fn write_report(&self, target: &TargetName, id: DeploymentId, report: &GateReport) {
        let written = self.table.put_gate_report(target, id, report).await;
        // The verdict is what the deployment waits for; the report is in the log as well.
        if let Err(error) = written {
            tracing::error!("the gate's report was not recorded: {}", chain(&error));
        }
    }
}

/// Says the whole report in the log, as `validate-green` does for the gates of hooks.
pub(crate) fn log(report: &GateReport) {
    let report = serde_json::to_string(report).unwrap_or_default();
    tracing::info!(report, "the gate has ended");
}

/// What is answered again to a hook whose gate is over.
fn known(run: &GateRun) -> Option<AtGate> {
    let verdict = run.verdict.as_ref()?;
    Some(AtGate::Over(Validated {
        report: None,
        may_go_on: verdict.may_go_on,
        summary: verdict.summary.clone(),
    }))
}

/// What is answered where another invocation runs the same gate at this moment.
fn taken_by_another() -> AtGate {
    AtGate::Later {
        summary: "another invocation runs this gate".to_owned(),
        after: WAITED_FOR,
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
