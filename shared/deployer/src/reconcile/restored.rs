//! The tag of an image that has failed, where whoever recorded the failure died before it gave the tag
//! back.

use greenlight_aws::table::StoredTarget;
use greenlight_core::{
    record::{DeploymentRecord, Status},
    turn,
};
use jiff::SignedDuration;

use super::RepairError;
use crate::Deployer;

/// A failure older than that is not looked at: if its tag names the image again, somebody wants it so.
const LOOKED_AT_FOR: SignedDuration = SignedDuration::from_mins(30);
/// What brings the previous image back is recorded behind what failed.
const NEWEST: u32 = 2;

impl Deployer {
    /// Gives the tag of the newest deployment back if it has failed just now. Nobody hears of it: mostly
    /// there is nothing to be done.
    pub(super) async fn restore_again(
        &self,
        stored: &StoredTarget,
    ) -> Result<Option<String>, RepairError> {
        let now = self.clock.now();
        let asks = stored.target.on_failure.restore_tag && stored.state.active.is_none();
        if !asks || !turn::is_due(&stored.target.name, now) {
            return Ok(None);
        }
        let records = self.table.history(&stored.target.name, NEWEST).await?;
        let is_new = |record: &&DeploymentRecord| {
            let ended = record.concluded_at;
            record.status == Status::Failed
                && ended.is_some_and(|at| now.duration_since(at) < LOOKED_AT_FOR)
        };
        if let Some(record) = records.iter().find(is_new) {
            self.restore_tag(stored, &record.candidate).await?;
        }
        Ok(None)
    }
}
