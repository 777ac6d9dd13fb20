//! `UpdateService`: a rolling deployment, or the blue/green, linear or canary one that the service
//! declares.
//!
//! `UpdateService` knows no client token. A service deployment is ours if its target revision runs our
//! task definition, or, where that is not known any more, our images (AWS-FACTS 6.1, 6.4).

use greenlight_aws::{
    AwsError, Clients, chain,
    ecs::{self, Service, ServiceDeployment, ServiceRevision},
    table::StoredTarget,
};
use greenlight_core::deployment::Candidate;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, sleep};

use super::{Order, Start, Started, Stop};
use crate::Deployer;

/// A new service deployment may be listed a little later than it was started.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// How long before a deployment was asked for its service deployment is looked for: clocks differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(1);

impl Deployer {
    pub(super) async fn start_service(&self, start: &Start<'_>) -> Result<Started, Stop> {
        let service = self.check_service(start)?;
        let name = start.stored.service_name();
        if let Some(running) = service.in_progress() {
            return Ok(Started::Later {
                reason: format!(
                    "deployment {} of ECS service `{name}` is running; this one follows it",
                    running.id
                ),
            });
        }
        let task_definition = self.definition(start).await?;
        let is_running = service
            .primary_deployment()
            .filter(|primary| primary.task_definition == task_definition);
        if let Some(primary) = is_running {
            // UpdateService would start nothing, and so nothing would ever end.
            let outcome = self.prove_running(start, primary, &task_definition).await?;
            return Ok(Started::Ended {
                aws_id: primary.id.clone(),
                outcome,
            });
        }
        let since = skewed(self.clock.now());
        let (cluster, service) = start.stored.cluster_and_service();
        let updated =
            ecs::update_service(start.clients, cluster, service, &task_definition).await?;
        let ours = |revision: &ServiceRevision| revision.task_definition == task_definition;
        let mut found = None;
        for look in 0..LOOKS {
            if look > 0 {
                sleep(BETWEEN_LOOKS).await;
            }
            found = match find(start.clients, cluster, service, since, ours).await {
                Ok(found) => found,
                Err(error) if error.is_retryable() => return Err(error.into()),
                // It runs all the same: that it cannot be seen is no failed start.
                Err(error) => {
                    tracing::error!("the service deployment was not found: {}", chain(&error));
                    break;
                }
            };
            if found.is_some() {
                break;
            }
        }
        // Its end is found by the task definition where it cannot be found by its ARN.
        let aws_id = match found {
            Some((deployment, _)) => deployment.arn,
            None => updated
                .primary_deployment()
                .map_or_else(|| task_definition.clone(), |primary| primary.id.clone()),
        };
        Ok(Started::As {
            aws_id,
            task_definition: Some(task_definition),
        })
    }

    /// The service, if it can be deployed to as the target says.
    pub(super) fn check_service<'a>(&self, start: &'a Start<'_>) -> Result<&'a Service, Stop> {
        let service = start.gathered.service.as_ref();
        let service =
            service.ok_or_else(|| Stop::Reason("the service was not looked at".to_owned()))?;
        match self.unfit_service(start).as_slice() {
            [] => Ok(service),
            reasons => Err(Stop::Reason(reasons.join(". And: "))),
        }
    }

    /// The service deployment that an earlier start of ours has begun.
    pub(crate) async fn find_started_service(
        &self,
        stored: &StoredTarget,
        order: &Order,
    ) -> Result<Option<Started>, AwsError> {
        let found = self
            .service_deployment_of(stored, &order.candidate, order.deployment.at(), None)
            .await?;
        Ok(found.map(|(deployment, revision)| Started::As {
            aws_id: deployment.arn,
            task_definition: Some(revision.task_definition),
        }))
    }

    /// The newest service deployment since a deployment was asked for that runs its task definition, or,
    /// where that is not known, its images.
    pub(crate) async fn service_deployment_of(
        &self,
        stored: &StoredTarget,
        candidate: &Candidate,
        asked_at: Timestamp,
        task_definition: Option<&str>,
    ) -> Result<Option<(ServiceDeployment, ServiceRevision)>, AwsError> {
        let clients = self.clients_of(&stored.target);
        let (cluster, service) = stored.cluster_and_service();
        let ours = |revision: &ServiceRevision| match task_definition {
            Some(known) => revision.task_definition == known,
            None => runs(stored, candidate, revision),
        };
        find(&clients, cluster, service, skewed(asked_at), ours).await
    }
}

pub(super) fn skewed(at: Timestamp) -> Timestamp {
    at.checked_sub(CLOCK_SKEW).unwrap_or(Timestamp::MIN)
}

async fn find(
    clients: &Clients,
    cluster: &str,
    service: &str,
    since: Timestamp,
    ours: impl Fn(&ServiceRevision) -> bool,
) -> Result<Option<(ServiceDeployment, ServiceRevision)>, AwsError> {
    let deployments = ecs::service_deployments_since(clients, cluster, service, since).await?;
    let targets: Vec<String> = deployments
        .iter()
        .filter_map(|deployment| Some(deployment.target_revision.as_ref()?.arn.clone()))
        .collect();
    if targets.is_empty() {
        return Ok(None);
    }
    let revisions = ecs::service_revisions(clients, &targets).await?;
    Ok(deployments.into_iter().find_map(|deployment| {
        let arn = &deployment.target_revision.as_ref()?.arn;
        let revision = revisions
            .iter()
            .find(|revision| revision.arn == *arn && ours(revision))?
            .clone();
        Some((deployment, revision))
    }))
}

/// Whether a revision names every image of the candidate in the containers that take it.
pub(crate) fn runs(
    stored: &StoredTarget,
    candidate: &Candidate,
    revision: &ServiceRevision,
) -> bool {
    let mut wanted = stored.target.images.iter().filter_map(|source| {
        let image = candidate.image_of(&stored.repository_of(source))?;
        Some((&source.container, image.pinned()))
    });
    let mut any = false;
    wanted.all(|(container, image)| {
        any = true;
        revision
            .images
            .iter()
            .any(|it| it.container == *container && it.image == image)
    }) && any
}
