//! From the document that people write to targets, with every problem at once.
//!
//! A document is a mapping with `targets:`, or one target alone. Unknown keys are problems. The
//! readers of values are in [`super::node`], those of a target's parts in the modules below, and what the
//! parts demand of each other in [`rules`].

mod checks;
mod gates;
mod images;
mod pipeline;
mod rules;
mod service;
mod sources;
mod strategy;
mod success;
mod tags;
mod task;
mod windows;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::description::{Demand, Form, Key, Mapping, Repeats, nearest};
use super::node::{Node, Scalars, or_default};
use super::{
    AppSpecSource, Gates, OnFailure, OnSuccess, RoleArn, Target, TargetName, TaskDefinitionSource,
};
use crate::problems::Problems;
use crate::window::Windows;
use strategy::Kind;

pub(super) use task::DEFAULT_WEIGHT;

/// How short and how long a deployment may be allowed to take.
const MIN_TIMEOUT: Duration = Duration::from_mins(5);
const MAX_TIMEOUT: Duration = Duration::from_hours(720);

const MAX_TARGETS: usize = 500;
/// A target is stored in one item of a table that allows 400 KB, beside its state.
const MAX_TARGET_BYTES: usize = 200 * 1024;

/// A file of several targets.
pub(super) const DOCUMENT: &Mapping = &Mapping {
    name: "document",
    says: "The targets of an installation, or some of them.",
    keys: &[Key::required(
        "targets",
        Form::List(&Form::Mapping(TARGET), 1, MAX_TARGETS, Repeats::Allowed),
        "The targets, each with a name of its own.",
    )],
    shared: &[],
    demands: &[],
};

/// A target.
pub(super) const TARGET: &Mapping = &Mapping {
    name: "target",
    says: "One place that images are deployed to: which images, to where, how, and what has to hold before \
           traffic reaches them.",
    keys: &[
        Key::required(
            "name",
            Form::Like("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", TargetName::MAX_LENGTH, "a name"),
            "Its name: lower-case letters, digits and `-`. Unique within an installation; under another name \
             it has no history.",
        )
        .such_as("api-test"),
        Key::required(
            "images",
            Form::List(&Form::Mapping(images::IMAGE), 1, images::MAX_IMAGES, Repeats::Allowed),
            "What is deployed, a container each. A push of any of them triggers.",
        ),
        Key::optional(
            "service",
            Form::Mapping(service::SERVICE),
            "required, but for `task` and `pipeline`",
            "The ECS service that runs the images.",
        ),
        Key::required(
            "deploy",
            Form::Mapping(strategy::DEPLOY),
            "How it is deployed: exactly one strategy.",
        ),
        Key::optional(
            "task_definition",
            sources::TASK_DEFINITION,
            "`service`",
            "What the new task definition is made from: the one that the `service` runs, a template \
             `s3://bucket/key`, or, for tasks that run once, the newest of a `family:<name>`.",
        )
        .such_as("s3://mco-deployments/api/taskdef.json"),
        Key::optional(
            "appspec",
            sources::APPSPEC,
            "`service`",
            "What the AppSpec is made from: the `service`, or a template `s3://bucket/key`. Only with \
             `codedeploy`.",
        )
        .such_as("s3://mco-deployments/api/appspec.yaml"),
        Key::optional(
            "role_arn",
            Form::Like(
                "^arn:aws(-[^:]*)?:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]*[A-Za-z0-9+=,.@_-]$",
                RoleArn::MAX_LENGTH,
                "the ARN of a role",
            ),
            "the function's own",
            "The role that is assumed for this target's calls to ECS, CodeDeploy, Elastic Load Balancing, \
             CodePipeline and S3.",
        )
        .such_as("arn:aws:iam::111122223333:role/greenlight-deploys"),
        Key::optional(
            "before",
            Form::List(&Form::Mapping(task::BEFORE), 0, task::MAX_BEFORE, Repeats::Allowed),
            "none",
            "Tasks that have to succeed, one after the other, before anything is deployed.",
        )
        .such_as("[{task: {command: [bin/migrate]}}]"),
        Key::optional(
            "gates",
            Form::Mapping(gates::POINTS),
            "no gates",
            "What has to hold, and when. Which points there are depends on the strategy.",
        ),
        Key::optional(
            "on_failure",
            Form::Mapping(ON_FAILURE),
            "nothing",
            "What is done when a deployment failed.",
        ),
        Key::optional(
            "windows",
            Form::List(&Form::Mapping(windows::WINDOW), 0, windows::MAX_WINDOWS, Repeats::Allowed),
            "always open",
            "When automatic deployments may start.",
        ),
        Key::optional(
            "on_success",
            Form::Mapping(success::ON_SUCCESS),
            "nothing",
            "How what is live is told outside: by a tag, by a parameter.",
        ),
        Key::optional(
            "promote",
            Form::Mapping(success::PROMOTE),
            "nothing",
            "To which tag what is live and proved is promoted by itself.",
        ),
        Key::optional(
            "timeout",
            Form::Duration(MIN_TIMEOUT, MAX_TIMEOUT),
            "`120h` with `codedeploy`, else `24h`",
            "How long a deployment may take, from its turn to its end. One that takes longer is stopped where \
             AWS can stop it, and recorded as failed.",
        )
        .such_as("2h"),
    ],
    shared: &[],
    demands: &[
        Demand::Unless("service", "deploy", &["task", "pipeline"]),
        Demand::OnlyWhere("appspec", "deploy", &["codedeploy"]),
    ],
};

