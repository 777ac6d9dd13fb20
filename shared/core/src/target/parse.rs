//! From the document that people write to targets, with every problem at once.
//!
//! A document is a mapping with `targets:`, or one target alone. Unknown keys are problems; keys
//! that the design names and this version does not do yet are problems that say so. The readers
//! are in [`super::node`], the gates' part in [`gates`].

mod gates;
mod http;

use std::collections::BTreeSet;

use serde_json::Value;

use super::keys::{Keys, listed, nearest};
use super::node::{Fields, Node};
use super::{CodeDeploy, Gates, ImageSource, OnFailure, Service, Strategy, Target, TargetName};
use crate::image::{RepositoryRef, Tag};
use crate::policy::TagPolicy;
use crate::problems::Problems;

const MAX_TARGETS: usize = 500;
const MAX_IMAGES: usize = 10;
const MAX_TAGS: usize = 50;
/// A target is stored in one item of a table that allows 400 KB, beside its state.
const MAX_TARGET_BYTES: usize = 200 * 1024;

const DOCUMENT: Keys = Keys {
    known: &["targets"],
    later: &[],
};
const TARGET: Keys = Keys {
    known: &[
        "name",
        "images",
        "service",
        "deploy",
        "task_definition",
        "appspec",
        "gates",
        "on_failure",
    ],
    later: &["role_arn", "on_success", "promote", "windows"],
};
const IMAGE: Keys = Keys {
    known: &["container", "repository", "tags"],
    later: &["placeholder"],
};
const POLICY: Keys = Keys {
    known: &[],
    later: &["glob", "regex", "semver"],
};
const SERVICE: Keys = Keys {
    known: &["cluster", "name"],
    later: &[],
};
const DEPLOY: Keys = Keys {
    known: &["codedeploy"],
    later: &["rolling", "native", "task", "pipeline"],
};
const CODEDEPLOY: Keys = Keys {
    known: &["application", "group", "config"],
    later: &[],
};
const ON_FAILURE: Keys = Keys {
    known: &["restore_tag"],
    later: &[],
};

/// The configurations that AWS has for ECS. AWS-FACTS 5.9.
const PREDEFINED_CONFIGS: [&str; 5] = [
    "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes",
    "CodeDeployDefault.ECSCanary10Percent5Minutes",
    "CodeDeployDefault.ECSCanary10Percent15Minutes",
    "CodeDeployDefault.ECSAllAtOnce",
];

