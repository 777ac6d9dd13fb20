//! The event by which CodePipeline calls a function: a job with its credentials (AWS-FACTS 2.2).
//!
//! Whatever may be missing may be missing here, and what is of another type counts as missing. An
//! error says which part is wrong and never what it holds.

use std::collections::BTreeMap;

use greenlight_core::job::{InvalidJobId, JobId};
use serde_json::Value;

use super::jobs::{ArtifactLocation, JobCredentials, JobData};

const JOB: &str = "CodePipeline.job";

/// An action has so many input artifacts at the most, …
const ARTIFACTS_LIMIT: usize = 5;
/// … so many configuration values, …
const VALUES_LIMIT: usize = 50;
/// … of so many bytes together, …
const CONFIGURATION_LIMIT: usize = 100 * 1024;
/// … and a token of so many characters.
const TOKEN_LIMIT: usize = 2048;
/// No name, place or key is longer; a session token may be some thousands long.
const TEXT_LIMIT: usize = 16 * 1024;

/// Why an event is no job that can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadJob {
    /// It is something else.
    #[error("the event has no `{JOB}` with an `id`")]
    NoJob,
    /// It has an id that no job has.
    #[error("the job of the event has no id that can be answered")]
    Id(#[source] InvalidJobId),
    /// Something in it is larger than CodePipeline makes it.
    #[error("the job's `{what}` is larger than CodePipeline allows ({limit})")]
    TooMuch {
        /// Which part.
        what: &'static str,
        /// How much it may be, for people.
        limit: String,
    },
}

/// Whether an event is a job.
pub fn is_job_event(payload: &Value) -> bool {
    payload.get(JOB).is_some()
}

/// The id of the job of an event: enough for an answer, whatever else is wrong.
pub fn job_id_of_event(payload: &Value) -> Result<JobId, BadJob> {
    let id = payload
        .get(JOB)
        .and_then(|job| job.get("id"))
        .and_then(Value::as_str)
        .ok_or(BadJob::NoJob)?;
    id.parse().map_err(BadJob::Id)
}

/// The job of an event.
pub fn job_of_event(payload: &Value) -> Result<(JobId, JobData), BadJob> {
    let id = job_id_of_event(payload)?;
    let data = &payload[JOB]["data"];
    let continuation_token = text(data, "continuationToken", "continuationToken", TOKEN_LIMIT)?;
    let job = JobData {
        configuration: configuration(&data["actionConfiguration"]["configuration"])?,
        input_artifacts: input_artifacts(&data["inputArtifacts"])?,
        credentials: credentials(&data["artifactCredentials"])?,
        continuation_token,
        pipeline: None,
    };
    Ok((id, job))
}

fn configuration(values: &Value) -> Result<BTreeMap<String, String>, BadJob> {
    let too_much = |limit: String| BadJob::TooMuch {
        what: "configuration",
        limit,
    };
    let Value::Object(values) = values else {
        return Ok(BTreeMap::new());
    };
    if values.len() > VALUES_LIMIT {
        return Err(too_much(format!("{VALUES_LIMIT} values")));
    }
    let texts = values
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let length: usize = texts
        .clone()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if length > CONFIGURATION_LIMIT {
        return Err(too_much(format!("{CONFIGURATION_LIMIT} bytes")));
    }
    Ok(texts
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

fn input_artifacts(artifacts: &Value) -> Result<Vec<ArtifactLocation>, BadJob> {
    let Value::Array(artifacts) = artifacts else {
        return Ok(Vec::new());
    };
    if artifacts.len() > ARTIFACTS_LIMIT {
        return Err(BadJob::TooMuch {
            what: "inputArtifacts",
            limit: format!("{ARTIFACTS_LIMIT} artifacts"),
        });
    }
    let mut locations = Vec::new();
    for artifact in artifacts {
        let place = &artifact["location"]["s3Location"];
        let part = |value, key| text(value, key, "inputArtifacts", TEXT_LIMIT);
        if let (Some(name), Some(bucket), Some(key)) = (
            part(artifact, "name")?,
            part(place, "bucketName")?,
            part(place, "objectKey")?,
        ) {
            locations.push(ArtifactLocation { name, bucket, key });
        }
    }
    Ok(locations)
}

fn credentials(keys: &Value) -> Result<Option<JobCredentials>, BadJob> {
    let part = |key| text(keys, key, "artifactCredentials", TEXT_LIMIT);
    let (Some(access_key_id), Some(secret_access_key), Some(session_token)) = (
        part("accessKeyId")?,
        part("secretAccessKey")?,
        part("sessionToken")?,
    ) else {
        return Ok(None);
    };
    Ok(Some(JobCredentials {
        access_key_id,
        secret_access_key,
        session_token,
    }))
}

/// A member that is a text and not empty.
fn text(
    object: &Value,
    key: &str,
    what: &'static str,
    limit: usize,
) -> Result<Option<String>, BadJob> {
    match object.get(key).and_then(Value::as_str) {
        Some(text) if text.len() > limit => Err(BadJob::TooMuch {
            what,
            limit: format!("{limit} bytes"),
        }),
        text => Ok(text.filter(|text| !text.is_empty()).map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests;
