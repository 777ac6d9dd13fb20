//! Amazon ECR: what a tag names, what an index holds, and moving a tag (AWS-FACTS 8). Every call goes
//! to the region of the repository.

mod listing;
mod mutability;
mod scan;

pub use listing::{Listed, tagged_images};
pub use mutability::mutability;
pub use scan::scan_findings;

use aws_sdk_ecr::types::{ImageDetail, ImageIdentifier, ImageStatus};
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
/// Of an image, so many tags are read at the most.
const TAGS_LIMIT: usize = 100;

/// An image as ECR describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What the image is.
    pub digest: Digest,
    /// The tags that it has now, 100 at the most.
    pub tags: Vec<String>,
    /// When it was pushed, to the millisecond. A tag that is moved to it later does not change this.
    pub pushed_at: Option<Timestamp>,
    /// An archived image cannot be pulled (AWS-FACTS 8.3).
    pub is_archived: bool,
}

/// How an image is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageId {
    /// By a name, which may move.
    Tag(Tag),
    /// By what it is.
    Digest(Digest),
}

/// The image that `tag` names now; `None` if no image has the tag.
pub async fn image_of_tag(
    clients: &Clients,
    repository: &RepositoryUri,
    tag: &Tag,
) -> Result<Option<Image>, AwsError> {
    image(clients, repository, &ImageId::Tag(tag.clone())).await
}

/// The image of a tag or digest; `None` if the repository does not hold it.
pub async fn image(
    clients: &Clients,
    repository: &RepositoryUri,
    id: &ImageId,
) -> Result<Option<Image>, AwsError> {
    const ACTION: &str = "ecr:DescribeImages";
    let identifier = match id {
        ImageId::Tag(tag) => ImageIdentifier::builder().image_tag(tag.as_str()),
        ImageId::Digest(digest) => ImageIdentifier::builder().image_digest(digest.as_str()),
    };
    let answer = clients
        .ecr_in(repository.registry.region())
        .describe_images()
        .registry_id(repository.registry.account())
        .repository_name(repository.name.as_str())
        .image_ids(identifier.build())
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
    described(ACTION, repository, image).map(Some)
}

