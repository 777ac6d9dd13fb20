//! Emitting Greenlight's own events.

use greenlight_aws::{AwsError, chain, eventbridge};
use greenlight_core::record::Announcement;

use crate::Deployer;

impl Deployer {
    /// Emits an event. What a retry may mend is an error; what it cannot (a missing permission, a
    /// missing bus) is logged, since a deployment must not hang on it.
    pub(crate) async fn announce(&self, announcement: &Announcement) -> Result<(), AwsError> {
        match eventbridge::announce(&self.clients, &self.bus, announcement).await {
            Err(error) if error.is_retryable() => Err(error),
            Err(error) => {
                tracing::error!(
                    target = %announcement.target,
                    deployment = %announcement.deployment,
                    "`{}` was not emitted: {}",
                    announcement.detail_type.as_str(),
                    chain(&error)
                );
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}
