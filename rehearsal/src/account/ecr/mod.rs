//! Amazon ECR: repositories of manifests, their tags, and the events of pushes.
//!
//! Manifests are real documents whose SHA-256 is their digest; layers are only names. See AWS-FACTS 1
//! for the events and 8 for the calls.

mod describe_images;
mod image_event;
mod layer;
mod manifest;
mod operations;
#[cfg(test)]
mod platform_tests;
mod pull;
mod push;
mod put;
mod registry;
#[cfg(test)]
mod registry_tests;
mod repository;
mod scan;
#[cfg(test)]
mod scan_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Account, Members, ServiceError, containers::ImageSpec, epoch};
pub use image_event::forward_events;
pub(crate) use layer::{layer, layer_at};
pub(crate) use pull::pull;
pub use push::{archive, delete_image, push_image, replicate_image, retag};
pub use registry::Registry;
pub(crate) use registry::{Asked, RepositoryId};
use repository::Repository;
pub use repository::{
    Mutability, create_repository, has_image, manifest_of, repository_uri, set_mutability, tagged,
};
pub use scan::{Scan, Scanner};

/// Every repository, and what the image configurations stand for.
#[derive(Debug, Default)]
pub(crate) struct State {
    repositories: BTreeMap<RepositoryId, Repository>,
    /// By digest.
    configurations: BTreeMap<String, Configuration>,
    /// The other registries whose events reach the account's bus.
    forwarded: BTreeSet<Registry>,
}

/// The configuration of an image for one platform.
#[derive(Debug)]
struct Configuration {
    document: String,
    architecture: String,
    /// What its containers do.
    image: ImageSpec,
}

/// Answers a call.
pub(crate) fn handle(
    account: &Account,
    asked: &Asked,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    match operation {
        "BatchGetImage" => operations::batch_get_image(account, asked, members),
        "DescribeImageScanFindings" => scan::describe_findings(account, asked, members),
        "DescribeImages" => describe_images::describe_images(account, asked, members),
        "DescribeRepositories" => operations::describe_repositories(account, asked, members),
        "GetDownloadUrlForLayer" => layer::get_download_url(account, asked, members),
        "PutImage" => operations::put_image(account, asked, members),
        _ => Err(ServiceError::unknown_operation("ecr", operation)),
    }
}

/// Answers a call to the account's own registry.
#[cfg(test)]
pub(crate) fn handle_own(
    account: &Account,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let asked = Asked::by(account, &http::Request::new(()));
    handle(account, &asked, operation, input)
}

impl State {
    fn repository(&self, id: &RepositoryId) -> Result<&Repository, ServiceError> {
        self.repositories.get(id).ok_or_else(|| id.not_found())
    }

    fn repository_mut(&mut self, id: &RepositoryId) -> Result<&mut Repository, ServiceError> {
        self.repositories.get_mut(id).ok_or_else(|| id.not_found())
    }
}
