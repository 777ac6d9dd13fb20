//! What ECR knows of the images of a candidate, before anything is registered for them.

use futures_util::{future::try_join_all, try_join};
use greenlight_aws::{
    AwsError, chain,
    ecr::{self, ImageId},
};
use greenlight_core::{
    deployment::{Candidate, PushedImage},
    image::{Digest, RepositoryUri},
    platform::{ImageManifest, Offered},
};
use serde_json::Value;

use crate::Deployer;

/// An image as it was found.
#[derive(Debug, Clone)]
pub(crate) struct Inspected {
    pub(crate) image: PushedImage,
    /// Why it cannot be deployed at all.
    pub(crate) fault: Option<String>,
    /// The platforms that it is for; `None` where that could not be found out.
    pub(crate) platforms: Option<Offered>,
}

impl Deployer {
    /// Looks at every image of a candidate, all at once.
    pub(crate) async fn inspect(&self, candidate: &Candidate) -> Result<Vec<Inspected>, AwsError> {
        try_join_all(candidate.images().map(async |image| {
            let (fault, platforms) = try_join!(
                self.fault(&image),
                self.platforms(&image.repository, &image.digest)
            )?;
            Ok(Inspected {
                image,
                fault,
                platforms,
            })
        }))
        .await
    }

    /// The same without their platforms.
    pub(crate) async fn find_images(
        &self,
        candidate: &Candidate,
    ) -> Result<Vec<Inspected>, AwsError> {
        try_join_all(candidate.images().map(async |image| {
            Ok(Inspected {
                fault: self.fault(&image).await?,
                image,
                platforms: None,
            })
        }))
        .await
    }

    async fn fault(&self, image: &PushedImage) -> Result<Option<String>, AwsError> {
        let id = ImageId::Digest(image.digest.clone());
        let described = ecr::image(&self.clients, &image.repository, &id).await?;
        let name = image.pinned();
        Ok(match described {
            None => Some(format!(
                "image `{name}` is not in ECR any more, so nothing was registered for it; push it again"
            )),
            Some(described) if described.is_archived => Some(format!(
                "image `{name}` is archived and cannot be pulled, so nothing was registered for it; \
                 restore it in ECR"
            )),
            Some(_) => None,
        })
    }

    /// The platforms of an image: those of its index, or the one in its configuration. What cannot be
    /// seen stops nothing: ECS will say so if the image does not fit.
    pub(crate) async fn platforms(
        &self,
        repository: &RepositoryUri,
        digest: &Digest,
    ) -> Result<Option<Offered>, AwsError> {
        let unseen = |error: &dyn std::error::Error| {
            tracing::warn!(
                "the platform of `{}` could not be seen: {}",
                repository.with_digest(digest),
                chain(error)
            );
        };
        let manifest = ecr::manifest(&self.clients, repository, digest).await;
        let manifest = match manifest {
            Ok(Some(manifest)) => manifest,
            Ok(None) => return Ok(None),
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => {
                unseen(&error);
                return Ok(None);
            }
        };
        let Ok(document) = serde_json::from_str::<Value>(&manifest.text) else {
            return Ok(None);
        };
        if let ImageManifest::Index(offered) = ImageManifest::parse(&document) {
            return Ok(Some(offered));
        }
        let Some(config) = manifest.config_digest() else {
            return Ok(None);
        };
        let url = ecr::download_url(&self.clients, repository, &config).await;
        let body = match url {
            Ok(url) => self.probe.fetch(&url).await,
            Err(error) => {
                unseen(&error);
                return Ok(None);
            }
        };
        match body {
            Ok(body) => Ok(serde_json::from_slice::<Value>(&body)
                .ok()
                .map(|config| Offered::by_config(&config))),
            Err(error) => {
                unseen(&error);
                Ok(None)
            }
        }
    }
}
