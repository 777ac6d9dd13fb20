//! The parts `on_success:` and `promote:` of a target: what is told outside of what it runs.

use std::time::Duration;

use super::rules::Parts;
use super::tags::TAG;
use crate::image::Tag;
use crate::problems::Problems;
use crate::target::description::{Form, Key, Mapping};
use crate::target::node::{Node, or_default};
use crate::target::{OnSuccess, ParameterName, Promote};

/// An image that is not promoted within a month never will be.
const MAX_SOAK: Duration = Duration::from_hours(30 * 24);

pub(super) const ON_SUCCESS: &Mapping = &Mapping {
    name: "on_success",
    says: "How what is live is told outside. Both say what *is* deployed, whoever deployed it.",
    keys: &[
        Key::optional(
            "tag",
            TAG,
            "none",
            "A tag that the images which are live have: it is moved to them. Not one that the target's own \
             `tags` take.",
        )
        .such_as("deployed-test"),
        Key::optional(
            "parameter",
            Form::Like(
                "^(/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,14}|[A-Za-z0-9_.-]+)$",
                ParameterName::MAX_LENGTH,
                "the name of a parameter",
            ),
            "none",
            "The SSM parameter whose value is the image by its digest. With images of several repositories \
             each container has one of its own, below this name.",
        )
        .such_as("/greenlight/deployed/api-test"),
    ],
    shared: &[],
    demands: &[],
};

pub(super) const PROMOTE: &Mapping = &Mapping {
    name: "promote",
    says: "An image that this target has live and proved is given a tag, in its own repository; a target that \
           watches the tag then deploys it as any push.",
    keys: &[
        Key::required(
            "tag",
            TAG,
            "The tag that another target watches. Not one that the target's own `tags` take, nor that of \
             `on_success`.",
        )
        .such_as("staging"),
        Key::optional(
            "after",
            Form::Duration(Duration::ZERO, MAX_SOAK),
            "`0s`",
            "How long the image has to be live before.",
        )
        .such_as("30m"),
    ],
    shared: &[],
    demands: &[],
};

pub(super) fn read_on_success(node: &Node<'_>, out: &mut Problems) -> Option<OnSuccess> {
    let fields = node.fields(ON_SUCCESS, out)?;
    let tag = or_default(fields.optional("tag"), None, |n| {
        n.parsed::<Tag>("a tag", out).map(Some)
    });
    let parameter = or_default(fields.optional("parameter"), None, |n| {
        n.parsed::<ParameterName>("the name of an SSM parameter", out)
            .map(Some)
    });
    Some(OnSuccess {
        tag: tag?,
        parameter: parameter?,
    })
}

pub(super) fn read_promote(node: &Node<'_>, out: &mut Problems) -> Option<Promote> {
    let fields = node.fields(PROMOTE, out)?;
    let tag = fields
        .required("tag", out)
        .and_then(|n| n.parsed::<Tag>("a tag", out));
    let after = or_default(fields.optional("after"), Duration::ZERO, |n| {
        n.duration(Duration::ZERO..=MAX_SOAK, out)
    });
    Some(Promote {
        tag: tag?,
        after: after?,
    })
}

/// A tag that is given is a push. A target that takes it would follow its own steps.
pub(super) fn no_target_follows_itself(parts: &Parts<'_>, out: &mut Problems) {
    let Some(images) = parts.images else {
        return;
    };
    let given = [
        (
            "on_success",
            parts.on_success.and_then(|it| it.tag.as_ref()),
        ),
        ("promote", parts.promote.map(|it| &it.tag)),
    ];
    for (key, tag) in given {
        let Some(tag) = tag else { continue };
        let mut images = images.iter();
        if let Some(index) = images.position(|source| source.decide(tag).is_taken()) {
            out.add_with_hint(
                &format!("{}.tag", parts.place(key)),
                format!(
                    "images[{index}] takes the tag `{tag}`, so that the target would deploy what it has \
                     deployed"
                ),
                "give a tag that the target's own `tags` do not take",
            );
        }
    }
    if let (("on_success", Some(mark)), ("promote", Some(to))) = (given[0], given[1])
        && mark == to
    {
        out.add_with_hint(
            &format!("{}.tag", parts.place("promote")),
            format!("`{to}` is given on success already, before any time has passed"),
            "give two different tags",
        );
    }
}

/// With images of several repositories each container has a parameter of its own, below the named one.
pub(super) fn every_parameter_has_a_name(parts: &Parts<'_>, out: &mut Problems) {
    let (Some(images), Some(parameter)) = (
        parts.images,
        parts.on_success.and_then(|it| it.parameter.as_ref()),
    ) else {
        return;
    };
    let several = images
        .iter()
        .any(|it| it.repository != images[0].repository);
    let mut below = images.iter().map(|image| parameter.below(&image.container));
    if let (true, Some(Err(error))) = (several, below.find(Result::is_err)) {
        out.add_with_hint(
            &format!("{}.parameter", parts.place("on_success")),
            error.to_string(),
            "with images of several repositories, each container has a parameter below this one",
        );
    }
}
