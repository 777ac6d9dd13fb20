//! The files by which CodePipeline says which images to deploy: `imagedefinitions.json`, which names
//! the image of each container, and `imageDetail.json`, which names one image.
//!
//! Images may come from any registry here, unlike the candidates of a target. AWS-FACTS 4.1 and 4.3.

mod uri;

use serde_json::Value;

use crate::problems::Problems;
use crate::text::{excerpt, nearest};

pub use uri::ImageUri;

/// The longest file that CodePipeline takes.
const LIMIT: usize = 100 * 1024;

/// What `imagedefinitions.json` says: at least one container, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageDefinitions(Vec<ImageDefinition>);

/// One entry: this container runs this image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageDefinition {
    /// The container in the task definition.
    pub name: String,
    pub image_uri: ImageUri,
}

/// What `imageDetail.json` says, as far as it matters for a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageDetail {
    pub image_uri: ImageUri,
}

/// One of the two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageFile {
    Definitions(ImageDefinitions),
    Detail(ImageDetail),
}

impl ImageFile {
    /// Reads either: a list is `imagedefinitions.json`, anything else has to be `imageDetail.json`.
    pub fn parse(bytes: &[u8], file: &str) -> Result<Self, ImageFileError> {
        if json(bytes, file)?.is_array() {
            ImageDefinitions::parse(bytes, file).map(Self::Definitions)
        } else {
            ImageDetail::parse(bytes, file).map(Self::Detail)
        }
    }
}

/// Why a file names no images. `file` is what messages call it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageFileError {
    #[error("{file}: the file has {length} bytes; it may have {LIMIT}")]
    TooLong { file: String, length: usize },
    #[error("{file}: the file is not UTF-8 text; the first bad byte is at offset {offset}")]
    NotText { file: String, offset: usize },
    #[error("{file}:{line}:{column}: not JSON: {message}")]
    NotJson {
        file: String,
        line: usize,
        column: usize,
        message: String,
    },
    #[error("{file} does not name images as it should:\n{problems}")]
    Invalid { file: String, problems: Problems },
}

impl ImageDefinitions {
    /// Reads `imagedefinitions.json`.
    pub fn parse(bytes: &[u8], file: &str) -> Result<Self, ImageFileError> {
        let document = json(bytes, file)?;
        let mut problems = Problems::default();
        let definitions = entries(&document, &mut problems);
        if problems.is_empty() {
            Ok(Self(definitions))
        } else {
            Err(ImageFileError::Invalid {
                file: file.to_owned(),
                problems,
            })
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &ImageDefinition> {
        self.0.iter()
    }
}

impl ImageDetail {
    /// Reads `imageDetail.json`. A file made by hand needs only `ImageURI`; the rest is not read.
    pub fn parse(bytes: &[u8], file: &str) -> Result<Self, ImageFileError> {
        let document = json(bytes, file)?;
        let mut problems = Problems::default();
        if let Some(image_uri) = uri_of(&document, "ImageURI", "", &mut problems) {
            return Ok(Self { image_uri });
        }
        Err(ImageFileError::Invalid {
            file: file.to_owned(),
            problems,
        })
    }
}

fn json(bytes: &[u8], file: &str) -> Result<Value, ImageFileError> {
    if bytes.len() > LIMIT {
        return Err(ImageFileError::TooLong {
            file: file.to_owned(),
            length: bytes.len(),
        });
    }
    let text = str::from_utf8(bytes).map_err(|error| ImageFileError::NotText {
        file: file.to_owned(),
        offset: error.valid_up_to(),
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text).map_err(|error| ImageFileError::NotJson {
        file: file.to_owned(),
        line: error.line().max(1),
        column: error.column().max(1),
        message: excerpt(
            error
                .to_string()
                .split(" at line ")
                .next()
                .unwrap_or_default(),
            200,
        ),
    })
}

fn entries(document: &Value, problems: &mut Problems) -> Vec<ImageDefinition> {
    const EXAMPLE: &str = r#"`[{"name": "api", "imageUri": "…"}]`"#;
    let Some(items) = document.as_array() else {
        problems.add_with_hint("", "not a list", format!("such as {EXAMPLE}"));
        return Vec::new();
    };
    if items.is_empty() {
        problems.add_with_hint("", "the list is empty", format!("such as {EXAMPLE}"));
    }
    let mut definitions: Vec<ImageDefinition> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("[{index}]");
        let name = member(item, "name", &path, problems);
        let image_uri = uri_of(item, "imageUri", &path, problems);
        let (Some(name), Some(image_uri)) = (name, image_uri) else {
            continue;
        };
        if definitions.iter().any(|other| other.name == name) {
            let message = format!("the container `{}` is named twice", excerpt(name, 120));
            problems.add(&format!("{path}.name"), message);
            continue;
        }
        definitions.push(ImageDefinition {
            name: name.to_owned(),
            image_uri,
        });
    }
    definitions
}

fn uri_of(object: &Value, key: &str, path: &str, problems: &mut Problems) -> Option<ImageUri> {
    let text = member(object, key, path, problems)?;
    text.parse()
        .map_err(|error: uri::InvalidImageUri| problems.add(&joined(path, key), error.to_string()))
        .ok()
}

/// A member that is a text and not empty.
fn member<'v>(
    object: &'v Value,
    key: &str,
    path: &str,
    problems: &mut Problems,
) -> Option<&'v str> {
    let Some(members) = object.as_object() else {
        // Said once for an object, not for each of its members.
        if !problems.iter().any(|problem| problem.path == path) {
            problems.add(path, "not an object");
        }
        return None;
    };
    match members.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        Some(Value::String(_)) => {
            problems.add(&joined(path, key), "empty");
            None
        }
        Some(_) => {
            problems.add(&joined(path, key), "not a text");
            None
        }
        None => {
            let existing: Vec<&str> = members.keys().map(String::as_str).take(100).collect();
            let message = format!("`{key}` is missing");
            match nearest(key, &existing) {
                Some(near) if near != "name" => problems.add_with_hint(
                    path,
                    message,
                    format!("`{}` is not read; write `{key}`", excerpt(near, 64)),
                ),
                _ => problems.add(path, message),
            }
            None
        }
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests;
