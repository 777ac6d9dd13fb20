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

use super::{
    expectation::{self, GreenImage},
    green::Green,
    run::Measure,
};
use crate::Deployer;

/// The deployment whose gate it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) point: GatePoint,
    /// AWS's id: a CodeDeploy deployment's, or the ARN of a service deployment.
    pub(super) aws_id: &'a str,
    /// When AWS began with it.
    pub(super) began_at: Timestamp,
    /// When this gate began: a deployment that shifts in steps comes by the same one more than once.
    pub(super) gate_began_at: Timestamp,
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
    /// The stopped task whose last log lines have been told.
    told_of: Option<String>,
}

impl<'a> Instruments<'a> {
    pub(super) fn new(deployer: &'a Deployer, green: &'a Green, about: About<'a>) -> Self {
        Self {
            deployer,
            green,
            about,
            base_url: None,
            told_of: None,
        }
    }

    /// The images that are deployed. Before the green tasks are there, those that a deployment of ours is about.
    fn images(&self) -> Vec<GreenImage> {
        let expected = &self.green.expected.images;
        let (true, Some(stored)) = (expected.is_empty(), self.about.stored) else {
            return expected.clone();
        };
        let active = stored.state.active.as_ref();
        let active = active.filter(|active| Some(active.deployment) == self.about.deployment);
        active.map_or_else(Vec::new, |active| {
            expectation::images_of(stored, &active.candidate)
        })
    }
}

impl Measure for Instruments<'_> {
    async fn measure(&mut self, check: &Check, progress: &Progress) -> Measurement {
        let measured = match &check.kind {
            CheckKind::Tasks => self.measure_tasks().await,
            CheckKind::Digest => self.green.measure_digest().await,
            CheckKind::Targets => self.green.measure_targets().await,
            CheckKind::Http(http) => self.measure_http(http).await,
            CheckKind::Alarms(alarms) => self.measure_alarms(alarms).await,
            CheckKind::Metric(metric) => Box::pin(self.measure_metric(metric)).await,
            CheckKind::Scan(scan) => Box::pin(self.measure_scan(scan)).await,
            CheckKind::Lambda(lambda) => self.measure_lambda(lambda, progress).await,
            CheckKind::Task(task) => Box::pin(self.measure_task(task, progress)).await,
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
