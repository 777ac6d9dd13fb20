//! The task definition of a deployment: made from the live one, a family's newest or a template, with
//! the candidate's images; registered only where ECS does not hold just this already.

use greenlight_aws::{chain, ecs, table::StoredTarget};
use greenlight_core::{
    deployment::{Candidate, PushedImage},
    image::ImageRef,
    platform::{Fit, fits},
    target::{ImageSource, OneShotTask},
    task_definition::{TaskDefinition, is_same},
    template::Placeholders,
};
use serde_json::Value;

use crate::{
    Deployer,
    gather::{Base, Gathered, TemplateFile},
    start::{Next, Start, Stop},
};

/// A task definition as it is to be.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) document: TaskDefinition,
    pub(crate) tags: Vec<Value>,
    /// The ARN of the base, if that is just this.
    pub(crate) registered: Option<String>,
}

impl Deployer {
    /// The ARN of the task definition for what comes next: registered before, the same as what runs,
    /// or registered now.
    pub(crate) async fn definition(&self, start: &Start<'_>) -> Result<String, Stop> {
        let next = Next::of(start.stored, &start.order.prepared);
        if let (Some(arn), None) = (&start.order.prepared.task_definition, next.own_source()) {
            return Ok(arn.clone());
        }
        let made = make(start.stored, &start.order.candidate, start.gathered, next)?;
        if let Some(arn) = made.registered {
            return Ok(arn);
        }
        let family = made.document.family().to_owned();
        // An earlier start may have registered it before it was broken off.
        if start.order.resume {
            match self.base(start.stored, &family).await {
                Ok(newest) if holds(&newest, &made) => return Ok(newest.arn),
                Err(Stop::Aws(error)) if error.is_retryable() => return Err(error.into()),
                // It may be the first of its family.
                Ok(_) | Err(_) => {}
            }
        }
        let request = made.document.into_register_input(made.tags);
        Ok(ecs::register_task_definition(start.clients, &family, &request).await?)
    }
}

/// Makes the task definition of what comes next.
pub(crate) fn make(
    stored: &StoredTarget,
    candidate: &Candidate,
    gathered: &Gathered,
    next: Next<'_>,
) -> Result<Made, Stop> {
    let mut made = match (&gathered.template, &gathered.base) {
        (Some(file), _) => from_template(stored, candidate, gathered, file)?,
        (None, Some(base)) => Made {
            document: base.document.clone(),
            tags: base.tags.clone(),
            registered: None,
        },
        (None, None) => return Err(Stop::Reason(nothing_to_start_from(stored))),
    };
    let from = match (&gathered.template, &gathered.base) {
        (Some(file), _) => file.name.clone(),
        (None, Some(base)) => format!("task definition `{}`", base.arn),
        (None, None) => String::new(),
    };
    set_images(stored, candidate, &mut made.document, next).map_err(|error| {
        Stop::Reason(format!(
            "{from} cannot take image `{}` for target `{}`: {}",
            candidate.pinned(),
            stored.target.name,
            chain(&error)
        ))
    })?;
    refuse_other_platforms(gathered, &made.document)?;
    if let Some(base) = &gathered.base
        && holds(base, &made)
    {
        made.registered = Some(base.arn.clone());
    }
    Ok(made)
}

/// Whether ECS holds just this already. A template that names no tags says nothing of them.
fn holds(base: &Base, made: &Made) -> bool {
    let with_tags = |document: &TaskDefinition| {
        let mut document = document.as_value().clone();
        if let Some(object) = document.as_object_mut() {
            object.insert("tags".to_owned(), Value::Array(base.tags.clone()));
        }
        TaskDefinition::parse(document)
    };
    if made.document.as_value().get("tags").is_none() {
        return is_same(&base.document, &made.document);
    }
    with_tags(&base.document).is_ok_and(|base| is_same(&base, &made.document))
}

fn nothing_to_start_from(stored: &StoredTarget) -> String {
    let name = &stored.target.name;
    match &stored.target.service {
        Some(service) => format!(
            "ECS service `{service}` runs nothing yet, so there is no live task definition to start \
             from; deploy it once, or give target `{name}` a template (`task_definition: s3://…`)"
        ),
        None => format!(
            "target `{name}` has no service whose task definition could be copied; give it \
             `task_definition: family:…` or `s3://…`"
        ),
    }
}

fn from_template(
    stored: &StoredTarget,
    candidate: &Candidate,
    gathered: &Gathered,
    file: &TemplateFile,
) -> Result<Made, Stop> {
    let placeholders = placeholders(stored, candidate, gathered)?;
    let document = TaskDefinition::from_template(&file.text, &file.name, &placeholders)
        .map_err(|error| Stop::Reason(chain(&error)))?;
    let tags = document.as_value()["tags"].as_array().cloned();
    Ok(Made {
        document,
        tags: tags.unwrap_or_default(),
        registered: None,
    })
}

