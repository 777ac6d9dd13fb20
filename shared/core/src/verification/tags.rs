//! The tags that Greenlight is to move, against what their repositories allow.

use super::{Finding, Look, check};
use crate::image::{Mutability, RepositoryUri, Tag};
use crate::policy::TagPolicy;
use crate::target::{ImageSource, Target};

/// The tags that Greenlight gives to images of a source, each with what makes it do so.
pub fn written(target: &Target, source: &ImageSource) -> Vec<(&'static str, Tag)> {
    let mut tags = Vec::new();
    if target.on_failure.restore_tag {
        // A tag that is one of many is not given to an image that never had it.
        let exact = source.tags.iter().filter_map(|policy| match policy {
            TagPolicy::Exact(tag) => Some(("on_failure.restore_tag", tag.clone())),
            _ => None,
        });
        tags.extend(exact);
    }
    tags.extend(
        target
            .on_success
            .tag
            .iter()
            .map(|tag| ("on_success.tag", tag.clone())),
    );
    tags.extend(
        target
            .promote
            .iter()
            .map(|it| ("promote.tag", it.tag.clone())),
    );
    tags
}

/// Whether a tag can be moved. `why` is the key of the target that makes Greenlight move it.
pub fn mutable(
    why: &str,
    tag: &Tag,
    repository: &RepositoryUri,
    look: &Look<Mutability>,
) -> Option<Finding> {
    let name = &repository.name;
    Some(match look {
        Look::Found(mutability) if mutability.keeps(tag) => Finding::missing(
            check::TAG_MUTABLE,
            format!("repository `{name}` keeps the tag `{tag}` where it is, but `{why}` moves it"),
            mutability.remedy(repository, tag),
        ),
        Look::Found(_) => Finding::ok(
            check::TAG_MUTABLE,
            format!("the tag `{tag}` can be moved (`{why}`)"),
        ),
        // That the repository is missing is told before.
        Look::Missing => return None,
        Look::Unseen(unseen) => unseen.finding(
            check::TAG_MUTABLE,
            &format!("whether the tag `{tag}` of repository `{name}` can be moved"),
        ),
    })
}

#[cfg(test)]
mod tests;
