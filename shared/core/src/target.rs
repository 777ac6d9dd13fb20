//! A target: one place that images are deployed to, with what has to hold before they are.
//!
//! The types here mean something by construction; the document that people write becomes these
//! types in [`parse`], with every problem at once, and these types become a document again in
//! [`Target::to_value`]. The reference of the document is `docs/targets.md`.

pub mod check;
mod gates;
mod keys;
mod name;
mod node;
mod parse;
mod write;

use crate::image::{Registry, RepositoryRef, RepositoryUri};
use crate::policy::TagPolicy;

pub use check::Check;
pub use gates::{GatePoint, Gates};
pub use name::{InvalidTargetName, TargetName};
pub use parse::parse;

/// One place that images are deployed to.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub name: TargetName,
    /// At least one; all of one repository.
    pub images: Vec<ImageSource>,
    pub service: Service,
    pub deploy: Strategy,
    pub gates: Gates,
    pub on_failure: OnFailure,
}

impl Target {
    /// The repository whose pushes this target takes, as it was written.
    pub fn repository(&self) -> &RepositoryRef {
        &self.images[0].repository
    }

    /// The repository in full, for somebody whose own registry is `home`.
    pub fn repository_uri(&self, home: &Registry) -> RepositoryUri {
        self.repository().resolve(home)
    }
}

/// Which images a container of the task takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSource {
    /// The container's name in the task definition.
    pub container: String,
    pub repository: RepositoryRef,
    /// At least one.
    pub tags: Vec<TagPolicy>,
}

/// An ECS service, by names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    pub cluster: String,
    pub name: String,
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.cluster, self.name)
    }
}

/// How a deployment is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// Blue/green by AWS CodeDeploy.
    CodeDeploy(CodeDeploy),
}

/// The CodeDeploy deployment group that owns the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeDeploy {
    pub application: String,
    pub group: String,
    /// The deployment configuration; the group's own if none is named.
    pub config: Option<String>,
}

/// What is done when a deployment failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnFailure {
    /// Give the tag back to the image that had it before.
    pub restore_tag: bool,
}

#[cfg(test)]
mod tests;
