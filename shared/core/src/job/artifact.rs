//! An input artifact: a zip file in memory, of which single files are read.
//!
//! Whoever can write to a pipeline's source decides what is in it, so nothing that it announces is
//! believed: sizes are counted while unpacking, and a path is only compared, never followed.

use std::fmt;
use std::io::{Cursor, Read as _};
use std::sync::Arc;

use zip::{
    CompressionMethod, ZipArchive,
    read::{ArchiveOffset, Config},
};

use crate::text::{excerpt, nearest};

mod directory;

/// The longest artifact that is read.
pub const ARTIFACT_LIMIT: usize = 16 * 1024 * 1024;
/// The longest file that is unpacked.
pub const FILE_LIMIT: usize = 1024 * 1024;
/// So many files and folders may be in an artifact.
pub const ENTRIES_LIMIT: usize = 10_000;
/// A file may become so many times longer by unpacking, …
const RATIO_LIMIT: usize = 200;
/// … unless it is no longer than this: a few repeated lines are packed well.
const RATIO_FREE: usize = 64 * 1024;
/// The names that an error lists.
const NEAR_LIMIT: usize = 3;

/// An artifact whose list of files has been read.
#[derive(Clone)]
pub struct Artifact {
    name: String,
    archive: ZipArchive<Cursor<Shared>>,
    /// The names of the entries, in the archive's order.
    entries: Vec<String>,
    /// Those that are there more than once.
    twice: Vec<String>,
}

/// The bytes of an archive, so that a reader of its own costs nothing.
#[derive(Clone)]
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Why an artifact, or a file in it, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    #[error(
        "artifact `{artifact}` has {length} bytes, and artifacts up to {ARTIFACT_LIMIT} are read\n  \
         hint: give the files for the deployment an artifact of their own"
    )]
    TooLong { artifact: String, length: usize },
    #[error(
        "artifact `{artifact}` has more than {ENTRIES_LIMIT} files\n  \
         hint: give the files for the deployment an artifact of their own"
    )]
    TooMany { artifact: String },
    #[error(
        "artifact `{artifact}` is no zip file that can be read: {reason}\n  \
         hint: look at the action that puts it out; a source with `OutputArtifactFormat: \
         CODEBUILD_CLONE_REF` puts out no zip file, one with `CODE_ZIP` does"
    )]
    NotZip { artifact: String, reason: String },
    #[error("`{path}` is no path inside an artifact: {reason}")]
    Path { path: String, reason: &'static str },
    #[error("`{path}` in artifact `{artifact}` {reason}")]
    File {
        artifact: String,
        path: String,
        reason: String,
    },
}

impl Artifact {
    /// Reads which files there are. `name` is the artifact's name in the pipeline.
    pub fn open(name: impl Into<String>, bytes: Vec<u8>) -> Result<Self, ArtifactError> {
        let name = name.into();
        if bytes.len() > ARTIFACT_LIMIT {
            return Err(ArtifactError::TooLong {
                artifact: name,
                length: bytes.len(),
            });
        }
        // Before the archive is read: memory is reserved for as many entries as it announces.
        if directory::announced_entries(&bytes) > ENTRIES_LIMIT as u64 {
            return Err(ArtifactError::TooMany { artifact: name });
        }
        let bytes = Shared(Arc::new(bytes));
        let not_zip = |error: zip::result::ZipError| ArtifactError::NotZip {
            artifact: name.clone(),
            reason: excerpt(&error.to_string(), 200),
        };
        let config = Config {
            archive_offset: ArchiveOffset::Known(0),
        };
        let archive =
            ZipArchive::with_config(config, Cursor::new(bytes.clone())).map_err(not_zip)?;
        if archive.len() > ENTRIES_LIMIT {
            return Err(ArtifactError::TooMany { artifact: name });
        }
        let entries = archive
            .file_names()
            .map(|entry| entry.map(std::borrow::Cow::into_owned))
            .collect::<Result<Vec<_>, _>>()
            .map_err(not_zip)?;
        let twice = twice(&archive, &entries, &bytes);
        Ok(Self {
            name,
            archive,
            entries,
            twice,
        })
    }

    /// The artifact's name in the pipeline.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether there is something of exactly this name that is no folder.
    pub fn has(&self, path: &str) -> bool {
        self.entries.iter().any(|entry| entry == path)
    }

