//! How an image is written in the commands' output.

use greenlight_core::deployment::Candidate;
use serde_json::{Map, Value, json};

/// Repository and tag, as far as known.
pub(super) fn name(candidate: &Candidate) -> String {
    match &candidate.tag {
        Some(tag) => format!("{}:{tag}", candidate.repository.name),
        None => candidate.repository.name.to_string(),
    }
}

/// The members `image` (pinned, as a task definition names it), `repository`, `tag` and `digest`.
pub(super) fn members(candidate: &Candidate) -> Map<String, Value> {
    let members = [
        ("image", json!(candidate.pinned())),
        ("repository", json!(candidate.repository)),
        ("tag", json!(candidate.tag)),
        ("digest", json!(candidate.digest)),
    ];
    members
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}
