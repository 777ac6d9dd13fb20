//! Whether the running tasks prove that a deployment has succeeded.

use futures_util::try_join;
use greenlight_aws::{
    AwsError,
    ecs::{self, RollingDeployment, Service, ServiceRevision},
    table::StoredTarget,
};
use greenlight_core::{
    deployment::{Aftermath, Candidate, Outcome},
    gate::Phase,
};
use tokio::time::{Duration, sleep};

use crate::{
    Deployer,
    observe::{self, Live},
    start::Start,
};

/// Tasks may tell their digests a little later than AWS its success.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);

impl Deployer {
    /// How a deployment ended that CodeDeploy calls a success: that is believed only if the primary
    /// task set is its own and the running tasks have the image.
    pub(crate) async fn prove(
        &self,
        stored: &StoredTarget,
        candidate: &Candidate,
        aws_id: &str,
    ) -> Result<Outcome, AwsError> {
        let name = stored.service_name();
        self.proved(stored, candidate, "CodeDeploy", LOOKS, |service| {
            let set = service
                .created_by(aws_id)
                .filter(|set| set.status == "PRIMARY");
            match set {
                Some(set) => Ok(Live {
                    started_by: set.id.clone(),
                    task_definition: set.task_definition.clone(),
                }),
                None => Err(format!(
                    "service `{name}` has no primary task set of {aws_id}"
                )),
            }
        })
        .await
    }

    /// How a service deployment ended that ECS calls successful: that is believed only if the primary
    /// deployment is of its revision and the running tasks have the images.
    pub(crate) async fn prove_service(
        &self,
        stored: &StoredTarget,
        candidate: &Candidate,
        revision: &ServiceRevision,
    ) -> Result<Outcome, AwsError> {
        let name = stored.service_name();
        self.proved(stored, candidate, "ECS", LOOKS, |service| {
            match service.primary_deployment() {
                Some(primary) if primary.task_definition == revision.task_definition => Ok(Live {
                    started_by: revision.tasks_started_by(),
                    task_definition: revision.task_definition.clone(),
                }),
                Some(primary) => Err(format!(
                    "service `{name}` runs {}, not {}",
                    primary.task_definition, revision.task_definition
                )),
                None => Err(format!("service `{name}` has no primary deployment")),
            }
        })
        .await
    }

    /// How a deployment ended that had nothing to change, since the service runs its task definition.
    pub(crate) async fn prove_running(
        &self,
        start: &Start<'_>,
        primary: &RollingDeployment,
        task_definition: &str,
    ) -> Result<Outcome, AwsError> {
        let live = Live {
            started_by: primary.id.clone(),
            task_definition: task_definition.to_owned(),
        };
        let candidate = &start.order.candidate;
        self.proved(start.stored, candidate, "ECS", LOOKS, |_| Ok(live.clone()))
            .await
    }

    /// Whether a target runs what its record says. Without a service nothing can be looked at, and the
    /// record is believed.
    pub(crate) async fn prove_live(
        &self,
        stored: &StoredTarget,
        candidate: &Candidate,
    ) -> Result<Outcome, AwsError> {
        if stored.target.service.is_none() {
            return Ok(Outcome::Succeeded {
                task_definition: None,
            });
        }
        let name = stored.service_name();
        self.proved(stored, candidate, "the record", LOOKS, |service| {
            Live::of(service).ok_or_else(|| format!("service `{name}` runs nothing"))
        })
        .await
    }

    /// The same of what is known to be live, with one look: whether there is something to be done.
    pub(crate) async fn look_at(
        &self,
        stored: &StoredTarget,
        candidate: &Candidate,
        live: &Live,
    ) -> Result<Outcome, AwsError> {
        self.proved(stored, candidate, "the record", 1, |_| Ok(live.clone()))
            .await
    }

    async fn proved(
        &self,
        stored: &StoredTarget,
        candidate: &Candidate,
        who: &str,
        looks: u32,
        live: impl Fn(&Service) -> Result<Live, String>,
    ) -> Result<Outcome, AwsError> {
        let clients = self.clients_of(&stored.target);
        let (cluster, name) = stored.cluster_and_service();
        let mut reason = String::new();
        for look in 0..looks {
            if look > 0 {
                sleep(BETWEEN_LOOKS).await;
            }
            let service = ecs::service(&clients, cluster, name).await?;
            let live = match live(&service) {
                Ok(live) => live,
                Err(why) => {
                    reason = why;
                    continue;
                }
            };
            if service.desired == 0 && service.scheduling != "DAEMON" {
                let why = format!(
                    "service `{name}` has a desired count of 0, so no task shows which image runs"
                );
                return Ok(unproved(who, why, Aftermath::Unproved));
            }
            let (mut tasks, accepted) = try_join!(
                ecs::running_tasks(&clients, cluster, &live.started_by),
                // ECR is asked as the function itself: the images are not the role's.
                observe::accepted(&self.clients, stored, candidate),
            )?;
            if tasks.is_empty() {
                // Whether `startedBy` names the revision is told by AWS's samples only (AWS-FACTS 7.7).
                tasks = ecs::tasks_of_service(&clients, cluster, name).await?;
                tasks.retain(|task| task.task_definition == live.task_definition);
            }
            let measured = observe::measure_images(&accepted, &tasks);
            if measured.phase == Phase::Successful {
                return Ok(Outcome::Succeeded {
                    task_definition: Some(live.task_definition),
                });
            }
            reason = measured.summary;
        }
        Ok(unproved(who, reason, Aftermath::Over))
    }
}

fn unproved(who: &str, reason: String, aftermath: Aftermath) -> Outcome {
    Outcome::Failed {
        reason: format!("{who} reports success, but that is not proved: {reason}"),
        evidence: vec![reason],
        aftermath,
    }
}
