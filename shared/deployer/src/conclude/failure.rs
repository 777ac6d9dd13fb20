//! Finishing what follows from a failed service deployment, where the function died after it had recorded the
//! failure: its events name no deployment of ours, so the record is looked for.

use greenlight_aws::{AwsError, ecs, table::StoredTarget};
use greenlight_core::record::{DeploymentRecord, Status};

use super::ConcludeError;
use crate::Deployer;

/// A deployment that brings the previous image back is recorded behind the one that failed.
const NEWEST: u32 = 2;

impl Deployer {
    /// Gives the tag back if what AWS calls `told` is a failure of the newest deployments, or its roll-back: that
    /// may be left to do.
    pub(super) async fn finish_failure(
        &self,
        stored: &StoredTarget,
        told: &str,
    ) -> Result<(), ConcludeError> {
        let target = &stored.target.name;
        if !stored.target.on_failure.restore_tag {
            return Ok(());
        }
        let records = self.table.history(target, NEWEST).await;
        let records = records.map_err(|source| ConcludeError::Targets {
            deployment: told.to_owned(),
            source,
        })?;
        let mut failed = records.iter().filter(|it| it.status == Status::Failed);
        let Some(record) = failed.next() else {
            return Ok(());
        };
        let is_told = self.is_told_of(stored, record, told).await;
        let is_told = is_told.map_err(|source| ConcludeError::Look {
            deployment: told.to_owned(),
            source,
        })?;
        if !is_told {
            return Ok(());
        }
        Box::pin(self.restore_tag(stored, &record.candidate))
            .await
            .map_err(|source| ConcludeError::RestoreTag {
                target: target.clone(),
                source,
            })
    }

    /// Whether the record is of the service deployment that `told` names: by its ARN, or, as events do, by what it
    /// deploys or goes back to.
    async fn is_told_of(
        &self,
        stored: &StoredTarget,
        record: &DeploymentRecord,
        told: &str,
    ) -> Result<bool, AwsError> {
        let Some(aws_id) = &record.aws_id else {
            return Ok(false);
        };
        if aws_id == told {
            return Ok(true);
        }
        if !aws_id.contains(":service-deployment/") {
            return Ok(false);
        }
        let clients = self.clients_of(&stored.target);
        let deployment = match ecs::service_deployment(&clients, aws_id).await {
            Ok(deployment) => deployment,
            Err(error) if error.is_retryable() => return Err(error),
            // ECS forgets them after a while.
            Err(_) => return Ok(false),
        };
        let mut revisions = deployment
            .target_revision
            .iter()
            .chain(&deployment.source_revisions);
        Ok(revisions.any(|revision| ecs::started_by(&revision.arn) == told))
    }
}
