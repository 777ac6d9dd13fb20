//! A deployment that a person wants stopped, and that still goes on: whoever was to stop it has died, or
//! AWS did not take it.

use greenlight_aws::table::StoredTarget;

use super::{RepairError, ended::known_to_aws};
use crate::{Deployer, control::ControlError};

impl Deployer {
    /// Has AWS stop the active deployment, if that is wanted and it still goes on.
    pub(super) async fn stop_again(
        &self,
        stored: &StoredTarget,
    ) -> Result<Option<String>, RepairError> {
        let wanted = known_to_aws(stored).and_then(|(active, _)| active.stop.as_ref());
        let Some(stop) = wanted else {
            return Ok(None);
        };
        let reason = stop.reason.as_deref().unwrap_or("no reason given");
        let reason = format!("rolled back by {}: {reason}", stop.by);
        match Box::pin(self.abort(stored, &reason)).await {
            Ok(answered) => Ok(Some(answered.text)),
            Err(ControlError::Aws { source, .. }) => Err(source.into()),
            // It is being stopped, or has ended.
            Err(
                ControlError::NothingUnderWay { .. }
                | ControlError::NothingWaits { .. }
                | ControlError::NotStoppable { .. },
            ) => Ok(None),
        }
    }
}
