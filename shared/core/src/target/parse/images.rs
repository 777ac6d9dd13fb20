//! The `images:` part of a target: which containers take which images.

use super::service::{ECS_NAME, is_ecs_name, read_ecs_name};
use super::tags::{self, read_ignore, read_tags, refuse_what_is_ignored};
use crate::image::{Registry, RepositoryRef};
use crate::policy::{TagPolicy, default_ignore};
use crate::problems::Problems;
use crate::target::ImageSource;
use crate::target::description::{Form, Key, Mapping, Repeats};
use crate::target::node::{Node, or_default};
use crate::text::excerpt;

pub(super) const MAX_IMAGES: usize = 10;

/// What stands for the ARN of the task definition in an `AppSpec`. AWS-FACTS 4.2.
const RESERVED_PLACEHOLDER: &str = "TASK_DEFINITION";

/// Words of letters and digits, with a separator between two of them; a registry's host name is such, too.
const REPOSITORY: &str = "^[a-z0-9]+((\\.|__?|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|__?|-+)[a-z0-9]+)*)*$";

pub(super) const IMAGE: &Mapping = &Mapping {
    name: "image",
    says: "Which images a container takes.",
    keys: &[
        Key::required("container", ECS_NAME, "The container's name in the task definition.").such_as("api"),
        Key::required(
            "repository",
            Form::Like(REPOSITORY, 400, "a repository"),
            "The repository's name, which means the registry of the account and region that Greenlight runs \
             in; or with the registry of another account or region before it.",
        )
        .such_as("mco/api"),
        Key::required(
            "tags",
            Form::List(
                &Form::Either(&[tags::TAG, Form::Mapping(tags::POLICY)]),
                1,
                tags::MAX_TAGS,
                Repeats::Allowed,
            ),
            "Which tags are deployed when they are pushed: exact tags, and rules. A tag that looks like a \
             number is written in quotes.",
        )
        .such_as("[test]"),
        Key::optional(
            "ignore",
            Form::List(&tags::GLOB, 0, tags::MAX_IGNORED, Repeats::Allowed),
            r#"`["*.sig", "*.att", "*.sbom", "sha256-*"]`"#,
            "Patterns of tags that are never taken, whatever `tags` says. A list of your own takes the place \
             of the default.",
        )
        .such_as("['*-debug']"),
        Key::optional(
            "placeholder",
            ECS_NAME,
            "none",
            "What stands for the image in templates, without the angle brackets. Only where a template is \
             named.",
        )
        .such_as("IMAGE1_NAME"),
    ],
    shared: &[],
    demands: &[],
};

pub(super) fn read_images(node: &Node<'_>, out: &mut Problems) -> Option<Vec<ImageSource>> {
    let nodes = node.list("images", 1..=MAX_IMAGES, out)?;
    let images: Vec<_> = nodes.iter().map(|node| read_image(node, out)).collect();
    let images: Vec<ImageSource> = images.into_iter().collect::<Option<_>>()?;
    let before = out.len();
    for (index, image) in images.iter().enumerate() {
        let path = format!("{}[{index}]", node.path);
        refuse_what_is_taken(image, &images[..index], &path, out);
        agree_on_tags(image, &images[..index], &path, out);
    }
    (out.len() == before).then_some(images)
}

fn refuse_what_is_taken(
    image: &ImageSource,
    earlier: &[ImageSource],
    path: &str,
    out: &mut Problems,
) {
    if earlier
        .iter()
        .any(|other| other.container == image.container)
    {
        out.add(
            &format!("{path}.container"),
            format!(
                "the container `{}` already takes another image",
                image.container
            ),
        );
    }
    if let Some(placeholder) = &image.placeholder
        && earlier
            .iter()
            .any(|other| other.placeholder.as_ref() == Some(placeholder))
    {
        out.add(
            &format!("{path}.placeholder"),
            format!("`{placeholder}` already stands for another image"),
        );
    }
}

/// A push of one tag has to mean the same for every container that takes the repository's images:
/// they run one digest.
fn agree_on_tags(image: &ImageSource, earlier: &[ImageSource], path: &str, out: &mut Problems) {
    let canonical = |repository: &RepositoryRef| {
        (
            repository.registry.as_ref().map(Registry::canonical),
            repository.name.clone(),
        )
    };
    let Some((first, other)) = earlier
        .iter()
        .enumerate()
        .find(|(_, other)| canonical(&other.repository) == canonical(&image.repository))
    else {
        return;
    };
    // No list has a tag twice.
    let same = other.tags.len() == image.tags.len()
        && other.tags.iter().all(|tag| image.tags.contains(tag));
    if same && other.ignore != image.ignore {
        out.add_with_hint(
            &format!("{path}.ignore"),
            format!(
                "expected the same as that of images[{first}], which is of the same repository"
            ),
            "write the same list for every image of a repository",
        );
    }
    if same {
        return;
    }
    let listed = |tags: &[TagPolicy]| {
        let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
        excerpt(&tags.join(", "), 200)
    };
    out.add_with_hint(
        &format!("{path}.tags"),
        format!(
            "expected the same tags as those of images[{first}], which is of the same repository: \
             {}, found {}",
            listed(&other.tags),
            listed(&image.tags)
        ),
        "write the same list for every image of a repository, or make a target of its own for \
         the other tags",
    );
}

fn read_image(node: &Node<'_>, out: &mut Problems) -> Option<ImageSource> {
    let fields = node.fields(IMAGE, out)?;
    let container = fields
        .required("container", out)
        .and_then(|n| read_ecs_name(&n, "a container name", out));
    let repository = fields
        .required("repository", out)
        .and_then(|n| n.parsed::<RepositoryRef>("a repository (such as `mco/api`)", out));
    let tags = fields
        .required("tags", out)
        .and_then(|n| read_tags(&n, out));
    let placeholder = or_default(fields.optional("placeholder"), None, |n| {
        read_placeholder(&n, out).map(Some)
    });
    let ignore = or_default(fields.optional("ignore"), default_ignore(), |n| {
        read_ignore(&n, out)
    });
    let (tags, ignore) = (tags?, ignore?);
    refuse_what_is_ignored(&tags, &ignore, &node.path, out)?;
    Some(ImageSource {
        container: container?,
        repository: repository?,
        tags,
        ignore,
        placeholder: placeholder?,
    })
}

fn read_placeholder(node: &Node<'_>, out: &mut Problems) -> Option<String> {
    let text = node.text("the name of a placeholder", 1..=255, out)?;
    if text == RESERVED_PLACEHOLDER {
        out.add_with_hint(
            &node.path,
            format!("`{text}` stands for the task definition"),
            "name the image's, such as `IMAGE1_NAME`",
        );
        return None;
    }
    if is_ecs_name(text) {
        return Some(text.to_owned());
    }
    let message = format!(
        "`{}` is not the name of a placeholder (letters, digits, `-` and `_`)",
        excerpt(text, 80)
    );
    let inner = text
        .strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'))
        .filter(|inner| is_ecs_name(inner));
    match inner {
        Some(inner) => out.add_with_hint(
            &node.path,
            message,
            format!("write it without the angle brackets: `{inner}`"),
        ),
        None => out.add(&node.path, message),
    }
    None
}
