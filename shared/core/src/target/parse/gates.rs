//! The `gates:` part of a target, as far as its strategy has gates.

use std::time::Duration;

use serde_json::Value;

use super::checks;
use super::strategy::Kind;
use crate::problems::Problems;
use crate::target::check::{Check, CheckKind, Destination};
use crate::target::description::{Demand, Form, Key, Mapping, Repeats, listed};
use crate::target::node::Node;
use crate::target::{GatePoint, Gates};

const MAX_CHECKS: usize = 20;
/// How long the checks of a gate may take together. CodeDeploy waits an hour for a hook (AWS-FACTS 5.4), ECS a
/// day for a stage (AWS-FACTS 7.5). The gate of a rolling deployment is run by a function that may take
/// 15 minutes, and has more to do in them: what failed is deployed back.
const fn longest(kind: Kind) -> Duration {
    match kind {
        Kind::CodeDeploy => Duration::from_mins(55),
        Kind::Native => Duration::from_hours(23),
        Kind::Rolling | Kind::Task | Kind::Pipeline => Duration::from_mins(10),
    }
}

const CHECKS: Form = Form::List(&Form::Mapping(CHECK), 0, MAX_CHECKS, Repeats::Allowed);

pub(super) const POINTS: &Mapping = &Mapping {
    name: "gates",
    says: "The checks at each point at which a deployment waits. The first that does not pass ends the gate, \
           and the deployment.",
    keys: &[
        Key::optional(
            "before_install",
            CHECKS,
            "none",
            "There is nothing of the new deployment yet.",
        )
        .such_as("[{alarms: {names: [api-5xx]}}]"),
        Key::optional(
            "after_install",
            CHECKS,
            "none",
            "The green tasks are there; no request reaches them.",
        )
        .such_as("[{tasks: {}}]"),
        Key::optional(
            "test_traffic",
            CHECKS,
            "none",
            "The test listener leads to the green tasks.",
        )
        .such_as("[{http: {path: /health}}]"),
        Key::optional(
            "before_traffic",
            CHECKS,
            "none",
            "The last moment before production traffic shifts; of linear and canary deployments of ECS, before \
             each step.",
        )
        .such_as("[{digest: {}}]"),
        Key::optional(
            "after_traffic",
            CHECKS,
            "none",
            "All production traffic reaches the green tasks; failing here rolls back.",
        )
        .such_as("[{alarms: {names: [api-5xx], count: 5, interval: 1m, timeout: 10m}}]"),
    ],
    shared: &[],
    demands: &[],
};

/// One check, by the kind of what it measures.
pub(in crate::target) const CHECK: &Mapping = &Mapping {
    name: "check",
    says: "One check of a gate: a mapping with exactly one of these.",
    keys: checks::KINDS,
    shared: &[],
    demands: &[Demand::OneEntry],
};

pub(super) fn read_gates(node: &Node<'_>, kind: Option<Kind>, out: &mut Problems) -> Option<Gates> {
    let fields = node.fields(POINTS, out)?;
    let mut points = Vec::new();
    let mut complete = true;
    for point in GatePoint::ALL {
        let Some(node) = fields.optional(point.name()) else {
            continue;
        };
        let has_point = kind.is_none_or(|kind| has_point(kind, point, &node, out));
        match read_gate(point, kind, &node, out) {
            Some(checks) if has_point => points.push((point, checks)),
            _ => complete = false,
        }
    }
    complete.then(|| points.into_iter().collect())
}

/// A gate where nothing waits for it would never be run.
fn has_point(kind: Kind, point: GatePoint, node: &Node<'_>, out: &mut Problems) -> bool {
    let points = kind.gate_points();
    if points.contains(&point) {
        return true;
    }
    let name = kind.name();
    let why = match kind {
        Kind::Rolling => {
            "the tasks of a rolling deployment get traffic as soon as they are healthy"
        }
        Kind::Task => "its exit codes say whether a task has succeeded",
        Kind::Pipeline => "the pipeline has its own checks",
        Kind::CodeDeploy | Kind::Native => "nothing waits there",
    };
    let names: Vec<&str> = points.iter().map(|point| point.name()).collect();
    let has = match names.as_slice() {
        [] => "no gates".to_owned(),
        names => listed(names),
    };
    out.add_with_hint(
        &node.path,
        format!("`{name}` does not wait at {point}: {why}"),
        format!("`{name}` has {has}"),
    );
    false
}

fn read_gate(
    point: GatePoint,
    kind: Option<Kind>,
    node: &Node<'_>,
    out: &mut Problems,
) -> Option<Vec<Check>> {
    let nodes = node.list("checks", 0..=MAX_CHECKS, out)?;
    let checks: Vec<_> = nodes
        .iter()
        .map(|node| read_check(point, kind, node, out))
        .collect();
    let checks: Vec<Check> = checks.into_iter().collect::<Option<_>>()?;
    if let Some(kind) = kind {
        let together: Duration = checks.iter().map(Check::timeout).sum();
        let most = longest(kind);
        if together > most {
            let [most, found] = [most, together].map(crate::duration::write);
            out.add_with_hint(
                &node.path,
                format!("expected timeouts of at most {most} together, found {found}"),
                "shorten each `timeout`; one that is not written counts with its default",
            );
            return None;
        }
    }
    Some(checks)
}

fn read_check(
    point: GatePoint,
    kind: Option<Kind>,
    node: &Node<'_>,
    out: &mut Problems,
) -> Option<Check> {
    let (name, parameters) = node.choice("check", CHECK, out)?;
    let check = checks::read(name, &parameters, out)?;
    if kind == Some(Kind::Rolling) && !fits_rolling(&check, &parameters, out) {
        return None;
    }
    if let Some(reason) = check.impossible_at(point) {
        out.add(
            &parameters.path,
            format!("cannot pass at {point}: {reason}"),
        );
        return None;
    }
    Some(check)
}

/// A rolling deployment has no test listener and no blue tasks, and its gate is run by a function that nobody can
/// let wait.
fn fits_rolling(check: &Check, node: &Node<'_>, out: &mut Problems) -> bool {
    let before = out.len();
    match &check.kind {
        CheckKind::Http(http) => {
            for (index, request) in http.requests.iter().enumerate() {
                if !matches!(request.to, Destination::TestListener { .. }) {
                    continue;
                }
                // One request may be written into the check itself.
                let is_listed = node.value.get("requests").is_some_and(Value::is_array);
                let place = if is_listed {
                    format!("{}.requests[{index}].path", node.path)
                } else {
                    format!("{}.path", node.path)
                };
                out.add_with_hint(
                    &place,
                    "cannot pass: a rolling deployment has no test listener",
                    "write the whole `url`",
                );
            }
        }
        CheckKind::Metric(metric) if metric.compares_with_blue() => out.add_with_hint(
            &format!("{}.no_worse_than", node.path),
            "cannot pass: a rolling deployment has no blue tasks beside the green ones",
            "compare with `previous`",
        ),
        CheckKind::Approval(_) => out.add_with_hint(
            &node.path,
            "cannot pass: nobody waits at the gate of a rolling deployment, which has 10 minutes and is run by a function",
            "deploy with `codedeploy` or `native`, or put an approval into the pipeline that moves the tag",
        ),
        _ => {}
    }
    out.len() == before
}
