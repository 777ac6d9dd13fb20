//! How a deployment is rolled back to the last revision that was deployed completely (AWS-FACTS 6.2, 6.4).
//! The revision is the old one, with the old ARN.

use std::time::Duration;

use super::configuration::Strategy;
use super::events::Change;
use super::record::{Rollback, Status};
use super::revision::RolloutState;
use super::runner::{Ended, Run};
use crate::account::journal::Tone;

/// From `ROLLBACK_REQUESTED` to `ROLLBACK_IN_PROGRESS`, and at least until it is done.
const PICKED_UP_AFTER: Duration = Duration::from_secs(2);
const TAKES: Duration = Duration::from_secs(10);

impl Run {
    /// Requested, in progress, and done.
    pub(super) async fn roll_back(&self, reason: String, failed: bool) -> Result<(), Ended> {
        let now = self.account.clock().now();
        let green = &self.place.task_set;
        let blue = self.deployment.read(|record| record.blue.clone());
        let blue_arn = self.service(|service| {
            let revision = service.revision(blue.as_deref().unwrap_or_default());
            revision.map(|revision| revision.arn.clone())
        });
        self.change_service(|service| {
            service.roll_out(green, RolloutState::Failed, &reason, now);
        });
        self.change(|record| {
            record.status = Status::RollbackRequested;
            record.status_reason = Some(reason.clone());
            record.rollback = Some(Rollback {
                reason: reason.clone(),
                started: now,
                revision: blue_arn.clone().flatten().unwrap_or_default(),
            });
            record.breaker_is_complete();
        });
        self.note(
            Tone::Bad,
            format!("deployment ROLLBACK_REQUESTED: {reason}"),
        );
        if failed {
            self.emit(green, Change::Failed, &reason);
        }
        let Some(blue) = blue else {
            return self.cannot_be_rolled_back();
        };
        self.pause(PICKED_UP_AFTER).await?;
        self.rolls_back_to(&blue);
        self.pause(TAKES).await?;
        match &self.configuration.strategy {
            Strategy::Rolling { .. } => self.replace(&blue, None).await?,
            Strategy::Native(native) => self.shift_back(native, &blue).await?,
        }
        let now = self.account.clock().now();
        self.settle(&blue);
        self.change(|record| {
            record.status = Status::RollbackSuccessful;
            record.finished = Some(now);
        });
        self.note(Tone::Bad, "deployment ROLLBACK_SUCCESSFUL");
        self.emit_completed(&blue);
        Ok(())
    }

    fn rolls_back_to(&self, blue: &str) {
        let now = self.account.clock().now();
        let breaker = self
            .deployment
            .read(|record| record.breaker.status == "TRIGGERED");
        let who = if breaker {
            "ECS deployment circuit breaker"
        } else {
            "ECS deployment"
        };
        let reason = format!("{who}: rolling back to deploymentId {blue}.");
        self.change_service(|service| {
            for set in &mut service.task_sets {
                set.primary = set.id == blue;
                set.updated_at = now;
            }
            service.roll_out(blue, RolloutState::InProgress, &reason, now);
        });
        self.change(|record| {
            record.status = Status::RollbackInProgress;
            if let Some(rollback) = &mut record.rollback {
                rollback.started = now;
            }
        });
        self.note(
            Tone::Neutral,
            format!("deployment ROLLBACK_IN_PROGRESS to {blue}"),
        );
        self.emit(blue, Change::InProgress, &reason);
    }

    /// A service's first deployment has nothing to go back to.
    fn cannot_be_rolled_back(&self) -> Result<(), Ended> {
        let green = &self.place.task_set;
        self.change_service(|service| {
            if let Some(set) = service.task_set_mut(green) {
                set.rescale(0);
            }
        });
        let reason = "No rollback candidate was found to run the rollback.";
        Err(Ended::Failed(reason.to_owned()))
    }

    /// Things stay as they are.
    pub(super) fn rollback_failed(&self, reason: &str) {
        let now = self.account.clock().now();
        self.change(|record| {
            record.status = Status::RollbackFailed;
            record.status_reason = Some(reason.to_owned());
            record.finished = Some(now);
        });
        self.note(Tone::Bad, format!("deployment ROLLBACK_FAILED: {reason}"));
    }
}
