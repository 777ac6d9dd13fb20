//! Artifacts: zips in the pipeline's bucket, which actions are told the places of.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use serde_json::{Value, json};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::Account;
use super::pipeline::Failure;
use crate::account::s3;

/// How much of a pipeline's and an artifact's name is in a key.
const PIPELINE_IN_KEY: usize = 20;
const ARTIFACT_IN_KEY: usize = 10;
const RANDOM_IN_KEY: usize = 7;

/// An artifact of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Artifact {
    pub(super) name: String,
    pub(super) bucket: String,
    pub(super) key: String,
    /// What a source picked.
    pub(super) revision: Option<String>,
}

impl Artifact {
    /// A place for an artifact of this name: `<pipeline>/<artifact>/<7 random characters>`, the names cut.
    pub(super) fn allocate(account: &Account, pipeline: &str, bucket: &str, name: &str) -> Self {
        let cut = |text: &str, length: usize| text.chars().take(length).collect::<String>();
        let key = format!(
            "{}/{}/{}",
            cut(pipeline, PIPELINE_IN_KEY),
            cut(name, ARTIFACT_IN_KEY),
            cut(&account.unique(), RANDOM_IN_KEY)
        );
        Self {
            name: name.to_owned(),
            bucket: bucket.to_owned(),
            key,
            revision: None,
        }
    }

    /// Puts a zip of the files in its place.
    pub(super) async fn store(
        &self,
        account: &Account,
        files: &BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        let what = |error: &dyn std::fmt::Display| {
            Failure::job_failed(format!(
                "The artifact {} cannot be stored: {error}",
                self.name
            ))
        };
        let archive = archive(files).map_err(|error| what(&error))?;
        s3::put_object(account, &self.bucket, &self.key, archive)
            .await
            .map_err(|error| what(&error))
    }

    /// As a job has it (AWS-FACTS 2.2).
    pub(super) fn in_job(&self) -> Value {
        json!({
            "location": {
                "s3Location": {"bucketName": self.bucket, "objectKey": self.key},
                "type": "S3",
            },
            "revision": self.revision,
            "name": self.name,
        })
    }

    /// As `ListActionExecutions` has it.
    pub(super) fn in_list(&self) -> Value {
        json!({"name": self.name, "s3location": {"bucket": self.bucket, "key": self.key}})
    }
}

/// The files that an action puts out in an artifact: none, unless it says so.
pub(super) fn files_of<'a>(
    files: &'a BTreeMap<String, BTreeMap<String, String>>,
    name: &str,
) -> &'a BTreeMap<String, String> {
    static NONE: BTreeMap<String, String> = BTreeMap::new();
    files.get(name).unwrap_or(&NONE)
}

fn archive(files: &BTreeMap<String, String>) -> zip::result::ZipResult<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    // No clock but the account's: every entry is from 1980.
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (path, text) in files {
        writer.start_file(path.as_str(), options)?;
        writer.write_all(text.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}
