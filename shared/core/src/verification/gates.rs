//! What the checks of gates ask: alarms and functions of the team's own. And the function that runs them.

use super::{Finding, Look, check};
use crate::target::check::CheckKind;
use crate::target::{GatePoint, Strategy, Target};

/// The alarms that the checks of a target name, each once, with the point of the first that does.
pub fn alarms(target: &Target) -> Vec<(String, GatePoint)> {
    let mut found: Vec<(String, GatePoint)> = Vec::new();
    for (point, checks) in target.gates.iter() {
        for check in checks {
            let CheckKind::Alarms(alarms) = &check.kind else {
                continue;
            };
            for name in &alarms.names {
                if !found.iter().any(|(known, _)| known == name) {
                    found.push((name.clone(), point));
                }
            }
        }
    }
    found
}

/// The functions that the checks of a target call, each once.
pub fn functions(target: &Target) -> Vec<(String, GatePoint)> {
    let mut found: Vec<(String, GatePoint)> = Vec::new();
    for (point, checks) in target.gates.iter() {
        for check in checks {
            let CheckKind::Lambda(lambda) = &check.kind else {
                continue;
            };
            if !found.iter().any(|(known, _)| *known == lambda.function) {
                found.push((lambda.function.clone(), point));
            }
        }
    }
    found
}

/// Whether an alarm is there.
pub fn alarm(name: &str, point: GatePoint, look: &Look<()>) -> Finding {
    let what = format!("alarm `{name}`");
    match look {
        Look::Found(()) => Finding::ok(check::ALARM, format!("{what} is there")),
        Look::Missing => Finding::missing(
            check::ALARM,
            format!("{what}, which a check at {point} asks, does not exist"),
            format!("create it in this account and region, or correct `alarms` in `gates.{point}`"),
        ),
        Look::Unseen(unseen) => unseen.finding(check::ALARM, &what),
    }
}

/// Whether the function of a check is there.
pub fn function<T>(name: &str, point: GatePoint, look: &Look<T>) -> Finding {
    let what = format!("function `{name}`");
    match look {
        Look::Found(_) => Finding::ok(check::CHECK_FUNCTION, format!("{what} is there")),
        Look::Missing => Finding::missing(
            check::CHECK_FUNCTION,
            format!("{what}, which a check at {point} calls, does not exist"),
            format!("deploy it in this account and region, or correct `lambda` in `gates.{point}`"),
        ),
        Look::Unseen(unseen) => unseen.finding(check::CHECK_FUNCTION, &what),
    }
}

/// Whether the function that runs the gates is there, where AWS is to call it. `function` is `None` where it is not
/// known.
pub fn hook<T>(target: &Target, function: Option<(&str, &Look<T>)>) -> Option<Finding> {
    let is_called = matches!(target.deploy, Strategy::CodeDeploy(_) | Strategy::Native);
    if target.gates.is_empty() || !is_called {
        return None;
    }
    Some(match function {
        None => Finding::cannot_check(
            check::GATE_FUNCTION,
            format!(
                "target `{}` has gates, and the function that runs them is not known here",
                target.name
            ),
            "set `GREENLIGHT_HOOK` to the output `HookFunctionArn` of Greenlight's stack",
        ),
        Some((name, Look::Found(_))) => Finding::ok(
            check::GATE_FUNCTION,
            format!("function `{name}` runs the gates"),
        ),
        Some((name, Look::Missing)) => Finding::missing(
            check::GATE_FUNCTION,
            format!("function `{name}`, which runs the gates, does not exist"),
            "set `GREENLIGHT_HOOK` to the output `HookFunctionArn` of Greenlight's stack",
        ),
        Some((name, Look::Unseen(unseen))) => {
            unseen.finding(check::GATE_FUNCTION, &format!("function `{name}`"))
        }
    })
}

/// That CodeDeploy's hook is answered only in the account in which Greenlight runs.
pub fn account(target: &Target, home: &str) -> Option<Finding> {
    let account = target.role_arn.as_ref().map_or(home, |role| role.account());
    let is_codedeploy = matches!(target.deploy, Strategy::CodeDeploy(_));
    if target.gates.is_empty() || !is_codedeploy || account == home {
        return None;
    }
    Some(Finding::missing(
        check::GATE_FUNCTION,
        format!(
            "target `{}` has gates and deploys by CodeDeploy in account {account}, but CodeDeploy's hook is \
             answered only in account {home}, in which Greenlight runs",
            target.name
        ),
        "take the gates out of the target, or let Greenlight run in that account",
    ))
}

#[cfg(test)]
mod tests;
