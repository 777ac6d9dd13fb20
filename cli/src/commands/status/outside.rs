//! What is told outside of what is live: the marks, and the next promotion.

use greenlight_aws::table::StoredTarget;
use greenlight_core::promotion::{Next, next};
use greenlight_deployer::marks::unmarked;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::commands::time;

/// Where it is told what is live, and whether it is.
pub(super) fn marks(stored: &StoredTarget) -> Option<String> {
    let on_success = &stored.target.on_success;
    let tag = on_success.tag.iter().map(|tag| format!("tag {tag}"));
    let parameters = stored.target.parameters().into_iter();
    let parameters = parameters.map(|(name, _)| format!("parameter {name}"));
    let places: Vec<String> = tag.chain(parameters).collect();
    if places.is_empty() {
        return None;
    }
    let places = places.join(", ");
    Some(match unmarked(stored) {
        Some(_) => {
            format!("{places}: not set yet; the log of RecordDeployment says why if it lasts")
        }
        None => places,
    })
}

/// To which tag what is live is promoted by itself, and when.
pub(super) fn promotion(stored: &StoredTarget) -> Option<String> {
    let promote = stored.target.promote.as_ref()?;
    let tag = &promote.tag;
    if let Some(hold) = stored.line.as_ref().or(stored.state.hold.as_ref()) {
        return Some(format!("to {tag}, not while it is {}", hold.describe()));
    }
    Some(match planned(stored)? {
        Next::Due { .. } => match due_at(stored) {
            Some(due) => format!("to {tag}, at {}", time(due)),
            None => format!("to {tag}"),
        },
        Next::Done => format!("to {tag}, done"),
        Next::Soaking { due } => format!("to {tag}, at {}", time(due)),
        Next::Not { reason } => format!("to {tag}, not now: {reason}"),
    })
}

/// What comes if nothing changes until then.
fn planned(stored: &StoredTarget) -> Option<Next> {
    let promote = stored.target.promote.as_ref()?;
    Some(next(
        promote,
        &stored.state,
        stored.line.as_ref(),
        Timestamp::MAX,
    ))
}

fn due_at(stored: &StoredTarget) -> Option<Timestamp> {
    let promote = stored.target.promote.as_ref()?;
    let since = stored.state.current.as_ref()?.since;
    since.checked_add(promote.after).ok()
}

/// The same as members of the JSON form, where the target has any of it.
pub(super) fn add_to(document: &mut Value, stored: &StoredTarget) {
    if let Some(places) = marks(stored) {
        document["marks"] = json!({"text": places, "set": unmarked(stored).is_none()});
    }
    if let (Some(text), Some(promote)) = (promotion(stored), &stored.target.promote) {
        let is_done = planned(stored) == Some(Next::Done);
        document["promotion"] = json!({
            "to": promote.tag,
            "text": text,
            "done": is_done,
            "due_at": if is_done { None } else { due_at(stored) },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::sample;

    /// The sample target at rest, with this in its document.
    fn with(document: &Value) -> StoredTarget {
        let mut stored = sample::busy();
        stored.state.active = None;
        let mut whole = stored.target.to_value();
        for (key, value) in document.as_object().unwrap() {
            whole[key] = value.clone();
        }
        stored.target = greenlight_core::target::parse(&whole).unwrap().remove(0);
        stored.state.current.as_mut().unwrap().is_proved = true;
        stored
    }

    #[test]
    fn a_target_that_tells_nothing_outside_has_no_lines_for_it() {
        let stored = sample::busy();
        assert_eq!((marks(&stored), promotion(&stored)), (None, None));
        let mut document = json!({});
        add_to(&mut document, &stored);
        assert_eq!(document, json!({}));
    }

    #[test]
    fn marks_are_shown_with_whether_they_are_set() {
        let mut stored =
            with(&json!({"on_success": {"tag": "deployed", "parameter": "/deployed/api"}}));
        let missing = marks(&stored).unwrap();
        let places = "tag deployed, parameter /deployed/api";
        assert!(
            missing.starts_with(&format!("{places}: not set yet")),
            "{missing}"
        );
        stored.state.marked = Some(stored.state.current.as_ref().unwrap().deployment);
        assert_eq!(marks(&stored).unwrap(), places);
        let mut document = json!({});
        add_to(&mut document, &stored);
        assert_eq!(document, json!({"marks": {"text": places, "set": true}}));
    }

    #[test]
    fn the_next_promotion_is_shown_with_its_time_or_what_keeps_it() {
        let mut stored = with(&json!({"promote": {"tag": "staging", "after": "30m"}}));
        assert_eq!(
            promotion(&stored).unwrap(),
            "to staging, at 2026-11-22 10:42:03Z"
        );
        stored.state.active = sample::busy().state.active;
        let kept = promotion(&stored).unwrap();
        assert!(
            kept.starts_with("to staging, not now: deployment"),
            "{kept}"
        );
        stored.state.active = None;
        stored.state.promoted = Some(stored.state.current.as_ref().unwrap().deployment);
        assert_eq!(promotion(&stored).unwrap(), "to staging, done");
        let mut document = json!({});
        add_to(&mut document, &stored);
        assert_eq!(
            document["promotion"],
            json!({"to": "staging", "text": "to staging, done", "done": true, "due_at": null})
        );
    }

    #[test]
    fn both_are_lines_of_a_target() {
        let marks = json!({"tag": "deployed-test", "parameter": "/greenlight/deployed/api-test"});
        let promote = json!({"tag": "staging", "after": "30m"});
        let mut stored = with(&json!({"on_success": marks, "promote": promote}));
        stored.state.marked = Some(stored.state.current.as_ref().unwrap().deployment);
        let text = super::super::detail(&stored, None, &[], sample::now()).text;
        let lines = text.split_inclusive('\n');
        let outside =
            lines.filter(|line| line.starts_with("marks") || line.starts_with("promotion"));
        let outside: String = outside.collect();
        sample::assert_documented(&outside);
        insta::assert_snapshot!(outside, @"
        marks            tag deployed-test, parameter /greenlight/deployed/api-test
        promotion        to staging, at 2026-11-22 10:42:03Z
        ");
    }
}
