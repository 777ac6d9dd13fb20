//! What the parts of a target demand of each other.
//!
//! Each part was read by itself; a rule looks at those that were right, so that one mistake does
//! not hide another. The points of gates depend on the strategy, too: see [`super::gates`].

use serde_json::json;

use super::strategy::Kind;
use super::success;
use crate::problems::Problems;
use crate::target::check::CheckKind;
use crate::target::node::Fields;
use crate::target::{
    AppSpecSource, Gates, ImageSource, Launch, OnSuccess, OneShotTask, Promote, Strategy,
    TaskDefinitionSource,
};

/// `RunTask` takes so many characters of overrides. AWS-FACTS 6.6.
const MAX_OVERRIDES: usize = 8192;

/// A target as far as it could be read.
pub(super) struct Parts<'a> {
    pub path: &'a str,
    pub fields: &'a Fields<'a>,
    pub kind: Option<Kind>,
    pub images: Option<&'a [ImageSource]>,
    pub deploy: Option<&'a Strategy>,
    pub task_definition: Option<&'a TaskDefinitionSource>,
    pub appspec: Option<&'a AppSpecSource>,
    pub before: Option<&'a [OneShotTask]>,
    pub gates: Option<&'a Gates>,
    pub on_success: Option<&'a OnSuccess>,
    pub promote: Option<&'a Promote>,
}

impl Parts<'_> {
    fn has_service(&self) -> bool {
        self.fields.optional("service").is_some()
    }

    /// The place of a part that is there.
    pub(super) fn place(&self, key: &str) -> String {
        self.fields
            .optional(key)
            .map_or_else(|| self.path.to_owned(), |node| node.path)
    }

    /// Every one-shot task of the target, with its place.
    fn tasks(&self) -> Vec<(String, &OneShotTask)> {
        let own = match self.deploy {
            Some(Strategy::Task(task)) => Some((format!("{}.task", self.place("deploy")), task)),
            _ => None,
        };
        own.into_iter().chain(self.tasks_before()).collect()
    }

    /// The tasks that gates run.
    fn tasks_of_gates(&self) -> Vec<(String, &OneShotTask)> {
        let place = self.place("gates");
        let mut found = Vec::new();
        for (point, checks) in self.gates.into_iter().flat_map(Gates::iter) {
            for (index, check) in checks.iter().enumerate() {
                if let CheckKind::Task(task) = &check.kind {
                    found.push((format!("{place}.{point}[{index}].task"), task));
                }
            }
        }
        found
    }

    fn tasks_before(&self) -> impl Iterator<Item = (String, &OneShotTask)> {
        let place = self.place("before");
        self.before
            .unwrap_or_default()
            .iter()
            .enumerate()
            .map(move |(index, task)| (format!("{place}[{index}].task"), task))
    }
}

pub(super) fn check(parts: &Parts<'_>, out: &mut Problems) {
    a_strategy_takes_its_task_definition(parts, out);
    tasks_without_a_service_are_complete(parts, out);
    overrides_fit(parts, out);
    placeholders_are_replaced_somewhere(parts, out);
    a_pipeline_takes_one_repository(parts, out);
    success::no_target_follows_itself(parts, out);
    success::every_parameter_has_a_name(parts, out);
}

fn a_strategy_takes_its_task_definition(parts: &Parts<'_>, out: &mut Problems) {
    let (Some(kind), Some(source)) = (parts.kind, parts.task_definition) else {
        return;
    };
    let place = parts.place("task_definition");
    let name = kind.name();
    match (kind, source) {
        (
            Kind::CodeDeploy | Kind::Rolling | Kind::Native,
            TaskDefinitionSource::Family(_),
        ) => out.add(
            &place,
            format!(
                "`family:` is for tasks that run once; `{name}` takes `service` or `s3://bucket/key`"
            ),
        ),
        (Kind::Pipeline, TaskDefinitionSource::Family(_) | TaskDefinitionSource::S3(_)) => out
            .add_with_hint(
                &place,
                "means nothing here: the pipeline registers what it deploys",
                "a task `before` the pipeline has a `task_definition` of its own",
            ),
        (Kind::Task, TaskDefinitionSource::Service) if !parts.has_service() => {
            nothing_to_take_it_from(parts.fields, &place, out);
        }
        _ => {}
    }
}

