//! What arrives, and what of it may be the end of a deployment.

mod codedeploy;
mod ecs;
mod pipeline;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use greenlight_deployer::conclude::Change;
use serde::Deserialize;
use serde_json::Value;

/// The longest id or name that is looked up.
const ID_LIMIT: usize = 256;

/// What an event is to this function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parsed {
    Change(Change),
    /// A sound event that asks for nothing.
    Ignored {
        reason: String,
    },
    /// Not what it should be.
    Unreadable {
        reason: String,
    },
}

pub(crate) fn parse(event: &Value) -> Parsed {
    let envelope = match EventBridgeEvent::<Value>::deserialize(event) {
        Ok(envelope) => envelope,
        Err(error) => {
            return Parsed::Unreadable {
                reason: format!("expected an event of EventBridge: {error}"),
            };
        }
    };
    match (envelope.source.as_str(), envelope.detail_type.as_str()) {
        ("aws.codedeploy", codedeploy::KIND) => codedeploy::parse(&envelope),
        ("aws.ecs", ecs::DEPLOYMENT) => ecs::deployment(&envelope),
        ("aws.ecs", ecs::TASK) => ecs::task(&envelope),
        ("aws.codepipeline", pipeline::KIND) => pipeline::parse(&envelope),
        (source, kind) => Parsed::Ignored {
            reason: format!(
                "`{kind}` of `{source}` is not a change of a deployment, a task or a pipeline"
            ),
        },
    }
}

/// The account that an event is about, or that its absence makes it unreadable.
fn account(envelope: &EventBridgeEvent) -> Result<String, Parsed> {
    let account = envelope.account.clone().unwrap_or_default();
    if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(account)
    } else {
        Err(unreadable("the event has no `account`"))
    }
}

/// The detail of an event as what it should be.
fn detail<'e, T: Deserialize<'e>>(envelope: &'e EventBridgeEvent) -> Result<T, Parsed> {
    T::deserialize(&envelope.detail).map_err(|error| {
        unreadable(format!(
            "the detail of `{}` is not as expected: {error}",
            envelope.detail_type
        ))
    })
}

fn unreadable(reason: impl Into<String>) -> Parsed {
    Parsed::Unreadable {
        reason: reason.into(),
    }
}

/// Whether a text can be an id or a name that AWS gave.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= ID_LIMIT
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./:@".contains(&byte))
}

/// The beginning of what is not one, for a message.
fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests;
