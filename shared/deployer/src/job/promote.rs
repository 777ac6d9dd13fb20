//! A job that gives an image which a target runs, and has proved, the tag that another target watches.

use greenlight_aws::{chain, ecr, table::StoredTarget};
use greenlight_core::{
    deployment::{Candidate, Outcome, PushedImage},
    image::{Digest, Tag},
    job::{
        answer::{FailureType, JobSuccess},
        request::JobImage,
    },
    record::{Announcement, DetailType, Origin},
};

use super::{
    Asked, JobOutcome, answer,
    failure::{Trouble, failure},
};
use crate::Deployer;

impl Deployer {
    pub(super) async fn promote_for(
        &self,
        asked: Asked<'_>,
        to: &Tag,
    ) -> Result<JobOutcome, Trouble> {
        let stored = &asked.stored;
        let current = self.current_of(stored, &asked.request).await?;
        let refuse = |what: String| Trouble::lasting(FailureType::JobFailed, what);
        let name = &stored.target.name;
        let record = self.table.record(name, current.deployment).await?;
        let is_proved = record.is_some_and(|record| {
            !matches!(record.origin, Origin::Adopted | Origin::Elsewhere { .. })
        });
        if !is_proved {
            return Err(refuse(format!(
                "{} is live at `{name}`, but no deployment of Greenlight has proved it; deploy it to `{name}` \
                 once",
                current.candidate.describe()
            )));
        }
        if let Outcome::Failed { reason, .. } = self.prove_live(stored, &current.candidate).await? {
            return Err(refuse(format!(
                "target `{name}` does not run {} any more: {reason}",
                current.candidate.describe()
            )));
        }
        let image = promoted(stored, &current.candidate, asked.request.image.as_ref())?;
        let previous = self.give_tag(&image, to).await?;
        let summary = format!(
            "`{to}` of {} names {} now, which is live at `{name}`",
            image.repository.name,
            image.digest.short()
        );
        let announced = Candidate::of(PushedImage {
            tag: Some(to.clone()),
            ..image.clone()
        });
        let announcement = Announcement::new(
            DetailType::Promoted,
            name,
            current.deployment,
            &announced,
            &summary,
        );
        self.announce(&announcement).await?;
        let mut variables = answer::variables(&announced, current.deployment);
        variables.insert(
            "PreviousDigest",
            previous.map_or_else(String::new, |it| it.to_string()),
        );
        let id = current.deployment.to_string();
        Ok(JobOutcome::Succeeded(JobSuccess::new(
            &summary,
            Some(&id),
            variables,
        )))
    }

    /// Gives what the tag named before.
    async fn give_tag(&self, image: &PushedImage, tag: &Tag) -> Result<Option<Digest>, Trouble> {
        let repository = &image.repository;
        let named = ecr::image_of_tag(&self.clients, repository, tag).await?;
        let named = named.map(|named| named.digest);
        if named.as_ref() == Some(&image.digest) {
            return Ok(named);
        }
        let manifest = ecr::manifest(&self.clients, repository, &image.digest).await?;
        let Some(manifest) = manifest else {
            return Err(Trouble::lasting(
                FailureType::RevisionUnavailable,
                format!("image `{}` is not in ECR any more", image.pinned()),
            ));
        };
        let given = ecr::put_tag(&self.clients, repository, &image.digest, manifest, tag).await;
        given.map(|()| named).map_err(|error| {
            if error.is("ImageTagAlreadyExistsException") {
                let what = chain(&error);
                let remedy = format!(
                    "tags of repository `{}` are immutable; exclude `{tag}` from that in the repository's \
                     settings, or promote to a tag that is new",
                    repository.name
                );
                let kind = FailureType::ConfigurationError;
                return Trouble::Lasting(failure(kind, &what, Some(&remedy)));
            }
            error.into()
        })
    }
}

/// Of the images that are live together, the one that is meant.
fn promoted(
    stored: &StoredTarget,
    live: &Candidate,
    named: Option<&JobImage>,
) -> Result<PushedImage, Trouble> {
    let repository = named.and_then(|image| image.repository.as_ref());
    let repository = repository.map(|named| named.resolve(&stored.home).canonical());
    let mut images = live.images().filter(|image| {
        repository
            .as_ref()
            .is_none_or(|repository| image.repository == *repository)
    });
    match (images.next(), images.next()) {
        (Some(image), None) => Ok(image),
        (Some(_), Some(_)) => Err(Trouble::lasting(
            FailureType::ConfigurationError,
            format!(
                "target `{}` runs images of several repositories; name the one that is meant, such as \
                 `\"tag\": \"{}:…\"`",
                stored.target.name, live.repository.name
            ),
        )),
        (None, _) => Err(Trouble::lasting(
            FailureType::ConfigurationError,
            format!(
                "target `{}` runs no image of this repository",
                stored.target.name
            ),
        )),
    }
}