    /// The content of a file of at most [`FILE_LIMIT`] bytes, if there is such a file.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ArtifactError> {
        self.read_up_to(path, FILE_LIMIT)
    }

    /// The content of a file of at most `limit` bytes, if there is such a file.
    pub fn read_up_to(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, ArtifactError> {
        check_path(path).map_err(|reason| ArtifactError::Path {
            path: excerpt(path, 200),
            reason,
        })?;
        let limit = limit.min(FILE_LIMIT);
        let refused = |reason: String| ArtifactError::File {
            artifact: self.name.clone(),
            path: excerpt(path, 200),
            reason,
        };
        let Some(index) = self.entries.iter().position(|entry| entry == path) else {
            let folder = format!("{path}/");
            if self.entries.iter().any(|entry| entry.starts_with(&folder)) {
                return Err(refused("is a folder\n  hint: name a file in it".to_owned()));
            }
            return Ok(None);
        };
        if self.twice.iter().any(|entry| entry == path) {
            return Err(refused(
                "is there more than once, and which one is meant cannot be told\n  \
                 hint: make the zip file anew"
                    .to_owned(),
            ));
        }
        self.unpack(index, limit).map(Some).map_err(refused)
    }

    /// The content of an entry, or why it is not given.
    fn unpack(&self, index: usize, limit: usize) -> Result<Vec<u8>, String> {
        let damaged = |error: &dyn fmt::Display| {
            format!(
                "cannot be unpacked: {}\n  hint: make the zip file anew",
                excerpt(&error.to_string(), 200)
            )
        };
        let entry = self
            .archive
            .by_index_data(index)
            .map_err(|error| damaged(&error))?;
        if entry.is_symlink() {
            return Err(
                "is a symbolic link\n  hint: put the file itself into the artifact".to_owned(),
            );
        }
        if entry.encrypted() {
            return Err(
                "is encrypted with a password\n  hint: leave it out; the artifact bucket is \
                 encrypted as a whole"
                    .to_owned(),
            );
        }
        if !matches!(
            entry.compression(),
            CompressionMethod::Stored | CompressionMethod::Deflated
        ) {
            return Err(
                "is compressed by another method than `deflate`\n  hint: make the zip file with \
                 `zip -r` or `zip -0`"
                    .to_owned(),
            );
        }
        let packed = usize::try_from(entry.compressed_size()).unwrap_or(usize::MAX);
        let by_ratio = packed
            .min(ARTIFACT_LIMIT)
            .saturating_mul(RATIO_LIMIT)
            .max(RATIO_FREE);
        let most = limit.min(by_ratio);
        // An archive holds the place of its reader; this one is read by itself.
        let mut archive = self.archive.clone();
        let file = archive.by_index(index).map_err(|error| damaged(&error))?;
        let mut bytes = Vec::new();
        let read = file
            .take((most as u64).saturating_add(1))
            .read_to_end(&mut bytes);
        if bytes.len() > most {
            return Err(if most < limit {
                format!(
                    "becomes more than {RATIO_LIMIT} times longer by unpacking\n  \
                     hint: no file for a deployment does"
                )
            } else {
                format!("has more than {limit} bytes\n  hint: make it shorter")
            });
        }
        read.map_err(|error| damaged(&error))?;
        Ok(bytes)
    }

    /// Files whose names are the one in `path`, in whatever folder.
    pub(super) fn same_name(&self, path: &str) -> Vec<&str> {
        let wanted = file_name(path);
        let same = self
            .files()
            .filter(|entry| file_name(entry).eq_ignore_ascii_case(wanted));
        same.take(NEAR_LIMIT).collect()
    }

    /// Files whose names are like the one in `path`, whatever their extensions.
    pub(super) fn like_name(&self, path: &str) -> Vec<&str> {
        let stems: Vec<&str> = self.files().map(stem).filter(|it| it.len() <= 64).collect();
        let Some(near) = nearest(stem(path), &stems) else {
            return Vec::new();
        };
        let like = self.files().filter(|entry| stem(entry) == near);
        like.take(NEAR_LIMIT).collect()
    }

    fn files(&self) -> impl Iterator<Item = &str> {
        let files = self.entries.iter().filter(|entry| !entry.ends_with('/'));
        files.map(String::as_str)
    }
}

/// The names that more than one entry has. The archive itself keeps the last one of each.
fn twice(archive: &ZipArchive<Cursor<Shared>>, entries: &[String], bytes: &Shared) -> Vec<String> {
    let mut twice = Vec::new();
    let mut sorted: Vec<&String> = entries.iter().collect();
    sorted.sort_unstable();
    for pair in sorted.windows(2) {
        if pair[0] == pair[1] {
            twice.push(pair[0].clone());
        }
    }
    if archive.has_duplicate_names() {
        let start = archive.central_directory_start();
        let repeated = directory::repeated_names(bytes.as_ref(), start);
        let named = archive.file_names_raw().zip(entries);
        let named = named.filter(|(raw, _)| repeated.contains(raw));
        twice.extend(named.map(|(_, entry)| entry.clone()));
    }
    twice
}

/// The last part of a path, whichever way its folders are separated.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A file's name without its extension.
fn stem(path: &str) -> &str {
    let name = file_name(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Why a text is no path inside an artifact.
pub(super) fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        Err("it is empty")
    } else if path.len() > 1024 {
        Err("it is longer than 1024 bytes")
    } else if path.chars().any(char::is_control) {
        Err("it has control characters")
    } else if path.contains('\\') {
        Err("folders are separated by `/`, not by `\\`")
    } else if path.starts_with('/') {
        Err("it begins with `/`; write it without, from the root of the artifact")
    } else if path.ends_with('/') {
        Err("it ends with `/`; name a file")
    } else if path.split('/').any(|part| part == "..") {
        Err("`..` leads out of it")
    } else if path.split('/').any(|part| part.is_empty() || part == ".") {
        Err("write it without `.` and `//`")
    } else {
        Ok(())
    }
}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact")
            .field("name", &self.name)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod tests;
