//! The files that a job's input artifacts bring: which ones are chosen, and where they are.
//!
//! A file is found by the place that the action names, or by CodePipeline's own name for it at the
//! root of any artifact. What a task definition or an AppSpec means is for [`crate::template`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::artifact::{Artifact, ArtifactError, check_path};
use crate::image_definitions::{ImageDefinitions, ImageDetail, ImageFile, ImageFileError};
use crate::text::{excerpt, listed};

/// Both templates are kept in one item of a table that allows 400 KB.
const TASK_DEFINITION_LIMIT: usize = 128 * 1024;
const APP_SPEC_LIMIT: usize = 64 * 1024;
/// CodePipeline's own limit. AWS-FACTS 4.1.
const IMAGES_LIMIT: usize = 100 * 1024;

/// Where the action says that its files are. Without a choice, a file is looked for by its default
/// name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileChoices {
    pub task_definition: Option<FileChoice>,
    pub app_spec: Option<FileChoice>,
    pub image_definitions: Option<FileChoice>,
    pub image_detail: Option<FileChoice>,
}

impl FileChoices {
    /// Whether a file may be taken from this artifact.
    pub fn wants(&self, artifact: &str) -> bool {
        let choices = [
            &self.task_definition,
            &self.app_spec,
            &self.image_definitions,
            &self.image_detail,
        ];
        choices.into_iter().any(|choice| {
            let named = choice.as_ref().and_then(|it| it.artifact.as_deref());
            named.is_none_or(|named| named == artifact)
        })
    }
}

/// A file in an artifact: `Artifact::path`, or `path` in whichever artifact has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChoice {
    pub artifact: Option<String>,
    pub path: String,
}

/// A text that names no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a file in an artifact (`Artifact::path/in/zip`): {reason}")]
pub struct InvalidFileChoice {
    text: String,
    reason: &'static str,
}

impl FromStr for FileChoice {
    type Err = InvalidFileChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (artifact, path) = match text.split_once("::") {
            Some((artifact, path)) => (Some(artifact), path),
            None => (None, text),
        };
        let checked = match artifact {
            Some(name) if !is_artifact_name(name) => {
                Err("an artifact's name has letters, digits, `_` and `-`, at most 100")
            }
            _ if path.contains("::") => Err("`::` stands once, after the artifact's name"),
            _ => check_path(path),
        };
        checked.map_err(|reason| InvalidFileChoice {
            text: excerpt(text, 120),
            reason,
        })?;
        Ok(Self {
            artifact: artifact.map(str::to_owned),
            path: path.to_owned(),
        })
    }
}

fn is_artifact_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

impl fmt::Display for FileChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.artifact {
            Some(artifact) => write!(f, "{artifact}::{}", self.path),
            None => f.write_str(&self.path),
        }
    }
}

/// The text of a file, and what messages call it, such as `Infra::taskdef.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFile {
    pub name: String,
    pub text: String,
}

/// What the artifacts brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFiles {
    pub task_definition: Option<JobFile>,
    pub app_spec: Option<JobFile>,
    /// What the files say that name images. Whether they agree is not looked at here.
    pub images: Vec<ImageFile>,
}

/// Why the files cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    #[error(
        "{role} is to come from artifact `{artifact}`, which is not among the action's input \
         artifacts; they are {its}\n  hint: add it to the action's input artifacts, or name another \
         one by {}",
        .role.keys()
    )]
    NoArtifact {
        role: Role,
        artifact: String,
        its: String,
    },
    #[error(
        "{role} is to be `{choice}`, and there is no such file; input artifacts: {its}\n  hint: {hint}"
    )]
    Missing {
        role: Role,
        choice: FileChoice,
        its: String,
        hint: String,
    },
    #[error(
        "{role} may be any of {found}\n  hint: say which one by {}",
        .role.keys()
    )]
    Ambiguous { role: Role, found: String },
    #[error("{role} cannot be read: {error}")]
    Unreadable { role: Role, error: ArtifactError },
    #[error("{role} is not UTF-8 text: see byte {offset} of `{name}`\n  hint: save it as UTF-8")]
    NotText {
        role: Role,
        name: String,
        offset: usize,
    },
    #[error(transparent)]
    Images(ImageFileError),
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    TaskDefinition,
    AppSpec,
    ImageDefinitions,
    ImageDetail,
}

impl Role {
    fn default_names(self) -> &'static [&'static str] {
        match self {
            Self::TaskDefinition => &["taskdef.json"],
            Self::AppSpec => &["appspec.yaml", "appspec.yml", "appspec.json"],
            Self::ImageDefinitions => &["imagedefinitions.json"],
            Self::ImageDetail => &["imageDetail.json"],
        }
    }

    fn limit(self) -> usize {
        match self {
            Self::TaskDefinition => TASK_DEFINITION_LIMIT,
            Self::AppSpec => APP_SPEC_LIMIT,
            Self::ImageDefinitions | Self::ImageDetail => IMAGES_LIMIT,
        }
    }

    /// How the two kinds of action name the choice.
    fn keys(self) -> &'static str {
        match self {
            Self::TaskDefinition => "`task_definition` (custom action: `TaskDefinitionPath`)",
            Self::AppSpec => "`app_spec` (custom action: `AppSpecPath`)",
            Self::ImageDefinitions => "`image_definitions` (custom action: `ImageDefinitionsPath`)",
            Self::ImageDetail => "`image_detail` (custom action: `ImageDetailPath`)",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TaskDefinition => "the task definition",
            Self::AppSpec => "the AppSpec",
            Self::ImageDefinitions => "the file of image definitions",
            Self::ImageDetail => "the image's file",
        })
    }
}

