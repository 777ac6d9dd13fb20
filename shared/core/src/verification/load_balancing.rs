//! Target groups and listeners: that they are there, and that traffic comes through them to the tasks.

use super::{Finding, Look, check};

/// What of a target group is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// `ip | instance | lambda | alb`
    pub kind: String,
}

/// Whether a target group is there and takes tasks. `name` is its name or ARN; `has_addresses` says whether tasks have
/// addresses of their own (`awsvpc`).
pub fn target_group(name: &str, has_addresses: bool, look: &Look<TargetGroup>) -> Vec<Finding> {
    let what = format!("target group `{}`", short(name));
    match look {
        Look::Found(group) => {
            let there = Finding::ok(check::TARGET_GROUP, format!("{what} is there"));
            let wanted = if has_addresses { "ip" } else { "instance" };
            let kind = if group.kind == wanted {
                Finding::ok(
                    check::TARGET_GROUP_TYPE,
                    format!("its targets are of type `{wanted}`"),
                )
            } else {
                Finding::missing(
                    check::TARGET_GROUP_TYPE,
                    format!(
                        "{what} takes targets of type `{}`, but the service's tasks are of type `{wanted}`",
                        group.kind
                    ),
                    format!("create one with the target type `{wanted}`: it cannot be changed"),
                )
            };
            vec![there, kind]
        }
        Look::Missing => vec![Finding::missing(
            check::TARGET_GROUP,
            format!("{what} does not exist"),
            "create it, or name another where this one is named",
        )],
        Look::Unseen(unseen) => vec![unseen.finding(check::TARGET_GROUP, &what)],
    }
}

/// Whether a production listener (or its rule) is there, and leads to one of these target groups. What it leads to is
/// what was found.
pub fn production(arn: &str, groups: &[String], look: &Look<Vec<String>>) -> Vec<Finding> {
    let what = format!("production listener `{}`", short(arn));
    match look {
        Look::Found(leads_to) => {
            let there = Finding::ok(check::LISTENER, format!("{what} is there"));
            let named = |arn: &String| {
                let mut groups = groups.iter();
                groups.any(|group| group == arn || group.as_str() == short(arn))
            };
            let forwards = if leads_to.iter().any(named) {
                let text = "it leads to a target group of the service";
                Finding::ok(check::LISTENER_FORWARDS, text)
            } else {
                let groups: Vec<String> =
                    groups.iter().map(|it| format!("`{}`", short(it))).collect();
                Finding::missing(
                    check::LISTENER_FORWARDS,
                    format!(
                        "{what} leads to neither of the target groups {}",
                        groups.join(" and ")
                    ),
                    "let its default action, or the rule, forward to the target group of what is live",
                )
            };
            vec![there, forwards]
        }
        Look::Missing => vec![Finding::missing(
            check::LISTENER,
            format!("{what} does not exist"),
            "create it, or name another where this one is named",
        )],
        Look::Unseen(unseen) => vec![unseen.finding(check::LISTENER, &what)],
    }
}

/// Whether a test listener (or its rule) is there.
pub fn test<T>(arn: &str, look: &Look<T>) -> Finding {
    let what = format!("test listener `{}`", short(arn));
    match look {
        Look::Found(_) => Finding::ok(check::TEST_LISTENER, format!("{what} is there")),
        Look::Missing => Finding::missing(
            check::TEST_LISTENER,
            format!("{what} does not exist"),
            "create it, or name another where this one is named",
        ),
        Look::Unseen(unseen) => unseen.finding(check::TEST_LISTENER, &what),
    }
}

/// A target group by its name, a listener by what stands behind `listener/`.
fn short(arn: &str) -> &str {
    if let Some((_, rest)) = arn.split_once(":targetgroup/") {
        return rest.split('/').next().unwrap_or(rest);
    }
    let rest = arn.split_once(":listener");
    rest.map_or(arn, |(_, rest)| {
        rest.split_once('/').map_or(rest, |(_, path)| path)
    })
}

#[cfg(test)]
mod tests;
