//! What is told outside of what is live: the marks, and the tag that other targets watch.

use greenlight_aws::table::StoredTarget;
use jiff::Timestamp;

use super::RepairError;
use crate::{Deployer, marks::unmarked};

impl Deployer {
    /// Sets the marks, if they do not say what is live yet.
    pub(super) async fn mark_again(
        &self,
        stored: &StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Option<String>, RepairError> {
        if unmarked(stored).is_none() {
            return Ok(None);
        }
        let is_done = Box::pin(self.mark(stored.clone(), lease_until)).await?;
        Ok(is_done.then(|| "the marks outside say what is live".to_owned()))
    }

    /// Promotes what is live, if it has proved itself for as long as the target wants.
    pub(super) async fn promote_now(
        &self,
        stored: &StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Option<String>, RepairError> {
        let promoted = Box::pin(self.promote_due(stored, lease_until)).await?;
        Ok(promoted
            .map(|promoted| format!("what {} has brought was promoted", promoted.deployment)))
    }
}
