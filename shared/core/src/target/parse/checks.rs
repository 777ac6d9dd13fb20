//! The checks of a gate: the keys that all of them have, and those of each kind in the modules below.

mod alarms;
mod approval;
mod http;
mod lambda;
mod metric;
mod rules;
mod scan;

pub(in crate::target) use rules::KEYS as RULES;

use super::task;
use crate::problems::Problems;
use crate::target::check::{Check, CheckKind};
use crate::target::description::{Form, Key, Mapping};
use crate::target::node::{Fields, Node, or_default};

/// The checks that there are.
pub(super) const KINDS: &[Key] = &[
    Key::choice("tasks", Form::MappingOrNothing(TASKS), TASKS.says),
    Key::choice("digest", Form::MappingOrNothing(DIGEST), DIGEST.says),
    Key::choice("targets", Form::MappingOrNothing(TARGETS), TARGETS.says),
    Key::choice("http", Form::Mapping(http::HTTP), http::HTTP.says),
    Key::choice("alarms", Form::Mapping(alarms::ALARMS), alarms::ALARMS.says),
    Key::choice("metric", Form::Mapping(metric::METRIC), metric::METRIC.says),
    Key::choice("scan", Form::MappingOrNothing(scan::SCAN), scan::SCAN.says),
    Key::choice("lambda", Form::Mapping(lambda::LAMBDA), lambda::LAMBDA.says),
    Key::choice(
        "task",
        Form::MappingOrNothing(task::CHECK),
        task::CHECK.says,
    ),
    Key::choice(
        "approval",
        Form::MappingOrNothing(approval::APPROVAL),
        approval::APPROVAL.says,
    ),
];

const TASKS: &Mapping = &Mapping {
    name: "check_tasks",
    says: "As many green tasks run as should, steadily; none is unhealthy, and where the task definition has a \
           health check each is healthy.",
    keys: &[],
    shared: &[RULES],
    demands: &[],
};
const DIGEST: &Mapping = &Mapping {
    name: "check_digest",
    says: "Every running green task runs the image of this deployment: its digest, or that of a platform's \
           image in its index.",
    keys: &[],
    shared: &[RULES],
    demands: &[],
};
const TARGETS: &Mapping = &Mapping {
    name: "check_targets",
    says: "Every green task is healthy in its target group.",
    keys: &[],
    shared: &[RULES],
    demands: &[],
};

/// Reads the check `name`, which is one of those that are known. `tasks:` with nothing behind it is one.
pub(super) fn read(name: &str, node: &Node<'_>, out: &mut Problems) -> Option<Check> {
    match name {
        "tasks" => of_kind(node, TASKS, out, |_, _| Some(CheckKind::Tasks)),
        "digest" => of_kind(node, DIGEST, out, |_, _| Some(CheckKind::Digest)),
        "targets" => of_kind(node, TARGETS, out, |_, _| Some(CheckKind::Targets)),
        "alarms" => of_kind(node, alarms::ALARMS, out, alarms::read),
        "approval" => of_kind(node, approval::APPROVAL, out, approval::read),
        "lambda" => of_kind(node, lambda::LAMBDA, out, lambda::read),
        "metric" => of_kind(node, metric::METRIC, out, |fields, out| {
            metric::read(node, fields, out)
        }),
        "scan" => of_kind(node, scan::SCAN, out, scan::read),
        "task" => of_kind(node, task::CHECK, out, |fields, out| {
            task::read_fields(fields, out).map(CheckKind::Task)
        }),
        _ => of_kind(node, http::HTTP, out, |fields, out| {
            http::read(node, fields, out)
        }),
    }
}

fn of_kind(
    node: &Node<'_>,
    mapping: &'static Mapping,
    out: &mut Problems,
    read: impl FnOnce(&Fields<'_>, &mut Problems) -> Option<CheckKind>,
) -> Option<Check> {
    let nothing = serde_json::Value::Object(serde_json::Map::new());
    let node = match node.value {
        serde_json::Value::Null => &Node {
            value: &nothing,
            path: node.path.clone(),
            scalars: node.scalars,
        },
        _ => node,
    };
    let fields = node.fields(mapping, out)?;
    let label = or_default(fields.optional("label"), None, |n| {
        n.text("a label", 1..=rules::MAX_LABEL, out)
            .map(|text| Some(text.to_owned()))
    });
    let kind = read(&fields, out);
    let rules = rules::read_rules(node, &fields, kind.as_ref(), out);
    Some(Check {
        kind: kind?,
        label: label?,
        rules: rules?,
    })
}
