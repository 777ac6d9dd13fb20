//! What a job asks for, as the action's `UserParameters` or its configuration say it.
//!
//! Both say the same under different names, and are read by the same code: everything is a text, all
//! problems come out at once, and what CodePipeline has not resolved is told with what to mend.

mod image;
mod read;
mod unresolved;

use std::collections::BTreeMap;

use super::files::FileChoices;
use crate::image::{Digest, RepositoryRef, Tag};
use crate::problems::Problems;
use crate::target::{GatePoint, TargetName};

/// CodePipeline takes 1000 characters, and resolves their variables to no more than this. AWS-FACTS 2.5.
const LIMIT: usize = 100 * 1024;

/// What a job asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRequest {
    pub target: TargetName,
    pub action: JobAction,
    /// The image that is named. An input artifact may name one, too.
    pub image: Option<JobImage>,
    /// The pipeline execution, where the action tells it.
    pub execution: Option<String>,
    pub files: FileChoices,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobAction {
    /// Deploy the image.
    Deploy,
    /// Give the image this tag.
    Promote { to: Tag },
    /// Look whether the image is what runs, and whether that passes this gate.
    Verify { gate: Option<GatePoint> },
    /// Wait for the deployment that runs.
    Wait,
}

/// An image as a pipeline names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobImage {
    /// The repository; without it, the target's only one.
    pub repository: Option<RepositoryRef>,
    pub choice: TagOrDigest,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagOrDigest {
    Tag(Tag),
    Digest(Digest),
}

/// Why a job asks for nothing that can be done: a message for whoever made the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    #[error("the action has no `UserParameters`\n  hint: set them to JSON such as `{EXAMPLE}`")]
    Missing,
    #[error("`UserParameters` have {length} bytes; they may have {LIMIT}")]
    TooLong { length: usize },
    #[error(
        "`UserParameters` are not JSON: {message} (line {line}, column {column})\n  hint: {hint}"
    )]
    NotJson {
        line: usize,
        column: usize,
        message: String,
        hint: &'static str,
    },
    #[error("{what} not right:\n{problems}")]
    Invalid {
        /// Such as "the action's configuration is".
        what: &'static str,
        problems: Problems,
    },
}

const EXAMPLE: &str = r##"{"target": "api-prod", "tag": "#{variables.tag}"}"##;

impl JobRequest {
    /// Reads the `UserParameters` of a Lambda invoke action.
    pub fn of_user_parameters(text: Option<&str>) -> Result<Self, BadRequest> {
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        let text = text.ok_or(BadRequest::Missing)?;
        if text.len() > LIMIT {
            return Err(BadRequest::TooLong { length: text.len() });
        }
        let mut problems = Problems::default();
        let given = read::user_parameters(text, &mut problems)?;
        request(&given, problems, "`UserParameters` are")
    }

    /// Reads the configuration of a custom action.
    pub fn of_configuration(configuration: &BTreeMap<String, String>) -> Result<Self, BadRequest> {
        let mut problems = Problems::default();
        let given = read::configuration(configuration, &mut problems);
        request(&given, problems, "the action's configuration is")
    }
}

fn request(
    given: &read::Given<'_>,
    mut problems: Problems,
    what: &'static str,
) -> Result<JobRequest, BadRequest> {
    match given.request(&mut problems) {
        Some(request) if problems.is_empty() => Ok(request),
        _ => Err(BadRequest::Invalid { what, problems }),
    }
}

#[cfg(test)]
mod tests;
