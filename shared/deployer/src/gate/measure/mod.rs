//! One measurement of each kind of check.

mod alarms;
mod approval;
mod green;
mod http;
mod lambda;
mod metric;
mod scan;
mod task;

use greenlight_aws::{AwsError, chain, table::StoredTarget};
use greenlight_core::{
    deployment::DeploymentId,
    gate::{Measurement, Progress},
    target::{Check, GatePoint, check::CheckKind},
};
use jiff::Timestamp;

use super::{green::Green, run::Measure};
use crate::Deployer;

/// The deployment whose gate it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) point: GatePoint,
    /// AWS's id: a CodeDeploy deployment's, or the ARN of a service deployment.
    pub(super) aws_id: &'a str,
    /// When AWS began with it.
    pub(super) began_at: Timestamp,
    /// The target, if one is registered.
    pub(super) stored: Option<&'a StoredTarget>,
    /// Our own id, if the deployment is ours.
    pub(super) deployment: Option<DeploymentId>,
}

/// With what the checks of one gate are measured.
pub(super) struct Instruments<'a> {
    pub(super) deployer: &'a Deployer,
    pub(super) green: &'a Green,
    pub(super) about: About<'a>,
    /// Where the test listener listens, once that is known.
    base_url: Option<String>,
}

impl<'a> Instruments<'a> {
    pub(super) fn new(deployer: &'a Deployer, green: &'a Green, about: About<'a>) -> Self {
        Self {
            deployer,
            green,
            about,
            base_url: None,
        }
    }
}

impl Measure for Instruments<'_> {
    async fn measure(&mut self, check: &Check, progress: &Progress) -> Measurement {
        let measured = match &check.kind {
            CheckKind::Tasks => self.green.measure_tasks().await,
            CheckKind::Digest => self.green.measure_digest().await,
            CheckKind::Targets => self.green.measure_targets().await,
            CheckKind::Http(http) => self.measure_http(http).await,
            CheckKind::Alarms(alarms) => self.measure_alarms(alarms).await,
            CheckKind::Metric(metric) => self.measure_metric(metric).await,
            CheckKind::Scan(scan) => self.measure_scan(scan).await,
            CheckKind::Lambda(lambda) => self.measure_lambda(lambda, progress).await,
            CheckKind::Task(task) => self.measure_task(task, progress).await,
            CheckKind::Approval(approval) => {
                let label = check.label.as_deref();
                self.measure_approval(approval, label, progress).await
            }
        };
        measured.unwrap_or_else(|error| not_measured(&error))
    }
}

/// An error that may pass is measured again; any other decides.
fn not_measured(error: &AwsError) -> Measurement {
    if error.is_retryable() {
        return Measurement::error(chain(error));
    }
    let told = match error.hint() {
        Some(hint) => format!("{}; {hint}", chain(error)),
        None => chain(error),
    };
    Measurement::error(told).for_good()
}
