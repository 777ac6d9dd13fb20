//! Whether the running tasks prove that a deployment has succeeded.

use futures_util::try_join;
use greenlight_aws::{AwsError, ecs, table::StoredTarget};
use greenlight_core::{
    deployment::{Candidate, Outcome},
    gate::{Measurement, measure_digests},
};
use tokio::time::{Duration, sleep};

use crate::{Deployer, observe};

/// Tasks may tell their digests a little later than CodeDeploy its success.
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
        let target = &stored.target;
        let containers = target
            .images
            .iter()
            .map(|image| image.container.as_str())
            .collect::<Vec<_>>();
        let mut reason = String::new();
        for look in 0..LOOKS {
            if look > 0 {
                sleep(BETWEEN_LOOKS).await;
            }
            let service =
                ecs::service(&self.clients, &target.service.cluster, &target.service.name).await?;
            let Some(set) = service
                .created_by(aws_id)
                .filter(|set| set.status == "PRIMARY")
            else {
                reason = format!(
                    "service `{}` has no primary task set of {aws_id}",
                    target.service
                );
                continue;
            };
            let (tasks, accepted) = try_join!(
                ecs::running_tasks(&self.clients, &target.service.cluster, &set.id),
                observe::accepted_digests(&self.clients, &candidate.repository, &candidate.digest),
            )?;
            let found = measure_digests(&observe::containers(&tasks, &containers), &accepted);
            reason = match found {
                Measurement::Good(_) => {
                    return Ok(Outcome::Succeeded {
                        task_definition: set.task_definition.clone(),
                    });
                }
                Measurement::Bad(reason)
                | Measurement::NotYet(reason)
                | Measurement::Unmeasured(reason)
                | Measurement::NothingToMeasure(reason) => reason,
            };
        }
        Ok(Outcome::Failed {
            reason: format!("CodeDeploy reports success, but that is not proved: {reason}"),
            evidence: vec![reason],
            rolling_back: false,
        })
    }
}