const ON_FAILURE: &Mapping = &Mapping {
    name: "on_failure",
    says: "What is done when a deployment failed.",
    keys: &[Key::optional(
        "restore_tag",
        Form::Boolean,
        "`false`",
        "Give the tag back to the image that is live.",
    )],
    shared: &[],
    demands: &[],
};

/// Reads a document of targets, or one target alone.
pub fn parse(document: &Value) -> Result<Vec<Target>, Problems> {
    let mut problems = Problems::default();
    let targets = read_document(&Node::root(document, Scalars::Typed), &mut problems);
    match targets {
        Some(targets) if problems.is_empty() => Ok(targets),
        _ => Err(problems),
    }
}

/// Reads one target whose numbers, `true` and `false` may be written as texts: the properties of a resource, as
/// CloudFormation hands them on.
///
/// What a document may hold of its own (the values that `json` expects, the parameters of a function) stays a text,
/// since nobody can tell what it was.
pub fn parse_properties(properties: &Value) -> Result<Target, Problems> {
    let mut problems = Problems::default();
    let target = read_target(&Node::root(properties, Scalars::Texts), &mut problems);
    match target {
        Some(target) if problems.is_empty() => Ok(target),
        _ => Err(problems),
    }
}

fn read_document(root: &Node<'_>, out: &mut Problems) -> Option<Vec<Target>> {
    let Value::Object(map) = root.value else {
        root.fields(DOCUMENT, out);
        return None;
    };
    if !map.contains_key("targets") {
        let likely = map
            .keys()
            .find(|key| map.len() == 1 && nearest(key, &DOCUMENT.names()).is_some());
        return match likely {
            Some(_) => {
                root.fields(DOCUMENT, out);
                None
            }
            None => Some(vec![read_target(root, out)?]),
        };
    }
    let nodes = root.fields(DOCUMENT, out)?.required("targets", out)?.list(
        "targets",
        1..=MAX_TARGETS,
        out,
    )?;
    let targets: Vec<_> = nodes.iter().map(|node| read_target(node, out)).collect();
    refuse_repeated_names(&nodes, out);
    targets.into_iter().collect()
}