/// Finds and reads the files in a job's input artifacts; those that name images only if it is not said
/// otherwise which image is meant.
pub fn pick(
    choices: &FileChoices,
    artifacts: &[Artifact],
    wants_images: bool,
) -> Result<JobFiles, FilesError> {
    let template = |role: Role, choice: Option<&FileChoice>| -> Result<_, FilesError> {
        let found = find(role, choice, artifacts)?;
        let found = only(role, &found)?;
        found.map(|file| file.text(role)).transpose()
    };
    let task_definition = template(Role::TaskDefinition, choices.task_definition.as_ref())?;
    let app_spec = template(Role::AppSpec, choices.app_spec.as_ref())?;

    let mut images = Vec::new();
    if !wants_images {
        return Ok(JobFiles {
            task_definition,
            app_spec,
            images,
        });
    }
    let role = Role::ImageDefinitions;
    let definitions = find(role, choices.image_definitions.as_ref(), artifacts)?;
    if let Some(file) = only(role, &definitions)? {
        let definitions = ImageDefinitions::parse(&file.bytes(role)?, &file.name());
        images.push(ImageFile::Definitions(
            definitions.map_err(FilesError::Images)?,
        ));
    }
    // Each source action of ECR puts one out, and each says which image it has picked.
    let role = Role::ImageDetail;
    for file in find(role, choices.image_detail.as_ref(), artifacts)? {
        let detail = ImageDetail::parse(&file.bytes(role)?, &file.name());
        images.push(ImageFile::Detail(detail.map_err(FilesError::Images)?));
    }
    Ok(JobFiles {
        task_definition,
        app_spec,
        images,
    })
}

/// A file that an artifact has.
struct Found<'a> {
    artifact: &'a Artifact,
    path: &'a str,
}

impl Found<'_> {
    fn name(&self) -> String {
        format!("{}::{}", self.artifact.name(), self.path)
    }

    fn bytes(&self, role: Role) -> Result<Vec<u8>, FilesError> {
        let read = self.artifact.read_up_to(self.path, role.limit());
        // It was found by its name.
        read.map(Option::unwrap_or_default)
            .map_err(|error| FilesError::Unreadable { role, error })
    }

    fn text(&self, role: Role) -> Result<JobFile, FilesError> {
        let text = String::from_utf8(self.bytes(role)?).map_err(|error| FilesError::NotText {
            role,
            name: self.name(),
            offset: error.utf8_error().valid_up_to(),
        })?;
        Ok(JobFile {
            name: self.name(),
            text: match text.strip_prefix('\u{feff}') {
                Some(text) => text.to_owned(),
                None => text,
            },
        })
    }
}

fn only<'f, 'a>(role: Role, found: &'f [Found<'a>]) -> Result<Option<&'f Found<'a>>, FilesError> {
    match found {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let names: Vec<String> = several.iter().map(Found::name).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Err(FilesError::Ambiguous {
                role,
                found: listed(&names),
            })
        }
    }
}

/// The files that may be meant: the chosen one, or all that have a default name.
fn find<'a>(
    role: Role,
    choice: Option<&'a FileChoice>,
    artifacts: &'a [Artifact],
) -> Result<Vec<Found<'a>>, FilesError> {
    let Some(choice) = choice else {
        let named = artifacts.iter().flat_map(|artifact| {
            let names = role.default_names().iter();
            let names = names.filter(|name| artifact.has(name));
            names.map(move |path| Found { artifact, path })
        });
        return Ok(named.collect());
    };
    let its = || {
        let names: Vec<&str> = artifacts.iter().map(Artifact::name).collect();
        listed(&names)
    };
    let searched: Vec<&Artifact> = match &choice.artifact {
        None => artifacts.iter().collect(),
        Some(name) => {
            let named = artifacts.iter().find(|it| it.name() == name);
            vec![named.ok_or_else(|| FilesError::NoArtifact {
                role,
                artifact: name.clone(),
                its: its(),
            })?]
        }
    };
    let has = searched.iter().filter(|it| it.has(&choice.path));
    let found: Vec<Found<'_>> = has
        .map(|artifact| Found {
            artifact,
            path: &choice.path,
        })
        .collect();
    let explicit = choice.artifact.is_some();
    if found.len() > 1 {
        only(role, &found)?;
    }
    if !found.is_empty() {
        return Ok(found);
    }
    if explicit {
        // A folder of this name is a better answer than that there is nothing.
        for artifact in &searched {
            let read = artifact.read_up_to(&choice.path, role.limit());
            read.map_err(|error| FilesError::Unreadable { role, error })?;
        }
    }
    Err(FilesError::Missing {
        role,
        choice: choice.clone(),
        its: its(),
        hint: hint(role, choice, &searched),
    })
}

/// What to write instead of a choice that is not there.
fn hint<'a>(role: Role, choice: &FileChoice, searched: &[&'a Artifact]) -> String {
    let named = |names: fn(&'a Artifact, &str) -> Vec<&'a str>| -> Vec<String> {
        let found = searched.iter().flat_map(|artifact| {
            let names = names(artifact, &choice.path).into_iter();
            names.map(|path| format!("{}::{}", artifact.name(), excerpt(path, 120)))
        });
        found.take(5).collect()
    };
    let mut near = named(Artifact::same_name);
    if near.is_empty() {
        near = named(Artifact::like_name);
    }
    if near.is_empty() {
        return format!("put the file there, or name another one by {}", role.keys());
    }
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    format!("there is {}; name it by {}", listed(&near), role.keys())
}

#[cfg(test)]
mod tests;
