//! Service revisions: what a service deployed, immutable, with the digest of every image
//! (AWS-FACTS 6.4, 7.7).

use aws_sdk_ecs::types;

use crate::{AwsError, Clients, error::failed};

/// `DescribeServiceRevisions` takes so many.
const REVISIONS_LIMIT: usize = 20;

/// A service revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceRevision {
    /// `arn:aws:ecs:…:service-revision/<cluster>/<service>/<id>`
    pub arn: String,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// The images of its containers.
    pub images: Vec<RevisionImage>,
    /// The target groups that its tasks are registered in. ECS answers them for an active revision
    /// only.
    pub target_groups: Vec<String>,
    /// The production listener rules that lead there.
    pub listener_rules: Vec<String>,
}

impl ServiceRevision {
    /// What its tasks carry in `startedBy`.
    pub fn tasks_started_by(&self) -> String {
        started_by(&self.arn)
    }
}

/// What the tasks of a revision carry in `startedBy`, and its events in `deploymentId`, by its ARN.
pub fn started_by(revision: &str) -> String {
    let id = revision.rsplit('/').next().unwrap_or_default();
    format!("ecs-svc/{id}")
}

/// An image of a service revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevisionImage {
    /// The container's name.
    pub container: String,
    /// The image as the task definition names it.
    pub image: String,
    /// What it was when the deployment started; absent where ECS could not find out, and for a
    /// service with no tasks (AWS-FACTS 6.5).
    pub digest: Option<String>,
}

/// The service revisions of these ARNs, 20 at the most. Those that ECS does not know are left out.
pub async fn service_revisions(
    clients: &Clients,
    arns: &[String],
) -> Result<Vec<ServiceRevision>, AwsError> {
    let arns = &arns[..arns.len().min(REVISIONS_LIMIT)];
    let Some(first) = arns.first() else {
        return Ok(Vec::new());
    };
    let answer = clients
        .ecs
        .describe_service_revisions()
        .set_service_revision_arns(Some(arns.to_vec()))
        .send()
        .await
        .map_err(failed(
            "ecs:DescribeServiceRevisions",
            format!("ECS service revision `{first}`"),
        ))?;
    Ok(answer.service_revisions().iter().map(describe).collect())
}

fn describe(revision: &types::ServiceRevision) -> ServiceRevision {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let resolved = revision
        .resolved_configuration()
        .map(types::ResolvedConfiguration::load_balancers)
        .unwrap_or_default();
    ServiceRevision {
        arn: text(revision.service_revision_arn()),
        task_definition: text(revision.task_definition()),
        images: revision
            .container_images()
            .iter()
            .map(|image| RevisionImage {
                container: text(image.container_name()),
                image: text(image.image()),
                digest: image.image_digest().map(str::to_owned),
            })
            .collect(),
        target_groups: resolved
            .iter()
            .filter_map(|balancer| balancer.target_group_arn().map(str::to_owned))
            .collect(),
        listener_rules: resolved
            .iter()
            .filter_map(|balancer| balancer.production_listener_rule().map(str::to_owned))
            .collect(),
    }
}
