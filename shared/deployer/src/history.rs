//! What was deployed, and where an image runs.

use futures_util::future::try_join_all;
use greenlight_aws::{AwsError, table::StoredTarget};
use greenlight_core::{
    deployment::{DeploymentId, PushedImage},
    record::{DeploymentRecord, Intervention},
    target::TargetName,
};

use crate::{Deployer, targets::TargetsError};

/// So many targets are asked at a time for a deployment whose target is not known.
const AT_A_TIME: usize = 20;

/// Why a history could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the history of target `{target}` could not be read")]
pub struct HistoryError {
    target: TargetName,
    #[source]
    source: AwsError,
}

impl Deployer {
    /// The newest records of a target, newest first.
    pub async fn history(
        &self,
        target: &TargetName,
        limit: u32,
    ) -> Result<Vec<DeploymentRecord>, HistoryError> {
        self.table
            .history(target, limit)
            .await
            .map_err(|source| HistoryError {
                target: target.clone(),
                source,
            })
    }

    /// What people did at a target beside asking for deployments, newest first.
    pub async fn interventions(
        &self,
        target: &TargetName,
        limit: u32,
    ) -> Result<Vec<Intervention>, HistoryError> {
        self.table
            .interventions(target, limit)
            .await
            .map_err(|source| HistoryError {
                target: target.clone(),
                source,
            })
    }

    /// The records of the newest deployments of each target that brought the image, or were to, newest first;
    /// so many of each target are looked through.
    pub async fn where_was(
        &self,
        targets: &[StoredTarget],
        image: &str,
        looked_through: u32,
    ) -> Result<Vec<DeploymentRecord>, HistoryError> {
        let mut found = Vec::new();
        for targets in targets.chunks(AT_A_TIME) {
            let looks = targets
                .iter()
                .map(|stored| self.history(&stored.target.name, looked_through));
            found.extend(try_join_all(looks).await?.into_iter().flatten());
        }
        found.retain(|record| record.candidate.images().any(|it| is_meant(&it, image)));
        found.sort_by_key(|record| std::cmp::Reverse(record.requested_at));
        Ok(found)
    }

    /// The record of a deployment to one of these targets.
    pub async fn record_among(
        &self,
        targets: &[TargetName],
        id: DeploymentId,
    ) -> Result<Option<DeploymentRecord>, HistoryError> {
        for targets in targets.chunks(AT_A_TIME) {
            let looks = targets.iter().map(|target| async move {
                let record = self.table.record(target, id).await;
                record.map_err(|source| HistoryError {
                    target: target.clone(),
                    source,
                })
            });
            if let Some(found) = try_join_all(looks).await?.into_iter().flatten().next() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The targets that can be understood, and for each whether the image is live there. An image is a digest
    /// (or the beginning of one), a tag, `repository`, `repository:tag`, or `repository@digest`, with or
    /// without a registry.
    pub async fn where_is(&self, image: &str) -> Result<Vec<(StoredTarget, bool)>, TargetsError> {
        let targets = self.targets().await?.into_iter().filter_map(Result::ok);
        let is_live = |stored: &StoredTarget| {
            let live = stored.state.current.as_ref();
            let live = live.filter(|current| !current.is_foreign());
            let mut live = live.into_iter().flat_map(|it| it.candidate.images());
            live.any(|live| is_meant(&live, image))
        };
        Ok(targets
            .map(|stored| {
                let is_live = is_live(&stored);
                (stored, is_live)
            })
            .collect())
    }
}

/// Whether `image` is a way to name this one.
fn is_meant(candidate: &PushedImage, image: &str) -> bool {
    let digest = candidate.digest.as_str();
    let is_digest = |text: &str| {
        let begins = |whole: &str| text.len() >= 7 && whole.starts_with(text);
        begins(digest) || digest.strip_prefix("sha256:").is_some_and(begins)
    };
    let is_repository = |text: &str| {
        text == candidate.repository.name.as_str() || text == candidate.repository.to_string()
    };
    let is_tag = |text: &str| {
        candidate
            .tag
            .as_ref()
            .is_some_and(|tag| tag.as_str() == text)
    };
    if let Some((repository, digest)) = image.split_once('@') {
        return is_repository(repository) && is_digest(digest);
    }
    if is_repository(image) || is_digest(image) || is_tag(image) {
        return true;
    }
    image
        .rsplit_once(':')
        .is_some_and(|(repository, tag)| is_repository(repository) && is_tag(tag))
}
