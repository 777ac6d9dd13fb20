//! The events of repositories (AWS-FACTS 1).

use serde_json::{Value, json};

use super::{Account, Registry, RepositoryId};
use crate::account::UntaggedPush;

/// From now on, what happens in another account's or region's registry is told on this account's bus, as
/// by a rule there that sends it here. The envelope names where it happened.
pub fn forward_events(account: &Account, registry: &Registry) {
    let forwarded = &mut account.state().ecr.forwarded;
    forwarded.insert(registry.clone());
}

/// The detail of an `ECR Image Action` (AWS-FACTS 1.1, 1.2, 1.5).
pub(super) fn detail(
    account: &Account,
    id: &RepositoryId,
    digest: &str,
    tag: Option<&str>,
    action: &str,
) -> Value {
    let mut detail = json!({
        "result": "SUCCESS",
        "repository-name": id.name,
        "image-digest": digest,
        "action-type": action,
    });
    add_tag(account, &mut detail, tag);
    let state = account.state();
    let image = state
        .ecr
        .repositories
        .get(id)
        .and_then(|repository| repository.images.get(digest));
    if let Some(image) = image {
        detail["manifest-media-type"] = image.media_type.as_str().into();
        if let Some(artifact) = &image.artifact_media_type {
            detail["artifact-media-type"] = artifact.as_str().into();
        }
    }
    detail
}

fn add_tag(account: &Account, detail: &mut Value, tag: Option<&str>) {
    match (tag, account.settings().untagged_push) {
        (Some(tag), _) => detail["image-tag"] = tag.into(),
        (None, UntaggedPush::Empty) => detail["image-tag"] = "".into(),
        (None, UntaggedPush::Absent) => {}
    }
}

/// Tells of an `ECR Image Action`.
pub(super) fn emit(account: &Account, id: &RepositoryId, detail: &Value) {
    put(account, id, "ECR Image Action", &json!([]), detail);
}

/// Tells that an image arrived from another registry (AWS-FACTS 1.5).
pub(super) fn emit_replication(
    account: &Account,
    id: &RepositoryId,
    source: &Registry,
    digest: &str,
    tag: Option<&str>,
) {
    let mut detail = json!({
        "result": "SUCCESS",
        "repository-name": id.name,
        "image-digest": digest,
        "source-account": source.account_id,
        "action-type": "REPLICATE",
        "source-region": source.region,
    });
    add_tag(account, &mut detail, tag);
    let resources = json!([id.arn()]);
    put(account, id, "ECR Replication Action", &resources, &detail);
}

/// Puts an event on the bus, unless it is another's business.
fn put(account: &Account, id: &RepositoryId, detail_type: &str, resources: &Value, detail: &Value) {
    let source = "aws.ecr";
    if id.registry == Registry::own(account) {
        account
            .events()
            .put_detail(source, detail_type, resources, detail);
    } else if account.state().ecr.forwarded.contains(&id.registry) {
        let Registry { account_id, region } = &id.registry;
        let from = (account_id.as_str(), region.as_str());
        account
            .events()
            .put_forwarded(from, source, detail_type, resources, detail);
    }
}
