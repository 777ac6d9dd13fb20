//! The `gates:` part of a target.

use std::time::Duration;

use super::http::read_http;
use crate::problems::Problems;
use crate::target::check::{Check, DigestCheck, MAX_TIMEOUT, TargetsCheck, TasksCheck};
use crate::target::keys::Keys;
use crate::target::node::Node;
use crate::target::{GatePoint, Gates};

const MAX_CHECKS: usize = 20;

const POINTS: Keys = Keys {
    known: &[
        "before_install",
        "after_install",
        "test_traffic",
        "before_traffic",
        "after_traffic",
    ],
    later: &[],
};
const CHECK: Keys = Keys {
    known: &["tasks", "digest", "targets", "http"],
    later: &["alarms", "metric"],
};
const WAITING: Keys = Keys {
    known: &["timeout"],
    later: &[],
};

#[cfg(test)]
pub(super) const KEYS: [Keys; 3] = [POINTS, CHECK, WAITING];

pub(super) fn read_gates(node: &Node<'_>, out: &mut Problems) -> Option<Gates> {
    let fields = node.fields(POINTS, out)?;
    let mut points = Vec::new();
    let mut complete = true;
    for point in GatePoint::ALL {
        let Some(node) = fields.optional(point.name()) else {
            continue;
        };
        match read_gate(point, &node, out) {
            Some(checks) => points.push((point, checks)),
            None => complete = false,
        }
    }
    complete.then(|| points.into_iter().collect())
}

fn read_gate(point: GatePoint, node: &Node<'_>, out: &mut Problems) -> Option<Vec<Check>> {
    let nodes = node.list("checks", 0..=MAX_CHECKS, out)?;
    let checks: Vec<_> = nodes
        .iter()
        .map(|node| read_check(point, node, out))
        .collect();
    checks.into_iter().collect()
}

fn read_check(point: GatePoint, node: &Node<'_>, out: &mut Problems) -> Option<Check> {
    let (kind, parameters) = node.choice("check", CHECK, out)?;
    let check = match kind {
        "tasks" => Check::Tasks(TasksCheck {
            timeout: read_waiting(&parameters, TasksCheck::default().timeout, out)?,
        }),
        "digest" => Check::Digest(DigestCheck {
            timeout: read_waiting(&parameters, DigestCheck::default().timeout, out)?,
        }),
        "targets" => Check::Targets(TargetsCheck {
            timeout: read_waiting(&parameters, TargetsCheck::default().timeout, out)?,
        }),
        _ => Check::Http(read_http(&parameters, out)?),
    };
    if let Some(reason) = check.impossible_at(point) {
        out.add(
            &parameters.path,
            format!("cannot pass at {point}: {reason}"),
        );
        return None;
    }
    Some(check)
}

/// A check whose only parameter is how long it waits. `tasks:` with nothing behind it is one.
fn read_waiting(node: &Node<'_>, default: Duration, out: &mut Problems) -> Option<Duration> {
    if node.value.is_null() {
        return Some(default);
    }
    match node.fields(WAITING, out)?.optional("timeout") {
        Some(node) => read_timeout(&node, out),
        None => Some(default),
    }
}

pub(super) fn read_timeout(node: &Node<'_>, out: &mut Problems) -> Option<Duration> {
    node.duration(Duration::from_secs(1)..=MAX_TIMEOUT, out)
}
