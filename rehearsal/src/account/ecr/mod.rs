//! Amazon ECR: repositories of manifests, their tags, and the events of pushes.
//!
//! Manifests are real documents whose SHA-256 is their digest; layers are only names. See AWS-FACTS 1
//! for the events and 8 for the calls.

mod describe_images;
mod image_event;
mod manifest;
mod operations;
mod pull;
mod push;
mod put;
mod repository;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Account, Members, ServiceError, containers::ImageSpec, epoch};
pub(crate) use pull::pull;
pub use push::{archive, delete_image, push_image, retag};
use repository::Repository;
pub use repository::{Mutability, create_repository, set_mutability, tagged};

/// Every repository, and what the image configurations stand for.
#[derive(Debug, Default)]
pub(crate) struct State {
    repositories: BTreeMap<String, Repository>,
    /// Digest of an image configuration → what its containers do.
    configurations: BTreeMap<String, ImageSpec>,
}

/// Answers a call.
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    match operation {
        "BatchGetImage" => operations::batch_get_image(account, members),
        "DescribeImages" => describe_images::describe_images(account, members),
        "DescribeRepositories" => operations::describe_repositories(account, members),
        "PutImage" => operations::put_image(account, members),
        _ => Err(ServiceError::unknown_operation("ecr", operation)),
    }
}

impl State {
    fn repository(&self, account: &Account, name: &str) -> Result<&Repository, ServiceError> {
        self.repositories
            .get(name)
            .ok_or_else(|| not_found(account, name))
    }

    fn repository_mut(
        &mut self,
        account: &Account,
        name: &str,
    ) -> Result<&mut Repository, ServiceError> {
        self.repositories
            .get_mut(name)
            .ok_or_else(|| not_found(account, name))
    }
}

fn not_found(account: &Account, name: &str) -> ServiceError {
    ServiceError::new(
        "RepositoryNotFoundException",
        format!(
            "The repository with name '{name}' does not exist in the registry with id '{}'",
            account.settings().account_id
        ),
    )
}