fn refuse_repeated_names(nodes: &[Node<'_>], out: &mut Problems) {
    let mut seen = BTreeSet::new();
    for node in nodes {
        if let Some(name) = node.value.get("name").and_then(Value::as_str)
            && !seen.insert(name)
        {
            let path = format!("{}.name", node.path);
            out.add(
                &path,
                format!(
                    "another target is already called `{}`",
                    crate::text::excerpt(name, 80)
                ),
            );
        }
    }
}

fn read_target(node: &Node<'_>, out: &mut Problems) -> Option<Target> {
    let bytes = node.value.to_string().len();
    if bytes > MAX_TARGET_BYTES {
        out.add(
            &node.path,
            format!(
                "expected at most {} KiB, found {}",
                MAX_TARGET_BYTES / 1024,
                bytes / 1024
            ),
        );
        return None;
    }
    let fields = node.fields(TARGET, out)?;
    // What a target needs depends on its strategy, even where the strategy itself is not right.
    let kind = fields
        .optional("deploy")
        .and_then(|deploy| Kind::of(&deploy));
    let name = fields
        .required("name", out)
        .and_then(|n| n.parsed::<TargetName>("a target name", out));
    let images = fields
        .required("images", out)
        .and_then(|n| images::read_images(&n, out));
    let service = match kind {
        Some(Kind::Task | Kind::Pipeline) => or_default(fields.optional("service"), None, |n| {
            service::read_service(&n, out).map(Some)
        }),
        _ => fields
            .required("service", out)
            .and_then(|n| service::read_service(&n, out))
            .map(Some),
    };
    let deploy = fields
        .required("deploy", out)
        .and_then(|n| strategy::read_strategy(&n, out));
    let task_definition = or_default(
        fields.optional("task_definition"),
        TaskDefinitionSource::default(),
        |n| sources::read_task_definition(&n, out),
    );
    let appspec = or_default(fields.optional("appspec"), AppSpecSource::default(), |n| {
        sources::read_appspec(&n, kind, out)
    });
    let role_arn = or_default(fields.optional("role_arn"), None, |n| {
        n.parsed::<RoleArn>("the ARN of an IAM role", out).map(Some)
    });
    let before = or_default(fields.optional("before"), Vec::new(), |n| {
        task::read_before(&n, out)
    });
    let gates = or_default(fields.optional("gates"), Gates::default(), |n| {
        gates::read_gates(&n, kind, out)
    });
    let on_failure = or_default(fields.optional("on_failure"), OnFailure::default(), |n| {
        read_on_failure(&n, out)
    });
    let timeout = or_default(fields.optional("timeout"), None, |n| {
        n.duration(MIN_TIMEOUT..=MAX_TIMEOUT, out).map(Some)
    });
    let windows = or_default(fields.optional("windows"), Windows::default(), |n| {
        windows::read_windows(&n, out)
    });
    let on_success = or_default(fields.optional("on_success"), OnSuccess::default(), |n| {
        success::read_on_success(&n, out)
    });
    let promote = or_default(fields.optional("promote"), None, |n| {
        success::read_promote(&n, out).map(Some)
    });
    let parts = rules::Parts {
        path: &node.path,
        fields: &fields,
        kind,
        images: images.as_deref(),
        deploy: deploy.as_ref(),
        task_definition: task_definition.as_ref(),
        appspec: appspec.as_ref(),
        before: before.as_deref(),
        gates: gates.as_ref(),
        on_success: on_success.as_ref(),
        promote: promote.as_ref().and_then(Option::as_ref),
    };
    rules::check(&parts, out);
    Some(Target {
        name: name?,
        images: images?,
        service: service?,
        deploy: deploy?,
        task_definition: task_definition?,
        appspec: appspec?,
        role_arn: role_arn?,
        before: before?,
        gates: gates?,
        on_failure: on_failure?,
        timeout: timeout?,
        windows: windows?,
        on_success: on_success?,
        promote: promote?,
    })
}

fn read_on_failure(node: &Node<'_>, out: &mut Problems) -> Option<OnFailure> {
    let fields = node.fields(ON_FAILURE, out)?;
    let restore_tag = or_default(fields.optional("restore_tag"), false, |n| n.boolean(out))?;
    Some(OnFailure { restore_tag })
}

pub(super) use checks::RULES;
pub(super) use gates::CHECK;