/// What the placeholders of a target's images stand for.
pub(crate) fn placeholders(
    stored: &StoredTarget,
    candidate: &Candidate,
    gathered: &Gathered,
) -> Result<Placeholders, Stop> {
    let mut placeholders = Placeholders::default();
    // As CodePipeline's own examples call them, and more than its four.
    for (index, source) in stored.target.images.iter().enumerate() {
        if let Ok(image) = image_for(stored, candidate, gathered, source) {
            placeholders.set(format!("IMAGE{}_NAME", index + 1), image);
        }
    }
    for source in &stored.target.images {
        if let Some(name) = &source.placeholder {
            placeholders.set(name, image_for(stored, candidate, gathered, source)?);
        }
    }
    Ok(placeholders)
}

/// The image of a container that a template names: the candidate's, or else what is live of it.
fn image_for(
    stored: &StoredTarget,
    candidate: &Candidate,
    gathered: &Gathered,
    source: &ImageSource,
) -> Result<String, Stop> {
    let repository = stored.repository_of(source);
    if let Some(image) = candidate.image_of(&repository) {
        return Ok(image.pinned());
    }
    let current = stored.state.current.as_ref();
    if let Some(image) = current.and_then(|current| current.candidate.image_of(&repository)) {
        return Ok(image.pinned());
    }
    gathered
        .base
        .as_ref()
        .and_then(|base| base.document.image_of(&source.container).ok())
        .filter(|image| !image.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| {
            Stop::Reason(format!(
                "no image of repository `{repository}` was ever deployed to target `{}`, so container \
                 `{}` would have none; push one",
                stored.target.name, source.container
            ))
        })
}

/// Sets the candidate's images. Containers of other repositories keep theirs, by the digest that is live.
fn set_images(
    stored: &StoredTarget,
    candidate: &Candidate,
    document: &mut TaskDefinition,
    next: Next<'_>,
) -> Result<(), greenlight_core::task_definition::Error> {
    let has_own_source = next.own_source().is_some();
    for (container, image) in containers(stored, candidate, next) {
        // A family of its own need not have every container of the service.
        if has_own_source && document.container(&container).is_err() && !names(next, &container) {
            continue;
        }
        document.set_image(&container, &image.pinned())?;
    }
    for (container, image) in kept_by_tag(stored, candidate, document) {
        document.set_image(&container, &image)?;
    }
    Ok(())
}

/// The target's other containers whose image is named without a digest, with what is live of it. The tag
/// may name another image when a task starts, one that was never deployed.
fn kept_by_tag(
    stored: &StoredTarget,
    candidate: &Candidate,
    document: &TaskDefinition,
) -> Vec<(String, String)> {
    let Some(current) = &stored.state.current else {
        return Vec::new();
    };
    let mut kept = Vec::new();
    for source in &stored.target.images {
        let repository = stored.repository_of(source);
        let named = document.image_of(&source.container).ok();
        let named = named.and_then(|image| image.parse::<ImageRef>().ok());
        let is_by_tag = named.is_some_and(|named| {
            named.digest.is_none() && named.repository.canonical() == repository.canonical()
        });
        let live = current.candidate.image_of(&repository);
        if let Some(live) = live
            && is_by_tag
            && candidate.image_of(&repository).is_none()
        {
            kept.push((source.container.clone(), live.pinned()));
        }
    }
    kept
}

/// The containers that take an image of the candidate.
fn containers(
    stored: &StoredTarget,
    candidate: &Candidate,
    next: Next<'_>,
) -> Vec<(String, PushedImage)> {
    let mut found: Vec<(String, PushedImage)> = stored
        .target
        .images
        .iter()
        .filter_map(|source| {
            let image = candidate.image_of(&stored.repository_of(source))?;
            Some((source.container.clone(), image))
        })
        .collect();
    if let Next::Before {
        task:
            OneShotTask {
                container: Some(container),
                task_definition: Some(_),
                ..
            },
        ..
    } = next
    {
        let is_known = stored
            .target
            .images
            .iter()
            .any(|source| source.container == *container);
        let first = candidate.images().next();
        if let (false, Some(image)) = (is_known, first) {
            found.push((container.clone(), image));
        }
    }
    found
}

fn names(next: Next<'_>, container: &str) -> bool {
    match next {
        Next::Before { task, .. } => task.container.as_deref() == Some(container),
        Next::Deployment => false,
    }
}

fn refuse_other_platforms(gathered: &Gathered, document: &TaskDefinition) -> Result<(), Stop> {
    let wanted = document.wanted_platform();
    for inspected in &gathered.images {
        let Some(platforms) = &inspected.platforms else {
            continue;
        };
        match fits(&wanted, platforms) {
            Fit::Fits => {}
            Fit::Unknown { reason } => tracing::warn!("{reason}"),
            Fit::DoesNotFit { reason } => {
                return Err(Stop::Image(format!(
                    "image `{}` does not fit: {reason}",
                    inspected.image.pinned()
                )));
            }
        }
    }
    Ok(())
}
