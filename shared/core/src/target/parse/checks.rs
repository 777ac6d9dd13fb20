//! The checks of a gate: the keys that all of them have, and those of each kind in the modules below.

mod alarms;
mod approval;
mod http;
mod lambda;
mod metric;
mod rules;
mod scan;

use super::task;
use crate::problems::Problems;
use crate::target::check::{Check, CheckKind};
use crate::target::keys::Keys;
use crate::target::node::{Fields, Node, or_default};

const WAITING: Keys = keys_of_a_check!();

/// The sets of keys of all checks, for the test of the reference.
#[cfg(test)]
pub(super) fn all_keys() -> impl Iterator<Item = Keys> {
    [
        "tasks", "digest", "targets", "http", "alarms", "metric", "scan", "lambda", "task",
        "approval",
    ]
    .into_iter()
    .flat_map(keys_of_check)
}

/// Those of one check.
#[cfg(test)]
pub(in crate::target) fn keys_of_check(name: &str) -> Vec<Keys> {
    match name {
        "alarms" => alarms::KEYS.to_vec(),
        "approval" => approval::KEYS.to_vec(),
        "http" => http::KEYS.to_vec(),
        "lambda" => lambda::KEYS.to_vec(),
        "metric" => metric::KEYS.to_vec(),
        "scan" => scan::KEYS.to_vec(),
        "task" => vec![task::CHECK],
        _ => vec![WAITING],
    }
}

/// Those that every check has.
#[cfg(test)]
pub(in crate::target) const fn keys_of_every_check() -> Keys {
    WAITING
}

/// Reads the check `name`, which is one of those that are known. `tasks:` with nothing behind it is one.
pub(super) fn read(name: &str, node: &Node<'_>, out: &mut Problems) -> Option<Check> {
    match name {
        "tasks" => of_kind(node, WAITING, out, |_, _| Some(CheckKind::Tasks)),
        "digest" => of_kind(node, WAITING, out, |_, _| Some(CheckKind::Digest)),
        "targets" => of_kind(node, WAITING, out, |_, _| Some(CheckKind::Targets)),
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
    keys: Keys,
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
    let fields = node.fields(keys, out)?;
    let label = or_default(fields.optional("label"), None, |n| {
        n.text("a label", 1..=60, out)
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
