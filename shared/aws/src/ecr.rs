//! Amazon ECR: what a tag names, what an index holds, and moving a tag (AWS-FACTS 8).

use aws_sdk_ecr::types::{ImageIdentifier, ImageStatus};
use greenlight_core::image::{Digest, RepositoryUri, Tag};
use jiff::Timestamp;
use serde_json::Value;

use crate::{AwsError, Clients, Kind, error::failed, timestamp};

/// Every manifest type there is: what ECR does with a type that is not accepted is unconfirmed
/// (AWS-FACTS 8.1, 11.16).
const MANIFEST_TYPES: [&str; 5] = [
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
];

/// Of an index, so many children are read at the most.
const CHILDREN_LIMIT: usize = 100;

/// An image as ECR describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What the image is.
    pub digest: Digest,
    /// When it was pushed, to the millisecond. A tag that is moved to it later does not change this.
    pub pushed_at: Option<Timestamp>,
    /// An archived image cannot be pulled (AWS-FACTS 8.3).
    pub is_archived: bool,
}

/// The image that `tag` names now; `None` if no image has the tag.
pub async fn image_of_tag(
    clients: &Clients,
    repository: &RepositoryUri,
    tag: &Tag,
) -> Result<Option<Image>, AwsError> {
    const ACTION: &str = "ecr:DescribeImages";
    let answer = clients
        .ecr
        .describe_images()
        .registry_id(repository.registry.account())
        .repository_name(repository.name.as_str())
        .image_ids(ImageIdentifier::builder().image_tag(tag.as_str()).build())
        .send()
        .await
        .map_err(failed(ACTION, resource(repository)));
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if error.is("ImageNotFoundException") => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(image) = answer.image_details().first() else {
        return Ok(None);
    };
    let digest = image
        .image_digest()
        .and_then(|digest| digest.parse().ok())
        .ok_or_else(|| unusable(ACTION, repository, "the answer holds no digest"))?;
    Ok(Some(Image {
        digest,
        pushed_at: image.image_pushed_at().and_then(timestamp),
        is_archived: matches!(image.image_status(), Some(ImageStatus::Archived)),
    }))
}

/// A manifest, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The text: its SHA-256 is the image's digest, so it must not be serialised again.
    pub text: String,
    /// The media type, without which some manifests cannot be put.
    pub media_type: Option<String>,
}

impl Manifest {
    /// The digests of the images that an index holds; none where it is the manifest of one image.
    pub fn children(&self) -> Vec<Digest> {
        let Ok(document) = serde_json::from_str::<Value>(&self.text) else {
            return Vec::new();
        };
        let manifests = document["manifests"].as_array();
        manifests
            .into_iter()
            .flatten()
            .take(CHILDREN_LIMIT)
            .filter_map(|child| child["digest"].as_str()?.parse().ok())
            .collect()
    }
}

/// The manifest of an image; `None` if the repository does not hold it.
pub async fn manifest(
    clients: &Clients,
    repository: &RepositoryUri,
    digest: &Digest,
) -> Result<Option<Manifest>, AwsError> {
    const ACTION: &str = "ecr:BatchGetImage";
    let answer = clients
        .ecr
        .batch_get_image()
        .registry_id(repository.registry.account())
        .repository_name(repository.name.as_str())
        .image_ids(
            ImageIdentifier::builder()
                .image_digest(digest.as_str())
                .build(),
        )
        .set_accepted_media_types(Some(MANIFEST_TYPES.map(str::to_owned).to_vec()))
        .send()
        .await
        .map_err(failed(ACTION, resource(repository)))?;
    if let Some(image) = answer.images().first() {
        let text = image
            .image_manifest()
            .ok_or_else(|| unusable(ACTION, repository, "the answer holds no manifest"))?;
        return Ok(Some(Manifest {
            text: text.to_owned(),
            media_type: image.image_manifest_media_type().map(str::to_owned),
        }));
    }
    // The call succeeds with `failures` where it fails (AWS-FACTS 8.1).
    let failure = answer.failures().first();
    let code = failure.and_then(|failure| failure.failure_code());
    match code.map(aws_sdk_ecr::types::ImageFailureCode::as_str) {
        None | Some("ImageNotFound") => Ok(None),
        Some(code) => Err(AwsError::unusable(
            ACTION,
            resource(repository),
            Kind::Invalid,
            Some(code.to_owned()),
            format!(
                "{code}: {}",
                failure
                    .and_then(|failure| failure.failure_reason())
                    .unwrap_or("no reason given")
            ),
        )),
    }
}

/// Makes `tag` name the image of `manifest`. That the tag already does is a success.
pub async fn put_tag(
    clients: &Clients,
    repository: &RepositoryUri,
    digest: &Digest,
    manifest: Manifest,
    tag: &Tag,
) -> Result<(), AwsError> {
    let result = clients
        .ecr
        .put_image()
        .registry_id(repository.registry.account())
        .repository_name(repository.name.as_str())
        .image_manifest(manifest.text)
        .set_image_manifest_media_type(manifest.media_type)
        .image_digest(digest.as_str())
        .image_tag(tag.as_str())
        .send()
        .await
        .map_err(failed("ecr:PutImage", resource(repository)));
    match result {
        Err(error) if !error.is("ImageAlreadyExistsException") => Err(error),
        _ => Ok(()),
    }
}

fn resource(repository: &RepositoryUri) -> String {
    format!("ECR repository `{repository}`")
}

fn unusable(action: &'static str, repository: &RepositoryUri, message: &str) -> AwsError {
    AwsError::unusable(
        action,
        resource(repository),
        Kind::Unavailable,
        None,
        message,
    )
}
