//! The input artifacts of a job: zips in S3 that only the job's own credentials open.

use futures_util::future::try_join_all;
use greenlight_aws::{codepipeline::jobs::JobData, s3};
use greenlight_core::job::{
    answer::FailureType,
    artifact::{ARTIFACT_LIMIT, Artifact},
    request::{JobAction, JobRequest},
};

use super::failure::Trouble;
use crate::Deployer;

impl Deployer {
    /// Reads the artifacts that may hold a file which the job wants, all at once.
    pub(super) async fn artifacts(
        &self,
        data: &JobData,
        request: &JobRequest,
    ) -> Result<Vec<Artifact>, Trouble> {
        if request.action != JobAction::Deploy {
            return Ok(Vec::new());
        }
        let files = &request.files;
        let wanted: Vec<_> = data
            .input_artifacts
            .iter()
            .filter(|artifact| files.wants(&artifact.name))
            .collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let Some(credentials) = &data.credentials else {
            return Err(Trouble::lasting(
                FailureType::SystemUnavailable,
                "CodePipeline gave the job input artifacts, but no credentials to read them; release the \
                 change again",
            ));
        };
        try_join_all(wanted.into_iter().map(async |artifact| {
            let bytes = s3::artifact(&self.clients, credentials, artifact, ARTIFACT_LIMIT).await?;
            Artifact::open(&artifact.name, bytes)
                .map_err(|error| Trouble::of(FailureType::ConfigurationError, &error))
        }))
        .await
    }
}
