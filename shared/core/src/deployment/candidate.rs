//! An image that a target may take.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::image::{Digest, RepositoryUri, Tag};

/// An image, the tag by which it came, and its place in the order of pushes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The repository that holds the image.
    pub repository: RepositoryUri,
    /// What the image is.
    pub digest: Digest,
    /// The tag that was pushed, if the image came by a tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// When the tag came to name this image, as exactly as AWS tells: of two candidates the later
    /// one is the newer. Events carry whole seconds, `imagePushedAt` milliseconds.
    pub ordered_at: Timestamp,
}

impl Candidate {
    /// The reference to be written into a task definition: `repository@sha256:…`.
    pub fn pinned(&self) -> String {
        self.repository.with_digest(&self.digest)
    }

    /// For people: `mco/api:test (sha256:0123456789ab…)`.
    pub fn describe(&self) -> String {
        let name = &self.repository.name;
        let digest = self.digest.short();
        match &self.tag {
            Some(tag) => format!("{name}:{tag} ({digest})"),
            None => format!("{name}@{digest}"),
        }
    }
}
