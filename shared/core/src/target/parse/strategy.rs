//! The `deploy:` part of a target: exactly one strategy.

use serde_json::Value;

use super::pipeline::{PIPELINE, read_pipeline};
use super::task::{TASK, read_task};
use crate::problems::Problems;
use crate::target::description::{Demand, Form, Key, Mapping, listed, nearest};
use crate::target::node::{Node, or_default};
use crate::target::{CodeDeploy, GatePoint, Strategy};

pub(super) const DEPLOY: &Mapping = &Mapping {
    name: "deploy",
    says: "How a target is deployed: exactly one strategy.",
    keys: &[
        Key::choice(
            "codedeploy",
            Form::Mapping(CODEDEPLOY),
            "AWS CodeDeploy, blue/green. All five points have gates.",
        ),
        Key::choice(
            "rolling",
            Form::MappingOrNothing(ROLLING),
            "ECS, replacing tasks step by step. Its only gate is `after_traffic`.",
        ),
        Key::choice(
            "native",
            Form::MappingOrNothing(NATIVE),
            "ECS itself: blue/green, linear or canary. All five points have gates.",
        ),
        Key::choice(
            "task",
            Form::MappingOrNothing(TASK),
            "One task, which has to end well. It has no gates.",
        ),
        Key::choice(
            "pipeline",
            Form::Mapping(PIPELINE),
            "A pipeline in CodePipeline. It has no gates.",
        ),
    ],
    shared: &[],
    demands: &[Demand::OneEntry],
};

const CODEDEPLOY: &Mapping = &Mapping {
    name: "codedeploy",
    says: "Blue/green by AWS CodeDeploy; the service has the deployment controller `CODE_DEPLOY`.",
    keys: &[
        Key::required(
            "application",
            Form::Text(1, MAX_NAME),
            "The CodeDeploy application.",
        )
        .such_as("API"),
        Key::required(
            "group",
            Form::Text(1, MAX_NAME),
            "The deployment group, which owns the service.",
        )
        .such_as("API"),
        Key::optional(
            "config",
            Form::Text(1, MAX_NAME),
            "the group's",
            "The deployment configuration: how traffic shifts. Of AWS's own, one of those for ECS.",
        )
        .such_as("CodeDeployDefault.ECSCanary10Percent5Minutes"),
    ],
    shared: &[],
    demands: &[],
};

const ROLLING: &Mapping = &Mapping {
    name: "rolling",
    says: "`UpdateService` of a service whose deployment strategy is `ROLLING`. It has no keys: it is done as \
           the service declares.",
    keys: &[],
    shared: &[],
    demands: &[],
};

const NATIVE: &Mapping = &Mapping {
    name: "native",
    says: "`UpdateService` of a service whose own deployment strategy is `BLUE_GREEN`, `LINEAR` or `CANARY`. It \
           has no keys: steps, bake times and hooks are as the service declares.",
    keys: &[],
    shared: &[],
    demands: &[],
};

const MAX_NAME: usize = 100;

/// The configurations that AWS has for ECS. AWS-FACTS 5.9.
const PREDEFINED_CONFIGS: [&str; 5] = [
    "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes",
    "CodeDeployDefault.ECSCanary10Percent5Minutes",
    "CodeDeployDefault.ECSCanary10Percent15Minutes",
    "CodeDeployDefault.ECSAllAtOnce",
];

/// Which strategy a document names, whether or not its parameters are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    CodeDeploy,
    Rolling,
    Native,
    Task,
    Pipeline,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::CodeDeploy,
        Self::Rolling,
        Self::Native,
        Self::Task,
        Self::Pipeline,
    ];

    /// The key in the document.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::CodeDeploy => "codedeploy",
            Self::Rolling => "rolling",
            Self::Native => "native",
            Self::Task => "task",
            Self::Pipeline => "pipeline",
        }
    }

    /// The strategy of a `deploy:` that names exactly one.
    pub(super) fn of(deploy: &Node<'_>) -> Option<Self> {
        let Value::Object(map) = deploy.value else {
            return None;
        };
        let mut named = Self::ALL
            .into_iter()
            .filter(|kind| map.contains_key(kind.name()));
        named.next().filter(|_| named.next().is_none())
    }

    /// The points at which a deployment waits for a gate.
    pub(super) const fn gate_points(self) -> &'static [GatePoint] {
        match self {
            Self::CodeDeploy | Self::Native => &GatePoint::ALL,
            Self::Rolling => &[GatePoint::AfterTraffic],
            Self::Task | Self::Pipeline => &[],
        }
    }
}

pub(super) fn read_strategy(node: &Node<'_>, out: &mut Problems) -> Option<Strategy> {
    let (kind, node) = node.choice("strategy", DEPLOY, out)?;
    match kind {
        "codedeploy" => read_codedeploy(&node, out).map(Strategy::CodeDeploy),
        "rolling" => read_nothing(&node, ROLLING, out).map(|()| Strategy::Rolling),
        "native" => read_nothing(&node, NATIVE, out).map(|()| Strategy::Native),
        "task" => read_task(&node, out).map(Strategy::Task),
        _ => read_pipeline(&node, out).map(Strategy::Pipeline),
    }
}

/// A strategy without parameters. `rolling:` with nothing behind it is one.
fn read_nothing(node: &Node<'_>, mapping: &'static Mapping, out: &mut Problems) -> Option<()> {
    if node.value.is_null() {
        return Some(());
    }
    let before = out.len();
    node.fields(mapping, out)?;
    (out.len() == before).then_some(())
}

fn read_codedeploy(node: &Node<'_>, out: &mut Problems) -> Option<CodeDeploy> {
    let fields = node.fields(CODEDEPLOY, out)?;
    let application = fields
        .required("application", out)
        .and_then(|n| n.text("the name of a CodeDeploy application", 1..=MAX_NAME, out));
    let group = fields
        .required("group", out)
        .and_then(|n| n.text("the name of a deployment group", 1..=MAX_NAME, out));
    let config = or_default(fields.optional("config"), None, |n| {
        read_config(&n, out).map(Some)
    });
    Some(CodeDeploy {
        application: application?.to_owned(),
        group: group?.to_owned(),
        config: config?,
    })
}

fn read_config(node: &Node<'_>, out: &mut Problems) -> Option<String> {
    let config = node.text("the name of a deployment configuration", 1..=MAX_NAME, out)?;
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
