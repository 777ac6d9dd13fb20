//! Repositories, tags, and whether an image can run where the task runs.

use super::{Finding, Look, check};
use crate::image::{RepositoryUri, Tag};
use crate::platform::{Fit, Offered, WantedPlatform, fits};
use crate::policy::TagPolicy;
use crate::target::ImageSource;

/// Whether a repository is there.
pub fn repository<T>(uri: &RepositoryUri, look: &Look<T>) -> Finding {
    let what = format!("repository `{uri}`");
    match look {
        Look::Found(_) => Finding::ok(check::REPOSITORY, format!("{what} is there")),
        Look::Missing => Finding::missing(
            check::REPOSITORY,
            format!("{what} does not exist"),
            format!(
                "create it: `aws ecr create-repository --region {} --repository-name {}`, or name another in \
                 `images`",
                uri.registry.region(),
                uri.name
            ),
        ),
        Look::Unseen(unseen) => unseen.finding(check::REPOSITORY, &what),
    }
}

/// Whether an image has one of the tags that the target takes. `found` is a tag that it takes.
pub fn tag(source: &ImageSource, uri: &RepositoryUri, look: &Look<Tag>) -> Finding {
    let rules: Vec<String> = source.tags.iter().map(rule).collect();
    let rules = rules.join(" or ");
    match look {
        Look::Found(tag) => Finding::ok(check::TAG, format!("an image has the tag `{tag}`")),
        Look::Missing => Finding::warning(
            check::TAG,
            format!("no image of repository `{}` has {rules} yet", uri.name),
            format!(
                "push one for container `{}`: nothing is deployed before",
                source.container
            ),
        ),
        Look::Unseen(unseen) => {
            unseen.finding(check::TAG, &format!("whether an image has {rules}"))
        }
    }
}

fn rule(policy: &TagPolicy) -> String {
    match policy {
        TagPolicy::Exact(tag) => format!("the tag `{tag}`"),
        other => format!("a tag by the rule {other}"),
    }
}

/// Whether an image is archived.
pub fn archived(image: &str, is_archived: bool) -> Option<Finding> {
    is_archived.then(|| {
        Finding::missing(
            check::IMAGE_ARCHIVED,
            format!("image `{image}` is archived and cannot be pulled"),
            "restore it in ECR, or push another",
        )
    })
}

/// Whether an image is built for what the task runs on. `offered` is `None` where it could not be found out.
pub fn platform(image: &str, wanted: &WantedPlatform, offered: Option<&Offered>) -> Finding {
    let Some(offered) = offered else {
        return Finding::cannot_check(
            check::IMAGE_PLATFORM,
            format!("what image `{image}` is built for could not be found out"),
            "allow `ecr:BatchGetImage` and `ecr:GetDownloadUrlForLayer` on its repository",
        );
    };
    match fits(wanted, offered) {
        Fit::Fits => Finding::ok(
            check::IMAGE_PLATFORM,
            format!("image `{image}` is built for {wanted}"),
        ),
        Fit::DoesNotFit { reason } => Finding::missing(
            check::IMAGE_PLATFORM,
            format!("image `{image}` does not fit: {reason}"),
            format!(
                "build it for {wanted} (`docker buildx build --platform {wanted}`), or change the task \
                 definition's `runtimePlatform`"
            ),
        ),
        Fit::Unknown { reason } => Finding::cannot_check(
            check::IMAGE_PLATFORM,
            format!("whether image `{image}` fits cannot be told: {reason}"),
            "name a `runtimePlatform` in the task definition",
        ),
    }
}

#[cfg(test)]
mod tests;
