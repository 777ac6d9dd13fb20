//! Giving a tag back to the image that is live, after the image that it names has failed.

use greenlight_aws::{AwsError, chain, ecr, table::StoredTarget};
use greenlight_core::deployment::Candidate;

use crate::Deployer;

impl Deployer {
    /// Gives the tag back to the image that is live, if the target asks for it and the tag still
    /// names the image that failed: what somebody has pushed meanwhile is left alone.
    pub(crate) async fn restore_tag(
        &self,
        stored: &StoredTarget,
        failed: &Candidate,
    ) -> Result<(), AwsError> {
        let (Some(tag), Some(current)) = (&failed.tag, &stored.state.current) else {
            return Ok(());
        };
        let live = &current.candidate;
        if !stored.target.on_failure.restore_tag || live.repository != failed.repository {
            return Ok(());
        }
        let restored = async {
            let named = ecr::image_of_tag(&self.clients, &failed.repository, tag).await?;
            if named.is_none_or(|image| image.digest != failed.digest) {
                return Ok(false);
            }
            let manifest = ecr::manifest(&self.clients, &live.repository, &live.digest).await?;
            let Some(manifest) = manifest else {
                return Ok(false);
            };
            ecr::put_tag(&self.clients, &live.repository, &live.digest, manifest, tag).await?;
            Ok::<_, AwsError>(true)
        };
        match restored.await {
            Ok(true) => {
                tracing::info!(target = %stored.target.name, "`{tag}` names {} again", live.digest.short());
                Ok(())
            }
            Ok(false) => Ok(()),
            Err(error) if error.is_retryable() => Err(error),
            // An immutable tag or a missing permission must not keep the failure from being recorded.
            Err(error) => {
                tracing::error!(target = %stored.target.name, "`{tag}` was not given back: {}", chain(&error));
                Ok(())
            }
        }
    }
}
