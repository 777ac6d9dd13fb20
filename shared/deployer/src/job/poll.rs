//! Taking over the jobs of the custom action type.
//!
//! A job is noted in the table before it is acknowledged: what was acknowledged and then forgotten would
//! hang for a day (AWS-FACTS 3.4).

use futures_util::future::join_all;
use greenlight_aws::{
    AwsError, chain,
    codepipeline::jobs::{self, Acknowledged, PolledJob},
};

use super::{ActionKind, Job};
use crate::Deployer;

/// The custom action type: `Deploy`, owner `Custom`, and these.
const PROVIDER: &str = "Greenlight";
const VERSION: &str = "1";

/// So many jobs are taken over at a time.
const BATCH: u32 = 10;

/// Why no jobs could be asked for.
#[derive(Debug, thiserror::Error)]
#[error("CodePipeline could not be asked for jobs of the action `{PROVIDER}`")]
pub struct PollError(#[from] pub AwsError);

impl Deployer {
    /// The jobs of the custom action type that wait for a worker, and are ours now.
    pub async fn poll_jobs(&self) -> Result<Vec<Job>, PollError> {
        let polled = match jobs::poll(&self.clients, PROVIDER, VERSION, BATCH).await {
            // Who has no such type in the account has no such jobs.
            Err(error) if error.is("ActionTypeNotFoundException") => Vec::new(),
            polled => polled?,
        };
        let taken = join_all(polled.into_iter().map(|job| self.take_over(job))).await;
        Ok(taken.into_iter().flatten().collect())
    }

    /// What cannot be taken over now is offered again by CodePipeline.
    async fn take_over(&self, job: PolledJob) -> Option<Job> {
        let PolledJob { id, nonce, data } = job;
        let taken = async {
            let known = self.table.receive_job(&id, true, self.clock.now()).await?;
            let acknowledged = jobs::acknowledge(&self.clients, &id, &nonce).await?;
            Ok::<_, AwsError>((known, acknowledged))
        };
        match taken.await {
            Ok((known, Acknowledged::Ours)) => Some(Job {
                id,
                kind: ActionKind::Custom,
                data,
                known: Some(known),
            }),
            Ok((_, Acknowledged::Elsewhere)) => {
                tracing::info!(job = %id, "another worker has the job");
                None
            }
            Err(error) => {
                tracing::warn!(job = %id, "the job was not taken over: {}", chain(&error));
                None
            }
        }
    }
}
