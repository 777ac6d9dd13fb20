//! How a deployment that somebody waits for has ended.

use super::Candidate;
use crate::image::Digest;

/// What a job that waited is told.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, and success is what is hoped for"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The image is live: the running tasks prove it.
    Succeeded {
        /// The image.
        candidate: Candidate,
        /// The AWS deployment.
        aws_id: String,
        /// The task definition that runs it, where there is one.
        task_definition: Option<String>,
        /// What was live before.
        previous: Option<Digest>,
    },
    /// It did not go live, or not for long.
    Failed {
        /// Why, in one sentence.
        reason: String,
        /// What was found, a fact a line.
        evidence: Vec<String>,
        /// The AWS deployment.
        aws_id: String,
    },
    /// It could not be started.
    NotStarted {
        /// What kept it.
        obstacle: Obstacle,
        /// What happened to which resource, and what to do.
        reason: String,
    },
    /// It gave way to a newer image before it was started.
    Superseded {
        /// To which.
        reason: String,
    },
    /// So many jobs wait for it that no more can.
    Crowded,
}

/// What kept a deployment from being started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Something is not set up as it has to be.
    Configuration,
    /// Greenlight is not permitted something.
    Permission,
    /// The image cannot be pulled, or not be run.
    Image,
    /// A person went back.
    Person,
}
