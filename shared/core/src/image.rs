//! Names of container images in ECR: registry, repository, tag, digest, and all of them together.
//!
//! A digest is the identity, a tag is only a name. Everything here parses from and prints as the
//! text that Docker and ECS use. Images of other registries have no type: Greenlight never
//! deploys them. AWS-FACTS 1.1 and 8.3.

mod digest;
mod mutability;
mod reference;
mod registry;
mod repository;
mod tag;

pub use digest::Digest;
pub use mutability::Mutability;
pub use reference::ImageRef;
pub use registry::{Partition, Registry};
pub use repository::{RepositoryName, RepositoryRef, RepositoryUri};
pub use tag::Tag;

/// Why a text is not the image name it should be. One sentence, with the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct InvalidImageName {
    text: String,
    expected: &'static str,
}

impl InvalidImageName {
    fn new(text: &str, expected: &'static str) -> Self {
        Self {
            text: crate::text::excerpt(text, 120),
            expected,
        }
    }

    /// What should have been written instead.
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

#[cfg(test)]
mod tests;
