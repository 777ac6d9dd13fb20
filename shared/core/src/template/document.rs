//! The text of a file as a document: JSON, or YAML where it does not look like JSON.

use serde_json::Value;

use super::TemplateError;
use super::placeholder;
use crate::text::excerpt;

/// Parses `text`. Errors have the line and column at which reading ended.
pub(super) fn parse(text: &str, file: &str) -> Result<Value, TemplateError> {
    if is_json(text, file) {
        serde_json::from_str(text).map_err(|error| json_error(&error, text, file))
    } else {
        serde_norway::from_str(text).map_err(|error| yaml_error(&error, file))
    }
}

/// By the file's name if that tells, or else by the first character: YAML may begin with a brace,
/// too, but hardly anybody writes it so.
fn is_json(text: &str, file: &str) -> bool {
    let has_extension = |extension: &str| {
        std::path::Path::new(file)
            .extension()
            .is_some_and(|it| it.eq_ignore_ascii_case(extension))
    };
    if has_extension("yaml") || has_extension("yml") {
        // A JSON document under this name may have tabs, which YAML forbids.
        return text.trim_start().starts_with('{') && serde_json::from_str::<Value>(text).is_ok();
    }
    has_extension("json") || text.trim_start().starts_with(['{', '['])
}

fn json_error(error: &serde_json::Error, text: &str, file: &str) -> TemplateError {
    let (line, column) = (error.line().max(1), error.column().max(1));
    let said = error.to_string();
    // serde_json ends with the place, which stands at the front here.
    let said = said.split(" at line ").next().unwrap_or_default();
    let mut message = format!("not JSON: {}", excerpt(said, 200));
    let rest = text.lines().nth(line - 1).unwrap_or_default();
    let before = rest.get(column - 1..).unwrap_or_default();
    if let Some(name) = placeholder::at_start(before) {
        message.push_str(&hint_of_quotes(name));
    }
    TemplateError::Syntax {
        file: file.to_owned(),
        line,
        column,
        message,
    }
}

fn hint_of_quotes(name: &str) -> String {
    format!("\n  hint: a placeholder stands between quotes: `\"<{name}>\"`")
}

fn yaml_error(error: &serde_norway::Error, file: &str) -> TemplateError {
    let (line, column) = error
        .location()
        .map_or((1, 1), |place| (place.line().max(1), place.column().max(1)));
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    TemplateError::Syntax {
        file: file.to_owned(),
        line,
        column,
        message: format!("not YAML: {}", excerpt(said, 200)),
    }
}
