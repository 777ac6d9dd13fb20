//! Repositories, the images that are there for the target, and the tags that Greenlight is to move.

use futures_util::{
    future::{OptionFuture, join_all},
    join,
};
use greenlight_aws::{
    AwsError,
    ecr::{self, ImageId},
};
use greenlight_core::{
    image::{Digest, Mutability, RepositoryUri, Tag},
    platform::{Offered, WantedPlatform},
    policy::TagPolicy,
    target::ImageSource,
    verification::{Finding, Look, images, tags},
};

use super::{Place, Verifier, look::seen};

/// What was found of the images of one container.
#[derive(Debug)]
pub(super) struct Images {
    pub(super) repository: RepositoryUri,
    mutability: Look<Mutability>,
    tag: Look<Tagged>,
}

/// An image that the target takes.
#[derive(Debug)]
struct Tagged {
    tag: Tag,
    is_archived: bool,
    platforms: Option<Offered>,
}

impl Verifier<'_> {
    /// Each repository once, and of each container an image that it would take.
    pub(super) async fn images(&self) -> Vec<Images> {
        let sources = self.target.images.iter();
        let mut repositories: Vec<RepositoryUri> = sources
            .map(|source| source.repository.resolve(&self.place.home).canonical())
            .collect();
        repositories.dedup();
        let mutabilities = join_all(repositories.iter().map(|uri| self.mutability(uri)));
        let found = join_all(self.target.images.iter().map(|source| self.tagged(source)));
        let (mutabilities, found) = join!(mutabilities, found);
        let images = self.target.images.iter().zip(found);
        let images = images.filter_map(|(source, tag)| {
            let repository = source.repository.resolve(&self.place.home).canonical();
            let at = repositories.iter().position(|it| *it == repository)?;
            Some(Images {
                mutability: mutabilities.get(at)?.clone(),
                repository,
                tag,
            })
        });
        images.collect()
    }

    async fn mutability(&self, uri: &RepositoryUri) -> Look<Mutability> {
        let lack = self
            .place
            .own_lack("ecr:DescribeRepositories", Place::repository(uri));
        let call = ecr::mutability(&self.deployer.clients, uri);
        seen(self.bounded(call).await, lack)
    }

    /// An image that a container would take: of an exact tag, or else of all that have tags the one that comes last.
    async fn tagged(&self, source: &ImageSource) -> Look<Tagged> {
        let uri = source.repository.resolve(&self.place.home).canonical();
        let lack = self
            .place
            .own_lack("ecr:DescribeImages", Place::repository(&uri));
        let (tag, image) = match seen(self.taken(source, &uri).await, lack) {
            Look::Found(Some(found)) => found,
            Look::Found(None) | Look::Missing => return Look::Missing,
            Look::Unseen(unseen) => return Look::Unseen(unseen),
        };
        let is_archived = image.is_archived;
        let platforms = OptionFuture::from(
            (!is_archived).then(|| self.platforms_of(&uri, image.digest.clone())),
        );
        Look::Found(Tagged {
            tag,
            is_archived,
            platforms: platforms.await.flatten(),
        })
    }

    async fn taken(
        &self,
        source: &ImageSource,
        uri: &RepositoryUri,
    ) -> Result<Option<(Tag, ecr::Image)>, AwsError> {
        let clients = &self.deployer.clients;
        let exact: Option<Vec<&Tag>> = source
            .tags
            .iter()
            .map(|policy| match policy {
                TagPolicy::Exact(tag) => Some(tag),
                _ => None,
            })
            .collect();
        if let Some(exact) = exact {
            for tag in exact {
                let id = ImageId::Tag(tag.clone());
                if let Some(image) = self.bounded(ecr::image(clients, uri, &id)).await? {
                    return Ok(Some((tag.clone(), image)));
                }
            }
            return Ok(None);
        }
        let listed = self.bounded(ecr::tagged_images(clients, uri)).await?;
        let tags: Vec<Tag> = listed
            .images
            .iter()
            .flat_map(|image| &image.tags)
            .filter_map(|tag| tag.parse().ok())
            .collect();
        let Some((tag, _)) = source.best(&tags) else {
            return Ok(None);
        };
        let mut images = listed.images.into_iter();
        let image = images.find(|image| image.tags.iter().any(|it| it == tag.as_str()));
        Ok(image.map(|image| (tag, image)))
    }

    async fn platforms_of(&self, uri: &RepositoryUri, digest: Digest) -> Option<Offered> {
        // What cannot be seen cannot be told: that is a finding, too.
        let platforms = self.bounded(self.deployer.platforms(uri, &digest)).await;
        platforms.ok().flatten()
    }

    /// What is found of the images. `wanted` is what the task definition wants to run on, where it is known.
    pub(super) fn image_findings(
        &self,
        images: &[Images],
        wanted: Option<&WantedPlatform>,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut told: Vec<&RepositoryUri> = Vec::new();
        for (source, found) in self.target.images.iter().zip(images) {
            let uri = &found.repository;
            let is_new = !told.contains(&uri);
            if is_new {
                told.push(uri);
                findings.push(images::repository(uri, &found.mutability));
            }
            if matches!(found.mutability, Look::Missing) {
                continue;
            }
            findings.push(images::tag(source, uri, &tag_of(&found.tag)));
            if let Look::Found(tagged) = &found.tag {
                let image = uri.with_tag(&tagged.tag);
                findings.extend(images::archived(&image, tagged.is_archived));
                if let (Some(wanted), false) = (wanted, tagged.is_archived) {
                    findings.push(images::platform(&image, wanted, tagged.platforms.as_ref()));
                }
            }
            let written = tags::written(self.target, source).into_iter();
            let written = written.filter(|_| is_new);
            findings.extend(
                written.filter_map(|(why, tag)| tags::mutable(why, &tag, uri, &found.mutability)),
            );
        }
        findings
    }
}

fn tag_of(look: &Look<Tagged>) -> Look<Tag> {
    match look {
        Look::Found(tagged) => Look::Found(tagged.tag.clone()),
        Look::Missing => Look::Missing,
        Look::Unseen(unseen) => Look::Unseen(unseen.clone()),
    }
}
