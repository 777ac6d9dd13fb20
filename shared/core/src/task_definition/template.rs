//! A task definition from a template file, such as the `taskdef.json` of a pipeline.
//!
//! Also takes what `aws ecs describe-task-definition` prints, since that is how such files begin.

use serde_json::Value;

use super::{Error, TaskDefinition};
use crate::template::{self, Placeholders, TemplateError};

/// Why a file gives no task definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FromTemplateError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("{file} cannot be registered")]
    Unusable {
        file: String,
        #[source]
        source: Error,
    },
}

impl TaskDefinition {
    /// Reads a template, JSON or YAML, with every placeholder replaced. `file` is what messages call
    /// it, such as `s3://bucket/taskdef.json`. The file's own tags stay with the document.
    pub fn from_template(
        text: &str,
        file: &str,
        placeholders: &Placeholders,
    ) -> Result<Self, FromTemplateError> {
        let document = unwrapped(template::resolve(text, file, placeholders)?);
        Self::parse(document).map_err(|source| FromTemplateError::Unusable {
            file: file.to_owned(),
            source,
        })
    }
}

/// The member `taskDefinition` with the tags beside it, if the document is an answer of ECS.
fn unwrapped(mut document: Value) -> Value {
    let Some(answer) = document.as_object_mut() else {
        return document;
    };
    if answer.contains_key("containerDefinitions") {
        return document;
    }
    let tags = answer.shift_remove("tags");
    let Some(Value::Object(mut inner)) = answer.shift_remove("taskDefinition") else {
        return document;
    };
    if let Some(tags) = tags {
        inner.insert("tags".to_owned(), tags);
    }
    Value::Object(inner)
}
