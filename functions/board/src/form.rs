//! What was typed into the page: CloudWatch sends it with every button, under the names of the fields.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::limits;

/// The fields of the page.
pub(crate) const BY: &str = "by";
/// See [`BY`].
pub(crate) const REASON: &str = "reason";
/// See [`BY`].
pub(crate) const HOLD_FOR: &str = "hold_for";
/// See [`BY`].
pub(crate) const ROLL_BACK_TO: &str = "roll_back_to";
/// See [`BY`].
pub(crate) const PROMOTE_TO: &str = "promote_to";

const FIELDS: [&str; 5] = [BY, REASON, HOLD_FOR, ROLL_BACK_TO, PROMOTE_TO];

/// What is in the fields that are filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form(BTreeMap<&'static str, String>);

impl Form {
    pub(crate) fn read(fields: &Value) -> Self {
        let filled = FIELDS.into_iter().filter_map(|name| {
            let text = fields[name].as_str()?.trim();
            (!text.is_empty()).then(|| (name, limits::sentence(text)))
        });
        Self(filled.collect())
    }

    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// Who says that they are at it, as it is recorded: that it is what they said, and not who AWS says they are.
    pub(crate) fn by(&self) -> Option<String> {
        let name = self.get(BY)?;
        Some(format!("{} (by the board)", limits::name(name)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_known_fields_with_something_in_them_count() {
        let form = Form::read(&json!({"by": " alice\n ", "reason": "  ", "x": "y", "hold_for": 7}));
        assert_eq!(form.get(BY), Some("alice"));
        assert_eq!(form.get(REASON), None);
        assert_eq!(form.by().unwrap(), "alice (by the board)");
        assert_eq!(Form::read(&json!(null)), Form::default());
    }

    #[test]
    fn a_name_has_an_end() {
        let form = Form::read(&json!({"by": "a".repeat(5000)}));
        assert!(form.by().unwrap().chars().count() < 120);
    }
}
