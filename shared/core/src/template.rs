//! Template files with placeholders as CodePipeline's `CodeDeployToECS` has them: `<IMAGE1_NAME>`.
//!
//! The text is parsed first and the placeholders are replaced inside its strings, so that no value
//! can break the document; still, what has no value is reported with its line in the text. What the
//! document means is for [`crate::task_definition`] and [`crate::appspec`]. AWS-FACTS 4.2.

mod document;
mod placeholder;

use serde_json::{Map, Value};

pub use placeholder::{Placeholders, Unresolved};

use placeholder::Marked;

/// The longest template that is read. CodePipeline takes 3 MB, but ECS no task definition above
/// 64 KiB.
pub const LIMIT: usize = 1024 * 1024;

/// Why a template gives no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("{file}: the file is not UTF-8 text; the first bad byte is at offset {offset}")]
    NotText { file: String, offset: usize },
    #[error("{file}: the file has {length} bytes; a template may have {LIMIT}")]
    TooLong { file: String, length: usize },
    /// Neither JSON nor YAML. Line and column count from 1.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        file: String,
        line: usize,
        column: usize,
        message: String,
    },
    /// All placeholders without a value, in the text's order.
    #[error("{}", one_a_line(.0))]
    Unresolved(Vec<Unresolved>),
}

fn one_a_line(all: &[Unresolved]) -> String {
    let lines: Vec<String> = all.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// The text of a template file. `file` is what messages call it, such as `s3://bucket/taskdef.json`.
pub fn text<'b>(bytes: &'b [u8], file: &str) -> Result<&'b str, TemplateError> {
    if bytes.len() > LIMIT {
        return Err(TemplateError::TooLong {
            file: file.to_owned(),
            length: bytes.len(),
        });
    }
    str::from_utf8(bytes).map_err(|error| TemplateError::NotText {
        file: file.to_owned(),
        offset: error.valid_up_to(),
    })
}

/// The document of a template, JSON or YAML, with every placeholder replaced.
pub fn resolve(
    text: &str,
    file: &str,
    placeholders: &Placeholders,
) -> Result<Value, TemplateError> {
    if text.len() > LIMIT {
        return Err(TemplateError::TooLong {
            file: file.to_owned(),
            length: text.len(),
        });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let plain = document::parse(text, file)?;
    // A placeholder's line is lost by parsing, so each is given a number before. The numbers are in
    // strings only, where they change nothing; should that fail, the lines are unknown.
    let marked = Marked::new(text);
    let mut document = document::parse(marked.text(), file).unwrap_or(plain);
    let mut unresolved = Vec::new();
    replace_in_strings(&mut document, &mut |string| {
        marked.replace(string, file, placeholders, &mut unresolved)
    });
    if unresolved.is_empty() {
        return Ok(document);
    }
    unresolved.sort();
    unresolved.dedup();
    Err(TemplateError::Unresolved(unresolved))
}

/// Lets `replace` look at every string of a document, keys included; it answers what changes.
pub(crate) fn replace_in_strings(
    value: &mut Value,
    replace: &mut dyn FnMut(&str) -> Option<String>,
) {
    match value {
        Value::String(string) => {
            if let Some(new) = replace(string) {
                *string = new;
            }
        }
        Value::Array(items) => {
            for item in items {
                replace_in_strings(item, replace);
            }
        }
        Value::Object(members) => {
            let old = std::mem::take(members);
            let renamed = old.into_iter().map(|(key, mut value)| {
                let key = replace(&key).unwrap_or(key);
                replace_in_strings(&mut value, replace);
                (key, value)
            });
            *members = renamed.collect::<Map<String, Value>>();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