fn described(
    action: &'static str,
    repository: &RepositoryUri,
    image: &ImageDetail,
) -> Result<Image, AwsError> {
    let digest = image
        .image_digest()
        .and_then(|digest| digest.parse().ok())
        .ok_or_else(|| unusable(action, repository, "the answer holds no digest"))?;
    let tags = image.image_tags().iter().take(TAGS_LIMIT);
    Ok(Image {
        digest,
        tags: tags.cloned().collect(),
        pushed_at: image.image_pushed_at().and_then(timestamp),
        is_archived: matches!(image.image_status(), Some(ImageStatus::Archived)),
    })
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

    /// The images that an index holds for machines to run, each with its platform; none where it is the manifest of
    /// one image. What build tools add about them, provenance and the like, is no image.
    pub fn platforms(&self) -> Vec<(Digest, String)> {
        let Ok(document) = serde_json::from_str::<Value>(&self.text) else {
            return Vec::new();
        };
        let manifests = document["manifests"].as_array();
        manifests
            .into_iter()
            .flatten()
            .take(CHILDREN_LIMIT)
            .filter(|child| child["platform"]["os"].as_str() != Some("unknown"))
            .filter(|child| child["annotations"]["vnd.docker.reference.type"].is_null())
            .filter_map(|child| {
                let part = |key: &str| child["platform"][key].as_str().unwrap_or("unknown");
                let platform = format!("{}/{}", part("os"), part("architecture"));
                Some((child["digest"].as_str()?.parse().ok()?, platform))
            })
            .collect()
    }

    /// The digest of an image's configuration, which names its platform; none where it is an index.
    pub fn config_digest(&self) -> Option<Digest> {
        let document = serde_json::from_str::<Value>(&self.text).ok()?;
        document["config"]["digest"].as_str()?.parse().ok()
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
        .ecr_in(repository.registry.region())
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

/// Where a layer, or the configuration of an image, can be downloaded for some minutes. The address is
/// a permission: it must not be logged.
pub async fn download_url(
    clients: &Clients,
    repository: &RepositoryUri,
    digest: &Digest,
) -> Result<String, AwsError> {
    const ACTION: &str = "ecr:GetDownloadUrlForLayer";
    let answer = clients
        .ecr_in(repository.registry.region())
        .get_download_url_for_layer()
        .registry_id(repository.registry.account())
        .repository_name(repository.name.as_str())
        .layer_digest(digest.as_str())
        .send()
        .await
        .map_err(failed(ACTION, resource(repository)))?;
    answer
        .download_url
        .ok_or_else(|| unusable(ACTION, repository, "the answer holds no address"))
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
        .ecr_in(repository.registry.region())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, run};

    fn digest(digit: char) -> Digest {
        let hex = digit.to_string().repeat(64);
        format!("sha256:{hex}").parse().unwrap()
    }

    fn repository(region: &str) -> RepositoryUri {
        format!("123456789012.dkr.ecr.{region}.amazonaws.com/mco/api")
            .parse()
            .unwrap()
    }

    #[test]
    fn an_image_is_found_by_its_digest_with_its_tags() {
        let aws = Scripted::default();
        aws.answer_json(&json!({ "imageDetails": [{
            "imageDigest": digest('a').as_str(),
            "imageTags": ["test", "1.2.0"],
            "imageStatus": "ARCHIVED",
        }]}));
        let id = ImageId::Digest(digest('a'));
        let image = run(image(&aws.clients(), &repository("eu-west-1"), &id)).unwrap();
        assert_eq!(
            image,
            Some(Image {
                digest: digest('a'),
                tags: vec!["test".to_owned(), "1.2.0".to_owned()],
                pushed_at: None,
                is_archived: true,
            })
        );
        assert_eq!(
            aws.sent()[0].json()["imageIds"],
            json!([{ "imageDigest": digest('a').as_str() }])
        );
    }

    #[test]
    fn a_tag_that_no_image_has_names_none() {
        let aws = Scripted::default();
        aws.refuse("ImageNotFoundException", "gone");
        let tag = "test".parse().unwrap();
        let image = run(image_of_tag(&aws.clients(), &repository("eu-west-1"), &tag));
        assert_eq!(image.unwrap(), None);
    }

    #[test]
    fn a_repository_is_asked_in_its_own_region() {
        let aws = Scripted::default();
        let clients = aws.clients();
        for region in ["eu-west-1", "us-east-1"] {
            aws.answer_json(&json!({ "downloadUrl": "https://example.com/x" }));
            let url = run(download_url(&clients, &repository(region), &digest('b')));
            assert_eq!(url.unwrap(), "https://example.com/x");
            let sent = aws.sent().pop().unwrap();
            assert!(sent.uri.contains(region), "{}", sent.uri);
            assert!(sent.authorization.contains(&format!("/{region}/ecr/")));
            assert_eq!(sent.json()["layerDigest"], digest('b').as_str());
        }
    }

    #[test]
    fn of_an_index_only_what_a_machine_can_run_is_an_image() {
        let provenance = json!({
            "digest": digest('c').as_str(), "platform": {"os": "unknown", "architecture": "unknown"},
        });
        let signature = json!({
            "digest": digest('d').as_str(), "platform": {"os": "linux", "architecture": "amd64"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
        });
        let index = Manifest {
            text: json!({"manifests": [
                {"digest": digest('a').as_str(), "platform": {"os": "linux", "architecture": "amd64"}},
                {"digest": digest('b').as_str()}, provenance, signature,
            ]})
            .to_string(),
            media_type: None,
        };
        let platform = |digit, name: &str| (digest(digit), name.to_owned());
        assert_eq!(
            index.platforms(),
            [
                platform('a', "linux/amd64"),
                platform('b', "unknown/unknown")
            ]
        );
        assert_eq!(index.children().len(), 4);
    }

    #[test]
    fn a_manifest_names_its_configuration_and_an_index_none() {
        let manifest = |text: serde_json::Value| Manifest {
            text: text.to_string(),
            media_type: None,
        };
        let image = manifest(json!({ "config": { "digest": digest('c').as_str() } }));
        assert_eq!(image.config_digest(), Some(digest('c')));
        let index = manifest(json!({ "manifests": [{ "digest": digest('c').as_str() }] }));
        assert_eq!(index.config_digest(), None);
        assert_eq!(index.children(), [digest('c')]);
        let broken = Manifest {
            text: "{".to_owned(),
            media_type: None,
        };
        assert_eq!(broken.config_digest(), None);
    }
}
