//! The calls `BatchGetImage`, `PutImage` and `DescribeRepositories` (AWS-FACTS 8.1).

use serde_json::{Value, json};

use super::put::{Put, put};
use super::registry::Asked;
use super::repository::Repository;
use super::{Account, Members, RepositoryId, ServiceError, epoch};
use crate::account::Unaccepted;

/// An `ImageIdentifier`: tag and digest, one or both.
pub(super) struct ImageId<'a> {
    pub(super) tag: Option<&'a str>,
    pub(super) digest: Option<&'a str>,
}

/// Why an identifier leads nowhere: `failureCode` and `failureReason`.
pub(super) struct Failure {
    pub(super) code: &'static str,
    pub(super) reason: String,
}

impl<'a> ImageId<'a> {
    pub(super) fn read(value: &'a Value) -> Result<Self, ServiceError> {
        let members = Members::of(value)?;
        Ok(Self {
            tag: members.optional_string("imageTag")?,
            digest: members.optional_string("imageDigest")?,
        })
    }

    /// The digest that the identifier stands for in a repository.
    pub(super) fn resolve(&self, repository: &Repository) -> Result<String, Failure> {
        let failure = |code, reason: &str| Failure {
            code,
            reason: reason.to_owned(),
        };
        let not_found = || failure("ImageNotFound", "Requested image not found");
        if self.digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(failure(
                "InvalidImageDigest",
                "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
            ));
        }
        let tagged = self
            .tag
            .map(|tag| repository.tags.get(tag).ok_or_else(not_found))
            .transpose()?;
        let digest = match (tagged, self.digest) {
            (None, None) => {
                return Err(failure(
                    "MissingDigestAndTag",
                    "Invalid request parameters: both tag and digest cannot be null",
                ));
            }
            (Some(tagged), Some(digest)) if tagged != digest => {
                return Err(failure(
                    "ImageTagDoesNotMatchDigest",
                    "Requested tag does not match the requested digest",
                ));
            }
            (Some(tagged), _) => tagged.clone(),
            (None, Some(digest)) => digest.to_owned(),
        };
        if repository.images.contains_key(&digest) {
            Ok(digest)
        } else {
            Err(not_found())
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut id = json!({});
        if let Some(digest) = self.digest {
            id["imageDigest"] = digest.into();
        }
        if let Some(tag) = self.tag {
            id["imageTag"] = tag.into();
        }
        id
    }
}

fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn batch_get_image(
    account: &Account,
    asked: &Asked,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let repository = asked.repository(account, input)?;
    let ids = input.list("imageIds")?;
    if ids.is_empty() || ids.len() > 100 {
        let message = "Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length between 1 and 100'";
        return Err(ServiceError::new("InvalidParameterException", message));
    }
    let accepted = input.strings("acceptedMediaTypes")?;
    let state = account.state();
    let repository = state.ecr.repository(&repository)?;
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in ids {
        let id = ImageId::read(id)?;
        let digest = match id.resolve(repository) {
            Ok(digest) => digest,
            Err(failure) => {
                failures.push(json!({"imageId": id.to_json(), "failureCode": failure.code, "failureReason": failure.reason}));
                continue;
            }
        };
        let Some(image) = repository.images.get(&digest) else {
            continue;
        };
        let is_accepted = accepted.is_empty() || accepted.contains(&image.media_type.as_str());
        if !is_accepted && account.settings().unaccepted == Unaccepted::NotFound {
            failures.push(json!({
                "imageId": id.to_json(),
                "failureCode": "ImageNotFound",
                "failureReason": format!("Requested image not found: it is a {}, which is not accepted", image.media_type),
            }));
            continue;
        }
        let mut found = id.to_json();
        found["imageDigest"] = digest.into();
        images.push(json!({
            "registryId": repository.id.registry.account_id,
            "repositoryName": repository.id.name,
            "imageId": found,
            "imageManifest": image.manifest,
            "imageManifestMediaType": image.media_type,
        }));
    }
    Ok(json!({"images": images, "failures": failures}))
}

pub(super) fn put_image(
    account: &Account,
    asked: &Asked,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let repository = asked.repository(account, input)?;
    let manifest = input.string("imageManifest")?;
    let media_type = input.optional_string("imageManifestMediaType")?;
    let tag = input.optional_string("imageTag")?;
    if tag.is_some_and(|tag| tag.is_empty() || tag.len() > 300) {
        let message = "Invalid parameter at 'imageTag' failed to satisfy constraint: 'Member must have length between 1 and 300'";
        return Err(ServiceError::new("InvalidParameterException", message));
    }
    let digest = input.optional_string("imageDigest")?;
    let digest = put(
        account,
        &Put {
            repository: &repository,
            from: None,
            manifest,
            media_type,
            tag,
            digest,
        },
    )?;
    let state = account.state();
    let stored = state.ecr.repository(&repository)?.images.get(&digest);
    let mut image = json!({
        "registryId": repository.registry.account_id,
        "repositoryName": repository.name,
        "imageId": ImageId { tag, digest: Some(&digest) }.to_json(),
        "imageManifest": manifest,
    });
    if let Some(stored) = stored {
        image["imageManifestMediaType"] = stored.media_type.as_str().into();
    }
    Ok(json!({"image": image}))
}

pub(super) fn describe_repositories(
    account: &Account,
    asked: &Asked,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let registry = asked.registry(account, input)?;
    let names = input.strings("repositoryNames")?;
    let state = account.state();
    let chosen: Vec<&Repository> = if names.is_empty() {
        let all = state.ecr.repositories.values();
        all.filter(|repository| repository.id.registry == registry)
            .collect()
    } else {
        let ids = names.iter().map(|name| RepositoryId {
            registry: registry.clone(),
            name: (*name).to_owned(),
        });
        ids.map(|id| state.ecr.repository(&id))
            .collect::<Result<_, _>>()?
    };
    let describe = |repository: &Repository| {
        let mut described = json!({
            "repositoryArn": repository.id.arn(),
            "registryId": repository.id.registry.account_id,
            "repositoryName": repository.id.name,
            "repositoryUri": repository.id.registry.uri(&repository.id.name),
            "createdAt": epoch(repository.created_at),
            "imageTagMutability": repository.mutability.name(),
            "imageScanningConfiguration": {"scanOnPush": false},
            "encryptionConfiguration": {"encryptionType": "AES256"},
        });
        let filters = repository.mutability.filters().iter();
        let filters: Vec<Value> = filters
            .map(|filter| json!({"filterType": "WILDCARD", "filter": filter}))
            .collect();
        if !filters.is_empty() {
            described["imageTagMutabilityExclusionFilters"] = filters.into();
        }
        described
    };
    Ok(json!({"repositories": chosen.into_iter().map(describe).collect::<Vec<_>>()}))
}
