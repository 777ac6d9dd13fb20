//! The source actions: which image, or which commit, an execution is about (AWS-FACTS 4.3).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::execution::{Execution, Revision};
use super::pipeline::{Action, Failure, Outcome};
use super::{Account, Does};
use crate::account::{ImageUriVariable, ecr};

/// What a source picked.
pub(super) struct Found {
    /// `repository URI@digest`, if it is an image.
    pub(super) image: Option<String>,
    pub(super) revision: Revision,
    pub(super) outcome: Outcome,
}

/// Picks what the start names, or the newest.
pub(super) fn pick(
    account: &Account,
    execution: &Execution,
    action: &Action,
) -> Result<Found, Failure> {
    let named = execution.overrides.get(&action.name).map(String::as_str);
    let artifact = action.outputs.first().map_or("", String::as_str);
    match &action.does {
        Does::Source { repository, tag } => image(account, repository, tag, named, artifact),
        Does::Files { repository, branch } => commit(account, repository, branch, named, artifact),
        _ => Err(Failure::configuration("The action is no source")),
    }
}

fn image(
    account: &Account,
    repository: &str,
    tag: &str,
    named: Option<&str>,
    artifact: &str,
) -> Result<Found, Failure> {
    let digest = match named {
        Some(digest) if ecr::has_image(account, repository, digest) => digest.to_owned(),
        Some(digest) => {
            let what = format!("no image with the digest {digest} in repository {repository}");
            return Err(unavailable(&what));
        }
        None => ecr::tagged(account, repository, tag).ok_or_else(|| {
            unavailable(&format!(
                "no image with the tag {tag} in repository {repository}"
            ))
        })?,
    };
    let uri = ecr::repository_uri(account, repository);
    let (host, name) = uri.split_once('/').unwrap_or(("", &uri));
    let registry = host.split('.').next().unwrap_or_default();
    let image = format!("{uri}@{digest}");
    let form = account.settings().image_uri_variable;
    let variable = match named {
        None if form == ImageUriVariable::WithTag => format!("{uri}:{tag}"),
        _ => image.clone(),
    };
    let mut variables = BTreeMap::from(
        [
            ("RegistryId", registry),
            ("RepositoryName", name),
            ("ImageDigest", &digest),
            ("ImageURI", &variable),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    if named.is_none() {
        variables.insert("ImageTag".to_owned(), tag.to_owned());
    }
    let detail = image_detail(account, (registry, name), &digest, &image);
    Ok(Found {
        image: Some(image),
        revision: Revision {
            artifact: artifact.to_owned(),
            id: digest,
            summary: None,
            created: account.clock().now(),
        },
        outcome: outcome(
            artifact,
            variables,
            [("imageDetail.json".to_owned(), detail.to_string())].into(),
        ),
    })
}

/// The file that the source makes: numbers are strings, and the date is not ISO.
fn image_detail(
    account: &Account,
    (registry, repository): (&str, &str),
    digest: &str,
    image: &str,
) -> Value {
    let asked = ecr::Asked::by(account, &http::Request::new(()));
    let input = json!({
        "registryId": registry,
        "repositoryName": repository,
        "imageIds": [{"imageDigest": digest}],
    });
    let described = ecr::handle(account, &asked, "DescribeImages", &input).unwrap_or_default();
    let described = &described["imageDetails"][0];
    let size = described["imageSizeInBytes"].as_i64().unwrap_or_default();
    let pushed = described["imagePushedAt"].as_f64().unwrap_or_default();
    let tags = described["imageTags"].as_array().map(Vec::as_slice);
    json!({
        "ImageSizeInBytes": size.to_string(),
        "ImageDigest": digest,
        "Version": "1.0",
        "ImagePushedAt": date(pushed),
        "RegistryId": registry,
        "RepositoryName": repository,
        "ImageURI": image,
        "ImageTags": tags.unwrap_or_default(),
    })
}

/// As Java prints a date: `Mon Jan 21 20:04:00 UTC 2019`.
fn date(epoch: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "seconds are enough")]
    let at = Timestamp::from_second(epoch as i64).unwrap_or_default();
    at.strftime("%a %b %d %H:%M:%S UTC %Y").to_string()
}

fn commit(
    account: &Account,
    repository: &str,
    branch: &str,
    named: Option<&str>,
    artifact: &str,
) -> Result<Found, Failure> {
    let state = account.state();
    let branches = state.codepipeline.repositories.get(repository);
    let Some(commits) = branches.and_then(|branches| branches.get(branch)) else {
        return Err(unavailable_revision(&format!(
            "no branch {branch} in repository {repository}"
        )));
    };
    let found = match named {
        Some(id) => commits.iter().find(|commit| commit.id == id),
        None => commits.back(),
    };
    let Some(commit) = found.cloned() else {
        let named = named.unwrap_or("any");
        return Err(unavailable_revision(&format!(
            "no commit {named} in branch {branch} of repository {repository}"
        )));
    };
    drop(state);
    let written = commit.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let connection = account.arn("codestar-connections", "connection/files");
    let variables = BTreeMap::from(
        [
            ("AuthorDate", written.as_str()),
            ("BranchName", branch),
            ("CommitId", &commit.id),
            ("CommitMessage", &commit.message),
            ("ConnectionArn", &connection),
            ("FullRepositoryName", repository),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let summary = json!({"ProviderType": "GitHub", "CommitMessage": commit.message});
    Ok(Found {
        image: None,
        revision: Revision {
            artifact: artifact.to_owned(),
            id: commit.id,
            summary: Some(summary.to_string()),
            created: commit.at,
        },
        outcome: outcome(artifact, variables, commit.files),
    })
}

fn outcome(
    artifact: &str,
    variables: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
) -> Outcome {
    Outcome {
        variables,
        files: [(artifact.to_owned(), files)].into(),
        ..Outcome::default()
    }
}

fn unavailable(what: &str) -> Failure {
    Failure::configuration(format!("The image is not available: there is {what}"))
}

fn unavailable_revision(what: &str) -> Failure {
    Failure::configuration(format!("The revision is not available: there is {what}"))
}
