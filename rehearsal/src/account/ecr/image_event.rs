//! The events of the repository (AWS-FACTS 1).

use serde_json::{Value, json};

use super::Account;
use crate::account::UntaggedPush;

/// The detail of an `ECR Image Action` (AWS-FACTS 1.1, 1.2, 1.5).
pub(super) fn detail(
    account: &Account,
    repository: &str,
    digest: &str,
    tag: Option<&str>,
    action: &str,
) -> Value {
    let mut detail = json!({
        "result": "SUCCESS",
        "repository-name": repository,
        "image-digest": digest,
        "action-type": action,
    });
    match (tag, account.settings().untagged_push) {
        (Some(tag), _) => detail["image-tag"] = tag.into(),
        (None, UntaggedPush::Empty) => detail["image-tag"] = "".into(),
        (None, UntaggedPush::Absent) => {}
    }
    let state = account.state();
    let image = state
        .ecr
        .repositories
        .get(repository)
        .and_then(|repository| repository.images.get(digest));
    if let Some(image) = image {
        detail["manifest-media-type"] = image.media_type.as_str().into();
        if let Some(artifact) = &image.artifact_media_type {
            detail["artifact-media-type"] = artifact.as_str().into();
        }
    }
    detail
}

/// Puts an event on the bus.
pub(super) fn emit(account: &Account, detail: &Value) {
    account
        .events()
        .put_detail("aws.ecr", "ECR Image Action", &json!([]), detail);
}
