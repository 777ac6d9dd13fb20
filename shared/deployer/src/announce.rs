//! Emitting Greenlight's own events.

use greenlight_aws::{AwsError, chain, eventbridge};
use greenlight_core::record::{Announcement, ApprovalRequested, DetailType, HandedOver};

use crate::Deployer;

impl Deployer {
    /// Emits an event. What a retry may mend is an error; what it cannot (a missing permission, a
    /// missing bus) is logged, since a deployment must not hang on it.
    pub(crate) async fn announce(&self, announcement: &Announcement) -> Result<(), AwsError> {
        let emitted = eventbridge::announce(&self.clients, &self.bus, announcement).await;
        emitted.or_else(|error| {
            let deployment = announcement.deployment.to_string();
            let target = announcement.target.as_str();
            let detail_type = announcement.detail_type;
            lost_or_again(target, &deployment, detail_type, error)
        })
    }

    /// Emits the event by which people are asked, in the same manner.
    pub(crate) async fn request_approval(
        &self,
        requested: &ApprovalRequested,
    ) -> Result<(), AwsError> {
        let emitted = eventbridge::request_approval(&self.clients, &self.bus, requested).await;
        emitted.or_else(|error| {
            let target = requested.target.as_str();
            let detail_type = DetailType::ApprovalRequested;
            lost_or_again(target, &requested.aws_id, detail_type, error)
        })
    }

    /// Emits the event by which everybody hears of a hold or a release, in the same manner.
    pub(crate) async fn hand_over(
        &self,
        detail_type: DetailType,
        handed_over: &HandedOver,
    ) -> Result<(), AwsError> {
        let emitted =
            eventbridge::hand_over(&self.clients, &self.bus, detail_type, handed_over).await;
        emitted.or_else(|error| {
            let target = handed_over.target.as_ref();
            let target = target.map_or("every target", |target| target.as_str());
            lost_or_again(target, "-", detail_type, error)
        })
    }
}

fn lost_or_again(
    target: &str,
    deployment: &str,
    detail_type: DetailType,
    error: AwsError,
) -> Result<(), AwsError> {
    if error.is_retryable() {
        return Err(error);
    }
    tracing::error!(
        target = %target,
        deployment,
        "`{}` was not emitted: {}",
        detail_type.as_str(),
        chain(&error)
    );
    Ok(())
}
