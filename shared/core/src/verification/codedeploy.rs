//! CodeDeploy's deployment group, and its test listener.

use super::{Finding, Look, check};
use crate::target::{CodeDeploy, Service, Target};

/// What of a deployment group is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Clusters and names of its services.
    pub services: Vec<(String, String)>,
    /// ARN of its service role.
    pub role: Option<String>,
    /// ARNs of its production listeners.
    pub production: Vec<String>,
    /// ARNs of its test listeners.
    pub test: Vec<String>,
    /// Names of its target groups.
    pub target_groups: Vec<String>,
}

/// Whether the group is there, and deploys to the target's service.
pub fn judge(target: &Target, strategy: &CodeDeploy, look: &Look<Group>) -> Vec<Finding> {
    let what = format!(
        "deployment group `{}` of CodeDeploy application `{}`",
        strategy.group, strategy.application
    );
    let group = match look {
        Look::Found(group) => group,
        Look::Missing => {
            return vec![Finding::missing(
                check::CODEDEPLOY_GROUP,
                format!("{what} does not exist"),
                format!(
                    "create it for the service, or name another in `deploy.codedeploy` of target `{}`",
                    target.name
                ),
            )];
        }
        Look::Unseen(unseen) => return vec![unseen.finding(check::CODEDEPLOY_GROUP, &what)],
    };
    let mut findings = vec![Finding::ok(
        check::CODEDEPLOY_GROUP,
        format!("{what} is there"),
    )];
    findings.extend(target.service.as_ref().map(|it| service(it, group, &what)));
    findings.extend(test_listener(target, !group.test.is_empty(), &what));
    findings
}

fn service(service: &Service, group: &Group, what: &str) -> Finding {
    let mut services = group.services.iter();
    if services.any(|(cluster, name)| *cluster == service.cluster && *name == service.name) {
        let text = format!("it deploys to service `{service}`");
        return Finding::ok(check::CODEDEPLOY_SERVICE, text);
    }
    let services: Vec<String> = group
        .services
        .iter()
        .map(|(cluster, name)| format!("`{cluster}/{name}`"))
        .collect();
    let has = match services.as_slice() {
        [] => "no service".to_owned(),
        services => services.join(", "),
    };
    Finding::missing(
        check::CODEDEPLOY_SERVICE,
        format!("{what} deploys to {has}, not to service `{service}`"),
        "name the group of this service in `deploy.codedeploy`, or the service of this group in `service`",
    )
}

/// Whether a deployment configuration is there, and for ECS. `look` has its compute platform.
pub fn config(name: &str, look: &Look<String>) -> Finding {
    let what = format!("deployment configuration `{name}`");
    match look {
        Look::Found(platform) if platform == "ECS" => {
            Finding::ok(check::CODEDEPLOY_CONFIG, format!("{what} is there"))
        }
        Look::Found(platform) => Finding::missing(
            check::CODEDEPLOY_CONFIG,
            format!("{what} is for the compute platform {platform}, not for ECS"),
            "create one for ECS, or name another in `deploy.codedeploy.config`",
        ),
        Look::Missing => Finding::missing(
            check::CODEDEPLOY_CONFIG,
            format!("{what} does not exist"),
            "create it, or name another in `deploy.codedeploy.config`",
        ),
        Look::Unseen(unseen) => unseen.finding(check::CODEDEPLOY_CONFIG, &what),
    }
}

/// Whether there is a test listener where a check of the target asks it. `what` is what should declare it.
pub fn test_listener(target: &Target, has_one: bool, what: &str) -> Option<Finding> {
    use crate::target::check::CheckKind;
    let asks = target.gates.iter().find_map(|(point, checks)| {
        let mut checks = checks.iter();
        let asks = checks.any(
            |check| matches!(&check.kind, CheckKind::Http(http) if http.needs_test_listener()),
        );
        asks.then_some(point)
    })?;
    Some(if has_one {
        Finding::ok(check::TEST_LISTENER, format!("{what} has a test listener"))
    } else {
        Finding::missing(
            check::TEST_LISTENER,
            format!("{what} has no test listener, but a check at {asks} sends its requests there"),
            "add a listener on a port of its own and name it there, or give the check a `url`",
        )
    })
}

#[cfg(test)]
mod tests;
