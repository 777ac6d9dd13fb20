//! A job that deploys an image.

use greenlight_aws::{
    ecr::ImageId,
    table::{StoredFiles, StoredTarget},
};
use greenlight_core::{
    deployment::{DeploymentId, Input},
    job::{
        answer::FailureType,
        files::{FilesError, JobFiles, pick},
        request::{JobImage, JobRequest, TagOrDigest},
    },
    record::{Origin, Status},
    target::Strategy,
};
use jiff::Timestamp;

use super::{Asked, Gates, Job, JobOutcome, answer, failure::Trouble};
use crate::{
    Deployer,
    ask::Asking,
    plan::{Named, Wish},
};

impl Deployer {
    pub(super) async fn deploy_for(&self, asked: Asked<'_>) -> Result<JobOutcome, Trouble> {
        // A tag or a digest that is given counts more than what a file says.
        let wants_images = asked.request.image.is_none();
        let files = pick(&asked.request.files, &asked.artifacts, wants_images)?;
        let wish = wish(&asked.request, &files)?;
        let asking = Asking {
            job: asked.job.id.clone(),
            at: asked.known.received_at,
            origin: origin(asked.job, &asked.request),
            files: Some(usable(&asked, files)?),
        };
        let name = asked.stored.target.name.clone();
        let explanation = self
            .ask_for_job(asked.stored, &wish, asking, asked.lease_until)
            .await?;
        match explanation {
            Some(explanation) => Ok(JobOutcome::Later {
                summary: explanation.to_string(),
            }),
            None => Err(Trouble::lasting(
                FailureType::ConfigurationError,
                format!("target `{name}` was removed"),
            )),
        }
    }

    /// A job that has asked before: what became of its deployment, or that it goes on.
    pub(super) async fn resumed(
        &self,
        stored: StoredTarget,
        deployment: DeploymentId,
        lease_until: Timestamp,
    ) -> Result<JobOutcome, Trouble> {
        let record = self.table.record(&stored.target.name, deployment).await?;
        if let Some(record) = &record
            && let Some(ending) = record.ending()
        {
            return Ok(answer::outcome(&stored, deployment, &ending));
        }
        if record.is_none() {
            return Err(Trouble::lasting(
                FailureType::SystemUnavailable,
                format!("the record of deployment {deployment} is not kept any more"),
            ));
        }
        // Its start may have been broken off.
        self.advance(stored, Input::Revisited, lease_until, &Gates::new())
            .await?;
        let waits = record.filter(|record| record.status == Status::Queued);
        Ok(JobOutcome::Later {
            summary: match waits.and_then(|record| record.reason) {
                Some(reason) => format!("deployment {deployment} waits: {reason}"),
                None => format!("deployment {deployment} goes on"),
            },
        })
    }
}

impl From<FilesError> for Trouble {
    fn from(error: FilesError) -> Self {
        Self::of(FailureType::ConfigurationError, &error)
    }
}

/// Which image the job wants: the one that it names, or what its files say.
fn wish(request: &JobRequest, files: &JobFiles) -> Result<Wish, Trouble> {
    if let Some(image) = &request.image {
        return Ok(Wish::Named(named(image)));
    }
    if files.images.is_empty() {
        return Err(Trouble::lasting(
            FailureType::ConfigurationError,
            "nothing says which image is to be deployed; give the action `tag` or `digest`, such as \
             \"#{variables.tag}\", or an input artifact with `imagedefinitions.json` or `imageDetail.json`",
        ));
    }
    Ok(Wish::Files(files.images.clone()))
}

pub(super) fn named(image: &JobImage) -> Named {
    Named {
        repository: image.repository.clone(),
        image: Some(match &image.choice {
            TagOrDigest::Tag(tag) => ImageId::Tag(tag.clone()),
            TagOrDigest::Digest(digest) => ImageId::Digest(digest.clone()),
        }),
    }
}

/// The files that the target's strategy can use. One that was named and cannot be used is an error; one
/// that only lies there is not.
fn usable(asked: &Asked<'_>, files: JobFiles) -> Result<StoredFiles, Trouble> {
    let choices = &asked.request.files;
    let target = &asked.stored.target;
    let (takes_definition, takes_app_spec) = match &target.deploy {
        Strategy::CodeDeploy(_) => (true, true),
        Strategy::Rolling | Strategy::Native | Strategy::Task(_) => (true, false),
        Strategy::Pipeline(_) => (false, false),
    };
    let strategy = target.deploy.name();
    let refuse = |what: &str| {
        Trouble::lasting(
            FailureType::ConfigurationError,
            format!(
                "target `{}` deploys by `{strategy}`, which takes no {what}; take it out of the action",
                target.name
            ),
        )
    };
    if choices.task_definition.is_some() && !takes_definition {
        return Err(refuse("task definition"));
    }
    if choices.app_spec.is_some() && !takes_app_spec {
        return Err(refuse("AppSpec"));
    }
    Ok(StoredFiles {
        task_definition: files.task_definition.filter(|_| takes_definition),
        app_spec: files.app_spec.filter(|_| takes_app_spec),
    })
}

fn origin(job: &Job, request: &JobRequest) -> Origin {
    let context = job.data.pipeline.as_ref();
    Origin::Pipeline {
        pipeline: context.and_then(|context| context.pipeline.clone()),
        execution: context
            .and_then(|context| context.execution.clone())
            .or_else(|| request.execution.clone()),
    }
}
