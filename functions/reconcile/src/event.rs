//! What arrives: the event of a schedule.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde_json::Value;

/// What an event is to this function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A minute has passed.
    Tick,
    /// A sound event that asks for nothing.
    Ignored { reason: String },
    /// Not what it should be.
    Unreadable { reason: String },
}

pub(crate) fn parse(event: &Value) -> Parsed {
    let envelope: EventBridgeEvent = match serde_json::from_value(event.clone()) {
        Ok(envelope) => envelope,
        Err(error) => {
            return Parsed::Unreadable {
                reason: format!("expected an event of EventBridge: {error}"),
            };
        }
    };
    match (envelope.source.as_str(), envelope.detail_type.as_str()) {
        ("aws.events", "Scheduled Event") => Parsed::Tick,
        (source, kind) => Parsed::Ignored {
            reason: format!("`{kind}` of `{source}` asks for nothing here"),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_schedule_asks_for_something() {
        let event: Value =
            serde_json::from_str(include_str!("../../../events/schedule/minute.json")).unwrap();
        assert_eq!(parse(&event), Parsed::Tick);
        let mut other = event;
        other["source"] = "aws.ecr".into();
        assert!(matches!(parse(&other), Parsed::Ignored { .. }));
        assert!(matches!(parse(&json!({})), Parsed::Unreadable { .. }));
    }
}
