//! Giving tags back to the images that are live, after the images that they name have failed.

use greenlight_aws::{chain, table::StoredTarget};
use greenlight_core::{
    deployment::{Candidate, PushedImage},
    image::Tag,
    policy::TagPolicy,
};

use crate::{
    Deployer,
    retag::{RetagError, Retagged},
};

impl Deployer {
    /// Gives the tag of every image that failed back to the one of its repository that is live, if the
    /// target asks for it and the tag still names the image that failed: what somebody has pushed
    /// meanwhile is left alone.
    pub(crate) async fn restore_tag(
        &self,
        stored: &StoredTarget,
        failed: &Candidate,
    ) -> Result<(), RetagError> {
        let Some(current) = &stored.state.current else {
            return Ok(());
        };
        if !stored.target.on_failure.restore_tag {
            return Ok(());
        }
        for image in failed.images() {
            let live = current.candidate.image_of(&image.repository);
            if let (Some(tag), Some(live)) = (&image.tag, live)
                && is_watched(stored, &live, tag)
            {
                self.restore_one(stored, tag, &image, &live).await?;
            }
        }
        Ok(())
    }

    async fn restore_one(
        &self,
        stored: &StoredTarget,
        tag: &Tag,
        failed: &PushedImage,
        live: &PushedImage,
    ) -> Result<(), RetagError> {
        // Another image of the same deployment may be what failed.
        if live.digest == failed.digest {
            return Ok(());
        }
        match Box::pin(self.retag(live, tag, Some(&failed.digest))).await {
            Ok(Retagged::Moved { .. }) => {
                tracing::info!(target = %stored.target.name, "`{tag}` names {} again", live.digest.short());
                Ok(())
            }
            Ok(Retagged::Already | Retagged::LeftAlone) => Ok(()),
            Err(error) if error.is_retryable() => Err(error),
            // An immutable tag or a missing permission must not keep the failure from being recorded.
            Err(error) => {
                let hint = error
                    .hint()
                    .map_or_else(String::new, |hint| format!("; {hint}"));
                tracing::error!(target = %stored.target.name, "`{tag}` was not given back: {}{hint}", chain(&error));
                Ok(())
            }
        }
    }
}

/// A tag that the target does not take is somebody else's, though a person deployed by it. And where a tag
/// is one of many that are taken, such as a version, it is the name of one image and not to be given to
/// another that never had it.
fn is_watched(stored: &StoredTarget, live: &PushedImage, tag: &Tag) -> bool {
    let mut images = stored.target.images.iter();
    images.any(|source| {
        let names_all = source.tags.contains(&TagPolicy::Exact(tag.clone()));
        stored.repository_of(source) == live.repository
            && source.decide(tag).is_taken()
            && (names_all || live.tag.as_ref() == Some(tag))
    })
}
