//! What CloudWatch sends, and what of it asks for something.
//!
//! The parameters of the widget, or of the button that was pressed, are the keys of the event itself; everything else is in
//! `widgetContext`. Whoever writes a dashboard may give the widget a target to begin with.

use greenlight_core::target::{GatePoint, TargetName};
use serde_json::Value;

use crate::{
    act::{Deed, Wish},
    form::Form,
    limits,
    screen::Screen,
};

/// One call of the widget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// What it asks for; what is wrong with it otherwise.
    pub(crate) wanted: Result<Wanted, String>,
    pub(crate) screen: Screen,
    pub(crate) form: Form,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// `describe`: the manual.
    Manual,
    /// All targets, so many pages on.
    Overview { page: usize },
    /// One target.
    Target(TargetName),
    /// That something is done.
    Act(Wish),
}

impl Request {
    pub(crate) fn read(event: &Value) -> Self {
        let context = &event["widgetContext"];
        Self {
            wanted: wanted(event),
            screen: Screen::read(context),
            form: Form::read(&context["forms"]["all"]),
        }
    }
}

fn wanted(event: &Value) -> Result<Wanted, String> {
    if !event.is_object() {
        return Err(
            "The board is called by a CloudWatch dashboard, with a JSON object.".to_owned(),
        );
    }
    if event["describe"] == true {
        return Ok(Wanted::Manual);
    }
    let target = match &event["target"] {
        Value::Null => None,
        Value::String(name) => Some(name.parse::<TargetName>().map_err(|error| {
            format!("`{}` is no name of a target: {error}.", limits::name(name))
        })?),
        other => return Err(unusable("target", other)),
    };
    match (&event["do"], target) {
        (Value::Null, Some(target)) => Ok(Wanted::Target(target)),
        (Value::Null, None) => page(&event["page"]).map(|page| Wanted::Overview { page }),
        (Value::String(deed), Some(target)) => wish(deed, target, event).map(Wanted::Act),
        (Value::String(deed), None) => Err(format!(
            "`{}` was asked for, but of no target. Nothing was done.",
            limits::name(deed)
        )),
        (other, _) => Err(unusable("do", other)),
    }
}

fn page(value: &Value) -> Result<usize, String> {
    let number = match value {
        Value::Null => Some(0),
        value => value.as_u64(),
    };
    number
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| unusable("page", value))
}

fn wish(deed: &str, target: TargetName, event: &Value) -> Result<Wish, String> {
    let deed = Deed::named(deed).ok_or_else(|| {
        format!(
            "The board cannot do `{}`; it can {}. Nothing was done.",
            limits::name(deed),
            Deed::ALL.map(Deed::name).join(", ")
        )
    })?;
    let version = event["version"]
        .as_u64()
        .ok_or_else(|| unusable("version", &event["version"]))?;
    let gate = match &event["gate"] {
        Value::Null => None,
        value => Some(
            value
                .as_str()
                .and_then(GatePoint::of_name)
                .ok_or_else(|| unusable("gate", value))?,
        ),
    };
    Ok(Wish {
        deed,
        target,
        version,
        gate,
        deployment: event["deployment"].as_str().map(limits::sentence),
    })
}

fn unusable(key: &str, value: &Value) -> String {
    format!(
        "`{key}` of the widget's parameters cannot be {}. Nothing was done.",
        limits::name(&value.to_string())
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(event: &Value) -> Result<Wanted, String> {
        Request::read(event).wanted
    }

    #[test]
    fn a_widget_asks_for_the_overview_or_for_a_target() {
        assert_eq!(read(&json!({})), Ok(Wanted::Overview { page: 0 }));
        assert_eq!(read(&json!({"page": 2})), Ok(Wanted::Overview { page: 2 }));
        let target = "api-test".parse().unwrap();
        assert_eq!(
            read(&json!({"target": "api-test"})),
            Ok(Wanted::Target(target))
        );
        assert_eq!(
            read(&json!({"describe": true, "target": 7})),
            Ok(Wanted::Manual)
        );
    }

    #[test]
    fn a_button_names_its_deed_its_target_and_what_was_seen() {
        let event = json!({
            "do": "approve", "target": "api-test", "version": 7, "gate": "before_traffic", "deployment": "d-1",
        });
        let Ok(Wanted::Act(wish)) = read(&event) else {
            panic!("{:?}", read(&event));
        };
        assert_eq!(wish.deed, Deed::Approve);
        assert_eq!(wish.version, 7);
        assert_eq!(wish.gate, Some(GatePoint::BeforeTraffic));
        assert_eq!(wish.deployment.as_deref(), Some("d-1"));
    }

    #[test]
    fn what_cannot_be_understood_is_told_in_words() {
        for (event, word) in [
            (json!("hello"), "JSON object"),
            (json!(null), "JSON object"),
            (json!([]), "JSON object"),
            (json!({"target": 7}), "`target`"),
            (json!({"target": "<script>"}), "no name of a target"),
            (json!({"page": -1}), "`page`"),
            (json!({"do": "approve"}), "of no target"),
            (json!({"do": ["approve"], "target": "api-test"}), "`do`"),
            (
                json!({"do": "dance", "target": "api-test", "version": 1}),
                "cannot do `dance`",
            ),
            (json!({"do": "approve", "target": "api-test"}), "`version`"),
            (
                json!({"do": "approve", "target": "api-test", "version": 1, "gate": "heaven"}),
                "`gate`",
            ),
        ] {
            let problem = read(&event).unwrap_err();
            assert!(problem.contains(word), "{event}: {problem}");
        }
    }
}
