//! The `deploy:` part of a target: exactly one strategy.

use serde_json::Value;

use super::pipeline::read_pipeline;
use super::task::read_task;
use crate::problems::Problems;
use crate::target::keys::{Keys, listed, nearest};
use crate::target::node::{Node, or_default};
use crate::target::{CodeDeploy, GatePoint, Strategy};

const DEPLOY: Keys = Keys {
    known: &["codedeploy", "rolling", "native", "task", "pipeline"],
};
const CODEDEPLOY: Keys = Keys {
    known: &["application", "group", "config"],
};
/// `rolling` and `native` are as the service declares.
const NOTHING: Keys = Keys { known: &[] };

#[cfg(test)]
pub(super) const KEYS: [Keys; 3] = [DEPLOY, CODEDEPLOY, NOTHING];

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
        "rolling" => read_nothing(&node, out).map(|()| Strategy::Rolling),
        "native" => read_nothing(&node, out).map(|()| Strategy::Native),
        "task" => read_task(&node, out).map(Strategy::Task),
        _ => read_pipeline(&node, out).map(Strategy::Pipeline),
    }
}

/// A strategy without parameters. `rolling:` with nothing behind it is one.
fn read_nothing(node: &Node<'_>, out: &mut Problems) -> Option<()> {
    if node.value.is_null() {
        return Some(());
    }
    let before = out.len();
    node.fields(NOTHING, out)?;
    (out.len() == before).then_some(())
}

fn read_codedeploy(node: &Node<'_>, out: &mut Problems) -> Option<CodeDeploy> {
    let fields = node.fields(CODEDEPLOY, out)?;
    let application = fields
        .required("application", out)
        .and_then(|n| n.text("the name of a CodeDeploy application", 1..=100, out));
    let group = fields
        .required("group", out)
        .and_then(|n| n.text("the name of a deployment group", 1..=100, out));
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
