//! Templates in S3: that they are there, and that they can be used.

use super::{Finding, Look, check};
use crate::appspec::AppSpecTemplate;
use crate::target::{S3Object, Target};
use crate::task_definition::TaskDefinition;
use crate::template::Placeholders;

/// Whether a template is there. `key` is the target's key that names it.
pub fn exists<T>(object: &S3Object, key: &str, look: &Look<T>) -> Finding {
    let what = format!("template `{object}`");
    match look {
        Look::Found(_) => Finding::ok(check::TEMPLATE, format!("{what} is there")),
        Look::Missing => Finding::missing(
            check::TEMPLATE,
            format!("{what} does not exist"),
            format!("upload it, or name another in `{key}`"),
        ),
        Look::Unseen(unseen) => unseen.finding(check::TEMPLATE, &what),
    }
}

/// The task definition of a template, if it can be used.
pub fn task_definition(
    text: &str,
    object: &S3Object,
    placeholders: &Placeholders,
) -> (Finding, Option<TaskDefinition>) {
    let name = object.to_string();
    match TaskDefinition::from_template(text, &name, placeholders) {
        Ok(definition) => (usable(&name), Some(definition)),
        Err(error) => (unusable(&chain(&error)), None),
    }
}

/// The AppSpec of a template, if it can be used. `hooks` are the functions at lifecycle events.
pub fn app_spec(
    text: &str,
    object: &S3Object,
    placeholders: &Placeholders,
    hooks: &[(String, String)],
) -> (Finding, Option<AppSpecTemplate>) {
    let name = object.to_string();
    let read = AppSpecTemplate::parse(text, &name, placeholders);
    match read.and_then(|template| template.with_hooks(hooks)) {
        Ok(template) => (usable(&name), Some(template)),
        Err(error) => (unusable(&chain(&error)), None),
    }
}

/// What placeholders stand for as long as no image was pushed: the names count, not the images.
pub fn placeholders(target: &Target) -> Placeholders {
    const SOME_IMAGE: &str = "image";
    let mut placeholders = Placeholders::default();
    for (index, source) in target.images.iter().enumerate() {
        placeholders.set(format!("IMAGE{}_NAME", index + 1), SOME_IMAGE);
        if let Some(name) = &source.placeholder {
            placeholders.set(name, SOME_IMAGE);
        }
    }
    placeholders
}

fn usable(name: &str) -> Finding {
    Finding::ok(
        check::TEMPLATE_USABLE,
        format!("template `{name}` can be used"),
    )
}

fn unusable(error: &str) -> Finding {
    Finding::missing(
        check::TEMPLATE_USABLE,
        error,
        "correct the template and upload it again",
    )
}

/// An error with its sources, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = sources
        .map(|it| it.to_string().replace('\n', " "))
        .collect();
    texts.join(": ")
}

#[cfg(test)]
mod tests;
