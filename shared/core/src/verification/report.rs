//! All findings of a target, as a tree.

use std::fmt;

use serde::Serialize;

use super::finding::{Finding, State};
use crate::target::TargetName;

/// All that was found out about what a target needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Of which target.
    pub target: TargetName,
    /// What was found, by what it belongs to.
    pub branches: Vec<Branch>,
}

/// The findings of one part of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// Which part, such as ``service `api` of cluster `mco` ``.
    pub name: String,
    /// What was found, in the order in which it was looked at.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The worst of what was found.
    pub fn state(&self) -> State {
        let states = self.findings().map(|finding| finding.state);
        states.max().unwrap_or(State::Ok)
    }

    /// Whether a deployment would fail, so that the target is not registered.
    pub fn is_refused(&self) -> bool {
        self.state() == State::Missing
    }

    /// Every finding, in the order of the tree.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.branches.iter().flat_map(|branch| &branch.findings)
    }
}

/// The tree, as text.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.target)?;
        for branch in &self.branches {
            write!(f, "\n  {}", branch.name)?;
            for finding in &branch.findings {
                let mark = match finding.state {
                    State::Ok => "ok",
                    State::Warning => "warning",
                    State::Missing => "missing",
                    State::CannotCheck => "cannot check",
                };
                write!(f, "\n    {mark}: {}", finding.text)?;
                if let Some(remedy) = &finding.remedy {
                    write!(f, "\n      → {remedy}")?;
                }
                if let Some(statement) = &finding.statement {
                    write!(f, "\n      {}: {}", statement.of, statement.statement)?;
                }
            }
        }
        Ok(())
    }
}
