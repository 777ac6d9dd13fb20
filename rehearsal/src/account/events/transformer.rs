//! What a rule's target gets instead of the whole event: an `InputTransformer`.
//!
//! As the user guide has it: a path that the event does not have leaves nothing in the output; in a template
//! that is JSON, a placeholder outside quotes stands for the value as JSON; a template that is a text in quotes is
//! delivered with its quotes.

use std::collections::BTreeMap;

use serde_json::Value;

/// `InputPathsMap` and `InputTemplate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputTransformer {
    paths: BTreeMap<String, Vec<String>>,
    template: String,
}

/// Most characters of a template.
const LONGEST_TEMPLATE: usize = 8192;
/// Most variables.
const MOST_PATHS: usize = 100;

impl InputTransformer {
    /// Reads one as it stands in a rule.
    pub fn parse(transformer: &Value) -> Result<Self, String> {
        let template = transformer["InputTemplate"]
            .as_str()
            .ok_or("has no InputTemplate")?;
        if template.is_empty() || template.len() > LONGEST_TEMPLATE {
            return Err(format!(
                "its InputTemplate has {} characters",
                template.len()
            ));
        }
        let empty = serde_json::Map::new();
        let map = transformer["InputPathsMap"].as_object().unwrap_or(&empty);
        if map.len() > MOST_PATHS {
            return Err(format!("has {} paths", map.len()));
        }
        let mut paths = BTreeMap::new();
        for (name, path) in map {
            let path = path.as_str().and_then(|path| path.strip_prefix("$."));
            let path = path.ok_or_else(|| format!("`{name}` is no path"))?;
            // Brackets and wildcards are not simulated.
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if !path.chars().all(fits) || path.split('.').any(str::is_empty) {
                return Err(format!("the path of `{name}` is not rehearsed"));
            }
            let parts = path.split('.').map(str::to_owned).collect();
            paths.insert(name.clone(), parts);
        }
        let transformer = Self {
            paths,
            template: template.to_owned(),
        };
        transformer.check()?;
        Ok(transformer)
    }

    /// The template has to be JSON when every placeholder stands for a text, and to know what it names.
    fn check(&self) -> Result<(), String> {
        for piece in self.template.split('<').skip(1) {
            let name = piece.split('>').next().unwrap_or_default();
            if !self.paths.contains_key(name) {
                return Err(format!(
                    "its template names `<{name}>`, for which there is no path"
                ));
            }
        }
        let filled = self.fill(|_| Some(&Value::Null));
        match serde_json::from_str::<Value>(&filled) {
            Ok(Value::Object(_) | Value::String(_)) => Ok(()),
            _ => Err("its template is neither a text in quotes nor a JSON object".to_owned()),
        }
    }

    /// What the target gets.
    pub fn transform(&self, event: &Value) -> String {
        self.fill(|name| {
            let path = self.paths.get(name)?;
            path.iter().try_fold(event, |value, part| value.get(part))
        })
    }

    fn fill<'a>(&'a self, value_of: impl Fn(&str) -> Option<&'a Value>) -> String {
        let mut out = String::new();
        let mut pieces = self.template.split('<');
        out.push_str(pieces.next().unwrap_or_default());
        let mut quotes = quotes(&out);
        for piece in pieces {
            let (name, text) = piece.split_once('>').unwrap_or((piece, ""));
            let is_in_text = quotes % 2 == 1;
            match (value_of(name), is_in_text) {
                (Some(Value::String(text)), true) => {
                    let written = Value::from(text.as_str()).to_string();
                    let inner = written
                        .strip_prefix('"')
                        .and_then(|it| it.strip_suffix('"'));
                    out.push_str(inner.unwrap_or_default());
                }
                (Some(value), _) => out.push_str(&value.to_string()),
                (None, true) => {}
                (None, false) => out.push_str("\"\""),
            }
            quotes += self::quotes(text);
            out.push_str(text);
        }
        out
    }
}

/// How many quotes begin or end a text.
fn quotes(text: &str) -> usize {
    text.matches('"').count() - text.matches("\\\"").count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn transformer(template: &str) -> Result<InputTransformer, String> {
        InputTransformer::parse(&json!({
            "InputPathsMap": {"type": "$.detail-type", "reason": "$.detail.reason", "none": "$.detail.none"},
            "InputTemplate": template,
        }))
    }

    fn event() -> Value {
        json!({"detail-type": "Deployment Failed", "detail": {"reason": "it said \"no\"", "tags": ["a"]}})
    }

    #[test]
    fn a_text_keeps_its_quotes_and_what_is_missing_leaves_nothing() {
        let text = transformer("\"<type>: <reason><none>.\"").unwrap();
        assert_eq!(
            text.transform(&event()),
            r#""Deployment Failed: it said \"no\".""#
        );
    }

    #[test]
    fn in_json_a_placeholder_without_quotes_is_a_value() {
        let object =
            transformer(r#"{"title": <type>, "text": "<type>!", "description": <reason>}"#);
        let text = object.unwrap().transform(&event());
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            json!({"title": "Deployment Failed", "text": "Deployment Failed!", "description": "it said \"no\""})
        );
    }

    #[test]
    fn what_put_targets_would_refuse_is_refused() {
        for (template, why) in [
            ("", "0 characters"),
            ("plain <type>", "neither a text"),
            ("\"<unknown>\"", "no path"),
            ("{\"a\": <type>", "neither a text"),
        ] {
            let error = transformer(template).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        let bad = json!({"InputPathsMap": {"a": "detail"}, "InputTemplate": "\"<a>\""});
        assert!(
            InputTransformer::parse(&bad)
                .unwrap_err()
                .contains("no path")
        );
        let wild = json!({"InputPathsMap": {"a": "$.detail.tags[0]"}, "InputTemplate": "\"<a>\""});
        assert!(
            InputTransformer::parse(&wild)
                .unwrap_err()
                .contains("not rehearsed")
        );
    }
}
