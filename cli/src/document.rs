//! A file of targets, or of images: found, read, and understood.
//!
//! What a document may say is in `greenlight_core::target` and `greenlight_core::image_definitions`;
//! here is only how it gets there.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use greenlight_core::image_definitions::{ImageFile, ImageFileError};
use greenlight_core::problems::Problems;
use greenlight_core::target::{self, Target};
use greenlight_deployer::plan::Wish;
use serde_json::Value;

use crate::strict::Strict;

/// No file of targets is larger.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file gives no targets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    #[error("`{}` could not be read", .file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("`{}` is larger than {} MiB", .file.display(), MAX_BYTES / 1024 / 1024)]
    TooLarge { file: PathBuf },
    #[error("`{}` is not YAML", .file.display())]
    NotYaml {
        file: PathBuf,
        source: serde_norway::Error,
    },
    #[error("`{}` is not JSON", .file.display())]
    NotJson {
        file: PathBuf,
        source: serde_json::Error,
    },
    #[error("`{}` names no images that could be deployed", .file.display())]
    NoImages {
        file: PathBuf,
        source: ImageFileError,
    },
    #[error("`{}` does not describe targets", .file.display())]
    Wrong { file: PathBuf, problems: Problems },
}

/// What is to be deployed: an image that was named, or what a file of CodePipeline says.
pub(crate) fn wish(image: Option<Wish>, file: Option<&Path>) -> Result<Wish, DocumentError> {
    let Some(file) = file else {
        return Ok(image.unwrap_or_default());
    };
    let text = text_of(file)?;
    ImageFile::parse(text.as_bytes(), &file.display().to_string())
        .map(|file| Wish::Files(vec![file]))
        .map_err(|source| DocumentError::NoImages {
            file: file.to_owned(),
            source,
        })
}

/// Reads the targets of a file, or of standard input if the file is `-`.
pub(crate) fn read(file: &Path) -> Result<Vec<Target>, DocumentError> {
    let text = text_of(file)?;
    let document = parse(&text, file)?;
    target::parse(&document).map_err(|problems| DocumentError::Wrong {
        file: file.to_owned(),
        problems,
    })
}

fn text_of(file: &Path) -> Result<String, DocumentError> {
    if file == Path::new("-") {
        return read_all(io::stdin().lock(), file);
    }
    let opened = File::open(file);
    let opened = opened.map_err(|source| DocumentError::Unreadable {
        file: file.to_owned(),
        source,
    });
    read_all(opened?, file)
}

fn read_all(from: impl Read, file: &Path) -> Result<String, DocumentError> {
    let mut text = String::new();
    let read = from.take(MAX_BYTES + 1).read_to_string(&mut text);
    let bytes = read.map_err(|source| DocumentError::Unreadable {
        file: file.to_owned(),
        source,
    })?;
    if bytes as u64 > MAX_BYTES {
        return Err(DocumentError::TooLarge {
            file: file.to_owned(),
        });
    }
    Ok(text)
}

fn parse(text: &str, file: &Path) -> Result<Value, DocumentError> {
    let file = file.to_owned();
    // JSON is YAML, but for tabs; and its own parser's messages fit better.
    let is_json = file
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let parsed = if is_json {
        serde_json::from_str(text).map_err(|source| DocumentError::NotJson { file, source })
    } else {
        serde_norway::from_str(text).map_err(|source| DocumentError::NotYaml { file, source })
    };
    parsed.map(|Strict(document)| document)
}
