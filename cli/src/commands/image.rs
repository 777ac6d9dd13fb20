//! How the images of a deployment are written in the commands' output.

use greenlight_core::deployment::{Candidate, PushedImage};
use serde_json::{Map, Value, json};

/// Repository and tag of each image, as far as known.
pub(super) fn name(candidate: &Candidate) -> String {
    let names = candidate.images().map(|image| match &image.tag {
        Some(tag) => format!("{}:{tag}", image.repository.name),
        None => image.repository.name.to_string(),
    });
    names.collect::<Vec<_>>().join(" + ")
}

/// The beginning of each image's digest, in the same order.
pub(super) fn digests(candidate: &Candidate) -> String {
    let digests = candidate
        .images()
        .map(|image| image.digest.short().to_owned());
    digests.collect::<Vec<_>>().join(" + ")
}

/// The members `image` (pinned, as a task definition names it), `repository`, `tag` and `digest` of
/// its own image, and `with`: the same of each image that goes with it, where there is one.
pub(super) fn members(candidate: &Candidate) -> Map<String, Value> {
    let mut images = candidate.images().map(|image| of_one(&image));
    let mut members = images.next().unwrap_or_default();
    let with: Vec<Value> = images.map(Value::Object).collect();
    if !with.is_empty() {
        members.insert("with".to_owned(), Value::Array(with));
    }
    members
}

fn of_one(image: &PushedImage) -> Map<String, Value> {
    let members = [
        ("image", json!(image.pinned())),
        ("repository", json!(image.repository)),
        ("tag", json!(image.tag)),
        ("digest", json!(image.digest)),
    ];
    members
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}
