//! What was pushed although no event has told so.

use greenlight_aws::table::StoredTarget;
use greenlight_core::{deployment::Decision, turn};
use jiff::Timestamp;

use super::RepairError;
use crate::Deployer;

impl Deployer {
    /// Requests what the target should have taken, when it is its turn.
    pub(super) async fn request_missed(
        &self,
        stored: &StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Option<String>, RepairError> {
        if !turn::is_due(&stored.target.name, self.clock.now()) {
            return Ok(None);
        }
        let decided = Box::pin(self.take_missed(stored.clone(), lease_until)).await?;
        let mut taken = decided
            .into_iter()
            .filter_map(|decided| decided.explanation)
            .filter(|explanation| explanation.decision != Decision::Skip);
        Ok(taken.next().map(|explanation| explanation.text))
    }
}
