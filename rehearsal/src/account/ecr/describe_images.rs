//! The call `DescribeImages`, with its filters and pages (AWS-FACTS 8.3).

use serde_json::{Value, json};

use super::operations::ImageId;
use super::registry::Asked;
use super::repository::{Image, Repository};
use super::{Account, Members, ServiceError, epoch};

pub(super) fn describe_images(
    account: &Account,
    asked: &Asked,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let repository = asked.repository(account, input)?;
    let ids = input.optional_list("imageIds")?;
    let filter = input.optional_structure("filter")?;
    let text = |member| {
        filter
            .map(|filter| filter.optional_string(member))
            .transpose()
            .map(Option::flatten)
    };
    let tag_status = text("tagStatus")?.unwrap_or("ANY");
    let image_status = text("imageStatus")?.unwrap_or("ANY");
    let state = account.state();
    let repository = state.ecr.repository(&repository)?;
    let digests: Vec<String> = match ids {
        Some(ids) => ids
            .iter()
            .map(|id| resolve(repository, id))
            .collect::<Result<_, _>>()?,
        None => repository.images.keys().cloned().collect(),
    };
    let wanted = |digest: &&String| {
        let tagged = !repository.tags_of(digest).is_empty();
        let archived = repository
            .images
            .get(*digest)
            .is_some_and(|image| image.archived_at.is_some());
        !matches!((tag_status, tagged), ("TAGGED", false) | ("UNTAGGED", true))
            && !matches!(
                (image_status, archived),
                ("ACTIVE", true) | ("ARCHIVED", false) | ("ACTIVATING", _)
            )
    };
    let digests: Vec<&String> = digests.iter().filter(wanted).collect();
    let start = match input.optional_string("nextToken")? {
        Some(token) => token
            .parse()
            .map_err(|_| ServiceError::new("InvalidParameterException", "Invalid nextToken"))?,
        None => 0_usize,
    };
    let size = input
        .optional_integer("maxResults")?
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(100);
    if size == 0 || size > 1000 {
        return Err(ServiceError::new(
            "InvalidParameterException",
            "maxResults must be between 1 and 1000",
        ));
    }
    let page = digests.iter().skip(start).take(size);
    let details: Vec<Value> = page
        .filter_map(|digest| {
            repository
                .images
                .get(*digest)
                .map(|image| describe(repository, digest, image))
        })
        .collect();
    let mut output = json!({"imageDetails": details});
    if start + size < digests.len() {
        output["nextToken"] = (start + size).to_string().into();
    }
    Ok(output)
}

/// The digest of an image, or the error that it is not there.
pub(super) fn resolve(repository: &Repository, id: &Value) -> Result<String, ServiceError> {
    let id = ImageId::read(id)?;
    id.resolve(repository).map_err(|failure| {
        if failure.code != "ImageNotFound" {
            return ServiceError::new("InvalidParameterException", failure.reason);
        }
        let quoted = |part: Option<&str>| part.map_or_else(|| "'null'".to_owned(), |part| format!("'{part}'"));
        let message = format!(
            "The image with imageId {{imageDigest:{}, imageTag:{}}} does not exist within the repository with name '{}' in \
             the registry with id '{}'",
            quoted(id.digest),
            quoted(id.tag),
            repository.id.name,
            repository.id.registry.account_id
        );
        ServiceError::new("ImageNotFoundException", message)
    })
}

fn describe(repository: &Repository, digest: &str, image: &Image) -> Value {
    let mut detail = json!({
        "registryId": repository.id.registry.account_id,
        "repositoryName": repository.id.name,
        "imageDigest": digest,
        "imageSizeInBytes": image.size,
        "imagePushedAt": epoch(image.pushed_at),
        "imageManifestMediaType": image.media_type,
        "imageStatus": if image.archived_at.is_some() { "ARCHIVED" } else { "ACTIVE" },
    });
    let tags = repository.tags_of(digest);
    if !tags.is_empty() {
        detail["imageTags"] = tags.into();
    }
    if let Some(artifact) = &image.artifact_media_type {
        detail["artifactMediaType"] = artifact.as_str().into();
    }
    if let Some(at) = image.archived_at {
        detail["lastArchivedAt"] = epoch(at);
    }
    detail
}
