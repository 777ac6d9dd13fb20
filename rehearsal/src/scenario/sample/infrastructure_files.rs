//! The repository of infrastructure files, which the pipelines of `examples/` take.

use std::collections::BTreeMap;

use super::{INFRASTRUCTURE, INFRASTRUCTURE_BRANCH, Sample, SampleError, failed};
use crate::account::Account;
use crate::account::codepipeline;
use crate::build::workspace;

/// The files that the examples' pipelines take.
const FILES: [&str; 3] = [
    "worker/taskdef.json",
    "api/taskdef.json",
    "api/appspec.yaml",
];

/// The connection by which the pipelines read them.
pub(super) const CONNECTION: &str = "arn:aws:codeconnections:eu-west-1:123456789012:connection/7d8a2d5e-2f43-4d2c-9f6b-0b6a3f3f1c55";

/// The files that the repository of infrastructure files begins with, by path: those of
/// `examples/infrastructure`.
pub fn infrastructure() -> Result<BTreeMap<String, String>, SampleError> {
    let folder = workspace().join("examples/infrastructure");
    let files = FILES.into_iter().map(|path| {
        let text = std::fs::read_to_string(folder.join(path))
            .map_err(|error| failed(format!("examples/infrastructure/{path}: {error}")))?;
        Ok((path.to_owned(), text))
    });
    files.collect()
}

pub(super) fn push(account: &Account, files: &BTreeMap<String, String>) -> String {
    let files = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let files: Vec<_> = files.collect();
    codepipeline::push_files(account, INFRASTRUCTURE, INFRASTRUCTURE_BRANCH, &files)
}

impl Sample {
    /// Commits these files to the repository of infrastructure files, in the place of all that it has. Returns
    /// the commit's id.
    pub fn push_infrastructure(&self, files: &BTreeMap<String, String>) -> String {
        push(&self.account, files)
    }
}
