//! Repositories of files, as a connection to GitHub and its like shows them to CodePipeline.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::Account;
use crate::account::hex;

/// How many commits of a branch are remembered.
const REMEMBERED: usize = 100;

/// Repositories by `owner/name`, and their branches by name; the newest commit is the last.
pub(super) type Repositories = BTreeMap<String, BTreeMap<String, VecDeque<Commit>>>;

/// A commit, with all files of the branch.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    /// Forty hexadecimal digits.
    pub(super) id: String,
    pub(super) at: Timestamp,
    pub(super) message: String,
    pub(super) files: BTreeMap<String, String>,
}

/// Commits to a branch of a repository, both of which are made if they are not there. The branch has these
/// files then, and no others. Nothing is started by it. Gives the commit's id.
pub fn push_files(
    account: &Account,
    repository: &str,
    branch: &str,
    files: &[(&str, &str)],
) -> String {
    let at = account.clock().now();
    let seed = account.unique();
    let id: String = hex(&Sha256::digest(seed.as_bytes()))
        .chars()
        .take(40)
        .collect();
    let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
    let commit = Commit {
        id: id.clone(),
        at,
        message: format!("Change {}", paths.join(", ")),
        files: files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect(),
    };
    let mut state = account.state();
    let repositories = &mut state.codepipeline.repositories;
    let branches = repositories.entry(repository.to_owned()).or_default();
    let commits = branches.entry(branch.to_owned()).or_default();
    commits.push_back(commit);
    if commits.len() > REMEMBERED {
        commits.pop_front();
    }
    id
}
