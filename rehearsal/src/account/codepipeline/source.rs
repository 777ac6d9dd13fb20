//! The ECR source action: which image an execution is about (AWS-FACTS 4.3).

use super::execution::{Execution, Revision};
use super::pipeline::{Action, Failure, Outcome};
use super::{Account, Does};
use crate::account::ecr;

/// Picks the image that the start names, or the one under the action's tag.
pub(super) fn pick(
    account: &Account,
    execution: &Execution,
    action: &Action,
) -> Result<(Outcome, Option<(String, Revision)>), Failure> {
    let Does::Source {
        repository,
        tag,
        artifact,
    } = &action.does
    else {
        return Ok((Outcome::default(), None));
    };
    let digest = match execution.overrides.get(&action.name) {
        Some(digest) if ecr::has_image(account, repository, digest) => digest.clone(),
        Some(digest) => {
            let what = format!("no image with the digest {digest} in repository {repository}");
            return Err(unavailable(&what));
        }
        None => ecr::tagged(account, repository, tag).ok_or_else(|| {
            unavailable(&format!(
                "no image with the tag {tag} in repository {repository}"
            ))
        })?,
    };
    let image = format!("{}@{digest}", ecr::repository_uri(account, repository));
    let revision = Revision {
        artifact: artifact.clone(),
        digest,
        created: account.clock().now(),
    };
    Ok((Outcome::default(), Some((image, revision))))
}

fn unavailable(what: &str) -> Failure {
    Failure {
        code: "ConfigurationError".to_owned(),
        message: format!("The image is not available: there is {what}"),
        external_id: None,
    }
}