/// Reads a document of targets, or one target alone.
pub fn parse(document: &Value) -> Result<Vec<Target>, Problems> {
    let mut problems = Problems::default();
    let targets = read_document(&Node::root(document), &mut problems);
    match targets {
        Some(targets) if problems.is_empty() => Ok(targets),
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
            .find(|key| map.len() == 1 && nearest(key, DOCUMENT.known).is_some());
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
    let name = fields
        .required("name", out)
        .and_then(|n| n.parsed::<TargetName>("a target name", out));
    let images = fields
        .required("images", out)
        .and_then(|n| read_images(&n, out));
    let service = fields
        .required("service", out)
        .and_then(|n| read_service(&n, out));
    let deploy = fields
        .required("deploy", out)
        .and_then(|n| read_strategy(&n, out));
    let templates = [
        only_from_service(&fields, "task_definition", out),
        only_from_service(&fields, "appspec", out),
    ];
    let gates = fields
        .optional("gates")
        .map_or(Some(Gates::default()), |n| gates::read_gates(&n, out));
    let on_failure = fields
        .optional("on_failure")
        .map_or(Some(OnFailure::default()), |n| read_on_failure(&n, out));
    templates.into_iter().all(|ok| ok.is_some()).then_some(())?;
    Some(Target {
        name: name?,
        images: images?,
        service: Some(service?),
        deploy: deploy?,
        task_definition: super::TaskDefinitionSource::Service,
        appspec: super::AppSpecSource::Service,
        role_arn: None,
        before: Vec::new(),
        gates: gates?,
        on_failure: on_failure?,
    })
}

fn read_images(node: &Node<'_>, out: &mut Problems) -> Option<Vec<ImageSource>> {
    let nodes = node.list("images", 1..=MAX_IMAGES, out)?;
    let images: Vec<_> = nodes.iter().map(|node| read_image(node, out)).collect();
    let images: Vec<ImageSource> = images.into_iter().collect::<Option<_>>()?;
    let before = out.len();
    for (index, image) in images.iter().enumerate().skip(1) {
        let path = format!("{}[{index}]", node.path);
        if images[..index]
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
        if image.repository != images[0].repository {
            out.add_with_hint(
                &format!("{path}.repository"),
                format!(
                    "images from more than one repository in one target are not supported: \
                     `{}` here, `{}` in the first",
                    image.repository, images[0].repository
                ),
                "deploy containers of one repository together; a container of another repository \
                 keeps the image that the task definition names",
            );
        }
    }
    (out.len() == before).then_some(images)
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
    Some(ImageSource {
        container: container?,
        repository: repository?,
        tags: tags?,
        placeholder: None,
    })
}

fn read_tags(node: &Node<'_>, out: &mut Problems) -> Option<Vec<TagPolicy>> {
    let nodes = node.list("tags", 1..=MAX_TAGS, out)?;
    let policies: Vec<_> = nodes.iter().map(|node| read_policy(node, out)).collect();
    let policies: Vec<TagPolicy> = policies.into_iter().collect::<Option<_>>()?;
    for (index, policy) in policies.iter().enumerate() {
        if policies[..index].contains(policy) {
            out.add(
                &format!("{}[{index}]", node.path),
                format!("{policy} is already in the list"),
            );
            return None;
        }
    }
    Some(policies)
}

fn read_policy(node: &Node<'_>, out: &mut Problems) -> Option<TagPolicy> {
    match node.value {
        Value::Object(map) if map.keys().any(|key| POLICY.later.contains(&key.as_str())) => {
            let key = map
                .keys()
                .find(|key| POLICY.later.contains(&key.as_str()))?;
            let message =
                format!("`{key}` is not supported yet; supported here: exact tags, such as `test`");
            out.add(&node.path, message);
            None
        }
        Value::String(text) if text.contains(['*', '?']) => {
            out.add_with_hint(
                &node.path,
                format!(
                    "patterns such as `{}` are not supported yet",
                    crate::text::excerpt(text, 60)
                ),
                "name the exact tags",
            );
            None
        }
        _ => node.parsed::<Tag>("a tag", out).map(TagPolicy::Exact),
    }
}

fn read_service(node: &Node<'_>, out: &mut Problems) -> Option<Service> {
    let fields = node.fields(SERVICE, out)?;
    let cluster = fields
        .required("cluster", out)
        .and_then(|n| read_ecs_name(&n, "a cluster name", out));
    let name = fields
        .required("name", out)
        .and_then(|n| read_ecs_name(&n, "a service name", out));
    Some(Service {
        cluster: cluster?,
        name: name?,
    })
}

/// Clusters, services and containers are named alike.
fn read_ecs_name(node: &Node<'_>, what: &str, out: &mut Problems) -> Option<String> {
    let text = node.text(what, 1..=255, out)?;
    if text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    {
        return Some(text.to_owned());
    }
    let message = format!(
        "`{}` is not {what} (letters, digits, `-` and `_`)",
        crate::text::excerpt(text, 80)
    );
    match text.rsplit_once('/') {
        Some((arn, name)) if arn.starts_with("arn:") => {
            out.add_with_hint(
                &node.path,
                message,
                format!("write the name, not the ARN: `{name}`"),
            );
        }
        _ => out.add(&node.path, message),
    }
    None
}

fn read_strategy(node: &Node<'_>, out: &mut Problems) -> Option<Strategy> {
    let (_, node) = node.choice("strategy", DEPLOY, out)?;
    let fields = node.fields(CODEDEPLOY, out)?;
    let application = fields
        .required("application", out)
        .and_then(|n| n.text("the name of a CodeDeploy application", 1..=100, out));
    let group = fields
        .required("group", out)
        .and_then(|n| n.text("the name of a deployment group", 1..=100, out));
    let config = match fields.optional("config") {
        Some(node) => Some(read_config(&node, out)?),
        None => None,
    };
    Some(Strategy::CodeDeploy(CodeDeploy {
        application: application?.to_owned(),
        group: group?.to_owned(),
        config,
    }))
}

fn read_config(node: &Node<'_>, out: &mut Problems) -> Option<String> {
    let config = node.text("the name of a deployment configuration", 1..=100, out)?;
    if config.starts_with("CodeDeployDefault.") && !PREDEFINED_CONFIGS.contains(&config) {
        let message = format!("`{config}` is not one of AWS's configurations for ECS");
        let hint = match nearest(config, &PREDEFINED_CONFIGS) {
            Some(likely) => format!("did you mean `{likely}`?"),
            None => format!("those are {}", listed(&PREDEFINED_CONFIGS)),
        };
        out.add_with_hint(&node.path, message, hint);
        return None;
    }
    Some(config.to_owned())
}

/// `task_definition` and `appspec` have one value so far, which is also their default.
fn only_from_service(fields: &Fields<'_>, key: &str, out: &mut Problems) -> Option<()> {
    let Some(node) = fields.optional(key) else {
        return Some(());
    };
    match node.value.as_str() {
        Some("service") => Some(()),
        Some(text) if text.starts_with("s3://") => {
            out.add(
                &node.path,
                "templates in S3 are not supported yet; supported here: `service`",
            );
            None
        }
        _ => {
            out.add(&node.path, "expected `service`, which is also the default");
            None
        }
    }
}

fn read_on_failure(node: &Node<'_>, out: &mut Problems) -> Option<OnFailure> {
    let fields = node.fields(ON_FAILURE, out)?;
    let restore_tag = match fields.optional("restore_tag") {
        Some(node) => node.boolean(out)?,
        None => false,
    };
    Some(OnFailure { restore_tag })
}

/// Every set of keys, for the test of the reference.
#[cfg(test)]
pub(super) fn all_keys() -> impl Iterator<Item = Keys> {
    let here = [
        DOCUMENT, TARGET, IMAGE, POLICY, SERVICE, DEPLOY, CODEDEPLOY, ON_FAILURE,
    ];
    here.into_iter().chain(gates::KEYS).chain(http::KEYS)
}