/// A task definition that should come from a service that the target does not have.
fn nothing_to_take_it_from(fields: &Fields<'_>, place: &str, out: &mut Problems) {
    const HINT: &str = "name `family:<name>` or `s3://bucket/key`, or a `service`";
    if fields.optional("task_definition").is_some() {
        out.add_with_hint(place, "there is no `service` to take it from", HINT);
    } else {
        missing(place, "task_definition", HINT, out);
    }
}

fn missing(place: &str, key: &str, hint: &str, out: &mut Problems) {
    out.add_with_hint(
        place,
        format!("`{key}` is missing, and there is no `service` to take it from"),
        hint,
    );
}

fn tasks_without_a_service_are_complete(parts: &Parts<'_>, out: &mut Problems) {
    // The other strategies have to name a service, and were told so.
    if parts.has_service() || !matches!(parts.kind, Some(Kind::Task | Kind::Pipeline)) {
        return;
    }
    for (place, task) in parts.tasks() {
        if task.cluster.is_none() {
            missing(
                &place,
                "cluster",
                "name the cluster that the task runs in",
                out,
            );
        }
        let on_fargate = match &task.launch {
            Some(Launch::Type { launch_type, .. }) => launch_type == "FARGATE",
            Some(Launch::CapacityProviders { .. }) => true,
            None => false,
        };
        if on_fargate && task.network.is_none() {
            missing(
                &place,
                "subnets",
                "name those that the task is attached to",
                out,
            );
        }
    }
    for (place, task) in parts.tasks_before() {
        const HINT: &str = "name `family:<name>` or `s3://bucket/key`, or a `service`";
        match (&task.task_definition, parts.kind) {
            (Some(TaskDefinitionSource::Service), _) => out.add_with_hint(
                &format!("{place}.task_definition"),
                "there is no `service` to take it from",
                HINT,
            ),
            (None, Some(Kind::Pipeline)) => missing(&place, "task_definition", HINT, out),
            _ => {}
        }
    }
}

fn overrides_fit(parts: &Parts<'_>, out: &mut Problems) {
    let Some(first) = parts.images.and_then(<[_]>::first) else {
        return;
    };
    for (place, task) in parts.tasks().into_iter().chain(parts.tasks_of_gates()) {
        let container = task.container.as_ref().unwrap_or(&first.container);
        let overrides =
            json!({"containerOverrides": [{"name": container, "command": task.command}]});
        let length = overrides.to_string().chars().count();
        if length > MAX_OVERRIDES {
            out.add_with_hint(
                &format!("{place}.command"),
                format!(
                    "expected at most {MAX_OVERRIDES} characters, with the container's name and as \
                     JSON, found {length}"
                ),
                "put a script into the image, and name it",
            );
        }
    }
}

fn placeholders_are_replaced_somewhere(parts: &Parts<'_>, out: &mut Problems) {
    let (Some(images), Some(task_definition), Some(appspec), Some(before)) = (
        parts.images,
        parts.task_definition,
        parts.appspec,
        parts.before,
    ) else {
        return;
    };
    let has_template = matches!(task_definition, TaskDefinitionSource::S3(_))
        || matches!(appspec, AppSpecSource::S3(_))
        || before
            .iter()
            .any(|task| matches!(task.task_definition, Some(TaskDefinitionSource::S3(_))));
    if has_template {
        return;
    }
    let place = parts.place("images");
    for (index, image) in images.iter().enumerate() {
        if image.placeholder.is_some() {
            out.add_with_hint(
                &format!("{place}[{index}].placeholder"),
                "means nothing without a template",
                "name one with `task_definition: s3://bucket/key`, or leave the placeholder out",
            );
        }
    }
}

/// A pipeline is told of one image, and that is the one that was pushed.
fn a_pipeline_takes_one_repository(parts: &Parts<'_>, out: &mut Problems) {
    let (Some(Kind::Pipeline), Some(images)) = (parts.kind, parts.images) else {
        return;
    };
    let Some((first, others)) = images.split_first() else {
        return;
    };
    let place = parts.place("images");
    for (index, image) in others.iter().enumerate() {
        if image.repository != first.repository {
            out.add_with_hint(
                &format!("{place}[{}].repository", index + 1),
                format!(
                    "a pipeline takes images of one repository, and the first is of `{}`",
                    first.repository
                ),
                "make a target of its own for each repository",
            );
        }
    }
}
