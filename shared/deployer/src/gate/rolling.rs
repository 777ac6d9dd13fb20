//! The gate behind a rolling deployment, which ECS itself calls a success: no hook waits there, so it runs before the
//! success is recorded.

use greenlight_aws::{
    AwsError,
    ecs::{ServiceDeployment, ServiceRevision},
    table::StoredTarget,
};
use greenlight_core::{
    deployment::Active,
    gate::GateReport,
    record::{DeploymentRecord, Origin},
    target::{GatePoint, Strategy},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    green::Green,
    log,
    measure::{About, Instruments},
    run::{Ran, Time, run},
};
use crate::Deployer;

/// A gate ends so long before the function does, so that what follows from it is recorded.
const RESERVE: SignedDuration = SignedDuration::from_secs(30);

/// What came of the gate `after_traffic`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AfterTraffic {
    /// There is none to run.
    None,
    /// It is over.
    Over(GateReport),
    /// The function's time is over before the gate is.
    NotInTime,
}

impl Deployer {
    /// Runs the gate on the tasks of the new revision. A deployment that brings the previous image back is not asked:
    /// there is nothing that could be done about it.
    pub(crate) async fn after_traffic(
        &self,
        stored: &StoredTarget,
        active: &Active,
        record: Option<&DeploymentRecord>,
        (deployment, revision): (&ServiceDeployment, &ServiceRevision),
        lease_until: Timestamp,
    ) -> Result<AfterTraffic, AwsError> {
        let point = GatePoint::AfterTraffic;
        let checks = stored.target.gates.get(point).unwrap_or_default();
        let is_asked = stored.target.deploy == Strategy::Rolling
            && !matches!(active.origin, Origin::Rollback { .. });
        let (true, [_, ..], Some(service)) = (is_asked, checks, &stored.target.service) else {
            return Ok(AfterTraffic::None);
        };
        // An earlier attempt to conclude the deployment came as far as that.
        if let Some(report) = record.and_then(|record| record.gates.get(&point)) {
            return Ok(AfterTraffic::Over(report.clone()));
        }
        let started_at = self.clock.now();
        let candidate = Some(&active.candidate);
        let green = Green::of_revision(
            self,
            Some(stored),
            candidate,
            service.clone(),
            deployment,
            revision,
        );
        let green = green.await?.rolling();
        let until = lease_until
            .saturating_sub(RESERVE)
            .unwrap_or(Timestamp::MIN);
        let time = Time {
            call: until,
            end: until,
            gate: Timestamp::MAX,
            whose: "the function's time is over",
            goes_on: Some(SignedDuration::MAX),
        };
        let began_at = deployment.created_at.unwrap_or(started_at);
        let about = About {
            point,
            aws_id: &deployment.arn,
            began_at,
            // It comes by once, however often its end is looked at.
            gate_began_at: began_at,
            stored: Some(stored),
            deployment: Some(active.deployment),
        };
        let mut instruments = Instruments::new(self, &green, about);
        let ran = run(&self.clock, checks, time, None, &mut instruments);
        match ran.await {
            Ran::BrokenOff { summary, .. } => {
                tracing::warn!(target = %stored.target.name, "the gate is not over in time: {summary}");
                Ok(AfterTraffic::NotInTime)
            }
            Ran::Over(checked) => {
                let report = GateReport::conclude(point, checked, started_at, self.clock.now());
                log(&report);
                self.write_report(&stored.target.name, active.deployment, &report)
                    .await;
                Ok(AfterTraffic::Over(report))
            }
        }
    }
}
