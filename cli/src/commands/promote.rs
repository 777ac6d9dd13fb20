//! `greenlight promote`: what one target has proved gets the tag that another one watches.

use greenlight_core::image::{RepositoryRef, Tag};
use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use greenlight_deployer::promote::Promoted;
use serde_json::{Value, json};

use super::{Output, registered};
use crate::columns::printable;
use crate::failure::Failure;

/// Gives the tag.
pub(super) async fn promote(
    deployer: &Deployer,
    name: &TargetName,
    to: &Tag,
    repository: Option<&RepositoryRef>,
) -> Result<Output, Failure> {
    let stored = registered(deployer, name).await?;
    let promoted = deployer.promote_by_hand(&stored, repository, to).await?;
    Ok(told(name, to, &promoted))
}

fn told(name: &TargetName, to: &Tag, promoted: &Promoted) -> Output {
    let lines = promoted.images.iter();
    let lines = lines.map(|image| format!("{name}  {}\n", printable(&image.text)));
    let images = promoted.images.iter().map(|promoted| {
        json!({
            "repository": promoted.image.repository,
            "digest": promoted.image.digest,
            "previous": promoted.previous,
        })
    });
    Output {
        text: lines.collect(),
        json: json!({
            "target": name,
            "to": to,
            "deployment": promoted.deployment,
            "images": images.collect::<Vec<Value>>(),
        }),
    }
}

#[cfg(test)]
mod tests;
