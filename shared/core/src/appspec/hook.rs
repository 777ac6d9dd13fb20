//! The hooks of an `AppSpec`: which function is called at which lifecycle event. AWS-FACTS 5.3.

use serde_json::{Value, json};

use crate::problems::Problems;
use crate::text::{excerpt, listed, nearest};

/// The lifecycle events at which CodeDeploy calls a function, in the order of a deployment.
const EVENTS: [&str; 5] = [
    "BeforeInstall",
    "AfterInstall",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AfterAllowTraffic",
];

/// The hooks of a document, with every problem they have.
pub(super) fn read(hooks: &Value, problems: &mut Problems) -> Vec<(String, String)> {
    let Some(items) = hooks.as_array() else {
        let example = json!([{EVENTS[1]: "CodeDeployHook_check"}]);
        problems.add_with_hint("Hooks", "not a list", format!("such as `{example}`"));
        return Vec::new();
    };
    let mut read: Vec<(String, String)> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(members) = item.as_object() else {
            problems.add(
                &format!("Hooks[{index}]"),
                "not a mapping of an event to a function",
            );
            continue;
        };
        for (event, function) in members {
            let path = format!("Hooks[{index}].{}", excerpt(event, 60));
            if !EVENTS.contains(&event.as_str()) {
                let hint = match nearest(event, &EVENTS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("events that take a function: {}", listed(&EVENTS)),
                };
                problems.add_with_hint(&path, "no lifecycle event that takes a function", hint);
                continue;
            }
            let Some(function) = function.as_str().filter(|it| !it.trim().is_empty()) else {
                problems.add(&path, "not the name or ARN of a Lambda function");
                continue;
            };
            if let Some((_, other)) = read.iter().find(|(at, _)| at == event) {
                let message = format!("`{}` is named at this event before", excerpt(other, 160));
                problems.add(&path, message);
                continue;
            }
            read.push((event.clone(), function.to_owned()));
        }
    }
    read
}

/// Whether two texts name one function: a name means the function of that name in whatever account.
pub(super) fn is_same_function(one: &str, other: &str) -> bool {
    let (one, other) = (FunctionName::of(one), FunctionName::of(other));
    one.name == other.name
        && (one.owner.is_none() || other.owner.is_none() || one.owner == other.owner)
}

/// A function as somebody wrote it.
struct FunctionName<'t> {
    /// What an ARN has before the name.
    owner: Option<&'t str>,
    /// With the version or alias, if one is written.
    name: &'t str,
}

impl<'t> FunctionName<'t> {
    fn of(text: &'t str) -> Self {
        match text.trim().split_once(":function:") {
            Some((owner, name)) => Self {
                owner: Some(owner),
                name,
            },
            None => Self {
                owner: None,
                name: text.trim(),
            },
        }
    }
}
