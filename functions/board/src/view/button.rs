//! A button: what is pressed, and after it `<cwdb-action>`, which says what follows.
//!
//! The documentation of CloudWatch shows anchors of the class `btn`; it says that any element can be tagged. A real button
//! can be reached and pressed by the keyboard.

use maud::{Markup, html};
use serde_json::Value;

use super::Page;

/// A button that calls this function.
pub(super) struct Button<'a> {
    label: &'a str,
    parameters: Value,
    confirmation: Option<String>,
    is_link: bool,
}

impl<'a> Button<'a> {
    /// One that shows something else. What is in `parameters` are names and numbers, never what somebody has written: how
    /// CloudWatch reads the text of the element is not documented to the last sign.
    pub(super) fn view(label: &'a str, parameters: Value) -> Self {
        Self {
            label,
            parameters,
            confirmation: None,
            is_link: true,
        }
    }

    /// One that does something, once it is confirmed.
    pub(super) fn deed(label: &'a str, parameters: Value, confirmation: String) -> Self {
        Self {
            label,
            parameters,
            confirmation: Some(confirmation),
            is_link: false,
        }
    }
}

impl Page<'_> {
    pub(super) fn button(&self, button: &Button<'_>) -> Markup {
        let class = if button.is_link {
            "gl-button gl-link"
        } else {
            "gl-button"
        };
        html! {
            button type="button" class=(class) { (button.label) }
            cwdb-action action="call" display="widget" endpoint=(self.endpoint) confirmation=[&button.confirmation] {
                (button.parameters)
            }
        }
    }
}
